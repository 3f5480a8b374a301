"""Whether sound and picture of the footage are in step: a microphone by radio, or a camera, delays one of them.

What a generic mouth would do for the sound (`doublure.picture.mouth.articulation`) is held against what the lips do, shifted
by so many hundredths of a second; where the two go together best, sound and picture belong together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doublure.enrol.tracking import Tracked
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm
from doublure.picture.mouth.acoustics import PER_FRAME, hear
from doublure.picture.mouth.articulation import generic_mouth
from doublure.picture.mouth.geometry import LEFT_EYE, RIGHT_EYE, opening

STEP_SECONDS = 1 / (FPS * PER_FRAME)
"""Resolution: 20 ms. The eye sees nothing below 40."""
FARTHEST = 40
"""Steps to either side that are looked at: 0.8 s."""
LEAST_FRAMES = 8 * FPS
"""With fewer frames of speech nothing is concluded."""
LEAST_TOGETHER, LEAST_BETTER = 0.4, 0.04
"""The lips must go with the sound at least so well (correlation), and by so much better than they do unshifted:
a mumbled or covered mouth tells nothing."""
AS_GOOD = 0.01
"""Of shifts that fit alike the nearest to none is taken."""
NEAR, STANDS_OUT = 7, 0.15
"""More than so many steps beside it the lips must fit so much worse: what comes again and again fits often."""
PARTS = 5
"""The correlation is of frames that the regression was not made from."""
CALM = 0.1
"""Added to the regression's diagonal."""


def lateness(pcm: Pcm, tracked: Tracked, talking: NDArray[np.bool_]) -> float:
    """Seconds by which the sound comes after the lips, a multiple of `STEP_SECONDS`; below 0 it comes before
    them, 0 where nothing can be told. `talking` [n] are the frames that tell something: speech, and the mouth
    seen."""
    frames = len(tracked.seen)
    eyes = np.linalg.norm(tracked.rigid[:, RIGHT_EYE] - tracked.rigid[:, LEFT_EYE], axis=-1)
    opened = opening(tracked.control) / eyes
    moves = generic_mouth().moves(hear(pcm[: frames * SAMPLES_PER_FRAME]))
    shifts = range(-FARTHEST, FARTHEST + 1)
    together = np.array([_together(moves, opened, talking, shift) for shift in shifts])
    good = np.flatnonzero(together > together.max() - AS_GOOD)
    best = int(good[np.abs(good - FARTHEST).argmin()])
    if together[best] < max(LEAST_TOGETHER, together[FARTHEST] + LEAST_BETTER):
        return 0.0
    elsewhere = np.abs(np.arange(len(shifts)) - best) > NEAR
    if together[elsewhere].max() > together[best] - STANDS_OUT:
        return 0.0
    return shifts[best] * STEP_SECONDS


def shifted(pcm: Pcm, late: float) -> Pcm:
    """The sound moved so that what was `late` seconds late is in step."""
    count = round(late * SAMPLE_RATE)
    return pcm[count:] if count >= 0 else np.concatenate([np.zeros(-count, np.float32), pcm])


def _together(
    moves: NDArray[np.float32], opened: NDArray[np.float64], talking: NDArray[np.bool_], shift: int
) -> float:
    """Correlation of the openings with those that the movements tell."""
    at = PER_FRAME * np.arange(len(opened)) + shift
    used = talking & (at >= 0) & (at < len(moves))
    if used.sum() < LEAST_FRAMES:
        return 0.0
    given = np.column_stack([moves[at[used]], np.ones(used.sum())]).astype(np.float64)
    wanted, told = opened[used], np.empty(used.sum())
    for held in np.array_split(np.arange(len(given)), PARTS):
        learnt = np.delete(given, held, axis=0)
        square = learnt.T @ learnt + CALM * np.eye(given.shape[1])
        told[held] = given[held] @ np.linalg.solve(square, learnt.T @ np.delete(wanted, held))
    return float(np.corrcoef(told, wanted)[0, 1]) if wanted.std() and told.std() else 0.0
