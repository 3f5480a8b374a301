"""Two additions to Kokoro's graph, made in the bytes of the model when it is loaded: the time of each
phone as an output, the pitch as an input.

Protobuf merges messages written after one another, so fields appended to a model's bytes are its own.
Numbers as in onnx.proto: ModelProto.graph 7; GraphProto.node 1, input 11, output 12; ValueInfoProto.name 1,
type 2; NodeProto.input 1, output 2, op_type 4.
"""

from __future__ import annotations

from doublure.errors import EngineError

DURATIONS = "/encoder/Clip_output_0"
"""The graph's tensor of frames per token, float32 [1, tokens]; made an output when loaded."""
PITCH = "pitch"
"""The input that the predicted pitch is multiplied by, float32 [1]."""
_CURVE = b"/encoder/Squeeze_output_0"
"""The predicted pitch, Hz, of each half duration frame; 0 where there is no voice."""
_PREDICTED = b"/encoder/Squeeze_predicted"[: len(_CURVE)]
"""The curve's name before the multiplication; as long as `_CURVE`, so that no length in the model changes."""


def with_times_and_pitch(model: bytes) -> bytes:
    """The model with `DURATIONS` among its outputs and `PITCH` among its inputs. Raises `EngineError` when
    it is another model."""
    made = _field(2, _CURVE)
    if model.count(made) != 1:
        raise EngineError("this is not the Kokoro model that is expected", where="voice kokoro")
    renamed = model.replace(made, _field(2, _PREDICTED))
    pitch = PITCH.encode("ascii")
    node = _field(1, _PREDICTED) + _field(1, pitch) + _field(2, _CURVE) + _field(4, b"Mul")
    # TypeProto.tensor_type 1: elem_type 1 is float32 (1), shape 2 has one dim 1 whose dim_value 1 is 1
    kind = _field(1, b"\x08\x01" + _field(2, _field(1, b"\x08\x01")))
    graph = _field(1, node) + _field(11, _field(1, pitch) + _field(2, kind))
    return renamed + _field(7, graph + _field(12, _field(1, DURATIONS.encode("ascii"))))


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of fewer than 16,384 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content
