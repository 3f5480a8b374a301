"""Kokoro's convolutions as matrix products: the same sound to the last bit; and its norms in one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from doublure.media import Pcm
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.engines.kokoro.graph import with_times_and_pitch
from doublure.voice.engines.kokoro.norms import with_norms
from doublure.voice.engines.kokoro.operations import Graph
from doublure.voice.engines.kokoro.ports import PITCH
from doublure.voice.engines.kokoro.products import MIDDLE, _split, with_products
from doublure.voice.engines.kokoro.weights import packaged_model


@cache
def model() -> bytes:
    return packaged_model()


def sounded(*changes: Callable[[Graph], None]) -> tuple[Pcm, Counter[str]]:
    """A word by the changed model, and its operators."""
    graph = Graph(model())
    for change in changes:
        change(graph)
    graph.without_unused()
    with_times_and_pitch(graph)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = ort.InferenceSession(graph.written(), options, providers=["CPUExecutionProvider"])
    (symbols,) = kokoro._symbols("你好，谢谢", "zh")
    feed = {
        "tokens": np.pad(symbols.ids, 1)[None],
        "style": kokoro.shipped("zf_xiaoxiao").rows[len(symbols.ids) - 1][None],
        "speed": np.ones(1, np.float32),
        PITCH: np.ones(1, np.float32),
    }
    return session.run(None, feed)[0].ravel(), Counter(node.op_type for node in graph.nodes)


@pytest.fixture(scope="module")
def plain() -> tuple[Pcm, Counter[str]]:
    return sounded()


def test_products_sound_the_same_to_the_last_bit(plain: tuple[Pcm, Counter[str]]) -> None:
    sound, before = plain
    changed, after = sounded(with_products)
    assert before["ConvInteger"] > 80
    # what is strided stays a convolution
    assert 0 < after["ConvInteger"] < 12
    assert after["MatMulInteger"] == before["MatMulInteger"] + before["ConvInteger"] - after["ConvInteger"]
    assert np.abs(sound).max() > 0.1
    np.testing.assert_array_equal(changed, sound)


def test_norms_are_one_step_and_sound_alike(plain: tuple[Pcm, Counter[str]]) -> None:
    sound, before = plain
    changed, after = sounded(with_norms)
    assert after["InstanceNormalization"] > 60
    assert after["ReduceMean"] == before["ReduceMean"] - 128
    assert changed.shape == sound.shape
    # sums in another order move a float's last bit, and now and then a byte it is rounded to
    assert np.abs(spectrum(changed) - spectrum(sound)).mean() < 0.06


def spectrum(pcm: Pcm) -> NDArray[np.float64]:
    """Loudness by time and frequency, factors of ten, down to 50 dB below the loudest."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm, 1024)[::256] * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = power[:, :512].reshape(len(power), 32, 16).sum(axis=2)
    return np.asarray(np.log10(np.maximum(bands, bands.max() * 1e-5)))


def test_no_pair_of_products_overflows_sixteen_bits() -> None:
    weights = np.arange(-128, 129, dtype=np.int16)
    near, rest = _split(weights)
    np.testing.assert_array_equal(near + rest, weights)
    least, most = (int(fold((near + MIDDLE).tolist() + (rest + MIDDLE).tolist())) for fold in (min, max))
    assert least >= 0
    assert 2 * most * 127 < 2**15
    assert 2 * most * -128 >= -(2**15)
