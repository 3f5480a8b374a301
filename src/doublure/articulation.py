"""From what is heard to what the host's mouth does: a small network learnt from the host's own footage.

Convolutions over time, at 50 vectors a second inside, one row a picture outside; learnt by
`doublure.enrol.learning` with torch, computed here with numpy. Several networks, learnt from different
beginnings, are averaged: each errs in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doublure.acoustics import PER_FRAME, Heard, hear
from doublure.media import Pcm

Rows = NDArray[np.float32]
"""[frames, SHAPES]: coefficients of a `doublure.geometry.ShapeBasis`."""
Weights = NDArray[np.float32]
TAPS = 5
DILATIONS = (1, 2, 3)
"""Of the layers after the first; together they see 0.34 s to each side."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network; h is its width, k the length of its input."""

    first: Weights
    """[TAPS * k, h]."""
    first_bias: Weights
    """[h]."""
    layers: Weights
    """[len(DILATIONS), TAPS * h, h]."""
    biases: Weights
    """[len(DILATIONS), h]."""
    last: Weights
    """[h, SHAPES]."""
    last_bias: Weights
    """[SHAPES]."""

    def rows(self, given: NDArray[np.float32]) -> Rows:
        """[vectors, k] -> [vectors / PER_FRAME, SHAPES]."""
        x = _gelu(_convolve(given, self.first, 1) + self.first_bias)
        for weight, bias, dilation in zip(self.layers, self.biases, DILATIONS, strict=True):
            x = x + _gelu(_convolve(x, weight, dilation) + bias)
        return np.asarray(x[::PER_FRAME] @ self.last + self.last_bias, np.float32)


@dataclass(frozen=True, slots=True)
class Articulation:
    """How this host's mouth moves when something is said."""

    mean: Weights
    """[SIZE]: what is heard on average."""
    projection: Weights
    """[SIZE, k]: to the directions in which this host's speech differs most."""
    rest: Weights
    """[SHAPES]: the mouth when nothing is said."""
    networks: tuple[Network, ...]

    def rows(self, pcm: Pcm) -> Rows:
        """The mouth of each of the speech's ceil(samples / 960) frames."""
        return self.mouth(hear(pcm))

    def mouth(self, heard: Heard) -> Rows:
        """The mouth for what `doublure.acoustics.hear` gave."""
        given = np.asarray((heard - self.mean) @ self.projection, np.float32)
        if not len(given) or not self.networks:
            return np.repeat(self.rest[None], len(given) // PER_FRAME, axis=0)
        return np.asarray(np.mean([one.rows(given) for one in self.networks], axis=0), np.float32)


def _convolve(x: NDArray[np.float32], weight: Weights, dilation: int) -> NDArray[np.float32]:
    reach = TAPS // 2 * dilation
    padded = np.pad(x, ((reach, reach), (0, 0)))
    taps = [padded[tap * dilation : tap * dilation + len(x)] for tap in range(TAPS)]
    return np.asarray(np.concatenate(taps, axis=1) @ weight, np.float32)


def _gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    # the usual approximation by tanh (Hendrycks and Gimpel 2016): numpy has no error function
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978846 * (x + 0.044715 * x**3))), np.float32)


def save(file: Path, known: Articulation) -> None:
    """Write it as `.npz`, 16 bits a number."""
    arrays = {"mean": known.mean, "projection": known.projection, "rest": known.rest}
    for number, network in enumerate(known.networks):
        for name in Network.__slots__:
            arrays[f"{name}_{number}"] = getattr(network, name)
    np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in arrays.items()})


def load(file: Path) -> Articulation:
    """Read what `save` wrote."""
    with np.load(file, allow_pickle=False) as kept:
        known = {name: kept[name].astype(np.float32) for name in kept.files}
    count = sum(name.startswith("first_bias_") for name in known)
    networks = tuple(
        Network(*(known[f"{name}_{number}"] for name in Network.__slots__)) for number in range(count)
    )
    return Articulation(known["mean"], known["projection"], known["rest"], networks)
