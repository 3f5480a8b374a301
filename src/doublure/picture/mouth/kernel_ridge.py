"""Ridge regression with a Gaussian kernel: a smooth function learnt from examples.

J. Shawe-Taylor, N. Cristianini, "Kernel Methods for Pattern Analysis" (2004), chapter 2. With a few thousand
examples the closed-form solution takes seconds. With one minute of footage it predicts the mouth better
than a network: see `docs/benchmarks.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
DIRECTIONS = 320
"""Directions of the input that are kept, those with the most variance; distances hardly change."""
WIDTH = 1.0
"""Width of the kernel exp(-d² / WIDTH); two random examples are about sqrt(2) apart."""
STILLEST = 1e-3
"""Added to each input's standard deviation, against division by almost zero."""


@dataclass(frozen=True, slots=True)
class KernelRidge:
    """The function learnt from n examples of d numbers with m answers each."""

    mean: Matrix
    """[d]"""
    directions: Matrix
    """[d, k]: from inputs minus the mean to the space in which distances are measured."""
    known: Matrix
    """[n, k]: the examples in that space."""
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
    """Learn from examples [n, d] with answers [n, m]; returns one function per ridge.

    A ridge is added to the kernel's diagonal; the larger it is, the more of an answer is treated as noise.
    `importance` [d] weights each input in distances, after all are scaled to the same spread.
    """
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
