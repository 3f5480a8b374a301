"""The voice `tone`: a beep for each word or hanzi, for tests and demonstrations. It has no weights, speaks every
language, and is deterministic."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator

import anyio
import numpy as np

from doublure.media import LANGUAGES, SAMPLE_RATE, Language, Pcm, Phone, Speech, Word
from doublure.voice.engine import Voice
from doublure.voice.settings import VoiceSettings

HAN_SECONDS, LETTER_SECONDS, LEAST_SECONDS, MOST_SECONDS = 0.2, 0.06, 0.12, 0.6
GAP_SECONDS, MARK_SECONDS = 0.04, 0.12
LOUDNESS = 0.2
EDGE = SAMPLE_RATE // 200
_TOKENS = re.compile(
    r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+(?:['’\-][^\W\u3400-\u9fff]+)*|[,.;:!?…，。；：！？、]"
)
_SHAPES = (("m", "ɑ"), ("b", "i"), ("p", "u"), ("m", "ɛ"), ("b", "o"))
"""Closed lips for a fifth of the word, then an open vowel for the rest."""


class Tone:
    """Beeps, pitch by word."""

    def __init__(self, speed: float) -> None:
        self.name = "tone" + (f"@{speed:g}" if speed != 1.0 else "")
        self.languages: frozenset[Language] = frozenset(LANGUAGES)
        self._speed = speed

    def paced(self, pace: float) -> Tone:
        """The same beeps, `pace` times as fast."""
        return Tone(self._speed * pace)

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        """One `Speech` per clause; nothing if it has no words."""
        await anyio.lowlevel.checkpoint()
        parts: list[Pcm] = []
        words: list[Word] = []
        phones: list[Phone] = []
        at = 0
        for token in _TOKENS.findall(spoken):
            is_word = token[0].isalnum()
            seconds = _seconds(token) if is_word else MARK_SECONDS
            end = at + int(seconds / self._speed * SAMPLE_RATE)
            if is_word:
                closed, vowel = _SHAPES[zlib.crc32(token.encode()) % len(_SHAPES)]
                middle = at + (end - at) // 5
                words.append(Word(token, at, end))
                phones += [Phone(closed, at, middle), Phone(vowel, middle, end)]
                parts.append(_beep(token, end - at))
            else:
                parts.append(np.zeros(end - at, np.float32))
            gap = int(GAP_SECONDS / self._speed * SAMPLE_RATE)
            parts.append(np.zeros(gap, np.float32))
            phones.append(Phone("", end if is_word else at, end + gap))
            at = end + gap
        if words:
            yield Speech(np.concatenate(parts), tuple(words), tuple(phones))


def _seconds(word: str) -> float:
    if "\u3400" <= word[0] <= "\u9fff":
        return HAN_SECONDS
    return min(MOST_SECONDS, max(LEAST_SECONDS, len(word) * LETTER_SECONDS))


def _beep(word: str, length: int) -> Pcm:
    pitch = 180 + zlib.crc32(word.encode()) % 12 * 20
    beep = LOUDNESS * np.sin(2 * np.pi * pitch * np.arange(length) / SAMPLE_RATE)
    edge = min(EDGE, length // 2)
    ramp = np.linspace(0, 1, edge)
    beep[:edge] *= ramp
    beep[length - edge :] *= ramp[::-1]
    return np.asarray(beep, np.float32)


def make(settings: VoiceSettings, language: Language) -> Voice:
    """The tone voice; any name is accepted."""
    return Tone(settings.speed)
