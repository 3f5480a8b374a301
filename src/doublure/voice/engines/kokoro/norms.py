"""Replaces each of Kokoro's adaptive norms by one operation.

The exported model subtracts the mean, squares, takes the mean again, divides, scales and shifts: nine passes over
arrays larger than a processor's cache. onnxruntime's `InstanceNormalization` does the same channel by channel, within
the cache. It sums in a different order, so the last bits of a float differ.
"""

from __future__ import annotations

import numpy as np

from doublure.voice.engines.kokoro.onnx import Graph, Node, made, real

_Users = dict[str, list[Node]]
_Made = dict[str, Node]


def with_norms(graph: Graph) -> None:
    """Replace each adaptive norm by one node. The old nodes are left for `without_unused`."""
    made_by, users = graph.producers(), graph.users()
    flat = graph.add("norm_flat", np.array([-1], "<i8"))
    instead: dict[str, list[Node]] = {}
    for node in graph.nodes:
        found = _normed(graph, made_by, node) if node.kind == "Div" else None
        if found is None:
            continue
        x, epsilon = found
        for scaled in users[node.outputs[0]]:
            last = _shifted(users, scaled)
            if last is None:
                continue
            gain = _other(scaled, node.outputs[0])
            shift = _other(last, scaled.outputs[0])
            out = last.outputs[0]
            instead[out] = [
                made("Reshape", (gain, flat), f"{out}_gain"),
                made("Reshape", (shift, flat), f"{out}_shift"),
                made(
                    "InstanceNormalization", (x, f"{out}_gain", f"{out}_shift"), out, real("epsilon", epsilon)
                ),
            ]
    graph.nodes = [new for node in graph.nodes for new in instead.get(node.outputs[0], [node])]


def _normed(graph: Graph, made_by: _Made, node: Node) -> tuple[str, float] | None:
    """The value that a Div normalises to mean 0 and variance 1 along the last of three axes, and its epsilon."""
    less, root = (made_by.get(name) for name in node.inputs)
    if less is None or root is None or (less.kind, root.kind) != ("Sub", "Sqrt"):
        return None
    lifted = made_by[root.inputs[0]]
    spread = made_by.get(lifted.inputs[0])
    mean = made_by.get(less.inputs[1])
    if lifted.kind != "Add" or spread is None or mean is None or mean.inputs[0] != less.inputs[0]:
        return None
    square = made_by.get(spread.inputs[0])
    if square is None or (square.kind, square.inputs) != ("Mul", (less.outputs[0], less.outputs[0])):
        return None
    if any(one.kind != "ReduceMean" or not _along_time(graph, one) for one in (mean, spread)):
        return None
    epsilon = graph.tensor(lifted.inputs[1])
    return None if epsilon is None else (less.inputs[0], float(epsilon.reshape(-1)[0]))


def _along_time(graph: Graph, mean: Node) -> bool:
    axes = graph.tensor(mean.inputs[1])
    return axes is not None and axes.tolist() == [2] and mean.numbers.get("keepdims") == [1]


def _shifted(users: _Users, scaled: Node) -> Node | None:
    """The Add after the Mul of a norm."""
    after = users.get(scaled.outputs[0], [])
    return after[0] if scaled.kind == "Mul" and len(after) == 1 and after[0].kind == "Add" else None


def _other(node: Node, name: str) -> str:
    """The one of two inputs that is not `name`."""
    return next(one for one in node.inputs if one != name)
