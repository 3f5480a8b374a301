"""Written words to phones, in the symbols Kokoro was trained on.

Mandarin: jieba's word breaks, pypinyin's readings, misaki's symbols. English: misaki's lexicons,
then gruut. French: gruut, with liaisons. Input is the spoken form (see `spoken`): words and
punctuation, no digits; abbreviations that are spelled come as letters joined by hyphens, U-S-B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from doublure.media import Language
from doublure.phones_english import english
from doublure.phones_french import french
from doublure.phones_mandarin import foreign, mandarin

MARKS = ";:,.!?—…"
"""Punctuation that Kokoro knows and that makes a pause."""
_MARK_OF = str.maketrans(
    {
        "，": ",", "、": ",", "。": ".", "．": ".", "！": "!", "？": "?", "：": ":", "；": ";",
        "～": ",", "–": "—", "·": ",", "’": "'", "‘": "'", "ʼ": "'",
    }
)  # fmt: skip
_TOKENS = re.compile(
    r"(?P<han>[\u3400-\u9fff]+)|(?P<latin>[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['\-][A-Za-zÀ-ÖØ-öø-ɏ]+)*'?)|(?P<mark>[;:,.!?—…])"
)


@dataclass(frozen=True, slots=True)
class Sounded:
    """A word, or a mark of punctuation, in phones."""

    text: str
    """The word as in the spoken form; "" for punctuation."""
    symbols: str
    """Kokoro's symbols, stress and tones among them; the mark itself for punctuation."""
    spaced: bool
    """Whether a word break stands before it."""


def phones(spoken: str, language: Language) -> tuple[Sounded, ...]:
    """The words and marks of a clause in order. Marks do not begin it and do not repeat; what has
    no sound (brackets, quotes, foreign scripts) is left out. Empty when nothing can be said."""
    found: list[Sounded] = []
    text = spoken.translate(_MARK_OF)
    for kind, piece in _pieces(text):
        if kind == "mark":
            if found and found[-1].text:
                found.append(Sounded("", piece, False))
            elif found:
                found[-1] = Sounded("", _stronger(found[-1].symbols, piece), False)
        else:
            for word, symbols in _words(kind, piece, language):
                found.append(Sounded(word, symbols, bool(found)))
    return tuple(sounded for sounded in found if sounded.symbols)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Runs of hanzi, runs of Latin words (kept together, for the words around matter) and marks."""
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
