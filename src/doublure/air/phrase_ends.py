"""Where a clause can be stopped so that it sounds like somebody who lets another speak: at a pause inside it. A
clause with a number or a denial is heard whole: half of it may say what is not true."""

from __future__ import annotations

from doublure.media import SAMPLE_RATE, Speech, Word
from doublure.sentences import numbers

PAUSE = SAMPLE_RATE // 12
"""A silence from 83 ms on is a phrase's end."""
SOONEST = SAMPLE_RATE // 4
"""The picture is drawn 160 ms ahead; a stop sooner than 250 ms would be no stop but a cut."""
_DIGITS = frozenset("零〇一二两三四五六七八九十百千万亿半点几")
_BINDING = frozenset(
    {"a", "an", "one", "un", "une", "no", "not", "pas", "ne", "half", "demi", "不", "没", "没有", "无"}
)
"""Small numbers and negations."""


def phrase_end(speech: Speech, after: int, before: int) -> int | None:
    """The sample, from `after` to `before`, at which a clause can be stopped: the first pause between two
    words; None where there is none."""
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
    """Whether a word changes what the rest of its clause says."""
    said = word.text.lower()
    return bool(_DIGITS & set(said)) or said in _BINDING or any(True for _ in numbers(said))
