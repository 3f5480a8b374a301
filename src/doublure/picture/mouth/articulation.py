"""Maps speech to the movement of the host's mouth; learnt from the host's own footage.

Several regressors (`doublure.picture.mouth.kernel_ridge`) predict the mouth from the sound around a
picture. Their outputs are averaged with weights fitted to this host. Their inputs are the encoder's
vectors, the movements of a generic mouth (`mouth.npz` beside this file, made by `training.generic_mouth`
from synthesised speech of many voices), or both. The generic mouth helps where the host moves as most
people do, and little elsewhere.

The generic mouth is a small network of convolutions over time, at 50 vectors a second. It is trained with
torch and computed here with numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLES_PER_FRAME, Pcm
from doublure.picture.mouth.acoustics import PER_FRAME, Heard, hear
from doublure.picture.mouth.kernel_ridge import KernelRidge

Rows = NDArray[np.float32]
"""[frames, SHAPES]: coefficients of a `doublure.picture.mouth.geometry.ShapeBasis`."""
Weights = NDArray[np.float32]
ROUNDED = ("directions", "known")
"""Fields of `KernelRidge` stored in 8 bits, like the generic mouth's `WEIGHTS` in a persona."""
WEIGHTS = ("first_generic", "layers_generic")
TAPS = 5
MOVES = 10
"""Movements of the generic mouth: jaw, spread, round, pressed, bitten, upper and lower lip away from the
teeth, tip of the tongue raised and out, its back raised; each in units of its usual spread."""
DILATIONS = (1, 2, 3, 5, 8)
"""Dilations of the layers after the first. Together they see 0.8 s to each side, because lips round early
and loudness is relative to the neighbouring sounds."""
SILENT = 1e-3
"""RMS below which a frame is silent, -60 dB full scale: below room noise and breath, above Kokoro's
pauses."""
PAUSE = 6
"""Silent frames in a row after which the mouth rests; shorter silences are inside words."""
LEAVES, SETTLES = 3, 4
"""Frames before and after a sound in which the mouth still moves, and frames over which it settles."""


@dataclass(frozen=True, slots=True)
class Network:
    """A convolutional network; h is its width, k the length of its input vectors, m of its outputs."""

    first: Weights
    """[TAPS * k, h]."""
    first_bias: Weights
    """[h]."""
    layers: Weights
    """[len(DILATIONS), TAPS * h, h]."""
    biases: Weights
    """[len(DILATIONS), h]."""
    last: Weights
    """[h, m]."""
    last_bias: Weights
    """[m]."""

    def answers(self, given: NDArray[np.float32], step: int = 1) -> NDArray[np.float32]:
        """[vectors, k] -> [vectors / step, m]."""
        x = _gelu(_convolve(given, self.first, 1) + self.first_bias)
        for weight, bias, dilation in zip(self.layers, self.biases, DILATIONS, strict=True):
            x = x + _gelu(_convolve(x, weight, dilation) + bias)
        return np.asarray(x[::step] @ self.last + self.last_bias, np.float32)


@dataclass(frozen=True, slots=True)
class GenericMouth:
    """The average speaker's mouth movements, predicted from sound."""

    mean: Weights
    """[SIZE]: mean of the encoder's vectors."""
    projection: Weights
    """[SIZE, k]."""
    network: Network

    def moves(self, heard: Heard) -> NDArray[np.float32]:
        """[vectors, MOVES], about -3..3, for the vectors of `doublure.picture.mouth.acoustics.hear`."""
        given = np.asarray((heard - self.mean) @ self.projection, np.float32)
        return self.network.answers(given)


@dataclass(frozen=True, slots=True)
class Reading:
    """One regressor: its input and its share of the result."""

    reach: int
    """Vectors used on each side of a picture."""
    sound: bool
    """Whether its input contains the encoder's vectors."""
    moves: bool
    """Whether its input contains the generic mouth's movements."""
    share: float
    """Its weight in the sum of all readings."""
    mouth: KernelRidge

    def rows(self, sound: Weights, moves: Weights) -> Rows:
        """[pictures, SHAPES]."""
        return self.mouth(surroundings(sound, moves, self.reach, self.sound, self.moves))


