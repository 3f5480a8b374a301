"""Face geometry: the landmarks of the mouth, the head's pose, the shape model and the warp.

Landmark numbers are those of MediaPipe's face mesh (478 points, Apache-2.0). Points are float
[points, 3] in pixels, x right, y down, z away from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
CHIN = (18, 200, 199, 83, 313, 201, 421, 204, 424, 194, 418)
JAW = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)
CHEEKS = (205, 425, 207, 427, 187, 411, 216, 436, 212, 432, 214, 434)
NOSE = (2, 98, 327, 94, 64, 294)
CONTROL = OUTER_LIPS + INNER_LIPS + CHIN + JAW + CHEEKS + NOSE
"""Landmarks used as control points of the warp."""
RIGID = (33, 133, 362, 263, 168, 6, 197, 195, 2, 98, 327, 94, 64, 294)
"""Landmarks that move only with the skull; eye corners first. Brows and temples are left out: with eyes and
nose alone, the lips drift about half as far in the template (1.6 instead of 2.9 % of the eye distance,
vertically, over 50 s of an anchor)."""
LEFT_EYE, RIGHT_EYE = 0, 3
"""Indices of the outer eye corners in `RIGID`."""

LIPS = slice(0, len(OUTER_LIPS) + len(INNER_LIPS))
_INNER = len(OUTER_LIPS)
UPPER, LOWER, CORNER_A, CORNER_B = _INNER + 15, _INNER + 5, _INNER, _INNER + 10
"""Indices of the inner lip's middle and corners in `CONTROL`."""
_CHIN = LIPS.stop
_JAW = _CHIN + len(CHIN)
_CHEEKS = _JAW + len(JAW)
CHIN_PLACES = slice(_CHIN, _JAW)
JAW_PLACES = slice(_JAW, _CHEEKS)
CHEEK_PLACES = slice(_CHEEKS, _CHEEKS + len(CHEEKS))

NOSE_PLACES = slice(_CHEEKS + len(CHEEKS), len(CONTROL))
MOVING = slice(0, NOSE_PLACES.start)
"""Indices in `CONTROL` of the points that the mouth moves."""


SHAPES = 16
"""Number of principal movements kept; the others are jitter of the landmarks."""
SKIN_WEIGHT = 0.35
"""Weight of chin, jaw and cheeks in the search for principal movements; lips have 1."""


@dataclass(frozen=True, slots=True)
class Pose:
    """The head's pose: a template point `p` is seen at `scale * rotation @ p + shift`."""

    scale: float
    """Pixels between the outer eye corners in a frontal view."""
    rotation: NDArray[np.float64]
    """[3, 3]."""
    shift: NDArray[np.float64]
    """[3], pixels."""

    def place(self, points: Points) -> Points:
        """Template points -> picture points."""
        return np.asarray(self.scale * points @ self.rotation.T + self.shift)

    def unplace(self, points: Points) -> Points:
        """Picture points -> template points."""
        return np.asarray((points - self.shift) @ self.rotation / self.scale)

    @property
    def angles(self) -> NDArray[np.float64]:
        """Yaw, pitch and roll in radians, in small-angle approximation."""
        turn = self.rotation
        return np.array([turn[2, 0], turn[2, 1], np.arctan2(turn[1, 0], turn[0, 0])])


def fit_pose(template: Points, points: Points) -> Pose:
    """The similarity transform from `template` to `points` with the least squared error (Umeyama 1991)."""
    middle, seen = template.mean(axis=0), points.mean(axis=0)
    still, moved = template - middle, points - seen
    left, strength, right = np.linalg.svd(still.T @ moved)
    mirror = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * mirror @ right).T
    scale = float((strength * mirror).sum() / (still**2).sum())
    return Pose(scale, rotation, seen - scale * middle @ rotation.T)


def make_template(rigid: Points) -> Points:
    """The skull's mean shape from [frames, RIGID, 3]; the outer eye corners are one unit apart."""
    template = rigid[0]
    for _ in range(3):
        template = np.mean([fit_pose(template, points).unplace(points) for points in rigid], axis=0)
    template = template - template.mean(axis=0)
    return np.asarray(template / np.linalg.norm(template[RIGHT_EYE] - template[LEFT_EYE]))


