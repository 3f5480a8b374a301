"""Shared by the spoken forms of the three languages: the word list, and rules that rewrite text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from re import Match

import yaml

from doublure.media import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's or a currency's names."""

    zh: str
    en: tuple[str, ...]
    """Singular, plural; for a currency also singular and plural of its hundredth."""
    fr: tuple[str, ...]
    """As `en`; a feminine unit has "f" as its third item."""


@dataclass(frozen=True, slots=True)
class WordList:
    """`spoken_words.yaml`."""

    units: Mapping[str, Unit]
    currencies: Mapping[str, Unit]
    as_written: frozenset[str]
    """Units whose case matters: 8 Go is not 8 go."""
    read: Mapping[Language, frozenset[str]]
    """Short words in capitals that are read as a word, not spelled."""
    spelled: frozenset[str]
    spelled_small: frozenset[str]
    """Words that are spelled in lower case too."""

    def unit(self, symbol: str) -> Unit:
        """The unit of a symbol matched by `unit_pattern`."""
        found = self.units.get(symbol)
        return found or next(one for name, one in self.units.items() if name.lower() == symbol.lower())


@cache
def word_list() -> WordList:
    """The list, read once."""
    text = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    units, currencies = (
        {
            str(symbol): Unit(names["zh"], tuple(names["en"]), tuple(names["fr"]))
            for symbol, names in part.items()
        }
        for part in (content["units"], content["currencies"])
    )
    read = {
        language: frozenset(f"{content['read']['all']} {content['read'][language]}".split())
        for language in LANGUAGES
    }
    as_written, spelled, small = (
        frozenset(content[part].split()) for part in ("as_written", "spelled", "spelled_small")
    )
    return WordList(units, currencies, as_written, read, spelled, small)


@cache
def unit_pattern() -> str:
    """Matches a unit's symbol: single letters in the given case, most longer symbols in any case."""
    known = word_list()
    parts = [
        re.escape(one) if len(one) == 1 or one in known.as_written else f"(?i:{re.escape(one)})"
        for one in sorted(known.units, key=len, reverse=True)
    ]
    return f"(?:{'|'.join(parts)})(?![A-Za-z²³]|'[a-zà-ÿ])"


@cache
def currency_pattern() -> str:
    """Matches a currency's sign or code."""
    signs = sorted(word_list().currencies, key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(sign) for sign in signs)})"


Rule = tuple[re.Pattern[str], Callable[[Match[str]], str]]


def rule(pattern: str, said: Callable[[Match[str]], str]) -> Rule:
    """A rule that replaces each match of `pattern` by the result of `said`."""
    return re.compile(pattern), said


def rewritten(text: str, rules: Sequence[Rule]) -> str:
    """`text` after each rule in turn. The words that a rule inserts hold no digits, so no later rule matches
    them."""
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text


# ---- shared by the languages -------------------------------------------------------------------------

N = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!\d)"
"""A number as written in English and Mandarin: 59.9, 1,299."""
M = r"(?:\d{1,3}(?:\.\d{3})+,\d\d|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d{1,2})?)(?!\d)"
"""An amount of money in them; a comma before two digits is a decimal comma, as in €12,90."""
_EUROPEAN = re.compile(r"\d{1,3}(?:\.\d{3})+,\d\d")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")


def plain(digits: str) -> str:
    """The digits of a match of `N` or `M`, with at most a decimal point."""
    if _EUROPEAN.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(",", ".")
    return digits.replace(",", "")


PARTS = frozenset({2, 3, 4, 6, 7, 8, 9, 12, 16, 32, 64})
"""Denominators of fractions, as opposed to scores (18/20), sizes (38/40) and pressures (120/80)."""


