"""Reads and edits the operations and constants of an ONNX model."""

from __future__ import annotations

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import NodeProto, ValueInfoProto, helper, numpy_helper

from doublure.errors import EngineError


class Graph:
    """The graph of a model. Raises `EngineError` if the bytes are not a model."""

    def __init__(self, model: bytes) -> None:
        try:
            self._model = onnx.load_model_from_string(model)
        except DecodeError:
            raise unexpected() from None
        graph = self._model.graph
        self.nodes: list[NodeProto] = list(graph.node)
        """In execution order; new nodes may be anywhere. Each value has one name and one producer."""
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}

    def producers(self) -> dict[str, NodeProto]:
        """The node that produces each value."""
        return {name: node for node in self.nodes for name in node.output}

    def users(self) -> dict[str, list[NodeProto]]:
        """The nodes that use each value."""
        found: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                found.setdefault(name, []).append(node)
        return found

    def tensor(self, name: str) -> NDArray[np.generic] | None:
        """A constant of the model; None if a node computes the value."""
        tensor = self._tensors.get(name)
        return None if tensor is None else np.asarray(numpy_helper.to_array(tensor))

    def add(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a constant; returns its name."""
        self._tensors[name] = numpy_helper.from_array(values, name)
        return name

    def add_input(self, value: ValueInfoProto) -> None:
        """Add an input of the model."""
        self._model.graph.input.append(value)

    def add_output(self, name: str) -> None:
        """Make a value an output of the model."""
        self._model.graph.output.append(helper.make_empty_tensor_value_info(name))

    def without_unused(self) -> None:
        """Remove nodes and constants that no output needs."""
        needed = {value.name for value in self._model.graph.output}
        kept: list[NodeProto] = []
        for node in reversed(self.in_order()):
            if needed & set(node.output):
                needed |= set(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self._tensors = {name: tensor for name, tensor in self._tensors.items() if name in needed}

    def in_order(self) -> list[NodeProto]:
        """The nodes in topological order."""
        producers, done, found = self.producers(), set[str](), list[NodeProto]()
        for last in self.nodes:
            waiting = [last]
            while waiting:
                node = waiting[-1]
                before = [producers[name] for name in node.input if name in producers]
                missing = [one for one in before if one.output[0] not in done]
                waiting += missing
                if not missing:
                    waiting.pop()
                    if node.output[0] not in done:
                        done.add(node.output[0])
                        found.append(node)
        return found

    def written(self) -> bytes:
        """The model with all changes."""
        graph = self._model.graph
        # copies first: the messages belong to the list that is emptied
        nodes = onnx.GraphProto(node=self.in_order()).node
        del graph.node[:]
        graph.node.extend(nodes)
        self.nodes = list(graph.node)
        there = {tensor.name for tensor in graph.initializer}
        for place in reversed(range(len(graph.initializer))):
            if graph.initializer[place].name not in self._tensors:
                del graph.initializer[place]
        graph.initializer.extend(tensor for name, tensor in self._tensors.items() if name not in there)
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        return self._model.SerializeToString()


def made(kind: str, inputs: tuple[str, ...], output: str, **attributes: float) -> NodeProto:
    """A new node."""
    node = helper.make_node(kind, inputs, [output])
    node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
    return node


def integers(node: NodeProto, name: str) -> list[int] | None:
    """An integer attribute of a node; None if it has no such attribute."""
    for attribute in node.attribute:
        if attribute.name == name:
            return list(attribute.ints) or [attribute.i]
    return None


def unexpected() -> EngineError:
    """The error about a model that is not Kokoro."""
    return EngineError("this is not the Kokoro model that is expected", where="voice kokoro")
