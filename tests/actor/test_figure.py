"""The actor's body: what poses, faces and hands do to its vertices."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import actor
from actor.arms import Arm, Hand, mixed
from actor.expression import about_x, expression
from actor.figure import UNITS, Figure, Pose
from actor.gestures import GESTURES, REST_LEFT, REST_RIGHT
from actor.looks import PRESENTERS
from actor.mouth import BITE, CONTROLS, JAW, PRESS

FIGURES = Path(actor.__file__).parent / "figures"


@cache
def figure(name: str = "woman") -> Figure:
    return Figure(FIGURES, PRESENTERS[name])


def row(**controls: float) -> NDArray[np.float32]:
    found = np.zeros(len(CONTROLS), np.float32)
    for name, value in controls.items():
        found[CONTROLS.index(name)] = value
    return found


def lips_at(**controls: float) -> tuple[float, float]:
    said = expression(row(**controls))
    _, base, _ = figure().place(Pose(bones=said.bones, units=said.units, shifts=said.shifts))
    lips = figure().lips(base)
    return lips.opening, lips.width


@pytest.mark.parametrize("name", sorted(PRESENTERS))
def test_a_presenter_is_whole(name: str) -> None:
    made = figure(name)
    assert {part.material for part in made.parts} == {
        "skin",
        "teeth",
        "tongue",
        "eye",
        "brow",
        "lash",
        "hair",
        "cloth",
    }
    placed, base, _ = made.place(Pose())
    assert all(np.isfinite(points).all() for points in placed)
    # a grown person, in decimetres
    assert 15.0 < np.ptp(base[:13380, 1]) < 19.0


def test_at_rest_nothing_moves() -> None:
    _, base, _ = figure().place(Pose())
    assert base == pytest.approx(figure().base, abs=1e-6)


def test_every_unit_moves_the_face_and_only_it() -> None:
    neck = figure().bones[figure().index["neck01"]].head[1]
    for name in UNITS:
        vertices, offsets = figure().units[name]
        assert len(vertices)
        assert (figure().base[vertices, 1] > neck - 0.5).all(), name
        assert np.abs(offsets).max() < 1.0, name


def test_the_jaw_opens_the_mouth_steadily() -> None:
    openings = [lips_at(jaw=jaw)[0] for jaw in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert openings == sorted(openings)
    assert openings[0] < 0.02
    assert openings[-1] > 0.18, "decimetres"


def test_p_b_m_shut_the_lips_though_the_jaw_hangs() -> None:
    assert lips_at(press=1.0, jaw=0.12)[0] < 0.04
    assert lips_at(jaw=0.5)[0] > 0.1


def test_lips_spread_and_round() -> None:
    rest = lips_at(jaw=0.2)[1]
    assert lips_at(jaw=0.2, wide=1.0)[1] > rest * 1.04
    assert lips_at(jaw=0.2, round=1.0, wide=-1.0)[1] < rest * 0.85


def test_a_bite_brings_the_lower_lip_beneath_the_teeth() -> None:
    still, bitten = (figure().place(Pose(units=expression(row(bite=b)).units))[1] for b in (0.0, 1.0))
    from actor.figure import LOWER_LIP

    assert bitten[LOWER_LIP, 1] > still[LOWER_LIP, 1] + 0.02
    assert bitten[LOWER_LIP, 2] < still[LOWER_LIP, 2] - 0.02


def test_controls_have_their_columns() -> None:
    assert (CONTROLS[JAW], CONTROLS[PRESS], CONTROLS[BITE]) == ("jaw", "press", "bite")


def test_bones_turn_their_children() -> None:
    moves = figure().transforms(Pose(bones={"head": about_x(20.0)}))
    assert moves[figure().index["jaw"]] == pytest.approx(moves[figure().index["head"]])
    assert moves[figure().index["spine01"]][:, :3] == pytest.approx(np.eye(3))


def held(side: str, hand: Hand) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Wrist, direction of the fingers and of the palm as posed."""
    arm = Arm(figure(), side)
    moves = figure().transforms(Pose(bones=arm.bones(arm.held(hand))))

    def at(name: str, end: str = "head") -> NDArray[np.float64]:
        number = figure().index[f"{name}.{side}"]
        return np.asarray(moves[number] @ np.append(getattr(figure().bones[number], end), 1.0))

    wrist, knuckle = at("wrist"), at("finger3-1")
    across = at("finger2-1") - at("finger5-1")
    fingers = (knuckle - wrist) / np.linalg.norm(knuckle - wrist)
    # fingers up and the palm to the front, the right hand's forefinger is on the presenter's left
    palm = np.cross(across, fingers) * (1 if side == "R" else -1)
    return wrist, fingers, palm / np.linalg.norm(palm)


@pytest.mark.parametrize("side", ["L", "R"])
def test_hands_go_where_they_are_sent(side: str) -> None:
    hand = Hand((-1.35, 4.4, 1.9), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    hand = hand.mirrored() if side == "L" else hand
    wrist, fingers, palm = held(side, hand)
    assert wrist == pytest.approx(np.array(hand.wrist), abs=0.05)
    assert fingers @ np.array(hand.fingers) > 0.99
    assert palm @ np.array(hand.palm) > 0.95


def test_out_of_reach_is_reached_for() -> None:
    wrist, _, _ = held("R", Hand((-9.0, 6.0, 9.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    shoulder = figure().bones[figure().index["upperarm01.R"]].head
    assert np.isfinite(wrist).all()
    assert np.linalg.norm(wrist - shoulder) < 5.5


def test_mixing_hands_passes_through_both() -> None:
    arm = Arm(figure(), "L")
    first, second = arm.held(REST_LEFT), arm.held(REST_RIGHT.mirrored())
    assert mixed(first, second, 0.0).wrist == pytest.approx(first.wrist)
    assert mixed(first, second, 1.0).wrist == pytest.approx(second.wrist)


@pytest.mark.parametrize("name", sorted(GESTURES))
def test_gestures_stay_in_the_picture(name: str) -> None:
    for hold in GESTURES[name].holds:
        for side, hand in (("L", hold.left), ("R", hold.right)):
            if hand is None:
                continue
            wrist, fingers, _ = held(side, hand)
            tip = wrist + 1.75 * fingers
            assert np.abs([wrist[0], tip[0]]).max() < 2.75, f"{side} of {name} leaves the picture"
            assert tip[1] < figure().crown + 0.6
            assert wrist[2] > 1.2, f"{side} of {name} goes through the body"
