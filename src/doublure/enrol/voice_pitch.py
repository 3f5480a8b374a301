"""The pitch of a voice: how high it speaks, as the median over its voiced stretches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, Pcm

LOWEST, HIGHEST = 65.0, 420.0
"""Hz, of voices that speak."""
PIECE, STEP = 960, 480
"""Samples: 40 ms hold two periods of the lowest voice and more, every 20 ms."""
VOICED = 0.6
"""Least correlation of a piece with itself, a period later."""
NEAR_BEST = 0.9
"""The first peak of this share of the best one is the period: multiples of a period correlate as well."""
LOUD = 0.25
"""Pieces quieter than this share of the loudest tenth are no vowels."""
LEAST_PIECES = 10


def median_pitch(pcm: Pcm) -> float:
    """Hz; 0 when hardly anything is voiced. By autocorrelation, each piece by itself (Boersma 1993 without
    its path search: the median forgives single mistakes)."""
    if len(pcm) < PIECE:
        return 0.0
    pieces = np.lib.stride_tricks.sliding_window_view(pcm, PIECE)[::STEP].astype(np.float64)
    level = np.sqrt(np.mean(pieces**2, axis=1))
    pieces = pieces[level > LOUD * np.quantile(level, 0.9)]
    if len(pieces) < LEAST_PIECES:
        return 0.0
    low, high = int(SAMPLE_RATE / HIGHEST), int(SAMPLE_RATE / LOWEST) + 1
    likeness = _likeness(pieces - pieces.mean(axis=1, keepdims=True))[:, low - 1 : high + 1]
    peak = (likeness[:, 1:-1] >= likeness[:, :-2]) & (likeness[:, 1:-1] > likeness[:, 2:])
    inner = np.where(peak, likeness[:, 1:-1], 0.0)
    best = inner.max(axis=1)
    period = low + np.argmax(inner >= NEAR_BEST * best[:, None], axis=1)
    voiced = best > VOICED
    if voiced.sum() < LEAST_PIECES:
        return 0.0
    return float(np.median(SAMPLE_RATE / period[voiced]))


def _likeness(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each piece with itself, later by each number of samples, freed from the window's own slope: [pieces, PIECE]."""
    window = np.hanning(PIECE)
    size = 2 * PIECE

    def with_itself(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.fft.irfft(np.abs(np.fft.rfft(values, size)) ** 2, size)[..., :PIECE]
        return np.asarray(found / np.maximum(found[..., :1], 1e-12))

    slope = np.maximum(with_itself(window), 0.02)
    return np.asarray(with_itself(pieces * window) / slope)
