"""Rewrites Kokoro's graph before it runs: faster operations with the same results, the duration of each phone
as a new output, and the pitch as a new input."""

from __future__ import annotations

from onnx import TensorProto, helper

from doublure.voice.engines.kokoro.norms import with_norms
from doublure.voice.engines.kokoro.operations import Graph, made, unexpected
from doublure.voice.engines.kokoro.ports import DURATIONS, PITCH
from doublure.voice.engines.kokoro.products import with_products

_CURVE = "/encoder/Squeeze_output_0"
"""The predicted pitch of each half duration frame, Hz; 0 where unvoiced."""
_PREDICTED = f"{_CURVE}_predicted"
"""The curve's name before the multiplication."""


def rewritten(model: bytes) -> bytes:
    """The rewritten model. Raises `EngineError` if it is a different model."""
    graph = Graph(model)
    with_norms(graph)
    with_products(graph)
    graph.without_unused()
    with_times_and_pitch(graph)
    return graph.written()


def with_times_and_pitch(graph: Graph) -> None:
    """Add `DURATIONS` to the model's outputs and `PITCH` to its inputs. Raises `EngineError` if it is a
    different model."""
    producers = graph.producers()
    if DURATIONS not in producers or _CURVE not in producers:
        raise unexpected()
    curve = producers[_CURVE]
    curve.output[list(curve.output).index(_CURVE)] = _PREDICTED
    graph.nodes.append(made("Mul", (_PREDICTED, PITCH), _CURVE))
    graph.add_input(helper.make_tensor_value_info(PITCH, TensorProto.FLOAT, [1]))
    graph.add_output(DURATIONS)
