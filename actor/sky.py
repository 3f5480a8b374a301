"""Ambient occlusion: the share of open sky each vertex sees, which darkens eye sockets, collars and necks.

The figure's depth is drawn from many directions spread evenly over the sphere; a vertex sees the sky in a
direction if nothing lies before it. Shares are weighted by the cosine to the normal (Zhukov, Iones and Kronin
1998) and computed once per presenter, at rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actor.draw import Stage
from actor.figure import Pose
from actor.lighting import orthographic
from actor.meshes import Floats

DIRECTIONS = 192
BIAS = 0.035
"""Least distance in decimetres of an occluder before a vertex."""


def open_sky(stage: Stage, pose: Pose, directions: int = DIRECTIONS) -> tuple[NDArray[np.float64], ...]:
    """Share of open sky 0..1 for the refined vertices of each part, [n] each."""
    placed = stage.pose(pose)
    normals = stage.normals(placed)
    total = [np.zeros(len(points)) for points in placed]
    weight = [np.full(len(points), 1e-9) for points in placed]
    depth = 14.0
    for towards in _sphere(directions):
        light = orthographic(towards, stage.camera.centre, 6.5, depth)
        picture = stage.depth(light)
        for number, points in enumerate(placed):
            facing = np.clip(normals[number] @ towards, 0.0, 1.0)
            seen = _seen(picture, light, points, BIAS / (2 * depth))
            total[number] += facing * seen
            weight[number] += facing
    return tuple(np.clip(seen / all_, 0.0, 1.0) for seen, all_ in zip(total, weight, strict=True))


def _seen(picture: NDArray[np.float32], light: Floats, points: Floats, bias: float) -> NDArray[np.float64]:
    """Visibility of each point in the depth picture, 0..1, interpolated between pixels."""
    clip = points @ light[:3, :3].T + light[:3, 3]
    high, wide = picture.shape
    x = (clip[:, 0] * 0.5 + 0.5) * wide - 0.5
    y = (clip[:, 1] * 0.5 + 0.5) * high - 0.5
    z = clip[:, 2] * 0.5 + 0.5 - bias
    left, low = np.floor(x).astype(int), np.floor(y).astype(int)
    total = np.zeros(len(points))
    for dx in (0, 1):
        for dy in (0, 1):
            share = (1 - np.abs(x - left - dx)) * (1 - np.abs(y - low - dy))
            near = picture[np.clip(low + dy, 0, high - 1), np.clip(left + dx, 0, wide - 1)]
            total += share * (z <= near)
    return total


def _sphere(count: int) -> Floats:
    """Evenly spread directions (Fibonacci spiral): [count, 3]."""
    index = np.arange(count) + 0.5
    up = 1 - 2 * index / count
    round_ = np.sqrt(1 - up**2)
    turn = np.pi * (1 + 5**0.5) * index
    return np.stack([round_ * np.cos(turn), up, round_ * np.sin(turn)], 1)
