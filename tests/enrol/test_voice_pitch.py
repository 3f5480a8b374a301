from __future__ import annotations

import numpy as np
import pytest

from doublure.enrol.voice_pitch import median_pitch
from doublure.media import SAMPLE_RATE


@pytest.mark.parametrize("hertz", [80.0, 120.0, 205.0, 310.0, 390.0])
def test_the_pitch_of_a_buzz(hertz: float) -> None:
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    # weak fundamental, as over a telephone
    sound = sum(np.sin(2 * np.pi * hertz * n * at) * (0.1 if n == 1 else 1 / n) for n in range(1, 8))
    assert median_pitch((0.1 * sound).astype(np.float32)) == pytest.approx(hertz, rel=0.03)


def test_the_pitch_is_that_of_the_middle_of_a_glide() -> None:
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(100 + 50 * at) / SAMPLE_RATE
    assert median_pitch((0.2 * np.sign(np.sin(phase))).astype(np.float32)) == pytest.approx(150, rel=0.05)


def test_noise_and_silence_have_none() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    for sound in (noise, np.zeros(SAMPLE_RATE, np.float32), np.zeros(10, np.float32)):
        assert median_pitch(sound) == 0
