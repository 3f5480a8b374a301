"""What the spoken forms of the three languages share: their word list, and rules that rewrite text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from re import Match

import yaml


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
    read: frozenset[str]
    """Capitals that are read as a word although they are few."""
    spelled: frozenset[str]

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
    return WordList(units, currencies, frozenset(content["read"]), frozenset(content["spelled"]))


@cache
def unit_pattern() -> str:
    """Matches a unit's symbol: a single letter as it stands, longer ones in capitals or not."""
    symbols = sorted(word_list().units, key=len, reverse=True)
    parts = [re.escape(one) if len(one) == 1 else f"(?i:{re.escape(one)})" for one in symbols]
    return f"(?:{'|'.join(parts)})(?![A-Za-z²³])"


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


# ---- before the rules ------------------------------------------------------------------------------

_SAME = str.maketrans(
    {
        "￥": "¥", "％": "%", "＋": "+", "－": "-", "−": "-", "‑": "-", "‐": "-", "～": "~", "〜": "~", "∼": "~",
        "／": "/", "＝": "=", "＄": "$", "＆": "&", "＃": "#", "＊": "*", "．": ".", "✕": "×", "✖": "×", "＠": "@",
        "’": "'", "‘": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u3000": " ", "µ": "μ",
        "…": "…", "º": "°", "˚": "°",
        **{chr(0xFF10 + digit): chr(0x30 + digit) for digit in range(10)},
        **{chr(0xFF21 + letter): chr(0x41 + letter) for letter in range(26)},
        **{chr(0xFF41 + letter): chr(0x61 + letter) for letter in range(26)},
    }
)  # fmt: skip
"""Full-width and typographic forms of the same sign; punctuation keeps its own."""
_KEPT = frozenset("¥$€£%+×°~=&<>²³℃/→")


def plain_signs(text: str) -> str:
    """One form of each sign; emoji, joiners and ornaments dropped."""
    text = re.sub(r"[#*\d]\ufe0f?\u20e3", lambda match: match[0][0], text)  # keycaps: the digit alone
    return "".join(mark for mark in text.translate(_SAME) if mark in _KEPT or _said(mark))


def _said(mark: str) -> bool:
    kind = unicodedata.category(mark)
    return not (kind in {"So", "Sk", "Sm", "Cf", "Cs", "Co", "Cn", "Cc"} or "\ufe00" <= mark <= "\ufe0f")


# ---- after the rules -------------------------------------------------------------------------------

_CAPITALS = re.compile(r"(?<![A-Za-zÀ-ÿ-])[A-Z]{2,}(?![a-zà-ÿ'])")


def letters(text: str) -> str:
    """Abbreviations that are spelled, as letters joined by hyphens: USB is U-S-B."""
    known = word_list()

    def said(match: Match[str]) -> str:
        word = match[0]
        if word in known.read:
            return word.lower()
        vowels = bool(re.search("[AEIOUY]", word))
        if word in known.spelled or len(word) <= 3 or not vowels:
            return "-".join(word)
        return word.capitalize()

    return _CAPITALS.sub(said, text)


def tidied(text: str, breaks: str) -> str:
    """Brackets and what separates lists become `breaks` (a comma); quotes go; blanks and marks do
    not repeat; no mark begins the text."""
    text = re.sub(r"[)\]}）】〕]+(?=\s*(?:$|[,.!?;:，。！？；：、]))", "", text)
    text = re.sub(r"[()\[\]{}（）【】〔〕|｜/→\n\r\t_]+", f"{breaks} ", text)
    text = re.sub(r"[\"“”«»「」『』《》〈〉*#@^`<>=~$€£¥°²³%×\\]", " ", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:!?…，。；：！？、])", r"\1", text)
    text = re.sub(r"[,，、;；:：]+(?=[,.!?…，。；：！？、;:])", "", text)
    text = re.sub(r"([.!?。！？…])[,，、;；:：]+", r"\1", text)
    text = re.sub(r"([.,!?，。！？])\1+", r"\1", text)
    return text.strip().lstrip(",.;:!?…，。；：！？、- ").strip()
