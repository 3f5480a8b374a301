"""Reads, edits and writes the nodes and tensors of an ONNX model, without the package onnx and without copying
the weights.

Protobuf's wire format; numbers as in onnx.proto: ModelProto.graph 7; GraphProto.node 1, initializer 5, input 11,
output 12; NodeProto.input 1, output 2, op_type 4, attribute 5; AttributeProto.name 1, f 2, i 3, ints 8, type 20;
TensorProto.dims 1, data_type 2, float_data 4, int32_data 5, name 8, raw_data 9; ValueInfoProto.name 1, type 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doublure.errors import EngineError

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
"""TensorProto.DataType."""
_FLOAT, _INT = 1, 2
"""AttributeProto.AttributeType."""
_TYPES = {FLOAT: "<f4", UINT8: "u1", INT8: "i1", INT32: "<i4", INT64: "<i8"}


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a message: its number, start, start of content, and end."""

    number: int
    begin: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Node:
    """An operation and its serialised bytes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[str, list[int]]
    """Integer attributes."""
    field: bytes


class Graph:
    """The only graph of a model. Raises `EngineError` if the bytes are not such a model."""

    def __init__(self, model: bytes) -> None:
        graphs = [part for part in parts(model, 0, len(model)) if part.number == 7]
        if len(graphs) != 1:
            raise EngineError("this is not the Kokoro model that is expected", where="voice kokoro")
        self._model = memoryview(model)
        (self._whole,) = graphs
        self.nodes: list[Node] = []
        """In execution order; new nodes may be anywhere."""
        self._tensors: dict[str, Part] = {}
        self._rest: list[Part] = []
        self.added: list[bytes] = []
        """Fields of the graph that were not in the model."""
        for part in parts(model, self._whole.start, self._whole.end):
            if part.number == 1:
                self.nodes.append(_node(model, part))
            elif part.number == 5:
                self._tensors[_name(model, part, 8)] = part
            else:
                self._rest.append(part)

    def producers(self) -> dict[str, Node]:
        """The node that produces each value."""
        return {name: node for node in self.nodes for name in node.outputs}

    def users(self) -> dict[str, list[Node]]:
        """The nodes that use each value."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                found.setdefault(name, []).append(node)
        return found

    def tensor(self, name: str) -> NDArray[np.generic] | None:
        """A constant of the model; None if a node computes the value."""
        part = self._tensors.get(name)
        if part is None:
            return None
        dims, kind, raw, listed = list[int](), 0, b"", list[int]()
        for inner in parts(self._model, part.start, part.end):
            if inner.number == 1:
                dims += _whole_numbers(self._model, inner)
            elif inner.number == 2:
                kind = read(self._model, inner.start)[0]
            elif inner.number == 5:
                listed += _whole_numbers(self._model, inner)
            elif inner.number in (4, 9):  # the floats of 4 are packed: the same bytes
                raw = bytes(self._model[inner.start : inner.end])
        values = np.array(listed, _TYPES[kind]) if listed else np.frombuffer(raw, _TYPES[kind])
        return values.reshape(dims)

    def add(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a constant."""
        kind = next(kind for kind, code in _TYPES.items() if values.dtype == np.dtype(code))
        dims = b"".join(b"\x08" + varint(size) for size in values.shape)
        content = dims + b"\x10" + varint(kind) + content_field(8, name.encode())
        self.added.append(content_field(5, content + content_field(9, values.tobytes())))
        return name

    def without_unused(self) -> None:
        """Remove nodes and tensors that no output needs."""
        needed = {_name(self._model, part, 1) for part in self._rest if part.number == 12}
        kept: list[Node] = []
        for node in reversed(self.in_order()):
            if needed & set(node.outputs):
                needed |= set(node.inputs)
                kept.append(node)
        self.nodes = kept[::-1]
        self._tensors = {name: part for name, part in self._tensors.items() if name in needed}

    def in_order(self) -> list[Node]:
        """The nodes in topological order."""
        producers, done, found = self.producers(), set[int](), list[Node]()
        for last in self.nodes:
            waiting = [last]
            while waiting:
                node = waiting[-1]
                before = [producers[name] for name in node.inputs if name in producers]
                missing = [one for one in before if id(one) not in done]
                waiting += missing
                if not missing:
                    waiting.pop()
                    if id(node) not in done:
                        done.add(id(node))
                        found.append(node)
        return found

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The model in pieces; the weights are views into the bytes that were read."""
        kept = sorted((*self._rest, *self._tensors.values()), key=lambda part: part.begin)
        graph: list[bytes | memoryview] = [node.field for node in self.in_order()]
        graph += [self._model[part.begin : part.end] for part in kept]
        graph += self.added
        yield self._model[: self._whole.begin]
        yield b"\x3a" + varint(sum(len(piece) for piece in graph))
        yield from graph
        yield self._model[self._whole.end :]


# ---- protobuf --------------------------------------------------------------------------------------


def content_field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def whole(name: str, value: int) -> bytes:
    """An integer attribute."""
    return content_field(
        5, content_field(1, name.encode()) + b"\x18" + varint(value) + b"\xa0\x01" + varint(_INT)
    )


def real(name: str, value: float) -> bytes:
    """A float32 attribute."""
    named = content_field(1, name.encode()) + b"\x15" + struct.pack("<f", value)
    return content_field(5, named + b"\xa0\x01" + varint(_FLOAT))


def made(kind: str, inputs: tuple[str, ...], output: str, attribute: bytes = b"") -> Node:
    """A new node, with at most one attribute."""
    names = b"".join(content_field(1, name.encode()) for name in inputs) + content_field(2, output.encode())
    content = names + content_field(4, kind.encode()) + attribute
    return Node(kind, inputs, (output,), {}, content_field(1, content))


def parts(model: bytes | memoryview, start: int, end: int) -> Iterator[Part]:
    """The fields of a message."""
    at = start
    while at < end:
        begin = at
        tag, at = read(model, at)
        if tag & 7 == 2:
            size, at = read(model, at)
        elif tag & 7 == 0:
            size = read(model, at)[1] - at
        else:
            size = {1: 8, 5: 4}.get(tag & 7, 0)
        yield Part(tag >> 3, begin, at, at + size)
        at += size


def read(model: bytes | memoryview, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    value = shift = 0
    while True:
        byte = model[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def varint(value: int) -> bytes:
    """A non-negative integer as a varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _node(model: bytes, part: Part) -> Node:
    kind, inputs, outputs = "", list[str](), list[str]()
    numbers: dict[str, list[int]] = {}
    for inner in parts(model, part.start, part.end):
        content = model[inner.start : inner.end]
        if inner.number == 1:
            inputs.append(content.decode())
        elif inner.number == 2:
            outputs.append(content.decode())
        elif inner.number == 4:
            kind = content.decode()
        elif inner.number == 5:
            numbers[_name(model, inner, 1)] = [
                value
                for one in parts(model, inner.start, inner.end)
                if one.number in (3, 8)
                for value in _whole_numbers(model, one)
            ]
    return Node(kind, tuple(inputs), tuple(outputs), numbers, model[part.begin : part.end])


def _name(model: bytes | memoryview, part: Part, number: int) -> str:
    """The text of a field."""
    for inner in parts(model, part.start, part.end):
        if inner.number == number:
            return bytes(model[inner.start : inner.end]).decode()
    return ""


def _whole_numbers(model: bytes | memoryview, part: Part) -> list[int]:
    """The integers of a field: one, or several packed."""
    found, at = [], part.start
    while at < part.end:
        value, at = read(model, at)
        found.append(value)
    return found
