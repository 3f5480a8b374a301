"""Converts words to phones, in the symbols Kokoro was trained on.

Mandarin: jieba's word breaks, pypinyin's readings, misaki's symbols. English: misaki's lexicons,
then gruut. French: gruut, with liaisons. The input is the spoken form (see `spoken`): words and
punctuation, no digits. Spelled abbreviations are letters joined by hyphens, U-S-B.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from doublure.media import Language
from doublure.voice.phones.english import IPA as ENGLISH_IPA
from doublure.voice.phones.english import english
from doublure.voice.phones.french import french
from doublure.voice.phones.mandarin import foreign, mandarin

MARKS = ";:,.!?—…"
"""Punctuation known to Kokoro that makes a pause."""
_MARK_OF = str.maketrans(
    {
        "，": ",", "、": ",", "。": ".", "．": ".", "！": "!", "？": "?", "：": ":", "；": ";",
        "～": ",", "–": "—", "·": ",", "’": "'", "‘": "'", "ʼ": "'",
    }
)  # fmt: skip
_TOKENS = re.compile(
    r"(?P<han>[\u3400-\u9fff]+)|(?P<latin>[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['\-][A-Za-zÀ-ÖØ-öø-ɏ]+)*'?)|(?P<mark>[;:,.!?—…])"
)

_IPA = {"t͡ʃ": "ʧ", "d͡ʒ": "ʤ", "tʃ": "ʧ", "dʒ": "ʤ", "t͡s": "ʦ", "ts": "ʦ", "g": "ɡ", "\u0361": ""}
"""IPA -> Kokoro's symbol, where they differ in every language."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """A word, or a mark of punctuation, in phones."""

    text: str
    """The word as in the spoken form; "" for punctuation."""
    symbols: str
    """Kokoro's symbols, including stress and tones; for punctuation the mark itself."""
    spaced: bool
    """Whether a word break precedes it."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Words with given phones."""

    pattern: re.Pattern[str]
    """Matches each word, longest first."""
    symbols: Mapping[str, str]
    """Word in lower case -> Kokoro's symbols."""


def phones(spoken: str, language: Language, sounds: Sounds | None = None) -> tuple[Sounded, ...]:
    """The words and marks of a clause in order; words in `sounds` have the phones given there. No mark comes
    first or repeats. Text without sound (brackets, quotes, foreign scripts) is left out. Empty if nothing can
    be said."""
    found: list[Sounded] = []
    text = spoken.translate(_MARK_OF)
    end = 0
    for match in sounds.pattern.finditer(text) if sounds else ():
        _sound(text[end : match.start()], language, found)
        found.append(Sounded(match[0], sounds.symbols[match[0].lower()] if sounds else "", bool(found)))
        end = match.end()
    _sound(text[end:], language, found)
    return tuple(sounded for sounded in found if sounded.symbols)


def sounds_of(words: Mapping[str, str]) -> Sounds | None:
    """`Sounds` of words (as in the spoken form) and their symbols; None if there are no words."""
    plain = {word.translate(_MARK_OF).lower(): symbols for word, symbols in words.items()}
    if not plain:
        return None
    longest = sorted(plain, key=len, reverse=True)
    return Sounds(re.compile("|".join(whole(word) for word in longest), re.I), plain)


def whole(word: str) -> str:
    """A pattern for a word (lower case) that is not part of a longer Latin word."""
    before = r"(?<![A-Za-zÀ-ÿ\d])" if re.match(r"[a-zà-ÿ\d]", word) else ""
    after = r"(?![A-Za-zÀ-ÿ\d])" if re.search(r"[a-zà-ÿ\d]$", word) else ""
    return f"{before}{re.escape(word)}{after}"


def symbols_of(ipa: str, language: Language) -> str:
    """IPA in Kokoro's symbols: affricates, and in English diphthongs, are one symbol. Raises `ValueError` with
    the first symbol that Kokoro does not know."""
    found = ipa
    for theirs, ours in (ENGLISH_IPA if language == "en" else _IPA).items():
        found = found.replace(theirs, ours)
    for mark in found:
        if mark not in known_symbols():
            raise ValueError(mark)
    return found


@cache
def known_symbols() -> Mapping[str, int]:
    """Kokoro's symbols and their numbers."""
    file = resources.files("doublure.voice.engines.kokoro").joinpath("data", "vocab.json")
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _sound(text: str, language: Language, found: list[Sounded]) -> None:
    """Append the words and marks of a stretch to `found`."""
    for kind, piece in _pieces(text):
        if kind == "mark":
            if found and found[-1].text:
                found.append(Sounded("", piece, False))
            elif found:
                found[-1] = Sounded("", _stronger(found[-1].symbols, piece), False)
        else:
            for word, symbols in _words(kind, piece, language):
                found.append(Sounded(word, symbols, bool(found)))


def _pieces(text: str) -> list[tuple[str, str]]:
    """Runs of hanzi, runs of Latin words (kept together because neighbouring words matter) and marks."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup or ""
        between = text[end : match.start()]
        end = match.end()
        if kind == "latin" and pieces and pieces[-1][0] == "latin" and not between.strip():
            pieces[-1] = ("latin", f"{pieces[-1][1]} {match[0]}")
        else:
            pieces.append((kind, match[0]))
    return pieces


def _stronger(one: str, other: str) -> str:
    order = ",:;—….!?"
    return max(one, other, key=order.index)


def _words(kind: str, run: str, language: Language) -> list[tuple[str, str]]:
    if kind == "han":
        return mandarin(run)
    return {"zh": foreign, "en": english, "fr": french}[language](run)
