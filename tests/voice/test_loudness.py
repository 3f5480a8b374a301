"""Loudness, against the figures of the recommendation."""

from __future__ import annotations

import numpy as np
import pytest

from doublure.media import SAMPLE_RATE, Pcm
from doublure.voice.loudness import PEAK, TARGET_LUFS, gain, levelled, lufs, true_peak


def sine(hertz: float, peak: float, seconds: float = 2.0) -> Pcm:
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(peak * np.sin(2 * np.pi * hertz * at), np.float32)


def test_a_full_scale_sine_measures_as_the_recommendation_says() -> None:
    # BS.1770-4: 997 Hz at 0 dBFS in one channel is -3.01 LKFS
    assert lufs(sine(997, 1.0)) == pytest.approx(-3.01, abs=0.05)
    assert lufs(sine(997, 0.1)) == pytest.approx(-23.01, abs=0.05)


def test_low_counts_less_and_high_counts_more() -> None:
    # the weighting: the low cut takes about 13 dB at 20 Hz, the shelf gives about 4 dB at 4 kHz
    middle = lufs(sine(997, 0.5))
    assert lufs(sine(20, 0.5)) < middle - 12
    assert lufs(sine(4000, 0.5)) == pytest.approx(middle + 3.3, abs=0.5)


def test_silence_between_words_does_not_count() -> None:
    speech = sine(997, 0.2)
    assert lufs(np.concatenate([speech, np.zeros(5 * SAMPLE_RATE, np.float32)])) == pytest.approx(
        lufs(speech), abs=0.7
    )


@pytest.mark.parametrize("peak", [0.02, 0.1, 0.5, 0.9])
def test_sound_is_brought_to_the_target(peak: float) -> None:
    sound = sine(500, peak) * np.abs(sine(3, 1.0))
    level = lufs(levelled(sound, gain(sound)))
    assert level == pytest.approx(TARGET_LUFS, abs=0.3) or peak == 0.02  # more than 18 dB is not given
    assert level > TARGET_LUFS - 8


def test_peaks_are_held_between_the_samples_too() -> None:
    rng = np.random.default_rng(1)
    quiet = sine(300, 0.05)
    quiet[::2000] += rng.uniform(-0.9, 0.9, len(quiet[::2000])).astype(np.float32)
    between = sine(SAMPLE_RATE / 4, 1.2) + sine(SAMPLE_RATE / 4 + 1, 0.4)
    for sound in (quiet, between, sine(997, 3.0)):
        louder = levelled(sound, 4.0)
        assert true_peak(louder) <= PEAK + 1e-4
        assert np.abs(louder).max() > 0.5
        assert louder.dtype == np.float32


def test_nothing_and_silence_pass_through() -> None:
    for sound in (np.zeros(0, np.float32), np.zeros(10, np.float32), np.zeros(SAMPLE_RATE, np.float32)):
        assert gain(sound) == 1.0
        assert np.array_equal(levelled(sound, 1.0), sound)
