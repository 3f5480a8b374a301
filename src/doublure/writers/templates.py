"""Answers out of the catalogue, said from templates: nothing it says stands anywhere else."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from doublure.answers import Finder, Found
from doublure.catalog import Catalog, Product, price_text
from doublure.cue import Comment, Cue, Utterance
from doublure.document import read
from doublure.media import Language
from doublure.moderate import speakable_name
from doublure.offload import Lane
from doublure.sentences import sentences
from doublure.settings import WriterSettings
from doublure.wording import fold, intents

AI = "room.ai"
"""The fact that the host is an AI: what disclosures and the answer to "are you real?" rest on."""
LONGEST_ASK: dict[Language, int] = {"zh": 12, "en": 34, "fr": 34}
"""Characters of a question that is repeated: with its lead it is said in about 2.5 s."""
SENTENCES_PER_ANSWER = 3

Choice = tuple[str, ...]


class Texts(BaseModel):
    """The sentences of one language: `data/<language>.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead: Choice
    lead_author: Choice
    lead_plain: Choice
    ask_price: str
    ask_link: str
    ask_stock: str
    ask_fact: str
    fact: Choice
    price: Choice
    price_was: Choice
    price_link: Choice
    no_discount: Choice
    link: Choice
    link_none: Choice
    stock: Choice
    stock_none: Choice
    stock_open: Choice
    which: Choice
    which_one: str
    unknown: Choice
    identity: Choice
    identity_more: Choice
    disclosure: Choice
    greeting: Choice
    greeting_author: Choice
    enter: Choice
    enter_author: Choice
    follow: Choice
    follow_author: Choice
    gift: Choice
    gift_author: Choice
    ordered: Choice
    filler: Choice
    goodbye: Choice


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence before it becomes an utterance."""

    text: str
    facts: tuple[str, ...] = ()
    gesture: str = ""
    product: str = ""


_GREETINGS: dict[str, tuple[str, str]] = {"gift": ("gift", "thank"), "follow": ("follow", "thank"), "enter": ("enter", "greet")}


@cache
def texts(language: Language) -> Texts:
    """The sentences of a language."""
    return read(Path(__file__).with_name("data") / f"{language}.yaml", Texts)


class TemplatesWriter:
    """Finds the answer by meaning and says it from a template. The encoder loads in a lane of its
    own as soon as anything is written, so that it is there before the first question."""

    name = "templates"

    def __init__(self, language: Language) -> None:
        self._language = language
        self._texts = texts(language)
        self._lane = Lane("answers", nice=5)
        self._finder: tuple[Catalog, Finder] | None = None
        self._preparing: Catalog | None = None

    async def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """The sentences of a cue, all at once."""
        if self._preparing is not catalog:
            self._preparing = catalog
            self._lane.submit(self._prepare, catalog)
        if cue.kind == "answer" and cue.comment is not None:
            said = await self._answer(cue.comment, catalog, product)
        else:
            said = self._remark(cue)
        for number, sentence in enumerate(said):
            yield Utterance(
                id=f"{cue.id}.{number}",
                cue=cue.id,
                kind=cue.kind,
                text=sentence.text,
                language=self._language,
                gesture=sentence.gesture,
                product=sentence.product or cue.product,
                facts=sentence.facts,
                comment=cue.comment.id if cue.comment is not None else "",
            )

    # ---- remarks --------------------------------------------------------------------------

    def _remark(self, cue: Cue) -> list[_Said]:
        words = self._texts
        if cue.kind == "disclosure":
            return self._split(_pick(words.disclosure, cue.id), (AI,))
        if cue.kind == "goodbye":
            return self._split(_pick(words.goodbye, cue.id), (), "thank")
        if cue.kind == "welcome" and cue.comment is not None:
            name, gesture = _GREETINGS.get(cue.comment.kind, ("greeting", "greet"))
            return [self._greet(cue.comment, name, gesture)]
        if cue.kind == "welcome":
            return [_Said(_pick(words.enter, cue.id), gesture="greet")]
        return [_Said(cue.text or _pick(words.filler, cue.id), gesture=cue.gesture)]

    def _greet(self, comment: Comment, name: str, gesture: str) -> _Said:
        author = speakable_name(comment.author)
        choice: Choice = getattr(self._texts, f"{name}_author" if author else name)
        return _Said(_pick(choice, comment.id).format(author=author), gesture=gesture)

    # ---- answers --------------------------------------------------------------------------

    async def _answer(self, comment: Comment, catalog: Catalog, product: Product | None) -> list[_Said]:
        words = self._texts
        wants = intents(comment.text)
        if "identity" in wants:
            return self._split(_pick(words.identity, comment.id), (AI,)) + self._split(
                _pick(words.identity_more, comment.id), (AI,)
            )
        if "greeting" in wants:
            return [replace(self._greet(comment, "greeting", "greet"), facts=("room.greeting",))]
        if "ordered" in wants:
            return self._split(_pick(words.ordered, comment.id), ("room.thanks",), "thank")
        found = await self._lane.run(self._find, catalog, comment.text, product.id if product is not None else "")
        if found is None:
            return self._split(_pick(words.unknown, comment.id), ())
        return self._say(found, comment, catalog)[: SENTENCES_PER_ANSWER + 1]

    def _say(self, found: Found, comment: Comment, catalog: Catalog) -> list[_Said]:
        product = catalog.product(found.product)
        if found.kind == "which":
            ones = [one for one in catalog.products if one.link][:SENTENCES_PER_ANSWER]
            facts = tuple(f"{one.id}.link" for one in ones)
            which = [_Said(_pick(self._texts.which, comment.id), facts)]
            return which + [
                _Said(self._texts.which_one.format(link=one.link, name=self._name(one)), (f"{one.id}.link",))
                for one in ones
            ]
        if found.kind == "question" or product is None:
            return self._say_question(found, comment, catalog)
        if found.kind == "fact":
            return self._say_fact(found, comment, product)
        ask = {"price": self._texts.ask_price, "link": self._texts.ask_link, "stock": self._texts.ask_stock}
        lead = self._lead(ask[found.kind], comment, (found.id,))
        said = {"price": self._say_price, "link": self._say_link, "stock": self._say_stock}[found.kind]
        return self._of(product, [lead, *said(product, comment)])

    def _say_question(self, found: Found, comment: Comment, catalog: Catalog) -> list[_Said]:
        product = catalog.product(found.product)
        known = product.questions if product is not None else catalog.questions
        question = next(question for question in known if question.id == found.id)
        lead = self._lead(question.asks[0], comment, (found.id,))
        return self._of(product, [lead, *self._split(question.answer, (found.id,))])

    def _say_fact(self, found: Found, comment: Comment, product: Product) -> list[_Said]:
        fact = next(fact for fact in product.facts if fact.id == found.id)
        lead = self._lead(self._texts.ask_fact.format(label=fact.label), comment, (fact.id,))
        text = _pick(self._texts.fact, comment.id).format(label=fact.label, value=fact.value.rstrip("。.!！"))
        return self._of(product, [lead, _Said(text, (fact.id,), "present")])

    def _say_price(self, product: Product, comment: Comment) -> list[_Said]:
        words = self._texts
        fields = {"name": self._name(product), "price": price_text(product.price, self._language)}
        facts: tuple[str, ...] = (f"{product.id}.price",)
        choice = words.price
        if product.was is not None:
            choice, facts = words.price_was, (*facts, f"{product.id}.was")
            fields["was"] = price_text(product.was, self._language)
        said = [_Said(_pick(choice, comment.id).format(**fields), facts, "emphasise")]
        if any(word in fold(comment.text) for word in ("优惠", "便宜", "券", "打折", "discount", "coupon", "cheaper", "promo", "reduc", "remise")):
            said += [_Said(_pick(words.no_discount, comment.id), facts)]
        if product.link:
            link = _pick(words.price_link, comment.id).format(link=product.link)
            said.append(_Said(link, (f"{product.id}.link",), "point_down"))
        return said

    def _say_link(self, product: Product, comment: Comment) -> list[_Said]:
        choice = self._texts.link if product.link else self._texts.link_none
        text = _pick(choice, comment.id).format(name=self._name(product), link=product.link)
        return [_Said(text, (f"{product.id}.link",), "point_down")]

    def _say_stock(self, product: Product, comment: Comment) -> list[_Said]:
        words = self._texts
        choice = words.stock_open if product.stock is None else words.stock if product.stock else words.stock_none
        text = _pick(choice, comment.id).format(name=self._name(product), stock=product.stock)
        return [_Said(text, (f"{product.id}.stock",))]

    # ---- pieces ---------------------------------------------------------------------------

    def _lead(self, ask: str, comment: Comment, facts: tuple[str, ...]) -> _Said:
        if len(ask) > LONGEST_ASK[self._language]:
            return _Said(_pick(self._texts.lead_plain, comment.id), facts)
        author = speakable_name(comment.author) if comment.count == 1 else ""
        choice = self._texts.lead_author if author else self._texts.lead
        return _Said(_pick(choice, comment.id).format(ask=ask, author=author), facts)

    def _name(self, product: Product) -> str:
        # English names stand inside a sentence here; Chinese and French ones are left as written
        return product.name.lower() if self._language == "en" and product.name.istitle() else product.name

    def _of(self, product: Product | None, said: list[_Said]) -> list[_Said]:
        return [replace(sentence, product=product.id if product is not None else "") for sentence in said]

    def _split(self, text: str, facts: tuple[str, ...], gesture: str = "") -> list[_Said]:
        return [_Said(sentence, facts, gesture) for sentence in sentences(text)]

    # ---- in the lane ------------------------------------------------------------------------

    def _prepare(self, catalog: Catalog) -> Finder:
        if self._finder is None or self._finder[0] is not catalog:
            self._finder = (catalog, Finder(catalog))
        return self._finder[1]

    def _find(self, catalog: Catalog, text: str, air: str) -> Found | None:
        return self._prepare(catalog).find(text, air)


def _pick(choice: Choice, id: str) -> str:
    """One of several wordings: always the same for one id, in turn for ids in a row."""
    return choice[zlib.crc32(id.encode()) % len(choice)]


def make(settings: WriterSettings, language: Language) -> TemplatesWriter:
    """The engine `templates`."""
    return TemplatesWriter(language)
