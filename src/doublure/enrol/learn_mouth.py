"""Learns how the host's mouth moves with speech: the readings of `doublure.picture.mouth.articulation`.

Every frame of the footage is an example. The ridges (regularisation) and the shares in which the readings are
mixed are chosen by cross-validation; then everything is learnt again from all frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from doublure.media import FPS, SAMPLES_PER_FRAME, Pcm
from doublure.picture.mouth.acoustics import PER_FRAME, Heard, hear
from doublure.picture.mouth.articulation import MOVES, Articulation, Reading, generic_mouth, surroundings
from doublure.picture.mouth.geometry import ShapeBasis
from doublure.picture.mouth.kernel_ridge import KernelRidge
from doublure.picture.mouth.kernel_ridge import learn as learn_ridge

HEARD = 160
"""Principal directions of the speech features that are kept."""
READINGS = ((5, True, False), (4, True, True), (8, False, True))
"""For each reading: reach in vectors, whether it uses the sound, whether it uses the generic mouth."""
MOVE = 3.0
"""Weight of a movement of the generic mouth, relative to a direction of the speech features."""
RIDGES = (0.1, 0.4, 1.6)
"""Ridges tried for each reading; less footage needs a larger one."""
PARTS, APART = 4, FPS // 2
"""Cross-validation folds, and the frames beside a held-out fold that are left out too."""
STEPS = 4
"""Shares are multiples of 1 / STEPS; a reading with a smaller share is not worth its memory."""
MOST, MOST_TRIED = 6000, 2000
"""Most examples learnt in the end, and in each fold; more take long and add little."""
SILENCE = FPS
"""Frames of silence with a resting mouth, added to the examples."""

Frames = NDArray[np.int64]


def learn(
    pcm: Pcm,
    shapes: NDArray[np.float64],
    basis: ShapeBasis,
    rest: NDArray[np.float64],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Articulation:
    """Learn from the footage's sound and its mouths [frames, SHAPES]; frames with NaN are not learnt."""
    heard = _whole(hear(pcm[: len(shapes) * SAMPLES_PER_FRAME]), PER_FRAME * len(shapes))
    mean = heard.mean(axis=0)
    projection = principal_directions(heard - mean, HEARD)
    generic = generic_mouth()

    def given(what: Heard) -> list[NDArray[np.float32]]:
        sound, moves = np.asarray((what - mean) @ projection, np.float32), generic.moves(what)
        return [surroundings(sound, moves, *how) for how in READINGS]

    silence = given(hear(np.zeros(SILENCE * SAMPLES_PER_FRAME, np.float32)))
    own = given(heard)
    frames = np.flatnonzero(~np.isnan(shapes).any(axis=1))
    frames = _thinned(frames, MOST)
    total = len(READINGS) * (PARTS + 1)
    steps = iter(range(1, total + 1))

    def ridges(number: int, learnt: Frames, tried: Sequence[float]) -> list[KernelRidge]:
        examples = np.concatenate([own[number][learnt], silence[number]])
        wanted = np.concatenate([shapes[learnt], np.repeat(rest[None], SILENCE, axis=0)])
        found = learn_ridge(examples, wanted, _importance(number), tried)
        progress(next(steps), total)
        return found

    parts = list(_held_back(frames))
    true, answers, chosen = shapes[frames] * basis.spread, [], []
    for number in range(len(READINGS)):
        asked = [[one(own[number][held]) for one in ridges(number, learnt, RIDGES)] for learnt, held in parts]
        tries = [np.concatenate(one) * basis.spread for one in zip(*asked, strict=True)]
        best = int(np.argmin([((one - true) ** 2).sum() for one in tries]))
        answers.append(tries[best])
        chosen.append(RIDGES[best])
    mixture = enumerate(zip(_shares(answers, true), chosen, strict=True))
    readings = [
        Reading(*READINGS[number], share, ridges(number, frames, (ridge,))[0])
        for number, (share, ridge) in mixture
        if share
    ]
    progress(total, total)
    return Articulation(mean, projection, generic, rest.astype(np.float32), tuple(readings))


def principal_directions(away: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Projection [SIZE, count] onto the principal directions of [vectors, SIZE], with the strong ones damped
    a little."""
    variance, axes = np.linalg.eigh(away.T @ away / len(away))
    spread = np.sqrt(np.maximum(variance[::-1][:count], 1e-9))
    found = axes[:, ::-1][:, :count] / spread**0.7
    return np.asarray(found / np.sqrt(np.mean(spread**0.6)), np.float32)


def _importance(number: int) -> NDArray[np.float32]:
    """Weight of each input of a reading."""
    reach, sound, moves = READINGS[number]
    vector = [np.ones(HEARD * sound), np.full(MOVES * moves, MOVE)]
    return np.tile(np.concatenate(vector), 2 * reach + 1).astype(np.float32)


def _held_back(frames: Frames) -> Iterator[tuple[Frames, Frames]]:
    """For each fold: the frames to learn from and the held-out frames."""
    for held in np.array_split(frames, PARTS):
        others = frames[(frames < held[0] - APART) | (frames > held[-1] + APART)]
        yield _thinned(others, MOST_TRIED), held


def _thinned(frames: Frames, most: int) -> Frames:
    """At most `most` frames, evenly spaced."""
    chosen = np.linspace(0, len(frames) - 1, min(most, len(frames))).astype(int)
    return np.asarray(frames[chosen], np.int64)


def _shares(answers: list[NDArray[np.float64]], true: NDArray[np.float64]) -> list[float]:
    """The shares, with sum 1, for which the mixed answers are nearest to the true mouths."""
    away = np.stack([(one - true).ravel() for one in answers])
    errors = away @ away.T
    tries = [one for one in product(range(STEPS + 1), repeat=len(answers)) if sum(one) == STEPS]
    best = min(tries, key=lambda one: float(np.array(one) @ errors @ np.array(one)))
    return [one / STEPS for one in best]


def _whole(heard: Heard, count: int) -> Heard:
    """Padded to `count` vectors: sound may end before the picture."""
    return np.pad(heard, ((0, count - len(heard)), (0, 0)), mode="edge")
