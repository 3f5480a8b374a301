"""Replaces Kokoro's convolutions by matrix products of unsigned by signed bytes, which processors support directly.

onnxruntime's `ConvInteger` multiplies unsigned by unsigned bytes and first widens every byte to two. Here the same
bytes are shifted to signed ones, laid side by side for each tap, and multiplied by the weights in a `MatMulInteger`.
Processors with VNNI do four such products and their sum in one instruction. Others add pairs of products in 16 bits,
which overflow if weights are large. So weights are kept between 0 and 128, and the few that do not fit (one row in a
thousand) are split over a second row of the same bytes. All sums are integers, so the result is the same to the last
bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from doublure.voice.engines.kokoro.operations import Graph, integers, made

MIDDLE = 64
"""The weights' zero point. 2 * 128 * -128 is -2 ** 15: no pair of products overflows."""
_END = 2**31 - 1
"""As the end of a slice: the end of the axis."""


@dataclass(frozen=True, slots=True)
class _Quantised:
    """The input of a DynamicQuantizeLinear, its scale and its zero point."""

    x: str
    scale: str
    zero: str


def with_products(graph: Graph) -> None:
    """Replace every plain convolution of bytes by a matrix product, and convert its result to float32 in one
    operation instead of two."""
    products = _Products(graph)
    graph.nodes = [new for node in graph.nodes for new in products.instead_of(node)]
    graph.nodes = _dequantised(graph, products.sums)


def _dequantised(graph: Graph, sums: set[str]) -> list[NodeProto]:
    """The nodes, with each Cast from int32 whose only use is a Mul by one scale replaced by a DequantizeLinear:
    the same product with one pass over memory fewer."""
    producers = graph.producers()
    found = []
    for node in graph.nodes:
        cast = producers.get(node.input[0]) if node.op_type == "Mul" else None
        total = producers.get(cast.input[0]) if cast is not None and cast.op_type == "Cast" else None
        # a convolution's sums, with or without its bias
        if cast is None or total is None or not sums & {*total.output, *total.input}:
            found.append(node)
            continue
        found.append(made("DequantizeLinear", (cast.input[0], node.input[1]), node.output[0]))
    return found


class _Products:
    """Builds the nodes that replace convolutions."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._quantised = {
            node.output[0]: _Quantised(node.input[0], node.output[1], node.output[2])
            for node in graph.nodes
            if node.op_type == "DynamicQuantizeLinear"
        }
        self.sums: set[str] = set()
        """Names of the convolutions' results, int32."""
        self._constants: set[str] = set()
        self._signed: set[str] = set()
        self._new: list[NodeProto] = []

    def instead_of(self, node: NodeProto) -> list[NodeProto]:
        """The nodes that replace a node; the node itself unless it is a plain convolution of bytes."""
        source = self._quantised.get(node.input[0]) if node.op_type == "ConvInteger" else None
        plain = all(integers(node, name) in (None, [1]) for name in ("strides", "group"))
        if source is None or len(node.input) != 4 or node.input[2] != source.zero or not plain:
            return [node]
        weights, zero = (self._graph.tensor(node.input[place]) for place in (1, 3))
        if weights is None or zero is None or weights.ndim != 3 or zero.size != 1:
            return [node]
        centred = weights.astype(np.int16) - int(zero.reshape(-1)[0])
        if np.abs(centred).max() > 2 * MIDDLE:
            return [node]
        self._new = []
        out = node.output[0]
        self.sums.add(out)
        near, rest = _split(centred.transpose(0, 2, 1))
        taps = self._taps(node, source)
        columns, rows = list(taps), [near.reshape(len(near), -1)]
        for number, tap in enumerate(taps):
            far = np.flatnonzero(rest[:, number].any(axis=0))
            if len(far):
                name = self._graph.add(f"{out}_far_{number}", far.astype("<i8"))
                columns.append(self._add("Gather", (tap, name), f"{tap}_far", axis=1))
                rows.append(rest[:, number][:, far])
        side = columns[0]
        if len(columns) > 1:
            side = self._add("Concat", tuple(columns), f"{out}_columns", axis=1)
        matrix = (np.concatenate(rows, axis=1) + MIDDLE).astype("u1")
        middle = self._constant("product_middle", np.array(MIDDLE, "u1"))
        inputs = (self._graph.add(f"{out}_weights", matrix), side, middle, f"{source.zero}_signed")
        self._add("MatMulInteger", inputs, out)
        return self._new

    def _taps(self, node: NodeProto, source: _Quantised) -> list[str]:
        """The input of each tap: the signed bytes, padded and shifted to the tap's position."""
        out = node.output[0]
        (count,), (far,) = integers(node, "kernel_shape") or [1], integers(node, "dilations") or [1]
        before, after = integers(node, "pads") or [0, 0]
        x = self._sign(source)
        if before or after:
            pads = self._constant(
                f"product_pads_{before}_{after}", np.array([0, 0, before, 0, 0, after], "<i8")
            )
            x = self._add("Pad", (x, pads, f"{source.zero}_signed"), f"{out}_padded")
        span = (count - 1) * far
        if not span:
            return [x]
        found = []
        for start in range(0, span + 1, far):
            ends = (start, start - span or _END, 2)
            limits = [self._constant(f"product_{end}", np.array([end], "<i8")) for end in ends]
            found.append(self._add("Slice", (x, *limits), f"{out}_from_{start}"))
        return found

    def _sign(self, source: _Quantised) -> str:
        """The input quantised to signed bytes by the same scale: each unsigned byte less 128."""
        signed, zero = f"{source.x}_signed", source.zero
        if source.x not in self._signed:
            self._signed.add(source.x)
            less = self._constant("product_128", np.array(128, "<i4"))
            wide = self._add("Cast", (zero,), f"{zero}_wide", to=TensorProto.INT32)
            moved = self._add("Sub", (wide, less), f"{zero}_less")
            self._add("Cast", (moved,), f"{zero}_signed", to=TensorProto.INT8)
            self._add("QuantizeLinear", (source.x, source.scale, f"{zero}_signed"), signed)
        return signed

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        if name not in self._constants:
            self._constants.add(name)
            self._graph.add(name, values)
        return name

    def _add(self, kind: str, inputs: tuple[str, ...], output: str, **attributes: float) -> str:
        self._new.append(made(kind, inputs, output, **attributes))
        return output


def _split(weights: NDArray[np.int16]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Split centred weights, -128 to 128, into two parts from -64 to 64."""
    near = np.clip(weights, -MIDDLE, MIDDLE)
    return near, weights - near
