"""Forced alignment: finds the times of words and phones in sound that has none.

The sound is aligned with a reading of the same words whose times are known exactly, by dynamic time
warping (Sakoe and Chiba 1978) of mel cepstra and their slopes. The sound may end before the words do; the
alignment finds how far it got. Without a reading, times are estimated from the phones of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, Language, Pcm, Phone, Speech, Word
from doublure.voice.phones.symbols import phones

HOP = SAMPLE_RATE // 100
"""Samples per frame: 10 ms."""
WINDOW = SAMPLE_RATE // 40
BANDS, CEPSTRA, POINTS = 40, 13, 1024
RANGE = 6.0
"""Dynamic range in powers of ten below the loudest band; anything fainter is silence."""
LEVEL_WEIGHT, SLOPE_WEIGHT = 2.0, 4.0
"""Weight of the level relative to a cepstrum, and of a slope (difference over 10 ms) relative to its value.
Tuned together with `SIDE` on 36 clauses of two voices at two speeds in three languages."""
SIDE = 1.6
"""Weight of a step that advances only one of the two sounds; a step that advances both has 2."""
NEAR = 5 * HOP
"""A word that ends within 50 ms of the end of the heard part counts as heard."""

_SILENT = frozenset("ˈˌ↓→↗↘ʰʲː\u0303ᵝ")
"""Marks of stress, tone and length, which are not phones."""
_VOWELS = frozenset("AIOQWYaeiouyæɑɐɒɔəɚɛɜɤɨɪøœɯʊʌᵊᵻ")
_VOWEL, _PAUSE = 1.6, 3.0
"""Lengths of a vowel and of a punctuation pause; a consonant is 1."""
CONSONANT_SECONDS: dict[Language, float] = {"zh": 0.051, "en": 0.060, "fr": 0.061}
"""Kokoro's pace at speed 1, median of six clauses each."""

Frames = NDArray[np.float64]
"""[frames, 2 (CEPSTRA + 1)], 10 ms each."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times of words and phones, in samples of the sound."""

    words: tuple[Word, ...]
    """The words that begin in the sound."""
    phones: tuple[Phone, ...]
    """The phones, without gaps from the first sample to the last."""
    said: int
    """How many of the words were heard to their end."""


def aligned(sound: Pcm, reading: Speech, *, whole: bool) -> Times:
    """The times of a reading's words in another sound of the same words, float32 mono 24 kHz. `whole`: the
    sound ends where the words end. Takes about 10 ms for 3 s of sound."""
    heard, read = _frames(sound), _frames(reading.pcm)
    last = (len(read) if whole else _reached(heard, read)) - 1
    place = _places(heard, read, last)
    end = (last + 1) * HOP if not whole else len(reading.pcm)
    return _moved(reading, place, end, len(sound))


def by_text(spoken: str, language: Language, speed: float) -> Speech:
    """The words and phones of a text at the usual pace; `pcm` is silence of that length. Empty if there is
    nothing to say."""
    unit = CONSONANT_SECONDS[language] / speed * SAMPLE_RATE
    words: list[Word] = []
    found: list[Phone] = []
    at = 0.0
    for sounded in phones(spoken, language):
        start = at
        for symbol in sounded.symbols:
            if symbol in _SILENT:
                continue
            length = _PAUSE if not sounded.text else _VOWEL if symbol in _VOWELS else 1.0
            found.append(Phone(symbol if sounded.text else "", int(at), int(at + length * unit)))
            at += length * unit
        if sounded.text:
            words.append(Word(sounded.text, int(start), int(at)))
    return Speech(np.zeros(int(at), np.float32), tuple(words), tuple(found))


