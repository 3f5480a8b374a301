"""Splits text into sentences, and finds the numbers in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

_END = re.compile(
    r"(?<=[。！？!?])[”’」』\"')\]]*\s*|(?<=[^\d\s][.…])[”’\"')\]]*\s+|(?<=\d\.)\s+(?=[A-ZÀ-Ý])|\n+"
)
_ABBREVIATION = re.compile(
    r"\b(?:No|Nr|Ste?|Mr|Mrs|Ms|Mme|Dr|Prof|Rev|Mt|Ft|vs|approx|incl|max|min|env|cf|p\.ex|e\.g|i\.e|etc)\.$",
    re.IGNORECASE,
)

_INITIALS = re.compile(r"\b(?:[A-Z][a-z]?\.){2,}$")
"""Abbreviations such as Ph.D.; they end a sentence only before a capital."""

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_HANZI_NUMBER = re.compile(
    r"[零〇一二两三四五六七八九十百千万]{2,}(?:点[零〇一二三四五六七八九]+)?|[一二两三四五六七八九十](?=[个天年月号分秒度支件种块元岁折斤克米升毫小])"
)
_HANZI_DIGITS = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HANZI_UNITS = {"十": 10, "百": 100, "千": 1000}

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITES = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze")
_DIZAINES = ("treize", "quatorze", "quinze", "seize")
_VINGTAINES = ("vingt", "trente", "quarante", "cinquante", "soixante")
_WORDS: dict[str, int] = {
    **{word: value for value, word in enumerate((*_ONES, *_TEENS), 1)},
    **{word: value for value, word in enumerate((*_UNITES, *_DIZAINES), 1)},
    **{word: 20 + 10 * place for place, word in enumerate(_TENS)},
    **{word: 20 + 10 * place for place, word in enumerate(_VINGTAINES)},
    **{"une": 1, "vingts": 20, "hundred": 100, "cent": 100, "thousand": 1000, "mille": 1000},
}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_WORDED = re.compile(rf"\b(?:{_WORD})(?:(?:[ -]|-et-| et | and )(?:{_WORD}))*\b", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """The sentences of a text, as written. A point inside a number does not end one."""
    whole, rest = finished(text)
    return [*whole, rest.strip()] if rest.strip() else whole


def finished(text: str) -> tuple[list[str], str]:
    """The complete sentences, and the rest that may still continue; for text that is streamed."""
    whole: list[str] = []
    start = 0
    for end in _END.finditer(text):
        piece = text[start : end.end()].strip()
        if not piece or abbreviated(piece, text[end.end() : end.end() + 1]):
            continue
        whole.append(piece)
        start = end.end()
    return whole, text[start:]


def abbreviated(piece: str, following: str) -> bool:
    """Whether the point at the end of a piece belongs to an abbreviation. `following` is the first character
    after it and its blanks, "" if none is known yet."""
    return bool(_ABBREVIATION.search(piece) or (_INITIALS.search(piece) and not following.isupper()))


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text."""

    value: Decimal
    start: int
    """Index of its first character."""
    end: int
    """One past its last character."""


def found_numbers(text: str) -> Iterator[Number]:
    """Every number in a text, in digits or in words. Of numbers in words only those above one count."""
    for found in _DIGITS.finditer(text):
        yield Number(_decimal(found[0]), found.start(), found.end())
    for pattern, value_of in ((_HANZI_NUMBER, _hanzi), (_WORDED, _worded)):
        for found in pattern.finditer(text):
            value = value_of(found[0])
            if value > 1:
                yield Number(value, found.start(), found.end())


def numbers(text: str) -> Iterator[Decimal]:
    """The values of all numbers in a text."""
    return (number.value for number in found_numbers(text))


def unfounded(text: str, sources: Iterable[str]) -> list[Decimal]:
    """The numbers in `text` that occur in none of the sources."""
    known = {number for source in sources for number in numbers(source)}
    return [number for number in numbers(text) if number not in known]


def _decimal(digits: str) -> Decimal:
    # 1,299.90 and 1.299,90 and 59,9: the last mark is the decimal point if one or two digits follow
    whole, mark, cents = digits.replace(",", ".").rpartition(".")
    if not mark:
        return Decimal(digits)
    if len(cents) == 3 and digits.count(".") + digits.count(",") >= 1 and "," in digits:
        return Decimal(whole.replace(".", "") + cents)
    return Decimal(f"{whole.replace('.', '')}.{cents}").normalize()


def _worded(text: str) -> Decimal:
    value = 0
    for word in re.findall(r"[a-z]+", text.casefold()):
        step = _WORDS.get(word, 0)
        if step in (100, 1000):
            value = max(value, 1) * step
        elif step == 20 and value % 100 == 4:
            value += 76  # quatre-vingt
        else:
            value += step
    return Decimal(value)


def _hanzi(text: str) -> Decimal:
    whole, _, fraction = text.partition("点")
    total = section = digit = 0
    for mark in whole:
        if mark in _HANZI_DIGITS:
            digit = _HANZI_DIGITS[mark]
        elif mark == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section += (digit or 1) * _HANZI_UNITS[mark]
            digit = 0
    value = Decimal(total + section + digit)
    if fraction:
        value += Decimal("0." + "".join(str(_HANZI_DIGITS[mark]) for mark in fraction))
    return value
