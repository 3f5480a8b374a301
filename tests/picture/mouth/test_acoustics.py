"""What is heard of speech: its times, and that loudness and voice hardly matter."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME
from doublure.picture.mouth.acoustics import ENCODED, PER_FRAME, SIZE, hear, log_mel
from doublure.voice.engines.kokoro.operations import Graph

RNG = np.random.default_rng(5)


def vowel(seconds: float, pitch: float, formants: tuple[float, ...] = (700.0, 1200.0)) -> NDArray[np.float32]:
    """A sung vowel: harmonics that swell near its formants."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = np.arange(1, int(4000 / pitch)) * pitch
    strength = sum(np.exp(-(((tones - formant) / 120.0) ** 2)) for formant in formants)
    return np.asarray(0.1 * np.sin(2 * np.pi * at[:, None] * tones) @ strength, np.float32)


@pytest.mark.parametrize("samples", [0, 1, 960, 961, 24_000, 3 * 24_000 + 17, 8 * 24_000])
def test_every_frame_has_two_vectors(samples: int) -> None:
    heard = hear(RNG.normal(scale=0.05, size=samples).astype(np.float32))
    assert heard.shape == (PER_FRAME * -(-samples // SAMPLES_PER_FRAME), SIZE)
    assert np.isfinite(heard).all()


def test_loudness_does_not_matter() -> None:
    speech = vowel(1.0, 140.0)
    loud, faint = hear(speech), hear(0.2 * speech)
    # in 8 bits a rounding of the input goes a long way: alike, not the same
    together = (loud * faint).sum(axis=1) / np.linalg.norm(loud, axis=1) / np.linalg.norm(faint, axis=1)
    assert together.min() > 0.98
    np.testing.assert_allclose(loud[:, ENCODED:], faint[:, ENCODED:], atol=1e-3)


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one[:, :ENCODED].mean(axis=0), other[:, :ENCODED].mean(axis=0)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_a_vowel_is_told_from_another_whoever_says_it() -> None:
    ah, higher, ee = vowel(1.0, 120.0), vowel(1.0, 180.0), vowel(1.0, 120.0, (300.0, 2300.0))
    assert likeness(hear(ah), hear(higher)) > likeness(hear(ah), hear(ee)) + 0.02


def test_what_is_heard_stays_in_its_place_in_long_speech() -> None:
    """A burst far into the sound, past several windows of the encoder, is heard where it is."""
    sound = np.zeros(12 * SAMPLE_RATE, np.float32)
    start = 10 * SAMPLE_RATE
    sound[start : start + SAMPLE_RATE // 4] = vowel(0.25, 140.0)
    spectrum = hear(sound)[:, ENCODED:].max(axis=1)
    loud = np.flatnonzero(spectrum > spectrum.min() + 0.8 * np.ptp(spectrum))
    assert abs(int(loud[0]) - 500) <= 1
    assert abs(int(loud[-1]) - 512) <= 2


def test_the_spectrum_is_whispers() -> None:
    from faster_whisper.feature_extractor import FeatureExtractor

    sound = RNG.normal(scale=0.05, size=16_000).astype(np.float32)
    theirs = FeatureExtractor()(sound, padding=False)[:, :100]
    np.testing.assert_allclose(log_mel(sound), theirs, atol=1e-5)


def test_every_processor_hears_the_same() -> None:
    # without VNNI two products of an input byte and a weight are added in 16 bits, which must hold them
    graph = Graph(files("doublure.picture.mouth").joinpath("speech.onnx").read_bytes())
    weights = [graph.tensor(node.input[1]) for node in graph.nodes if node.op_type == "MatMulInteger"]
    assert len(weights) == 16
    for one in weights:
        assert one is not None
        assert one.dtype == np.int8
        assert 2 * 255 * np.abs(one.astype(int)).max() < 2**15
