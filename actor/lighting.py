"""Camera and lights of the studio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actor.meshes import Floats

SIGHT = np.deg2rad(27.0)
"""Vertical field of view: about that of a 75 mm lens on an upright full-frame camera."""
BELOW_CROWN = 0.344
"""Distance from the crown down to the picture's centre, as a share of the picture's height."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Position and projection of the camera."""

    size: tuple[int, int]
    """Width and height, pixels."""
    crown: float
    """Height of the top of the presenter's head, decimetres."""
    high: float
    """Height of the picture at the presenter, decimetres."""

    @property
    def centre(self) -> Floats:
        """The point the camera looks at, decimetres."""
        return np.array([0.0, self.crown - BELOW_CROWN * self.high, 0.5])

    @property
    def place(self) -> Floats:
        """Position of the camera, decimetres."""
        away = self.high / 2 / np.tan(SIGHT / 2)
        return np.asarray(self.centre + np.array([0.0, 0.0, away]))

    def matrix(self) -> Floats:
        """Matrix from room to clip space, [4, 4]."""
        near, far = 8.0, 40.0
        grow = 1.0 / np.tan(SIGHT / 2)
        project = np.zeros((4, 4))
        project[0, 0] = grow * self.size[1] / self.size[0]
        project[1, 1] = grow
        project[2, 2], project[2, 3] = (far + near) / (near - far), 2 * far * near / (near - far)
        project[3, 2] = -1.0
        move = np.eye(4)
        move[:3, 3] = -self.place
        return np.asarray(project @ move)

    def pixels(self, points: Floats) -> Floats:
        """Project room points [n, 3] to pixels [n, 2], x to the right, y down."""
        clip = np.concatenate([points, np.ones((len(points), 1))], 1) @ self.matrix().T
        flat = clip[:, :2] / clip[:, 3:]
        return np.stack([(flat[:, 0] + 1) / 2 * self.size[0], (1 - flat[:, 1]) / 2 * self.size[1]], 1)


def _towards(left: float, up: float) -> Floats:
    """Unit direction from angles in degrees: to the presenter's left of the camera's axis, and up."""
    a, b = np.deg2rad(left), np.deg2rad(up)
    return np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])


@dataclass(frozen=True, slots=True)
class Lighting:
    """Lights of a room; colours are linear."""

    key: tuple[float, float, float] = (2.05, 1.94, 1.80)
    fill: tuple[float, float, float] = (0.50, 0.53, 0.60)
    rim: tuple[float, float, float] = (1.1, 0.98, 0.82)
    sky: tuple[float, float, float] = (0.44, 0.44, 0.45)
    ground: tuple[float, float, float] = (0.22, 0.18, 0.16)
    exposure: float = 0.46
    softness: float = 16.0
    """Blur of shadows, in texels of the shadow map."""

    @property
    def key_from(self) -> Floats:
        """Direction to the key light, above and to the camera's left."""
        return _towards(-38.0, 34.0)

    def uniforms(self) -> tuple[tuple[str, Floats | float], ...]:
        """Names and values of the shader uniforms."""
        return (
            ("key_from", self.key_from),
            ("fill_from", _towards(50.0, 12.0)),
            ("rim_from", _towards(150.0, 35.0)),
            ("key", np.array(self.key)),
            ("fill", np.array(self.fill)),
            ("rim", np.array(self.rim)),
            ("sky", np.array(self.sky)),
            ("ground", np.array(self.ground)),
            ("exposure", self.exposure),
        )


def orthographic(towards: Floats, centre: Floats, half: float, depth: float) -> Floats:
    """Matrix [4, 4] from the room to the clip space of a light with parallel rays. `half` is half the side of
    the lit square, `depth` half the depth range, decimetres."""
    ahead = -towards
    side = np.cross(ahead, np.array([0.0, 1.0, 0.0]))
    side = side / np.linalg.norm(side) if np.linalg.norm(side) > 1e-6 else np.array([1.0, 0.0, 0.0])
    up = np.cross(side, ahead)
    turn = np.eye(4)
    turn[0, :3], turn[1, :3], turn[2, :3] = side / half, up / half, ahead / depth
    turn[:3, 3] = -turn[:3, :3] @ centre
    return turn
