from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from doublure.errors import EngineError
from doublure.voice.engines.kokoro.onnx import Graph, content_field, made, parts, read, real, varint, whole

FLOATS = b"\x08\x01" + content_field(2, content_field(1, b"\x08\x02"))
"""TypeProto.Tensor: float32 [2]."""


def value(number: int, name: str) -> bytes:
    return content_field(number, content_field(1, name.encode()) + content_field(2, content_field(1, FLOATS)))


def small_model() -> bytes:
    """y = (x + 1) * 2, and a node that nobody needs."""
    nodes = [
        made("Add", ("x", "one"), "more"),
        made("Mul", ("more", "two"), "y"),
        made("Neg", ("more",), "unused"),
    ]
    empty = Graph(content_field(7, b""))
    for name, number in (("one", 1.0), ("two", 2.0)):
        empty.add(name, np.array([number], "<f4"))
    content = b"".join([*(node.field for node in nodes), *empty.added, value(11, "x"), value(12, "y")])
    opset = content_field(8, b"\x10\x14")  # OperatorSetIdProto.version 2: 20
    return b"\x08\x09" + content_field(7, content) + opset  # ModelProto.ir_version 1: 9


def run(model: bytes) -> list[float]:
    made_of = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    found: list[float] = made_of.run(["y"], {"x": np.array([1.0, 3.0], np.float32)})[0].tolist()
    return found


def test_what_was_read_is_written_and_runs() -> None:
    graph = Graph(small_model())
    assert [node.kind for node in graph.nodes] == ["Add", "Mul", "Neg"]
    assert run(b"".join(graph.pieces())) == run(small_model()) == [4.0, 8.0]


def test_nodes_may_stand_anywhere_and_what_is_unused_falls_away() -> None:
    graph = Graph(small_model())
    graph.add("three", np.array([3.0], "<f4"))
    graph.nodes = [made("Mul", ("less", "three"), "y"), made("Sub", ("x", "one"), "less"), *graph.nodes[2:]]
    graph.nodes.append(made("Identity", ("x",), "more"))
    graph.without_unused()
    assert [node.kind for node in graph.nodes] == ["Sub", "Mul"]
    assert graph.tensor("two") is None
    assert run(b"".join(graph.pieces())) == [0.0, 6.0]


def test_constants_and_attributes_are_read() -> None:
    graph = Graph(small_model())
    one = graph.tensor("one")
    assert one is not None
    assert one.tolist() == [1.0]
    assert graph.tensor("x") is None
    cast = Graph(content_field(7, made("Cast", ("x",), "y", whole("to", 6)).field)).nodes[0]
    assert (cast.kind, cast.inputs, cast.outputs, cast.numbers) == ("Cast", ("x",), ("y",), {"to": [6]})
    assert real("epsilon", 1.0).endswith(b"\x15\x00\x00\x80\x3f\xa0\x01\x01")


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31 - 1, 2**63])
def test_numbers_are_read_as_written(number: int) -> None:
    assert read(varint(number) + b"\x01", 0) == (number, len(varint(number)))


def test_fields_carry_their_length() -> None:
    assert content_field(2, b"ab") == b"\x12\x02ab"
    assert content_field(7, b"x" * 300)[:3] == b"\x3a\xac\x02"
    (part,) = parts(content_field(7, b"x" * 300), 0, 303)
    assert (part.number, part.begin, part.start, part.end) == (7, 0, 3, 303)


@pytest.mark.parametrize(
    "other", [b"", content_field(8, b"x"), content_field(7, b"") + content_field(7, b"")]
)
def test_another_model_is_refused(other: bytes) -> None:
    with pytest.raises(EngineError, match="not the Kokoro model"):
        Graph(other)
