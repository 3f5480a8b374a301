"""Kokoro's convolutions as matrix products: the same sound to the last bit."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from doublure.errors import EngineError
from doublure.voices import kokoro
from doublure.voices.kokoro_graph import PITCH, with_times_and_pitch
from doublure.voices.kokoro_products import field, has_vnni, with_products


def run(model: bytes) -> tuple[np.ndarray, dict[str, int]]:
    """The sound of a word, and how often each of the operators in question is in the model."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = ort.InferenceSession(with_times_and_pitch(model), options, providers=["CPUExecutionProvider"])
    (symbols,) = kokoro._symbols("你好", "zh")
    feed = {
        "tokens": np.pad(symbols.ids, 1)[None],
        "style": kokoro.shipped("zf_xiaoxiao").rows[len(symbols.ids) - 1][None],
        "speed": np.ones(1, np.float32),
        PITCH: np.ones(1, np.float32),
    }
    count = {name: model.count(field(4, name.encode())) for name in ("ConvInteger", "MatMulInteger")}
    return session.run(None, feed)[0], count


def test_the_sound_is_the_same_to_the_last_bit() -> None:
    model = b"".join(kokoro._part(name) for name in kokoro.PARTS)
    plain, before = run(model)
    assert before["ConvInteger"] > 80
    assert np.abs(plain).max() > 0.1
    changed, after = run(with_products(model))
    # what is strided stays a convolution
    assert 0 < after["ConvInteger"] < 12
    assert after["MatMulInteger"] == before["MatMulInteger"] + before["ConvInteger"] - after["ConvInteger"]
    if has_vnni():
        np.testing.assert_array_equal(changed, plain)
    else:
        # elsewhere the signed product may saturate, so the voice leaves its model as it is
        assert changed.shape == plain.shape


@pytest.mark.parametrize("bytes_", [b"", field(8, b"x"), field(7, b"") + field(7, b"")])
def test_another_model_is_refused(bytes_: bytes) -> None:
    with pytest.raises(EngineError, match="not the Kokoro model"):
        with_products(bytes_)
