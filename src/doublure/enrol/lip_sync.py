"""Measures the offset between sound and picture of the footage, from a wireless microphone or the camera.

The movements of a generic mouth for the sound (`doublure.picture.mouth.articulation`) are correlated with the
lips in the picture at different shifts. The shift with the best correlation is the offset.
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
"""Resolution: 20 ms. Offsets below 40 ms are not visible."""
FARTHEST = 40
"""Largest shift tried in either direction, in steps: 0.8 s."""
LEAST_FRAMES = 8 * FPS
"""With fewer frames of speech no offset is reported."""
LEAST_TOGETHER, LEAST_BETTER = 0.4, 0.04
"""Least correlation of lips and sound, and least gain over the unshifted correlation, for an offset to be
reported: a mumbling or covered mouth shows nothing."""
AS_GOOD = 0.01
"""Shifts whose correlation differs by less than this count as equal; the smallest is taken."""
NEAR, STANDS_OUT = 7, 0.15
"""More than NEAR steps away the correlation must be lower by STANDS_OUT: repetitive speech fits at many
shifts."""
PARTS = 5
"""Cross-validation folds: the correlation is measured on frames the regression was not fitted to."""
CALM = 0.1
"""Ridge of the regression."""


def lateness(pcm: Pcm, tracked: Tracked, talking: NDArray[np.bool_]) -> float:
    """Seconds by which the sound lags the lips, a multiple of `STEP_SECONDS`; negative if it leads, 0 if
    nothing can be told. `talking` [n] selects the frames to use: speech with a visible mouth."""
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
    """The sound moved to correct a lag of `late` seconds."""
    count = round(late * SAMPLE_RATE)
    return pcm[count:] if count >= 0 else np.concatenate([np.zeros(-count, np.float32), pcm])


def _together(
    moves: NDArray[np.float32], opened: NDArray[np.float64], talking: NDArray[np.bool_], shift: int
) -> float:
    """Correlation of the openings with those predicted from the movements."""
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
