"""Loudness of speech: measures it as broadcasters do, levels it, and limits peaks.

Loudness is ITU-R BS.1770-4 integrated loudness of one clause (K-weighting, 400 ms blocks with 75 % overlap,
gates at -70 LUFS and 10 LU below). Two approximations: the weighting is applied in the frequency domain, and
each clause is levelled by itself, so the show is as loud as its clauses. The sound is mono; on air it is split
over two channels at -3 dB each, which keeps its loudness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, Pcm

TARGET_LUFS = -16.0
"""Phones and platforms play speech at about this level, so they change it little."""
PEAK = 10 ** (-1.0 / 20)
"""True peak of -1 dBTP, full scale 1; lossy encoders overshoot by less."""
MOST_GAIN_DB, LEAST_GAIN_DB = 18.0, -12.0
"""Limits of the gain, so that a nearly silent clause is not blown up."""
BLOCK, HOP = int(0.4 * SAMPLE_RATE), int(0.1 * SAMPLE_RATE)
LOOKAHEAD = SAMPLE_RATE // 200
"""5 ms: the limiter starts this long before a peak and recovers over as long after it."""
OVERSAMPLING = 4


def lufs(pcm: Pcm) -> float:
    """Integrated loudness of mono sound, LUFS; -inf for silence."""
    weighted = _weighted(pcm)
    if len(weighted) < BLOCK:
        blocks = np.array([np.mean(weighted**2)]) if len(weighted) else np.zeros(1)
    else:
        total = np.concatenate([[0.0], np.cumsum(weighted**2)])
        starts = np.arange(0, len(weighted) - BLOCK + 1, HOP)
        blocks = (total[starts + BLOCK] - total[starts]) / BLOCK
    loud = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    if not len(loud):
        return float("-inf")
    loud = loud[loud > loud.mean() / 10]
    return float(-0.691 + 10 * np.log10(loud.mean()))


def gain(pcm: Pcm) -> float:
    """The factor that brings a clause to the target loudness."""
    measured = lufs(pcm)
    if measured == float("-inf"):
        return 1.0
    return float(10 ** (np.clip(TARGET_LUFS - measured, LEAST_GAIN_DB, MOST_GAIN_DB) / 20))


def levelled(pcm: Pcm, factor: float) -> Pcm:
    """Sound times `factor`, with its true peak limited to -1 dBTP; a new array."""
    louder = (pcm * np.float32(factor)).astype(np.float32)
    for _ in range(2):  # the limiter works on samples; peaks between them may need a second pass
        peaks = _peaks(louder)
        if peaks.max(initial=0.0) <= PEAK:
            break
        louder = (louder * _reduction(peaks)).astype(np.float32)
    overshoot = float(_peaks(louder).max(initial=0.0))
    return louder if overshoot <= PEAK else (louder * np.float32(PEAK / overshoot)).astype(np.float32)


def true_peak(pcm: Pcm) -> float:
    """The highest absolute value at and between the samples, full scale 1."""
    return float(_peaks(pcm).max(initial=0.0))


def _peaks(pcm: Pcm) -> NDArray[np.float64]:
    """Highest value around each sample, by band-limited interpolation at four times the rate."""
    count = len(pcm)
    if not count:
        return np.zeros(0)
    spectrum = np.fft.rfft(np.pad(pcm, 64))
    wide = np.fft.irfft(spectrum, (count + 128) * OVERSAMPLING) * OVERSAMPLING
    inside = np.abs(wide[64 * OVERSAMPLING : (64 + count) * OVERSAMPLING])
    return np.asarray(inside.reshape(count, OVERSAMPLING).max(axis=1), np.float64)


def _reduction(peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain of each sample, 0..1: as low as the peaks within 5 ms require, smoothed."""
    wanted = np.minimum(1.0, PEAK / np.maximum(peaks, 1e-9))
    span = 2 * LOOKAHEAD + 1
    padded = np.pad(wanted, 2 * LOOKAHEAD, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, span).min(axis=1)
    window = np.hanning(span + 2)[1:-1]
    return np.convolve(lowest, window / window.sum(), mode="valid")


def _weighted(pcm: Pcm) -> NDArray[np.float64]:
    """K-weighted sound."""
    if not len(pcm):
        return np.zeros(0)
    size = 1 << (len(pcm) + SAMPLE_RATE // 4 - 1).bit_length()
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = _shelf(z) * _high_pass(z)
    weighted = np.fft.irfft(np.fft.rfft(pcm, size) * response, size)
    return np.asarray(weighted[: len(pcm)], np.float64)


def _shelf(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """BS.1770's shelf for the head, +4 dB above 1.68 kHz, by bilinear transform at our rate. The analogue values
    give the recommendation's coefficients at 48 kHz."""
    k = np.tan(np.pi * 1681.9744509555319 / SAMPLE_RATE)
    q, high = 0.7071752369554196, 10 ** (3.99984385397 / 20)
    band = high**0.4996667741545416
    numerator = (high + band * k / q + k * k) + 2 * (k * k - high) * z + (high - band * k / q + k * k) * z**2
    denominator = (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2
    return np.asarray(numerator / denominator)


def _high_pass(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The low-cut of BS.1770 at 38 Hz."""
    k = np.tan(np.pi * 38.13547087602444 / SAMPLE_RATE)
    q = 0.5003270373238773
    denominator = (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2
    return np.asarray((1 - z) ** 2 / denominator * (1 + k / q + k * k))
