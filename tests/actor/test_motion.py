"""The actor's movement: calm, human in its limits, the same for the same seed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from actor.figure import Pose
from actor.gestures import GESTURES
from actor.lighting import Camera
from actor.looks import PRESENTERS
from actor.motion import Moment, Movement
from tests.actor.test_figure import figure

SECONDS = 40.0


def speech() -> NDArray[np.float64]:
    """Syllables in phrases of four seconds, two of silence between."""
    time = np.arange(int(SECONDS * 25)) / 25
    return np.asarray(np.abs(np.sin(np.pi * 4.3 * time)) * (time % 6 < 4) * (0.6 + 0.4 * np.sin(time)))


@cache
def moments() -> tuple[Moment, ...]:
    movement = Movement(figure(), SECONDS, seed=1, energy=speech())
    return tuple(movement.moment(frame) for frame in range(int(SECONDS * 25)))


def wrists(frames: tuple[Moment, ...]) -> NDArray[np.float64]:
    """[frames, 2, 3] decimetres."""
    found = []
    for moment in frames:
        moves = figure().transforms(Pose(bones=moment.bones, offset=moment.offset))
        joints = [figure().index[name] for name in ("wrist.L", "wrist.R")]
        found.append([moves[joint] @ np.append(figure().bones[joint].head, 1.0) for joint in joints])
    return np.array(found)


def test_one_seed_one_movement_and_any_order() -> None:
    again = Movement(figure(), SECONDS, seed=1, energy=speech())
    for frame in (900, 3, 411):
        first, second = moments()[frame], again.moment(frame)
        assert first.head == second.head
        assert all((first.bones[name] == second.bones[name]).all() for name in first.bones)
    assert Movement(figure(), SECONDS, seed=2, energy=speech()).moment(411).head != moments()[411].head


def test_a_longer_film_begins_like_a_shorter_one() -> None:
    longer = Movement(figure(), 90.0, seed=5)
    shorter = Movement(figure(), 30.0, seed=5)
    assert longer.moment(600).head == shorter.moment(600).head
    assert longer.moment(600).blink == shorter.moment(600).blink


def test_the_head_stays_within_a_presenters_limits() -> None:
    heads = np.array([moment.head for moment in moments()])
    assert np.abs(heads[:, 0]).max() < 14
    assert np.abs(heads[:, 1]).max() < 11
    assert np.abs(heads[:, 2]).max() < 8
    assert heads.std(0).min() > 0.3, "nobody holds the head as still as that"
    assert np.abs(np.diff(heads, axis=0)).max() < 3.0


def test_eyes_blink_as_people_do() -> None:
    shut = np.array([moment.blink for moment in moments()])
    starts = int(((shut[1:] > 0.5) & (shut[:-1] <= 0.5)).sum())
    assert 6 <= starts <= 30
    assert (shut > 0.5).mean() < 0.15
    assert shut.max() > 0.9


def test_hands_move_without_a_jerk() -> None:
    way = wrists(moments())
    speed, jolt = np.diff(way, axis=0), np.diff(way, 2, axis=0)
    assert np.linalg.norm(speed, axis=2).max() < 1.0, "decimetres a frame"
    assert np.linalg.norm(jolt, axis=2).max() < 0.3
    assert np.linalg.norm(speed, axis=2).max() > 0.05, "hands that talk move"


def test_silent_hands_rest() -> None:
    quiet = Movement(figure(), 8.0, seed=3)
    way = wrists(tuple(quiet.moment(frame) for frame in range(0, 200, 5)))
    assert np.ptp(way, axis=0).max() < 0.5


@pytest.mark.parametrize("name", sorted(GESTURES))
def test_a_gesture_goes_from_rest_to_rest(name: str) -> None:
    frames = played(name)
    strokes = [moment.stroke for moment in frames]
    assert strokes[0] == 0.0
    assert strokes[-1] == 0.0
    assert max(strokes) == 1.0
    phases = [moment.phase for moment in frames if moment.gesture]
    order = list(dict.fromkeys(phases))
    assert order[0] == "preparation"
    assert order[-1] == "retraction"
    assert {moment.gesture for moment in frames} == {"", name}
    speed = np.linalg.norm(np.diff(wrists(frames), axis=0), axis=2)
    assert speed.max() < 1.6


@cache
def played(name: str, presenter: str = "woman") -> tuple[Moment, ...]:
    """A gesture from just before it to just after it."""
    movement = Movement(figure(presenter), 9.0, seed=4)
    end = movement.add(name, 2.0)
    return tuple(movement.moment(frame) for frame in range(int(1.9 * 25), int(end * 25) + 3))


def tails(moment: Moment, names: list[str], presenter: str = "woman") -> NDArray[np.float64]:
    """Ends of bones as posed, [names, 3] decimetres."""
    made = figure(presenter)
    moves = made.transforms(Pose(bones=moment.bones, offset=moment.offset))
    ends = [(made.index[name], made.bones[made.index[name]].tail) for name in names]
    return np.array([moves[number] @ np.append(tail, 1.0) for number, tail in ends])


TIPS = [f"finger{finger}-3.{side}" for side in "LR" for finger in range(1, 6)]


@pytest.mark.parametrize("presenter", sorted(PRESENTERS))
@pytest.mark.parametrize("name", sorted(GESTURES))
def test_a_gesture_stays_in_the_picture(name: str, presenter: str) -> None:
    made = figure(presenter)
    camera = Camera((1080, 1920), made.crown, made.looks.high)
    frames = played(name, presenter)[::2]
    shown = np.concatenate([camera.pixels(tails(moment, TIPS, presenter)) for moment in frames])
    assert shown[:, 0].min() > 5
    assert shown[:, 0].max() < 1075
    assert shown[:, 1].min() > 20


@pytest.mark.parametrize("presenter", sorted(PRESENTERS))
def test_resting_hands_lie_before_the_body(presenter: str) -> None:
    made = figure(presenter)
    clothes = next(part.proxy for part in made.parts if part.material == "cloth" and part.proxy)
    worn = clothes.fit(made.base)
    tips = tails(Movement(made, 2.0, seed=4).moment(20), TIPS, presenter)
    for tip in tips:
        near = np.abs(worn[:, :2] - tip[:2]).max(1) < 0.3
        assert tip[2] > worn[near, 2].max() + 0.02


@pytest.mark.parametrize("name", sorted(GESTURES))
def test_no_bone_turns_in_a_jump(name: str) -> None:
    frames = played(name)
    for before, after in pairwise(frames):
        for bone, turn in after.bones.items():
            cosine = (np.trace(turn @ before.bones[bone].T) - 1) / 2
            assert np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))) < 15.0, bone


def test_a_thumb_that_is_up_points_up() -> None:
    height = next(moment for moment in played("thumbs_up") if moment.phase == "hold")
    root, tip = tails(height, ["finger1-1.R", "finger1-3.R"])
    up = (tip - root) / np.linalg.norm(tip - root)
    assert up[1] > 0.85
    fist = tails(height, [f"finger{finger}-3.R" for finger in range(2, 6)])
    assert tip[1] > fist[:, 1].max() + 0.5


def test_hands_that_meet_do_not_cross() -> None:
    for moment in played("thank"):
        if moment.stroke > 0.5:
            left, right = tails(moment, ["finger3-3.L", "finger3-3.R"])
            assert left[0] > right[0]


def test_a_shoulder_follows_a_raised_hand_and_no_other() -> None:
    height = next(moment for moment in played("point_up") if moment.phase == "hold")
    assert not np.allclose(height.bones["clavicle.R"], np.eye(3), atol=0.05)
    assert np.allclose(height.bones["clavicle.L"], np.eye(3))


def test_a_held_hand_is_never_quite_still() -> None:
    held = [moment for moment in played("open_palms") if moment.phase == "hold"]
    fingers = [[moment.bones[f"finger{finger}-2.L"] for finger in range(2, 6)] for moment in held]
    assert np.abs(np.diff(fingers, axis=0)).max(axis=(1, 2, 3)).min() > 1e-6


def test_one_hand_comes_after_the_other() -> None:
    still, *rest = [wrists((moment,))[0] for moment in played("open_palms")]
    gone = np.linalg.norm(np.array(rest) - still, axis=2)[:25] > 0.3
    starts = gone.argmax(0)
    assert starts[0] != starts[1]
    assert abs(int(starts[0]) - int(starts[1])) <= 3


def test_lids_go_down_with_the_eyes() -> None:
    rows = [(m.gaze[1], m.units["eye-left-closure"]) for m in moments() if m.blink == 0.0]
    up, lid = np.array(rows).T
    assert np.polyfit(up, lid, 1)[0] < -0.01, "closure a degree"


def test_the_head_shares_a_look_aside_without_a_jump() -> None:
    plain = Movement(figure(), 60.0, seed=6)
    # in the midst of looks aside: what is begun is not cut off
    asides = [start for start, _, x, _ in plain._glances if abs(x) > 3.0]
    assert asides
    yaws = np.array([plain.moment(int(start * 25) + k).head[0] for start in asides for k in (0, 10)])
    assert np.abs(np.diff(yaws.reshape(-1, 2), axis=1)).max() > 0.8
    for start in asides:
        movement = Movement(figure(), 60.0, seed=6)
        movement.add("count_1", start + 0.4)
        frames = range(max(int(start * 25) - 5, 0), int(start * 25) + 30)
        heads = np.array([movement.moment(frame).head for frame in frames])
        assert np.abs(np.diff(heads, axis=0)).max() < 1.0


def test_an_unknown_gesture_is_refused() -> None:
    with pytest.raises(KeyError, match="moonwalk"):
        Movement(figure(), 2.0, seed=1).add("moonwalk", 1.0)
