import numpy as np
import pytest

from doublure.geometry import (
    CONTROL,
    RIGID,
    SHARE,
    Pose,
    fit_pose,
    fit_shape,
    make_template,
    opening,
    thin_plate,
    width,
)

RNG = np.random.default_rng(7)


def turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    def around(angle: float, one: int, other: int) -> np.ndarray:
        matrix = np.eye(3)
        matrix[one, one] = matrix[other, other] = np.cos(angle)
        matrix[one, other], matrix[other, one] = -np.sin(angle), np.sin(angle)
        return matrix

    return around(roll, 0, 1) @ around(pitch, 1, 2) @ around(yaw, 0, 2)


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


def test_the_shape_model_opens_the_mouth_as_it_was_seen() -> None:
    still = RNG.normal(size=(len(CONTROL), 3))
    amounts = RNG.uniform(0, 0.3, 200)
    frames = np.repeat(still[None], 200, axis=0)
    lower = CONTROL.index(14)
    upper = CONTROL.index(13)
    frames[:, lower] = frames[:, upper] + np.stack([amounts * 0, amounts, amounts * 0], axis=1)
    model = fit_shape(frames)
    for amount in (0.05, 0.15, 0.25):
        shape = model.points(amount, float(width(frames[0])))
        assert float(opening(shape)) == pytest.approx(amount, abs=0.01)


def test_the_warp_meets_its_points_and_bends_between_them() -> None:
    target = RNG.uniform(0, 100, size=(30, 2))
    still, moved = target.copy(), target + np.array([5.0, -3.0])
    fields = thin_plate([still, moved], target, target)
    assert np.abs(fields[0]).max() < 1e-3
    np.testing.assert_allclose(fields[1], np.broadcast_to((5.0, -3.0), target.shape), atol=1e-2)


def test_the_chin_moves_and_the_nose_does_not() -> None:
    assert SHARE.shape == (len(CONTROL),)
    assert SHARE[CONTROL.index(152)] == 1.0
    assert SHARE[CONTROL.index(2)] == 0.0
