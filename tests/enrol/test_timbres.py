from __future__ import annotations

import numpy as np
import pytest

from doublure.enrol.timbres import AXES, FARTHEST, FEATURES, Space, features, load, within
from doublure.enrol.voice_print import SIZE, Print
from doublure.voice.engines.kokoro import voice as kokoro

HERTZ = 180.0


def sounds(point: np.ndarray, seed: int = 5) -> Print:  # type: ignore[type-arg]
    """A made-up ear: prints that really are linear in the point."""
    chance = np.random.default_rng(seed)
    rest, slopes = chance.random(SIZE), chance.normal(0, 0.05, (AXES, SIZE))
    found = np.maximum(rest + point @ slopes, 0)
    return np.asarray(found / np.linalg.norm(found), np.float32)


def test_a_timbre_comes_back_from_its_point_and_packs_lie_within_reach() -> None:
    space = load()
    point = np.random.default_rng(2).normal(0, 1, AXES)
    assert space.point(space.timbre(point)) == pytest.approx(point, abs=1e-4)
    away = [
        np.linalg.norm(space.point(kokoro.shipped(name).rows[19:100, :128].mean(axis=0)))
        for name in kokoro.packs()
    ]
    assert all(1 < one < 1.3 * FARTHEST for one in away)


def test_what_lies_too_far_out_is_brought_to_the_bound() -> None:
    assert np.linalg.norm(within(np.full(AXES, 9.0))) == pytest.approx(FARTHEST)
    near = np.full(AXES, 0.1)
    assert (within(near) == near).all()


def test_what_is_heard_corrects_the_guess() -> None:
    """An ear that the learnt space knows nothing of: what was heard at 60 points leads to the one wanted."""
    blank = Space(np.zeros(128), np.zeros((AXES, 128)), np.eye(FEATURES), np.zeros((FEATURES, SIZE)))
    truth = within(np.random.default_rng(3).normal(0, 0.9, AXES))
    wanted = sounds(truth)
    chance = np.random.default_rng(4)
    space, start, best = blank, np.zeros(AXES), 0.0
    reached = []
    for number in range(60):
        point = space.likest(wanted, HERTZ, "zh", start) if number else start
        if number % 2:
            point = within(point + chance.normal(0, 0.5, AXES))
        score = float(sounds(point) @ wanted)
        if score > best:
            best, start = score, point
        reached.append(best)
        space = space.heard(point, HERTZ, "zh", sounds(point))
    assert reached[0] < 0.97
    assert best > 0.99
    assert np.linalg.norm(start) <= FARTHEST + 1e-9


def test_pitch_and_language_are_features_beside_the_point() -> None:
    plain = features(np.zeros(AXES), 160.0, "zh")
    assert plain.shape == (FEATURES,)
    assert plain.sum() == 1
    assert features(np.zeros(AXES), 320.0, "fr")[-3:].tolist() == [1, 0, 1]
