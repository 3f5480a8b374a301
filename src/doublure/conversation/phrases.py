"""Sentences of the templates writer, in three languages: words the answers found in the catalogue."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from doublure.conversation.moderation import speakable_name
from doublure.conversation.retrieval import Found
from doublure.conversation.wording import intents, wants_discount
from doublure.cue import Comment, Cue
from doublure.document import read
from doublure.media import Language
from doublure.sentences import sentences
from doublure.shop.catalog import Catalog, Product
from doublure.shop.prices import price_text

AI = "room.ai"
"""The fact that the host is an AI, the source of disclosures and of the answer to "are you real?"."""
OPENING = "room.opening"
"""Source of the lead-in to an answer; not from the catalogue."""
COURTESY = "room.courtesy"
"""Source of greetings and thanks; not from the catalogue."""
LONGEST_ASK: dict[Language, int] = {"zh": 12, "en": 34, "fr": 34}
"""Longest question, in characters, that is repeated: about 2 s of speech without its lead."""
SENTENCES_PER_ANSWER = 3
"""Most sentences of an answer, not counting the one that repeats the question."""

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
class Said:
    """A sentence before it becomes an utterance."""

    text: str
    facts: tuple[str, ...] = ()
    gesture: str = ""
    product: str = ""


_GREETINGS: dict[str, tuple[str, str]] = {
    "gift": ("gift", "thank"),
    "follow": ("follow", "thank"),
    "enter": ("enter", "greet"),
}


@cache
def texts(language: Language) -> Texts:
    """The sentences of a language."""
    return read(Path(__file__).parent / "data" / f"{language}.yaml", Texts)


def opening(comment: Comment, language: Language) -> Said:
    """The lead-in to an answer: one of a few sentences synthesised ahead of time, heard at once while the
    answer is still being made."""
    return Said(_pick(texts(language).lead_plain, comment.id), (OPENING,))


def ready(language: Language) -> tuple[str, ...]:
    """Sentences independent of the catalogue, worth synthesising before they are needed."""
    words = texts(language)
    return (*words.lead_plain, *words.unknown, *words.identity, *words.identity_more)


def disclosures(language: Language) -> tuple[str, ...]:
    """Every sentence of the spoken disclosures."""
    return tuple(said.text for text in texts(language).disclosure for said in _split(text, ()))


class Phrases:
    """Words answers and remarks in one language; the id of comment or cue selects the wording."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._texts = texts(language)

    def remark(self, cue: Cue) -> list[Said]:
        """The sentences of a disclosure, welcome, thanks, goodbye or filler."""
        words = self._texts
        if cue.kind == "disclosure":
            return _split(_pick(words.disclosure, cue.id), (AI,))
        if cue.kind == "goodbye":
            return _split(_pick(words.goodbye, cue.id), (), "thank")
        if cue.kind == "welcome" and cue.comment is not None:
            name, gesture = _GREETINGS.get(cue.comment.kind, ("greeting", "greet"))
            return [self._greet(cue.comment, name, gesture)]
        if cue.kind == "welcome":
            return [Said(_pick(words.enter, cue.id), gesture="greet")]
        return [Said(cue.text or _pick(words.filler, cue.id), gesture=cue.gesture)]

    def plain(self, comment: Comment) -> list[Said]:
        """The answer to "are you real?", a greeting or an order, which needs no catalogue; else []."""
        words = self._texts
        wants = intents(comment.text)
        if "identity" in wants:
            first = _split(_pick(words.identity, comment.id), (AI,))
            return first + _split(_pick(words.identity_more, comment.id), (AI,))
        if "greeting" in wants:
            return [replace(self._greet(comment, "greeting", "greet"), facts=(COURTESY,))]
        if "ordered" in wants:
            return _split(_pick(words.ordered, comment.id), (COURTESY,), "thank")
        return []

    def unknown(self, comment: Comment) -> list[Said]:
        """The answer if the catalogue has none: colleagues will be asked."""
        return _split(_pick(self._texts.unknown, comment.id), ())

    def answer(self, found: Found, comment: Comment, catalog: Catalog) -> list[Said]:
        """The question in the catalogue's wording, then its answer."""
        product = catalog.product(found.product)
        if found.kind == "which":
            return self._which(comment, catalog)
        if found.kind == "question" or product is None:
            said = self._question(found, comment, catalog)
        elif found.kind == "fact":
            said = self._fact(found, comment, product)
        elif found.kind == "price":
            said = self._price(product, comment)
        elif found.kind == "link":
            said = self._link(product, comment)
        else:
            said = self._stock(product, comment)
        of = product.id if product is not None else ""
        return [replace(sentence, product=of) for sentence in said[: SENTENCES_PER_ANSWER + 1]]

    def _which(self, comment: Comment, catalog: Catalog) -> list[Said]:
        ones = [one for one in catalog.products if one.link][:SENTENCES_PER_ANSWER]
        facts = tuple(f"{one.id}.link" for one in ones)
        said = [
            Said(
                self._texts.which_one.format(link=one.link, name=_name(one, self._language)),
                (f"{one.id}.link",),
            )
            for one in ones
        ]
        return [Said(_pick(self._texts.which, comment.id), facts), *said]

    def _question(self, found: Found, comment: Comment, catalog: Catalog) -> list[Said]:
        product = catalog.product(found.product)
        known = product.questions if product is not None else catalog.questions
        question = next(question for question in known if question.id == found.id)
        return [*self._lead(question.asks[0], comment, (found.id,)), *_split(question.answer, (found.id,))]

    def _fact(self, found: Found, comment: Comment, product: Product) -> list[Said]:
        fact = next(fact for fact in product.facts if fact.id == found.id)
        lead = self._lead(self._texts.ask_fact.format(label=fact.label), comment, (fact.id,))
        text = _pick(self._texts.fact, comment.id).format(label=fact.label, value=fact.value.rstrip("。.!！"))
        return [*lead, Said(text, (fact.id,), "present")]

    def _price(self, product: Product, comment: Comment) -> list[Said]:
        words = self._texts
        fields = {"name": _name(product, self._language), "price": price_text(product.price, self._language)}
        facts: tuple[str, ...] = (f"{product.id}.price",)
        choice = words.price
        if product.was is not None:
            choice, facts = words.price_was, (*facts, f"{product.id}.was")
            fields["was"] = price_text(product.was, self._language)
        said = self._lead(words.ask_price, comment, facts)
        said.append(Said(_pick(choice, comment.id).format(**fields), facts, "emphasise"))
        if wants_discount(comment.text):
            said.append(Said(_pick(words.no_discount, comment.id), facts))
        if product.link:
            link = _pick(words.price_link, comment.id).format(link=product.link)
            said.append(Said(link, (f"{product.id}.link",), "point_down"))
        return said

    def _link(self, product: Product, comment: Comment) -> list[Said]:
        choice = self._texts.link if product.link else self._texts.link_none
        text = _pick(choice, comment.id).format(name=_name(product, self._language), link=product.link)
        facts = (f"{product.id}.link",)
        return [*self._lead(self._texts.ask_link, comment, facts), Said(text, facts, "point_down")]

    def _stock(self, product: Product, comment: Comment) -> list[Said]:
        words = self._texts
        choice = (
            words.stock_open if product.stock is None else words.stock if product.stock else words.stock_none
        )
        text = _pick(choice, comment.id).format(name=_name(product, self._language), stock=product.stock)
        facts = (f"{product.id}.stock",)
        return [*self._lead(words.ask_stock, comment, facts), Said(text, facts)]

    def _lead(self, ask: str, comment: Comment, facts: tuple[str, ...]) -> list[Said]:
        """The question in the catalogue's wording; [] if it is too long."""
        if len(ask) > LONGEST_ASK[self._language]:
            return []
        author = speakable_name(comment.author) if comment.count == 1 else ""
        choice = self._texts.lead_author if author else self._texts.lead
        return [Said(_pick(choice, comment.id).format(ask=ask, author=author), facts)]

    def _greet(self, comment: Comment, name: str, gesture: str) -> Said:
        author = speakable_name(comment.author)
        choice: Choice = getattr(self._texts, f"{name}_author" if author else name)
        return Said(_pick(choice, comment.id).format(author=author), gesture=gesture)


def _name(product: Product, language: Language) -> str:
    # English names are used inside sentences; Chinese and French ones stay as written
    return product.name.lower() if language == "en" and product.name.istitle() else product.name


def _split(text: str, facts: tuple[str, ...], gesture: str = "") -> list[Said]:
    return [Said(sentence, facts, gesture) for sentence in sentences(text)]


def _pick(choice: Choice, id: str) -> str:
    """One of several wordings by a hash of the id: the same for the same id, varied for consecutive ids."""
    return choice[zlib.crc32(id.encode("utf-8", "replace")) % len(choice)]
