"""What the spoken forms of the three languages share: their word list, and rules that rewrite text."""

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
    """One, several; a currency's hundredth, hundredths."""
    fr: tuple[str, ...]
    """As `en`; "f" as the third of a unit that is feminine."""


@dataclass(frozen=True, slots=True)
class WordList:
    """`spoken_words.yaml`."""

    units: Mapping[str, Unit]
    currencies: Mapping[str, Unit]
    as_written: frozenset[str]
    """Units whose capitals matter: 8 Go is no 8 go."""
    read: Mapping[Language, frozenset[str]]
    """Capitals that are read as a word although they are few."""
    spelled: frozenset[str]
    spelled_small: frozenset[str]
    """Spelled in small letters too."""

    def unit(self, symbol: str) -> Unit:
        """The unit of a symbol that `unit_pattern` matched."""
        found = self.units.get(symbol)
        return found or next(one for name, one in self.units.items() if name.lower() == symbol.lower())


@cache
def word_list() -> WordList:
    """The list, read once."""
    text = resources.files("doublure").joinpath("spoken_words.yaml").read_text(encoding="utf-8")
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
    """Matches a unit's symbol: a single letter as it stands, most longer ones in capitals or not."""
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
    """What matches `pattern` is said as `said` tells."""
    return re.compile(pattern), said


def rewritten(text: str, rules: Sequence[Rule]) -> str:
    """`text` after each rule in turn; what a rule has put into words holds no digits, so no later
    rule finds it again."""
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text


# ---- after the rules -------------------------------------------------------------------------------

_CAPITALS = re.compile(r"(?<![A-Za-zÀ-ÿ-])[A-ZÀ-ÖØ-Þ]{2,}(?:-[A-ZÀ-ÖØ-Þ]{2,})*(?![a-zà-ÿ'])")
_SMALL = re.compile(r"(?<![A-Za-zÀ-ÿ'-])[a-z]{2,4}(?![A-Za-zÀ-ÿ'-])")


def letters(text: str, language: Language) -> str:
    """Abbreviations that are spelled, as letters joined by hyphens: USB is U-S-B."""
    known = word_list()
    read = known.read[language]

    def is_word(word: str) -> bool:
        vowels = bool(re.search("[AEIOUYÀ-Þ]", word))
        return len(word) > 3 and vowels and word not in known.spelled

    def said(match: Match[str]) -> str:
        parts = match[0].split("-")
        words = any(is_word(part) for part in parts)  # OEKO-TEX: a word makes its neighbour one
        return "-".join(
            part.lower() if part in read else part.capitalize() if words else "-".join(part) for part in parts
        )

    def small(match: Match[str]) -> str:
        return "-".join(match[0].upper()) if match[0] in known.spelled_small else match[0]

    text = re.sub(r"(?<![A-Za-z])pH(?![a-z])", "PH", text)
    return _SMALL.sub(small, _CAPITALS.sub(said, text))


def tidied(text: str, comma: str) -> str:
    """Brackets and what separates lists become `comma`; quotes go; blanks and marks do not repeat;
    no mark begins the text."""
    text = re.sub(r"(?<![)\]}）】〕])[)\]}）】〕]+(?=\s*(?:$|[,.!?;:，。！？；：、]))", "", text)
    text = re.sub(r"[()\[\]{}（）【】〔〕|｜/→\n\r\t]+", f"{comma} ", text)
    text = re.sub(r"[\"“”«»「」『』《》〈〉*#@^`<>=~_$€£¥¢₩₹฿₽°²³%‰×±≥≤≈\\]", " ", text)
    text = re.sub(r"\s{2,}", " ", text)
    # a dash between words is a pause, a hyphen joins letters and nothing else
    text = re.sub(r"(?<![A-Za-zÀ-ÿ'])\s*-+\s*|-+(?![A-Za-zÀ-ÿ'])", " ", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:!?…，。；：！？、])", r"\1", text)
    text = re.sub(r"[,，、;；:：]+(?=[,.!?…，。；：！？、;:])", "", text)
    text = re.sub(r"([.!?。！？…])[,，、;；:：]+", r"\1", text)
    text = re.sub(r"([.,!?…，。！？])\1+", r"\1", text)
    return text.strip(f" {comma}").lstrip(",.;:!?…，。；：！？、- '").strip()
