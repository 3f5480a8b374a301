"""The pitch of a voice: the median over its voiced pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, Pcm

LOWEST, HIGHEST = 65.0, 420.0
"""Range of speaking voices, Hz."""
PIECE, STEP = 960, 480
"""Samples: pieces of 40 ms (over two periods of the lowest voice) every 20 ms."""
VOICED = 0.6
"""Least autocorrelation at the period for a piece to count as voiced."""
NEAR_BEST = 0.9
"""The first peak above this share of the highest is the period: its multiples correlate as well."""
LOUD = 0.25
"""Pieces quieter than this share of the 90th percentile are not vowels."""
LEAST_PIECES = 10


def median_pitch(pcm: Pcm) -> float:
    """Median pitch in Hz, 0 if hardly anything is voiced. By autocorrelation of single pieces (Boersma 1993
    without the path search: the median tolerates single errors)."""
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
    """Autocorrelation of each piece at every lag, divided by that of the window: [pieces, PIECE]."""
    window = np.hanning(PIECE)
    size = 2 * PIECE

    def with_itself(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.fft.irfft(np.abs(np.fft.rfft(values, size)) ** 2, size)[..., :PIECE]
        return np.asarray(found / np.maximum(found[..., :1], 1e-12))

    slope = np.maximum(with_itself(window), 0.02)
    return np.asarray(with_itself(pieces * window) / slope)
