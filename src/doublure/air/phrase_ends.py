"""Finds a point at which a clause can stop early and sound natural: at a pause inside it. A clause with a
number or a negation is heard whole, because half of it may be untrue."""

from __future__ import annotations

from doublure.media import SAMPLE_RATE, Speech, Word
from doublure.sentences import numbers

PAUSE = SAMPLE_RATE // 12
"""A silence of at least 83 ms ends a phrase."""
SOONEST = SAMPLE_RATE // 4
"""Earliest stop, 250 ms: the picture is drawn 160 ms ahead, and a sooner stop would sound like a cut."""
_DIGITS = frozenset("零〇一二两三四五六七八九十百千万亿半点几")
_BINDING = frozenset(
    {"a", "an", "one", "un", "une", "no", "not", "pas", "ne", "half", "demi", "不", "没", "没有", "无"}
)
"""Small numbers and negations."""


def phrase_end(speech: Speech, after: int, before: int) -> int | None:
    """The sample between `after` and `before` at which a clause can stop: the first pause between two words,
    at least `SOONEST` after `after`. None if there is none."""
    if any(_binds(word) for word in speech.words):
        return None
    first = after + SOONEST
    pauses = [
        (phone.start, phone.end)
        for phone in speech.phones
        if not phone.symbol and phone.end - phone.start >= PAUSE
    ]
    ends = [word.end for word in speech.words[:-1] if first <= word.end <= before]
    return next((end for end in ends if any(start - PAUSE <= end <= stop for start, stop in pauses)), None)


def _binds(word: Word) -> bool:
    """Whether a word changes the meaning of the rest of its clause."""
    said = word.text.lower()
    return bool(_DIGITS & set(said)) or said in _BINDING or any(True for _ in numbers(said))
