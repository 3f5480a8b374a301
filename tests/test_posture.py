from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from doublure.media import FPS, Place
from doublure.posture import TAKES, Posture, posture


def numbers(pose: Posture) -> np.ndarray:
    *single, gaze, brow = astuple(pose)
    return np.array([*single, *gaze, brow])


@pytest.mark.parametrize("take", TAKES)
def test_takes_loop_unseen(take: str) -> None:
    every = np.stack([numbers(posture(Place(take, n))) for n in range(TAKES[take])])
    # lids and glances jump as eyes do; everything else flows, also over the end
    flowing = [0, 1, 2, 3, 4, 5, 6, 10]
    steps = np.abs(np.diff(np.concatenate([every, every[:1]]), axis=0))[:, flowing]
    assert (steps[-1] <= steps[:-1].max(axis=0) * 1.01 + 1e-9).all()
    assert steps[:, 1].max() < 0.6
    assert steps[:, 3].max() < 0.004


@pytest.mark.parametrize("take", TAKES)
def test_eyes_blink_at_natural_and_uneven_times(take: str) -> None:
    shut = [n for n in range(TAKES[take]) if posture(Place(take, n)).shut == 1]
    gaps = np.diff([*shut, shut[0] + TAKES[take]]) / FPS
    assert 3 <= len(shut) <= 8
    assert gaps.min() > 0.4
    assert gaps.max() < 6
    assert gaps.std() > 0.5


def test_talking_is_livelier_than_idling() -> None:
    nods = {take: np.std([posture(Place(take, n)).nod for n in range(TAKES[take])]) for take in TAKES}
    assert nods["talk"] > nods["idle"]


def test_an_unknown_take_is_idle_and_an_index_beyond_the_end_begins_again() -> None:
    assert posture(Place("juggle", 3)) == posture(Place("idle", 3))
    assert posture(Place("talk", TAKES["talk"] + 7)) == posture(Place("talk", 7))
