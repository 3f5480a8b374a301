from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from doublure.errors import EngineError
from doublure.voice.engines.kokoro.operations import Graph, integers, made


def small_model() -> bytes:
    """y = (x + 1) * 2, and a node that nobody needs."""
    nodes = [
        made("Add", ("x", "one"), "more"),
        made("Mul", ("more", "two"), "y"),
        made("Neg", ("more",), "unused"),
    ]
    constants = [
        numpy_helper.from_array(np.array([value], np.float32), name)
        for name, value in (("one", 1.0), ("two", 2.0))
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
    graph = helper.make_graph(nodes, "small", [x], [y], constants)
    opset = [helper.make_opsetid("", 20)]
    return onnx.helper.make_model(graph, ir_version=9, opset_imports=opset).SerializeToString()


def run(model: bytes, *outputs: str) -> list[list[float]]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [found.tolist() for found in session.run(outputs, {"x": np.array([1.0, 3.0], np.float32)})]


def test_what_was_read_is_written_and_runs() -> None:
    graph = Graph(small_model())
    assert [node.op_type for node in graph.nodes] == ["Add", "Mul", "Neg"]
    assert run(graph.written(), "y") == run(small_model(), "y") == [[4.0, 8.0]]
    # what was written can be changed again
    graph.add_output("more")
    assert run(graph.written(), "y", "more") == [[4.0, 8.0], [2.0, 4.0]]


def test_nodes_may_stand_anywhere_and_what_is_unused_falls_away() -> None:
    graph = Graph(small_model())
    graph.add("three", np.array([3.0], np.float32))
    graph.nodes = [made("Mul", ("less", "three"), "y"), made("Sub", ("x", "one"), "less"), *graph.nodes[2:]]
    graph.nodes.append(made("Identity", ("x",), "more"))
    graph.without_unused()
    assert [node.op_type for node in graph.nodes] == ["Sub", "Mul"]
    assert graph.tensor("two") is None
    assert run(graph.written(), "y") == [[0.0, 6.0]]


def test_a_new_input_is_fed() -> None:
    graph = Graph(small_model())
    graph.add_input(helper.make_tensor_value_info("gain", TensorProto.FLOAT, [1]))
    graph.nodes.append(made("Mul", ("y", "gain"), "louder"))
    graph.add_output("louder")
    session = ort.InferenceSession(graph.written(), providers=["CPUExecutionProvider"])
    feed = {"x": np.array([1.0, 3.0], np.float32), "gain": np.array([0.5], np.float32)}
    assert session.run(["louder"], feed)[0].tolist() == [2.0, 4.0]


def test_constants_and_attributes_are_read() -> None:
    graph = Graph(small_model())
    one = graph.tensor("one")
    assert one is not None
    assert one.tolist() == [1.0]
    assert graph.tensor("x") is None
    cast = made("Cast", ("x",), "y", to=TensorProto.INT32)
    assert (integers(cast, "to"), integers(cast, "axis")) == ([TensorProto.INT32], None)
    assert integers(helper.make_node("Pool", ["x"], ["y"], pads=[1, 0]), "pads") == [1, 0]


@pytest.mark.parametrize("other", [b"\xff", b"not a model", b"\x3a\x7f"])
def test_another_file_is_refused(other: bytes) -> None:
    with pytest.raises(EngineError, match="not the Kokoro model"):
        Graph(other)
