"""Replaces each of Kokoro's adaptive norms by one operation.

The exported model subtracts the mean, squares, takes the mean again, divides, scales and shifts: nine passes over
arrays larger than a processor's cache. onnxruntime's `InstanceNormalization` does the same channel by channel, within
the cache. It sums in a different order, so the last bits of a float differ.
"""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from doublure.voice.engines.kokoro.operations import Graph, integers, made

_Users = dict[str, list[NodeProto]]
_Made = dict[str, NodeProto]


def with_norms(graph: Graph) -> None:
    """Replace each adaptive norm by one node. The old nodes are left for `without_unused`."""
    made_by, users = graph.producers(), graph.users()
    flat = graph.add("norm_flat", np.array([-1], "<i8"))
    instead: dict[str, list[NodeProto]] = {}
    for node in graph.nodes:
        found = _normed(graph, made_by, node) if node.op_type == "Div" else None
        if found is None:
            continue
        x, epsilon = found
        for scaled in users[node.output[0]]:
            last = _shifted(users, scaled)
            if last is None:
                continue
            gain = _other(scaled, node.output[0])
            shift = _other(last, scaled.output[0])
            out = last.output[0]
            instead[out] = [
                made("Reshape", (gain, flat), f"{out}_gain"),
                made("Reshape", (shift, flat), f"{out}_shift"),
                made("InstanceNormalization", (x, f"{out}_gain", f"{out}_shift"), out, epsilon=epsilon),
            ]
    graph.nodes = [new for node in graph.nodes for new in instead.get(node.output[0], [node])]


def _normed(graph: Graph, made_by: _Made, node: NodeProto) -> tuple[str, float] | None:
    """The value that a Div normalises to mean 0 and variance 1 along the last of three axes, and its epsilon."""
    less, root = (made_by.get(name) for name in node.input)
    if less is None or root is None or (less.op_type, root.op_type) != ("Sub", "Sqrt"):
        return None
    lifted = made_by[root.input[0]]
    spread = made_by.get(lifted.input[0])
    mean = made_by.get(less.input[1])
    if lifted.op_type != "Add" or spread is None or mean is None or mean.input[0] != less.input[0]:
        return None
    square = made_by.get(spread.input[0])
    if square is None or square.op_type != "Mul" or {*square.input} != {less.output[0]}:
        return None
    if any(one.op_type != "ReduceMean" or not _along_time(graph, one) for one in (mean, spread)):
        return None
    epsilon = graph.tensor(lifted.input[1])
    return None if epsilon is None else (less.input[0], float(epsilon.reshape(-1)[0]))


def _along_time(graph: Graph, mean: NodeProto) -> bool:
    axes = graph.tensor(mean.input[1])
    return axes is not None and axes.tolist() == [2] and integers(mean, "keepdims") == [1]


def _shifted(users: _Users, scaled: NodeProto) -> NodeProto | None:
    """The Add after the Mul of a norm."""
    after = users.get(scaled.output[0], [])
    return after[0] if scaled.op_type == "Mul" and len(after) == 1 and after[0].op_type == "Add" else None


def _other(node: NodeProto, name: str) -> str:
    """The one of two inputs that is not `name`."""
    return next(one for one in node.input if one != name)
