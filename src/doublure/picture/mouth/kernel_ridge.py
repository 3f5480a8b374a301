"""A smooth function learnt from examples: ridge regression with a Gaussian kernel.

J. Shawe-Taylor, N. Cristianini, "Kernel Methods for Pattern Analysis" (2004), chapter 2. With some thousand
examples it is found in closed form in seconds, and from a minute of footage it tells more of a mouth than a
network does: see `docs/benchmarks.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
DIRECTIONS = 320
"""Of what is given, those in which the examples differ most are kept: distances hardly change."""
WIDTH = 1.0
"""Of the kernel exp(-d² / WIDTH); two examples drawn at random are about sqrt(2) apart."""
STILLEST = 1e-3
"""Added to the spread of what hardly ever changes."""


@dataclass(frozen=True, slots=True)
class KernelRidge:
    """What was learnt from n examples of d numbers with m answers each."""

    mean: Matrix
    """[d]"""
    directions: Matrix
    """[d, k]: from what is given, less its mean, to where distances are measured."""
    known: Matrix
    """[n, k]: the examples there."""
    weights: Matrix
    """[n, m]"""
    usual: Matrix
    """[m]: the answer far from all examples."""

    def __call__(self, given: Matrix) -> Matrix:
        """[any, d] -> [any, m]."""
        near = _kernel((given - self.mean) @ self.directions, self.known)
        return np.asarray(near @ self.weights + self.usual, np.float32)


def learn(
    given: Matrix, answers: NDArray[np.float64], importance: Matrix, ridges: Sequence[float]
) -> list[KernelRidge]:
    """From examples [n, d] with answers [n, m], one for each ridge: what is added to the kernel's diagonal, and
    so how much of an answer is taken for chance. `importance` [d] is how much each number given counts in
    distances, after all were brought to one spread."""
    mean = given.mean(axis=0)
    scale = (
        importance / (given.std(axis=0) + np.float32(STILLEST)) / np.float32(np.sqrt((importance**2).sum()))
    )
    away = (given - mean) * scale
    _, axes = np.linalg.eigh(away.T @ away)
    directions = axes[:, ::-1][:, :DIRECTIONS]
    known = away @ directions
    usual = answers.mean(axis=0)
    kernel, beside = _kernel(known, known), (answers - usual).astype(np.float32)
    directions = scale[:, None] * directions
    found: list[KernelRidge] = []
    for ridge in ridges:
        weights = np.linalg.solve(kernel + np.float32(ridge) * np.eye(len(known), dtype=np.float32), beside)
        found.append(KernelRidge(mean, directions, known, weights, usual.astype(np.float32)))
    return found


def _kernel(one: Matrix, other: Matrix) -> Matrix:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.exp(-np.maximum(squares, 0) / np.float32(WIDTH)), np.float32)
