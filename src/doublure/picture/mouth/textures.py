"""Composites the host's own mouth into a picture: the best matching frame of the footage, warped to the
wanted shape.

The shape and the head's pose give the positions of lips, chin and lower cheeks. Skin and teeth come from
the retrieved frame, warped (thin plates) so that its landmarks reach these positions. So the mouth keeps
the picture's pose, moves as smoothly as the shapes, and is as sharp as the footage. The replaced region is
always the whole lower face as far as speech moves it. Nothing of the picture's own speech is used or
remains visible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.media import Picture, Size
from doublure.picture.body.plates import Fit
from doublure.picture.mouth.geometry import (
    CHIN_PLACES,
    JAW_PLACES,
    LIPS,
    MOVING,
    Points,
    Pose,
    opening,
    thin_plate,
)
from doublure.picture.mouth.track import FaceTrack

ANGLE_SPREAD = np.array([0.10, 0.12, 0.25])
"""Difference of yaw, pitch and roll (radians) that costs as much as lips displaced by 1 % of the eye
distance. The warp corrects roll best."""
OPENING_SPREAD = (0.004, 0.3)
"""Difference of the lips' opening that costs as much: this share of the eye distance plus this share of the
opening. Needed because a slit that shows teeth is geometrically as near to shut lips as one smile is to
another, but looks different."""
STAY = 4.0
"""Cost of a change of texture. The warp compensates for a worse match, while cross-fades and frequent
changes make the skin soft and flickering."""
FADE_FRAMES = 2
"""Length of the cross-fade from one texture to the next."""
FADE_DISTANCE = 0.02
"""Textures cross-fade only if their lips are nearer than this share of the eye distance; a fade between
shut and open lips would smear."""
NODES = 32
"""Nodes per side of the grid on which the warp is computed; between them it is interpolated."""
DETAIL = 1.0
"""Standard deviation, pixels, of the blur that separates detail when textures are sharpened."""
REACH = 1.04
"""Size of the replaced region relative to the reach of the landmarks."""
FEATHER = (0.05, 0.03)
"""Width and blur of the feathered edge, as shares of the eye distance."""
Shape = NDArray[np.float32] | NDArray[np.float64]
"""[SHAPES], coefficients of the track's basis."""
JAW_MIDDLE = slice(JAW_PLACES.start + 4, JAW_PLACES.stop - 4)
"""The part of the jaw's outline below the mouth."""


@dataclass(frozen=True, slots=True)
class Setting:
    """State passed from one frame to the next."""

    source: int = -1
    """Index of the texture in use; -1 for none yet."""
    before: int = -1
    """Index of the texture that fades out."""
    fade: int = 0
    tint: tuple[float, float, float] | None = None
    """Offset of Y, U and V from the texture to the picture."""


