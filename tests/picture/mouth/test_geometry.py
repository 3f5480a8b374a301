import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.picture.mouth.geometry import (
    CONTROL,
    LIPS,
    MOVING,
    NOSE_PLACES,
    RIGID,
    SHAPES,
    Pose,
    fit_pose,
    fit_shapes,
    make_template,
    opening,
    thin_plate,
)

RNG = np.random.default_rng(7)


def turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    def around(angle: float, one: int, other: int) -> NDArray[np.float64]:
        matrix = np.eye(3)
        matrix[one, one] = matrix[other, other] = np.cos(angle)
        matrix[one, other], matrix[other, one] = -np.sin(angle), np.sin(angle)
        return matrix

    return np.asarray(around(roll, 0, 1) @ around(pitch, 1, 2) @ around(yaw, 0, 2))


def test_a_pose_is_recovered_and_undone() -> None:
    template = RNG.normal(size=(len(RIGID), 3))
    pose = Pose(83.0, turn(0.3, -0.2, 0.1), np.array([300.0, 500.0, 20.0]))
    found = fit_pose(template, pose.place(template))
    assert found.scale == pytest.approx(83.0)
    np.testing.assert_allclose(found.rotation, pose.rotation, atol=1e-9)
    np.testing.assert_allclose(found.unplace(pose.place(template)), template, atol=1e-9)


def test_a_mirrored_face_is_not_taken_for_a_rotation() -> None:
    template = RNG.normal(size=(len(RIGID), 3))
    found = fit_pose(template, template * (-1, 1, 1))
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_the_template_is_the_same_whatever_the_head_did() -> None:
    skull = RNG.normal(size=(len(RIGID), 3))
    seen = np.stack(
        [Pose(60 + n, turn(0.02 * n, 0.01 * n, 0), np.full(3, n)).place(skull) for n in range(10)]
    )
    template = make_template(seen)
    assert np.linalg.norm(template[3] - template[0]) == pytest.approx(1.0)
    residual = fit_pose(template, skull).place(template) - skull
    assert np.abs(residual).max() < 1e-6


def moving_faces() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """200 frames of a face that opens its mouth and spreads it, and how far each is open."""
    still = RNG.normal(size=(len(CONTROL), 3))
    amounts, spreads = RNG.uniform(0, 0.3, 200), RNG.uniform(-0.1, 0.1, 200)
    frames = np.repeat(still[None], 200, axis=0)
    frames[:, CONTROL.index(14)] = still[CONTROL.index(13)]
    frames[:, CONTROL.index(14), 1] += amounts
    frames[:, CONTROL.index(78), 0] -= spreads
    return frames, amounts


def test_the_basis_holds_every_movement_and_gives_it_back() -> None:
    frames, amounts = moving_faces()
    basis = fit_shapes(frames)
    shapes = basis.shapes(frames[:, MOVING])
    assert shapes.shape == (200, SHAPES)
    np.testing.assert_allclose(basis.points(shapes), frames[:, MOVING], atol=1e-6)
    np.testing.assert_allclose(opening(basis.points(shapes)), amounts, atol=1e-6)
    np.testing.assert_allclose(basis.points(shapes[3]), frames[3, MOVING], atol=1e-6)


def test_movements_are_ordered_and_of_unit_spread() -> None:
    frames, _ = moving_faces()
    basis = fit_shapes(frames + RNG.normal(scale=1e-3, size=frames.shape))
    assert basis.spread[0] == 1.0
    assert np.all(np.diff(basis.spread) <= 1e-9)
    np.testing.assert_allclose(basis.shapes(frames[:, MOVING]).std(axis=0)[:2], 1.0, atol=0.05)


def test_a_still_face_has_a_basis_too() -> None:
    frames = np.repeat(RNG.normal(size=(1, len(CONTROL), 3)), 5, axis=0)
    basis = fit_shapes(frames)
    np.testing.assert_allclose(basis.points(np.zeros(SHAPES)), frames[0, MOVING])
    assert np.isfinite(basis.shapes(frames[:, MOVING])).all()


def test_the_warp_meets_its_points_and_bends_between_them() -> None:
    target = RNG.uniform(0, 100, size=(30, 2))
    still, moved = target.copy(), target + np.array([5.0, -3.0])
    fields = thin_plate([still, moved], target, target)
    assert np.abs(fields[0]).max() < 1e-3
    np.testing.assert_allclose(fields[1], np.broadcast_to((5.0, -3.0), target.shape), atol=1e-2)


def test_the_chin_moves_and_the_nose_does_not() -> None:
    places = range(len(CONTROL))
    assert CONTROL.index(152) in places[MOVING]
    assert CONTROL.index(2) in places[NOSE_PLACES]
    assert CONTROL.index(2) not in places[MOVING]
    assert places[LIPS].stop <= places[MOVING].stop