@dataclass(frozen=True, slots=True)
class Articulation:
    """This host's model from speech to mouth shapes."""

    mean: Weights
    """[SIZE]: mean of the encoder's vectors."""
    projection: Weights
    """[SIZE, k]: onto the directions in which this host's speech varies most."""
    generic: GenericMouth
    """The generic mouth this model was trained with."""
    rest: Weights
    """[SHAPES]: the mouth in silence."""
    readings: tuple[Reading, ...]

    def rows(self, pcm: Pcm) -> Rows:
        """The mouth shape of each of the speech's ceil(samples / 960) frames; at rest in pauses."""
        made = self.mouth(hear(pcm))
        still = stillness(pcm)[: len(made), None]
        return np.asarray(made + still * (self.rest - made), np.float32)

    def mouth(self, heard: Heard) -> Rows:
        """The mouth shapes for the vectors of `doublure.picture.mouth.acoustics.hear`."""
        if not len(heard) or not self.readings:
            return np.repeat(self.rest[None], len(heard) // PER_FRAME, axis=0)
        sound, moves = (heard - self.mean) @ self.projection, self.generic.moves(heard)
        rows = [np.float32(one.share) * one.rows(sound, moves) for one in self.readings]
        return np.asarray(np.sum(rows, axis=0), np.float32)


def stillness(pcm: Pcm) -> NDArray[np.float32]:
    """[frames] How far the mouth is at rest, 0 to 1. It settles in silences of at least `PAUSE` frames and
    moves again shortly before the next sound. Needed because a model predicts a little movement in silence,
    above all a model learnt from little footage."""
    frames = -(-len(pcm) // SAMPLES_PER_FRAME)
    padded = np.pad(pcm, (0, frames * SAMPLES_PER_FRAME - len(pcm))).reshape(frames, SAMPLES_PER_FRAME)
    silent = np.sqrt(np.mean(padded**2, axis=1, dtype=np.float64)) < SILENT
    still = np.zeros(frames, np.float32)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= PAUSE:
            place = np.arange(end - start)
            # sound before may belong to the last piece; at the end of this one the mouth stays at rest
            leaving = (end - start - LEAVES - place) / SETTLES if end < frames else SETTLES
            still[start:end] = np.clip(np.minimum((place - LEAVES + 1) / SETTLES, leaving), 0, 1)
    return still


def surroundings(
    sound: Weights, moves: Weights, reach: int, with_sound: bool, with_moves: bool
) -> NDArray[np.float32]:
    """The input of a reading: the vectors around each picture in order of time, [pictures, (2 reach + 1) *
    numbers]. `sound` is [vectors, k], `moves` [vectors, MOVES]."""
    parts = [part for part, wanted in ((sound, with_sound), (moves, with_moves)) if wanted]
    given = np.concatenate(parts, axis=1, dtype=np.float32)
    padded = np.pad(given, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)[::PER_FRAME]
    return np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(len(windows), -1)


def _convolve(x: NDArray[np.float32], weight: Weights, dilation: int) -> NDArray[np.float32]:
    reach = TAPS // 2 * dilation
    padded = np.pad(x, ((reach, reach), (0, 0)))
    taps = [padded[tap * dilation : tap * dilation + len(x)] for tap in range(TAPS)]
    return np.asarray(np.concatenate(taps, axis=1) @ weight, np.float32)


def _gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    # the tanh approximation (Hendrycks and Gimpel 2016), because numpy has no error function
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978846 * (x + 0.044715 * x**3))), np.float32)


def save(file: Path, known: Articulation) -> None:
    """Write a model as `.npz`. Most numbers take 16 bits. Examples, directions and the generic mouth, which
    are many, take 8 bits with a scale for each column. Weights take 32: thousands of them cancel out."""
    arrays = {"mean": known.mean, "projection": known.projection, "rest": known.rest}
    arrays |= _generic_arrays(known.generic)
    kept: dict[str, NDArray[np.generic]] = {}
    for name, array in arrays.items():
        kept |= _rounded(name, array) if name in WEIGHTS else {name: array.astype(np.float16)}
    for number, reading in enumerate(known.readings):
        how = (reading.reach, reading.sound, reading.moves, reading.share)
        kept[f"how_{number}"] = np.array(how, np.float32)
        for field in fields(KernelRidge):
            name, array = f"{field.name}_{number}", getattr(reading.mouth, field.name)
            kept |= _rounded(name, array) if field.name in ROUNDED else {name: array}
    np.savez_compressed(file, **kept)


def _rounded(name: str, array: Weights) -> dict[str, NDArray[np.generic]]:
    scale = np.abs(array).max(axis=-2, keepdims=True) / 127 + np.float32(1e-12)
    return {f"scale_{name}": scale.astype(np.float32), name: np.rint(array / scale).astype(np.int8)}


def load(file: Path) -> Articulation:
    """Read what `save` wrote."""
    known = _read(file)
    for name in [name for name in known if name.startswith("scale_")]:
        known[name.removeprefix("scale_")] *= known[name]
    readings: list[Reading] = []
    while (number := len(readings)) < sum(name.startswith("how_") for name in known):
        reach, sound, moves, share = known[f"how_{number}"].tolist()
        mouth = KernelRidge(*(known[f"{field.name}_{number}"] for field in fields(KernelRidge)))
        readings.append(Reading(int(reach), bool(sound), bool(moves), share, mouth))
    return Articulation(known["mean"], known["projection"], _generic(known), known["rest"], tuple(readings))


def save_generic(file: Path, generic: GenericMouth) -> None:
    """Write the generic mouth as `.npz`, 16 bits per number."""
    arrays = _generic_arrays(generic)
    np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in arrays.items()})


@cache
def generic_mouth() -> GenericMouth:
    """The shipped generic mouth."""
    with as_file(files("doublure.picture.mouth").joinpath("mouth.npz")) as file:
        return _generic(_read(file))


def _read(file: Path) -> dict[str, Weights]:
    with np.load(file, allow_pickle=False) as kept:
        return {name: kept[name].astype(np.float32) for name in kept.files}


def _network_arrays(network: Network, tail: str) -> dict[str, Weights]:
    return {field.name + tail: getattr(network, field.name) for field in fields(Network)}


def _network(known: dict[str, Weights], tail: str) -> Network:
    return Network(*(known[field.name + tail] for field in fields(Network)))


def _generic_arrays(generic: GenericMouth) -> dict[str, Weights]:
    kept = {"mean_generic": generic.mean, "projection_generic": generic.projection}
    return kept | _network_arrays(generic.network, "_generic")


def _generic(known: dict[str, Weights]) -> GenericMouth:
    return GenericMouth(known["mean_generic"], known["projection_generic"], _network(known, "_generic"))
