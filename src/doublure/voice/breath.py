"""The breath after a sentence: shaped noise, not a recording."""

from __future__ import annotations

import zlib

import numpy as np

from doublure.media import SAMPLE_RATE, Pcm

SECONDS = (0.22, 0.34)
"""Range of its length, seconds; it varies by sentence."""
LEVEL = 10 ** (-50 / 20)
"""RMS, full scale 1: 34 dB below speech at -16 LUFS, audible in a quiet room but not conspicuous."""
BANDS = ((500.0, 250.0, 0.5), (1500.0, 500.0, 1.0), (2600.0, 900.0, 0.8))
"""Centre (Hz), width (Hz) and weight of the bands that an open mouth lets through."""
RISE = 0.65
"""The breath swells over this share of its length, then falls off towards the next word."""
SHARE = 2
"""One sentence in this many is followed by a breath, chosen by a hash of its text."""


def is_due(text: str) -> bool:
    """Whether a breath follows this sentence; always the same for the same text."""
    return _seed(text) % SHARE == 0


def _seed(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))


def breath(text: str) -> Pcm:
    """The breath after this sentence, float32, about a quarter of a second; the same for the same text."""
    chance = np.random.default_rng(_seed(text))
    count = int(chance.uniform(*SECONDS) * SAMPLE_RATE)
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    shape = sum(weight * np.exp(-(((hertz - middle) / width) ** 2)) for middle, width, weight in BANDS)
    noise = np.fft.irfft(np.fft.rfft(chance.standard_normal(count)) * shape, count)
    place = np.linspace(0.0, 1.0, count)
    swell = np.where(place < RISE, place / RISE, (1 - place) / (1 - RISE)) ** 1.5
    sound = noise * swell
    return np.asarray(LEVEL * sound / np.sqrt(np.mean(sound**2)), np.float32)