def scaled(reading: Speech, length: int, samples: int) -> Times:
    """The times of a reading scaled to `length` samples, of which `samples` were heard."""
    factor = length / max(1, len(reading.pcm))
    frames = -(-len(reading.pcm) // HOP)
    place = np.arange(frames + 1) * HOP * factor
    return _moved(reading, place, int(min(1.0, samples / max(1, length)) * len(reading.pcm)), samples)


def _moved(reading: Speech, place: NDArray[np.float64], end: int, length: int) -> Times:
    """The times of the reading up to its sample `end`, mapped to the positions of its frames in the sound."""

    def at(sample: int) -> int:
        return int(min(length, max(0.0, float(np.interp(sample / HOP, np.arange(len(place)), place)))))

    words = tuple(
        Word(word.text, at(word.start), length if word.end >= end else at(word.end))
        for word in reading.words
        if word.start < end
    )
    said = sum(word.end <= end + NEAR for word in reading.words)
    marks = [phone for phone in reading.phones if phone.start < end]
    edges = [0, *(at(phone.start) for phone in marks[1:]), length]
    spans = zip(marks, edges, edges[1:], strict=False)
    moved = tuple(Phone(phone.symbol, start, stop) for phone, start, stop in spans if stop > start)
    return Times(words, moved, said)


def _reached(heard: Frames, read: Frames) -> int:
    """Number of frames of the reading that were heard: the end of the warp with the least cost per step."""
    ends = _warp(heard, read)[0]
    return int(np.argmin(ends / (np.arange(len(ends)) + 1 + len(heard)))) + 1


def _places(heard: Frames, read: Frames, last: int) -> NDArray[np.float64]:
    """Positions in the sound of the edges of the reading's frames 0..last, samples [last + 2]."""
    steps = _warp(heard, read[: last + 1])[1]
    total, count = np.zeros(last + 1), np.zeros(last + 1)
    i, j = last, len(heard) - 1
    while True:
        total[i] += j
        count[i] += 1
        if not i and not j:
            break
        step = 2 if not i else 1 if not j else steps[i, j]
        i -= step != 2
        j -= step != 1
    return np.asarray(np.append(total / count, len(heard)) * HOP, np.float64)


def _warp(heard: Frames, read: Frames) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """The cost of ending at each frame of the reading, and the step that led to each pair of frames
    [read, heard]: 0 advanced both, 1 the reading, 2 the sound."""
    squares = (read**2).sum(axis=1)[:, None] + (heard**2).sum(axis=1) - 2 * read @ heard.T
    cost = np.sqrt(np.maximum(0.0, squares))
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    steps = np.zeros((rows, columns), np.int8)
    # pairs on one diagonal are independent
    for diagonal in range(rows + columns - 1):
        i = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        j = diagonal - i
        here = cost[i, j]
        ways = np.stack(
            [total[i, j] + 2 * here, total[i, j + 1] + SIDE * here, total[i + 1, j] + SIDE * here]
        )
        best = ways.argmin(axis=0)
        steps[i, j] = best
        total[i + 1, j + 1] = ways[best, np.arange(len(i))]
    return total[1:, columns], steps


def _frames(pcm: Pcm) -> Frames:
    """Cepstra, level and the slopes of both. The mean is subtracted, to cancel differences of microphones."""
    padded = np.pad(np.asarray(pcm, np.float64), (WINDOW // 2, WINDOW))
    count = max(1, -(-len(pcm) // HOP))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(pieces * np.hanning(WINDOW), POINTS, axis=1)) ** 2
    level = np.log10(np.maximum(power @ _filters(), 1e-10))
    level = np.maximum(level, level.max() - RANGE)
    values = np.hstack([LEVEL_WEIGHT * level.mean(axis=1, keepdims=True), level @ _cosines()])
    values = values - values.mean(axis=0)
    around = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    slopes = (2 * (around[4:] - around[:-4]) + around[3:-1] - around[1:-3]) / 10
    return np.hstack([values, SLOPE_WEIGHT * slopes])


@cache
def _filters() -> NDArray[np.float64]:
    """[POINTS / 2 + 1, BANDS]: triangles of equal width on the mel scale, 60 Hz to 8 kHz."""
    frequencies = np.linspace(0, SAMPLE_RATE / 2, POINTS // 2 + 1)[:, None]
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (60.0, 8000.0))
    mels = np.linspace(lowest, highest, BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    rise = (frequencies - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - frequencies) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)))


@cache
def _cosines() -> NDArray[np.float64]:
    """[BANDS, CEPSTRA]: the cosine transform without its first row, the level."""
    numbers = np.arange(1, CEPSTRA + 1)
    return np.asarray(
        np.cos(np.pi * (np.arange(BANDS)[:, None] + 0.5) * numbers / BANDS) * np.sqrt(2 / BANDS)
    )
