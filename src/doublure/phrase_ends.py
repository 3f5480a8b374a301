"""Where a clause can be stopped so that it sounds like somebody who lets another speak: at a pause inside it, or
behind a word, but nowhere near a number, for half a number is another one."""

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
"""Small numbers and negations: they and what they belong to are heard together."""


def phrase_end(speech: Speech, after: int, before: int) -> int | None:
    """The sample, from `after` to `before`, at which a clause can be stopped: the first pause between two
    words, else the end of the first word that is followed by another; None where there is none."""
    first = after + SOONEST
    pauses = [
        (phone.start, phone.end)
        for phone in speech.phones
        if not phone.symbol and phone.end - phone.start >= PAUSE
    ]
    ends = [
        word.end
        for word, following in zip(speech.words, speech.words[1:], strict=False)
        if first <= word.end <= before and not _binds(word) and not _binds(following)
    ]
    paused = [end for end in ends if any(start - PAUSE <= end <= stop for start, stop in pauses)]
    return next(iter(paused or ends), None)


def _binds(word: Word) -> bool:
    """Whether a word must not be torn from its neighbours."""
    said = word.text.lower()
    return bool(_DIGITS & set(said)) or said in _BINDING or any(True for _ in numbers(said))