def opening(control: Points) -> NDArray[np.float64]:
    """Distance between the inner lips, [..., CONTROL, 3] -> [...]."""
    return np.asarray(np.linalg.norm(control[..., UPPER, :] - control[..., LOWER, :], axis=-1))


def width(control: Points) -> NDArray[np.float64]:
    """Distance between the inner lip corners, [..., CONTROL, 3] -> [...]."""
    return np.asarray(np.linalg.norm(control[..., CORNER_A, :] - control[..., CORNER_B, :], axis=-1))


@dataclass(frozen=True, slots=True)
class ShapeBasis:
    """The host's lower face as a mean and its principal movements (Cootes et al. 1995)."""

    mean: Points
    """[MOVING, 3], template units."""
    basis: NDArray[np.float64]
    """[SHAPES, MOVING, 3]: offset of one standard deviation of each movement."""
    inverse: NDArray[np.float64]
    """[MOVING * 3, SHAPES]: from points minus the mean to coefficients."""
    spread: NDArray[np.float64]
    """[SHAPES]: standard deviation of each movement relative to the first, in falling order."""

    def points(self, shape: NDArray[np.float32] | NDArray[np.float64]) -> Points:
        """Coefficients [..., SHAPES] -> [..., MOVING, 3], template units."""
        return np.asarray(self.mean + np.tensordot(shape, self.basis, axes=1))

    def shapes(self, points: Points) -> NDArray[np.float64]:
        """[..., MOVING, 3] -> coefficients [..., SHAPES]."""
        away = (points - self.mean).reshape(*points.shape[:-2], -1)
        return np.asarray(away @ self.inverse)


def fit_shapes(control: Points) -> ShapeBasis:
    """The principal movements of [frames, CONTROL, 3] (template units); lips have the most weight."""
    moving = control[:, MOVING]
    mean = moving.mean(axis=0)
    weight = np.where(np.arange(mean.shape[0]) < LIPS.stop, 1.0, SKIN_WEIGHT)[:, None]
    away = ((moving - mean) * weight).reshape(len(moving), -1)
    _, _, axes = np.linalg.svd(away, full_matrices=False)
    axes = np.pad(axes[:SHAPES], ((0, max(0, SHAPES - len(axes))), (0, 0)))
    spread = np.maximum((away @ axes.T).std(axis=0), 1e-9)
    basis = (axes * spread[:, None]).reshape(SHAPES, *mean.shape) / weight
    inverse = (axes / spread[:, None]).reshape(SHAPES, *mean.shape) * weight
    return ShapeBasis(mean, basis, inverse.reshape(SHAPES, -1).T, spread / spread[0])


def _kernel(square: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * square * np.log(square + 1e-9))


def _squares(one: Points, other: Points) -> NDArray[np.float64]:
    """Squared distances [one, other]; written out because numpy's sum over two columns takes three times as
    long."""
    return np.asarray((one[:, :1] - other[:, 0]) ** 2 + (one[:, 1:2] - other[:, 1]) ** 2)


def thin_plate(sources: list[Points], target: Points, nodes: Points) -> list[NDArray[np.float32]]:
    """Thin-plate warp: where each node of the target's picture lies in each source (Bookstein 1989).

    `sources` are [points, 2] each, `target` [points, 2], `nodes` [nodes, 2]; returns displacements
    [nodes, 2] per source. All sources share one factorisation.
    """
    count = len(target)
    square = _squares(target, target)
    system = np.zeros((count + 3, count + 3))
    # regularised, so that a noisy landmark does not fold the skin
    system[:count, :count] = _kernel(square) + 1e-3 * square.mean() * np.eye(count)
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = target
    system[count + 1 :, :count] = target.T
    moves = np.zeros((count + 3, 2 * len(sources)))
    for number, source in enumerate(sources):
        moves[:count, 2 * number : 2 * number + 2] = source - target
    weights = np.linalg.solve(system, moves)
    near = _kernel(_squares(nodes, target))
    field = (near @ weights[:count] + weights[count] + nodes @ weights[count + 1 :]).astype(np.float32)
    return [field[:, 2 * number : 2 * number + 2] for number in range(len(sources))]