def comparisons(before: str, **words: str) -> list[Rule]:
    """Rules for comparison signs before a number. `before`: the characters, besides digits, that may begin one.
    `words`: the words for plus_minus, at_least, at_most, more, less and about."""
    signs = {
        "plus_minus": "±", "at_least": "(?:≥|>=)", "at_most": "(?:≤|<=)", "more": ">", "less": "<", "about": "≈",
    }  # fmt: skip
    return [
        rule(rf"{sign}\s*(?=[\d{before}])", lambda m, said=words[name]: said)  # type: ignore[misc]
        for name, sign in signs.items()
    ]


_DEGREE = r"(?:[A-Z]|Ph|Sc|Ed|Eng)\."
_INITIALS = (
    rf"(?<![A-Za-z\d.])(?:(?:{_DEGREE}){{2,}}(?P<end>(?=\s*$))?|(?:{_DEGREE})+[A-Z](?![A-Za-z\d.])"
    r"|(?:PhD|[BM]Sc)(?![A-Za-z]))"
)


def _spelled(match: Match[str]) -> str:
    spelled = "-".join(re.sub(r"[^A-Za-z]", "", match[0]).upper())
    return f"{spelled}." if match["end"] is not None else spelled


def initials() -> Rule:
    """A rule that spells letters followed by points: Ph.D. is P-H-D, the U.S. market is the U-S market. At the
    end of a text the last point stays."""
    return rule(_INITIALS, _spelled)


# ---- after the rules -------------------------------------------------------------------------------

_CAPITALS = re.compile(r"(?<![A-Za-zÀ-ÿ-])[A-ZÀ-ÖØ-Þ]{2,}(?:-[A-ZÀ-ÖØ-Þ]{2,})*(?![a-zà-ÿ'])")
_SMALL = re.compile(r"(?<![A-Za-zÀ-ÿ'-])[a-z]{2,4}(?![A-Za-zÀ-ÿ'-])")


def letters(text: str, language: Language) -> str:
    """The text with spelled abbreviations as letters joined by hyphens: USB is U-S-B."""
    known = word_list()
    read = known.read[language]

    def is_word(word: str) -> bool:
        vowels = bool(re.search("[AEIOUYÀ-Þ]", word))
        return len(word) > 3 and vowels and word not in known.spelled

    def said(match: Match[str]) -> str:
        parts = match[0].split("-")
        words = any(is_word(part) for part in parts)  # OEKO-TEX: the neighbour of a word is a word
        return "-".join(
            part.lower() if part in read else part.capitalize() if words else "-".join(part) for part in parts
        )

    def small(match: Match[str]) -> str:
        return "-".join(match[0].upper()) if match[0] in known.spelled_small else match[0]

    text = re.sub(r"(?<![A-Za-z])pH(?![a-z])", "PH", text)
    return _SMALL.sub(small, _CAPITALS.sub(said, text))


def tidied(text: str, comma: str) -> str:
    """The text with brackets and list separators replaced by `comma`, and without quotes, repeated blanks,
    repeated marks and leading marks."""
    text = re.sub(r"(?<![)\]}）】〕])[)\]}）】〕]+(?=\s*(?:$|[,.!?;:，。！？；：、]))", "", text)
    text = re.sub(r"[()\[\]{}（）【】〔〕|｜/→\n\r\t]+", f"{comma} ", text)
    text = re.sub(r"[\"“”«»「」『』《》〈〉*#@^`<>=~_$€£¥¢₩₹฿₽°²³%‰×±≥≤≈\\]", " ", text)
    text = re.sub(r"\s{2,}", " ", text)
    # a dash between words is a pause; a hyphen only joins letters
    text = re.sub(r"(?<![A-Za-zÀ-ÿ'])\s*-+\s*|-+(?![A-Za-zÀ-ÿ'])", " ", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:!?…，。；：！？、])", r"\1", text)
    text = re.sub(r"[,，、;；:：]+(?=[,.!?…，。；：！？、;:])", "", text)
    text = re.sub(r"([.!?。！？…])[,，、;；:：]+", r"\1", text)
    text = re.sub(r"([.,!?…，。！？])\1+", r"\1", text)
    return text.strip(f" {comma}").lstrip(",.;:!?…，。；：！？、- '").strip()
