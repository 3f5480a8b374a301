"""Rewrites Kokoro's graph before it runs: faster operations with the same results, the duration of each phone
as a new output, and the pitch as a new input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doublure.errors import EngineError
from doublure.voice.engines.kokoro.norms import with_norms
from doublure.voice.engines.kokoro.onnx import Graph, content_field, made
from doublure.voice.engines.kokoro.products import with_products

DURATIONS = "/encoder/Clip_output_0"
"""The graph's tensor of frames per token, float32 [1, tokens]; becomes an output on loading."""
PITCH = "pitch"
"""The input that multiplies the predicted pitch, float32 [1]."""
_CURVE = "/encoder/Squeeze_output_0"
"""The predicted pitch of each half duration frame, Hz; 0 where unvoiced."""
_PREDICTED = "/encoder/Squeeze_predicted"[: len(_CURVE)]
"""The curve's name before the multiplication. It is as long as `_CURVE`, so no length in its node changes."""


def rewritten(model: bytes) -> Iterator[bytes | memoryview]:
    """The rewritten model, in pieces. Raises `EngineError` if it is a different model."""
    graph = Graph(model)
    with_norms(graph)
    with_products(graph)
    graph.without_unused()
    with_times_and_pitch(graph)
    return graph.pieces()


def with_times_and_pitch(graph: Graph) -> None:
    """Add `DURATIONS` to the model's outputs and `PITCH` to its inputs. Raises `EngineError` if it is a
    different model."""
    before, after = (content_field(2, name.encode()) for name in (_CURVE, _PREDICTED))
    producers = graph.producers()
    if DURATIONS not in producers or producers[_CURVE].field.count(before) != 1:
        raise EngineError("this is not the Kokoro model that is expected", where="voice kokoro")
    curve = producers[_CURVE]
    predicted = replace(curve, outputs=(_PREDICTED,), field=curve.field.replace(before, after))
    graph.nodes[graph.nodes.index(curve)] = predicted
    graph.nodes.append(made("Mul", (_PREDICTED, PITCH), _CURVE))
    pitch = content_field(1, PITCH.encode())
    # TypeProto.tensor_type 1: elem_type 1 is float32 (1), shape 2 has one dim 1 whose dim_value 1 is 1
    kind = content_field(1, b"\x08\x01" + content_field(2, content_field(1, b"\x08\x01")))
    graph.added.append(content_field(11, pitch + content_field(2, kind)))
    graph.added.append(content_field(12, content_field(1, DURATIONS.encode())))
