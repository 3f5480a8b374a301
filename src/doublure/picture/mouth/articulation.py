"""From what is heard to what the host's mouth does, learnt from the host's own footage.

Several readings of the sound around a picture are each asked for the mouth (`doublure.picture.mouth.kernel_ridge`) and their
answers mixed, by shares that suit this host: the sound as the encoder hears it, what a generic mouth would do
(`faces/mouth.npz`, made by `training.generic_mouth` from synthesised speech of many voices), and both. What a
generic mouth does says much where the host moves as most people do, and little where not.

The generic mouth is a small network: convolutions over time, at 50 vectors a second; it learns with torch and is
computed here with numpy.
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
"""Of `KernelRidge`: kept in 8 bits, as are the generic mouth's `WEIGHTS` in a persona."""
WEIGHTS = ("first_generic", "layers_generic")
TAPS = 5
MOVES = 10
"""Of the generic mouth: jaw, spread, round, pressed, bitten, upper and lower lip away from the teeth, tip of
the tongue raised and out, its back raised; each in units of its usual spread."""
DILATIONS = (1, 2, 3, 5, 8)
"""Of the layers after the first; together they see 0.8 s to each side: who rounds the lips begins early, and what
is loud is so beside its neighbours."""
SILENT = 1e-3
"""RMS of a frame in which nothing sounds, -60 dB of full scale: below rooms and breath, above Kokoro's pauses."""
PAUSE = 6
"""Frames without sound from which on the mouth rests: shorter ones are inside words."""
LEAVES, SETTLES = 3, 4
"""Frames that the mouth moves on its own before and after a sound, and over which it settles."""


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
    """What a mouth that is nobody's would do."""

    mean: Weights
    """[SIZE]: what is heard on average."""
    projection: Weights
    """[SIZE, k]."""
    network: Network

    def moves(self, heard: Heard) -> NDArray[np.float32]:
        """[vectors, MOVES] for what `doublure.picture.mouth.acoustics.hear` gave; about -3..3."""
        given = np.asarray((heard - self.mean) @ self.projection, np.float32)
        return self.network.answers(given)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the sound and what it says of the mouth."""

    reach: int
    """Vectors to each side of a picture that are looked at."""
    sound: bool
    """Whether it is given what is heard."""
    moves: bool
    """Whether it is given the generic mouth's movements."""
    share: float
    """How much of the mixture it is."""
    mouth: KernelRidge

    def rows(self, sound: Weights, moves: Weights) -> Rows:
        """[pictures, SHAPES]."""
        return self.mouth(surroundings(sound, moves, self.reach, self.sound, self.moves))


@dataclass(frozen=True, slots=True)
class Articulation:
    """How this host's mouth moves when something is said."""

    mean: Weights
    """[SIZE]: what is heard on average."""
    projection: Weights
    """[SIZE, k]: to the directions in which this host's speech differs most."""
    generic: GenericMouth
    """As it was when this was learnt."""
    rest: Weights
    """[SHAPES]: the mouth when nothing is said."""
    readings: tuple[Reading, ...]

    def rows(self, pcm: Pcm) -> Rows:
        """The mouth of each of the speech's ceil(samples / 960) frames; at rest where nothing sounds for
        longer."""
        made = self.mouth(hear(pcm))
        still = stillness(pcm)[: len(made), None]
        return np.asarray(made + still * (self.rest - made), np.float32)

    def mouth(self, heard: Heard) -> Rows:
        """The mouth for what `doublure.picture.mouth.acoustics.hear` gave."""
        if not len(heard) or not self.readings:
            return np.repeat(self.rest[None], len(heard) // PER_FRAME, axis=0)
        sound, moves = (heard - self.mean) @ self.projection, self.generic.moves(heard)
        rows = [np.float32(one.share) * one.rows(sound, moves) for one in self.readings]
        return np.asarray(np.sum(rows, axis=0), np.float32)


def stillness(pcm: Pcm) -> NDArray[np.float32]:
    """[frames] How far the mouth has come to rest, 0 to 1: it settles when nothing sounds for `PAUSE` frames
    and leaves again shortly before the next sound. A network leaks a little movement into silence, most of all
    one that was learnt from little footage."""
    frames = -(-len(pcm) // SAMPLES_PER_FRAME)
    padded = np.pad(pcm, (0, frames * SAMPLES_PER_FRAME - len(pcm))).reshape(frames, SAMPLES_PER_FRAME)
    silent = np.sqrt(np.mean(padded**2, axis=1, dtype=np.float64)) < SILENT
    still = np.zeros(frames, np.float32)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= PAUSE:
            place = np.arange(end - start)
            # what was there before, or comes behind, may still be heard in other pieces of the speech
            leaving = (end - start - LEAVES - place) / SETTLES if end < frames else SETTLES
            still[start:end] = np.clip(np.minimum((place - LEAVES + 1) / SETTLES, leaving), 0, 1)
    return still


def surroundings(
    sound: Weights, moves: Weights, reach: int, with_sound: bool, with_moves: bool
) -> NDArray[np.float32]:
    """What a reading is given for each picture: [pictures, (2 reach + 1) * numbers], of the vectors around it, in
    order of time. `sound` is [vectors, k], `moves` [vectors, MOVES]."""
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
    # the usual approximation by tanh (Hendrycks and Gimpel 2016): numpy has no error function
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978846 * (x + 0.044715 * x**3))), np.float32)


def save(file: Path, known: Articulation) -> None:
    """Write it as `.npz`: 16 bits a number; examples, directions and the generic mouth, which are many, 8 bits
    and a scale for each column; weights, of which thousands cancel out, 32."""
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
    """Write the generic mouth as `.npz`, 16 bits a number."""
    arrays = _generic_arrays(generic)
    np.savez_compressed(file, **{name: array.astype(np.float16) for name, array in arrays.items()})


@cache
def generic_mouth() -> GenericMouth:
    """The one that is shipped."""
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