class Mouths:
    """The mouth textures of a persona at the size of one room."""

    def __init__(self, track: FaceTrack, textures: list[Picture], fit: Fit, size: Size) -> None:
        """`textures` are I420 at the footage's scale, in the order of `track.texture_frames`."""
        self._track, self._fit, self._size = track, fit, size
        offset = np.array([fit.left, fit.top])
        self._poses = [
            Pose(float(scale), rotation, shift)
            for scale, rotation, shift in zip(track.scale, track.rotation, track.shift, strict=True)
        ]
        self._angles = np.array([pose.angles for pose in self._poses])
        self._textures = [_sharpened(_scaled(texture, fit.scale), track.sharpen) for texture in textures]
        self._corners = track.texture_corners * fit.scale - offset
        frames = track.texture_frames
        self._sources = track.control[frames, :, :2] * fit.scale - offset
        placed = np.stack([self._poses[frame].unplace(track.control[frame]) for frame in frames])
        self._lips = placed[:, LIPS, :2].reshape(len(frames), -1)
        self._openings = opening(placed)
        self._region = _region(placed)

    def set_in(
        self, picture: Picture, number: int, shape: Shape, last: Setting, share: float = 1.0
    ) -> Setting:
        """Composite a mouth of this shape (coefficients of the track's basis) into a picture whose head has
        the pose of the footage's frame `number`. `share` is its opacity, 0..1."""
        pose = self._poses[number]
        target = self._target(number, shape)
        edge = self.region(number)
        box = self._box(edge)
        if box is None:
            return last
        now = self._choose(self._track.shape.points(shape), number, last)
        used = [now.source] if now.fade == 0 else [now.source, now.before]
        warped = self._warp(used, target, box)
        texture = warped[0]
        if now.fade:
            part = 1 - now.fade / (FADE_FRAMES + 1)
            texture = [cv2.addWeighted(new, part, old, 1 - part, 0) for new, old in zip(*warped, strict=True)]
        mask, ring = _mask(edge - box[:2], box, pose.scale * self._fit.scale)
        views = _views(picture, box, self._size)
        tint = _tint(views, texture, ring, now.tint)
        _blend(views, texture, mask * np.float32(share), tint)
        return replace(now, fade=max(0, now.fade - 1), tint=tint)

    def region(self, number: int) -> NDArray[np.float64]:
        """Outline [m, 2], pixels, of the fully replaced region in a picture with the head of a frame; the
        feathered edge lies around it."""
        placed = self._poses[number].place(self._region)[:, :2]
        return np.asarray(placed * self._fit.scale - (self._fit.left, self._fit.top))

    def _target(self, number: int, shape: Shape) -> Points:
        """Target positions of the control points, [CONTROL, 2]; the nose keeps the picture's own."""
        target = self._track.control[number].copy()
        target[MOVING] = self._poses[number].place(self._track.shape.points(shape))
        return np.asarray(target[:, :2] * self._fit.scale - (self._fit.left, self._fit.top))

    def _box(self, edge: NDArray[np.float64]) -> tuple[int, int, int, int] | None:
        """Even corners x0, y0, x1, y1 around the region and its edge; None if outside the picture."""
        margin = 0.15 * float(np.ptp(edge[:, 0]))
        low = np.maximum(np.floor(edge.min(axis=0) - margin), 0).astype(int) // 2 * 2
        limit = (self._size.width, self._size.height)
        high = np.minimum(np.ceil(edge.max(axis=0) + margin), limit).astype(int) // 2 * 2
        if np.any(high - low < 16):
            return None
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def _choose(self, points: Points, number: int, last: Setting) -> Setting:
        frames = self._track.texture_frames
        lips, wanted = points[LIPS, :2].reshape(-1), float(opening(points))
        away = ((self._lips - lips) ** 2).sum(axis=1) / (lips.size / 2)
        cost = away / 1e-4 + (((self._angles[frames] - self._angles[number]) / ANGLE_SPREAD) ** 2).sum(axis=1)
        cost += ((self._openings - wanted) / (OPENING_SPREAD[0] + OPENING_SPREAD[1] * wanted)) ** 2
        if last.source >= 0:
            cost[last.source] -= STAY
        source = int(np.argmin(cost))
        if last.source < 0:
            return replace(last, source=source)
        if source == last.source:
            return last
        apart = math.sqrt(((self._lips[source] - self._lips[last.source]) ** 2).sum() / (lips.size / 2))
        fade = FADE_FRAMES if apart < FADE_DISTANCE else 0
        return replace(last, source=source, before=last.source, fade=fade)

    def _warp(
        self, used: list[int], target: Points, box: tuple[int, int, int, int]
    ) -> list[list[NDArray[np.uint8]]]:
        """The textures (Y, U and V each), warped into the box."""
        x0, y0, x1, y1 = box
        # at the centres of the cells, as `resize` expects
        across = x0 + (np.arange(NODES) + 0.5) * (x1 - x0) / NODES - 0.5
        down = y0 + (np.arange(NODES) + 0.5) * (y1 - y0) / NODES - 0.5
        nodes = np.stack([grid.ravel() for grid in np.meshgrid(across, down)], axis=1)
        fields = thin_plate([self._sources[one] for one in used], target, nodes)
        found: list[list[NDArray[np.uint8]]] = []
        for one, field in zip(used, fields, strict=True):
            grid = (nodes + field - self._corners[one]).astype(np.float32).reshape(NODES, NODES, 2)
            whole = cv2.resize(grid, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
            half = cv2.resize(
                grid / 2 - 0.25, ((x1 - x0) // 2, (y1 - y0) // 2), interpolation=cv2.INTER_LINEAR
            )
            luma, blue, red = self._textures[one]
            found.append(
                [
                    _remap(luma, whole, cv2.INTER_CUBIC),
                    _remap(blue, half, cv2.INTER_LINEAR),
                    _remap(red, half, cv2.INTER_LINEAR),
                ]
            )
        return found


def _region(placed: Points) -> Points:
    """Outline of everything that speech moves, template units: [m, 3]."""
    inner = placed[:, np.r_[LIPS, CHIN_PLACES, JAW_MIDDLE]]
    hull = cv2.convexHull(inner[..., :2].reshape(-1, 2).astype(np.float32))[:, 0].astype(np.float64)
    middle = hull.mean(axis=0)
    outline = middle + (hull - middle) * REACH
    mean = inner.mean(axis=0)
    nearest = ((outline[:, None] - mean[None, :, :2]) ** 2).sum(axis=2).argmin(axis=1)
    return np.column_stack([outline, mean[nearest, 2]])


def _mask(
    edge: NDArray[np.float64], box: tuple[int, int, int, int], eyes: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Opacity of the texture, float32 0..1, and the feathered edge; both for the box."""
    inside = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    cv2.fillConvexPoly(inside, np.round(edge).astype(np.int32), 255)
    wide = max(3, round(FEATHER[0] * eyes)) | 1
    soft = cv2.GaussianBlur(
        cv2.dilate(inside, np.ones((wide, wide), np.uint8)), (0, 0), max(1.0, FEATHER[1] * eyes)
    )
    ring = (soft > 25) & (inside == 0)
    return np.maximum(soft, inside).astype(np.float32) / 255, ring


def _scaled(texture: Picture, scale: float) -> tuple[NDArray[np.uint8], ...]:
    """Y, U and V of an I420 texture at the room's scale."""
    high, wide = texture.shape[0] * 2 // 3, texture.shape[1]
    chroma = np.ascontiguousarray(texture[high:]).reshape(2, high // 2, wide // 2)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    planes = (np.ascontiguousarray(texture[:high]), chroma[0], chroma[1])
    if scale == 1:
        return planes
    size = (math.ceil(wide * scale / 2) * 2, math.ceil(high * scale / 2) * 2)
    half = (size[0] // 2, size[1] // 2)
    return tuple(
        np.asarray(cv2.resize(plane, to, interpolation=kind), np.uint8)
        for plane, to in zip(planes, (size, half, half), strict=True)
    )


def _sharpened(planes: tuple[NDArray[np.uint8], ...], amount: float) -> tuple[NDArray[np.uint8], ...]:
    if amount <= 0:
        return planes
    luma = planes[0].astype(np.float32)
    detail = luma - cv2.GaussianBlur(luma, (0, 0), DETAIL)
    return np.clip(luma + np.float32(amount) * detail + 0.5, 0, 255).astype(np.uint8), *planes[1:]


def _remap(plane: NDArray[np.uint8], where: NDArray[np.float32], kind: int) -> NDArray[np.uint8]:
    moved = cv2.remap(plane, where[..., 0], where[..., 1], kind, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _views(picture: Picture, box: tuple[int, int, int, int], size: Size) -> list[NDArray[np.uint8]]:
    """The box in Y, U and V; writing to them writes to the picture."""
    x0, y0, x1, y1 = box
    chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
    return [
        picture[y0:y1, x0:x1],
        chroma[0, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2],
        chroma[1, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2],
    ]


def _tint(
    views: list[NDArray[np.uint8]],
    texture: list[NDArray[np.uint8]],
    ring: NDArray[np.bool_],
    last: tuple[float, float, float] | None,
) -> tuple[float, float, float]:
    """Difference between the picture's skin and the texture's in the mask's edge, smoothed over time."""
    found: list[float] = []
    for plane, (own, new) in enumerate(zip(views, texture, strict=True)):
        where = ring if plane == 0 else ring[::2, ::2]
        here = own[where].astype(np.float32) - new[where]
        found.append(float(here.mean()) if here.size else 0.0)
    if last is not None:
        found = [0.7 * old + 0.3 * new for old, new in zip(last, found, strict=True)]
    return found[0], found[1], found[2]


def _blend(
    views: list[NDArray[np.uint8]],
    texture: list[NDArray[np.uint8]],
    mask: NDArray[np.float32],
    tint: tuple[float, float, float],
) -> None:
    for plane, (own, new) in enumerate(zip(views, texture, strict=True)):
        share = mask if plane == 0 else mask[::2, ::2]
        mixed = own + (new + np.float32(tint[plane]) - own) * share
        own[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
