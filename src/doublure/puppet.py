"""The drawn host as layers painted once, and put together for each frame in I420.

Body and studio are whole pictures, one for each depth of breath. The head is one layer, a little
larger than it is seen, whose eyes and mouth are replaced by painted patches; it is then bent by a
field of small shifts (turn, nod, roll, jaw, brows, hair), which moves it by less than a pixel where
it must, and blended in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.drawing import Area, Canvas
from doublure.lips import MOUTH, MouthShape, paint_mouth
from doublure.media import Picture, Size
from doublure.portrait import (
    HEAD,
    paint_back_hair,
    paint_eye,
    paint_face,
    paint_front_hair,
    paint_neck,
)
from doublure.posture import Posture
from doublure.raster import Plane, i420, planes, yuv
from doublure.scenery import (
    EYES,
    body_canvas,
    paint_body,
    paint_collar,
    paint_desk,
    paint_hands,
    paint_studio,
    view,
)

FINEST = 1.5
"""Pixels to a unit at which layers are painted at most; larger pictures are enlarged from it."""
HEAD_FINER = 1.25
"""The head is kept this much larger than seen, so that bending does not blur it."""
PHASES = 24
"""Depths of breath; a step is an eighth of a pixel."""
PHASE_BYTES = 64 << 20
"""Most memory that these take; large pictures have fewer."""
BREATH = 3.4
"""Units that the shoulders rise."""
COLLAR_TOP = 612.0
"""Above this nothing of the body is seen to move."""
EYES_AREA = Area(-96.0, -32.0, 192.0, 68.0)
"""What eyes may touch, in units of the head."""
LIDS = (0.0, 0.2, 0.4, 0.6, 0.8)
GAZES_X = (-5.2, -3.9, -2.6, -1.3, 0.0, 1.3, 2.6, 3.9, 5.2)
GAZES_Y = (0.0, 1.5)
OPENINGS = tuple((n / 15) ** 1.4 for n in range(16))
"""Finer where the mouth is nearly shut, which is where steps would show."""
SPREADS = tuple(n / 4 for n in range(-4, 5))
TONGUE_OPENINGS = OPENINGS[3:12]
CONTACT_SPREADS = (-0.5, 0.0, 0.5)
CONTACTS = (0.5, 1.0)
BITE_OPENING = 0.05
JAW = 11.0
"""Units that the chin falls when the mouth is wide open."""
GRID = 14
"""Units between two knots of the bending field."""
PIVOT = 190.0
"""Where the neck bears the head, in units of the head."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the eyes do."""

    shut: float
    x: float
    y: float


SHUT = Look(1.0, 0.0, 0.0)
Knots = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of the head's layer: Y, and U and V side by side."""

    left: int
    """Even, in pixels of the layer, like `top`."""
    top: int
    luma: Plane
    chroma: NDArray[np.uint8]
    """uint8 [height / 2, width / 2, 2]."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """Shifts in units at the knots, float32 [rows, columns] each, for a unit of each motion."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    whole: NDArray[np.float32]
    """How far a place goes along with the head: 1, fading to 0 down the neck."""
    near: NDArray[np.float32]
    """How far it stands out towards the viewer: 1 at the nose."""
    ends: NDArray[np.float32]
    """The ends of the hair."""
    jaw: NDArray[np.float32]
    brows: NDArray[np.float32]


def _smooth(start: float, end: float, values: NDArray[np.float32]) -> NDArray[np.float32]:
    share = ((values - start) / (end - start)).clip(0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _fields(area: Area) -> _Fields:
    # knots lie as cv2.resize wants them: in the middle of equal cells
    columns, rows = round(area.width / GRID), round(area.height / GRID)
    x, y = np.meshgrid(
        (area.left + (np.arange(columns) + 0.5) * area.width / columns).astype(np.float32),
        (area.top + (np.arange(rows) + 0.5) * area.height / rows).astype(np.float32),
    )
    side = np.abs(x)
    neck = _smooth(118, 188, y) * np.exp(-((x / 64) ** 4))
    return _Fields(
        x=x,
        y=y,
        whole=1 - neck,
        near=np.exp(-((x / 92) ** 2) - ((y - 30) / 105) ** 2),
        ends=_smooth(10, 165, y) * _smooth(58, 100, side),
        jaw=_smooth(104, 146, y) * np.exp(-((x / 66) ** 4)) * (1 - _smooth(160, PIVOT, y)),
        brows=np.exp(-(((y + 42) / 20) ** 2) - ((side - 48) / 44) ** 2),
    )


class Puppet:
    """The host for one size of picture. Nothing in it changes, so one serves every room."""

    def __init__(self, size: Size) -> None:
        self.size = size
        area = view(size)
        self._scale = size.width / area.width
        self.phases = _phases(size, area, min(self._scale, FINEST))
        self._head_scale = 2 * round(HEAD.width * min(self._scale, FINEST) * HEAD_FINER / 2) / HEAD.width
        self._paint_head()
        left, top = (
            (EYES[0] + HEAD.left - area.left) * self._scale,
            (EYES[1] + HEAD.top - area.top) * self._scale,
        )
        self._left, self._top = math.floor(left / 2) * 2, math.floor(top / 2) * 2
        self._wide = min(math.ceil(HEAD.width * self._scale / 2) * 2, size.width - self._left)
        self._high = min(math.ceil(HEAD.height * self._scale / 2) * 2, size.height - self._top)
        self._fields = _fields(
            Area(
                HEAD.left + (self._left - left) / self._scale,
                HEAD.top + (self._top - top) / self._scale,
                self._wide / self._scale,
                self._high / self._scale,
            )
        )

    def _paint_head(self) -> None:
        under, neck, over = (Canvas(HEAD, self._head_scale) for _ in range(3))
        paint_back_hair(under)
        paint_neck(neck)
        neck.fade(165, 195)
        under.lay(neck)
        paint_face(under)
        paint_front_hair(over)
        whole = under.copy()
        whole.lay(over)
        self._luma, self._chroma = _layers(whole.pixels)
        self._eyes = {look: _patch(under, over, EYES_AREA, look) for look in _looks()}
        self._mouths = {mouth: _patch(under, over, MOUTH, mouth) for mouth in mouth_shapes()}

    def picture(self, pose: Posture, mouth: MouthShape, emphasis: float) -> Picture:
        """The host as I420, a new picture. `emphasis` 0..1 raises the brows."""
        phase = round(pose.breath * (len(self.phases) - 1))
        picture = self.phases[phase].copy()
        luma, chroma = self._luma.copy(), self._chroma.copy()
        for patch in (self._eyes[nearest_look(pose)], self._mouths[nearest_mouth(mouth)]):
            high, wide = patch.luma.shape
            luma[patch.top : patch.top + high, patch.left : patch.left + wide, 0] = patch.luma
            half = (
                slice(patch.top // 2, (patch.top + high) // 2),
                slice(patch.left // 2, (patch.left + wide) // 2),
            )
            chroma[half][..., :2] = patch.chroma
        breath = phase / max(1, len(self.phases) - 1)
        self._blend(picture, luma, chroma, self._bend(pose, breath, JAW * mouth.opening, emphasis))
        return picture

    def _bend(self, pose: Posture, breath: float, jaw: float, emphasis: float) -> tuple[Knots, Knots]:
        """Where in the head's layer each knot is taken from, in pixels from its edge."""
        f = self._fields
        dx = f.whole * (pose.aside - pose.roll * (f.y - PIVOT)) + f.near * pose.turn - f.ends * pose.lag
        dy = f.whole * (pose.down + 1.6 * emphasis + pose.roll * f.x) + f.near * pose.nod - BREATH * breath
        dy += f.jaw * jaw - f.brows * (pose.brow + 3.6 * emphasis)
        scale = np.float32(self._head_scale)
        return (f.x - HEAD.left - dx) * scale, (f.y - HEAD.top - dy) * scale

    def _blend(
        self, picture: Picture, luma: NDArray[np.uint8], chroma: NDArray[np.uint8], knots: tuple[Knots, Knots]
    ) -> None:
        wide, high = self._wide, self._high
        x, y = (cv2.resize(knot, (wide, high)) - np.float32(0.5) for knot in knots)
        half_x, half_y = (
            cv2.resize(knot * np.float32(0.5), (wide // 2, high // 2)) - np.float32(0.5) for knot in knots
        )
        outside = (0, 255)
        bent = cv2.remap(luma, x, y, cv2.INTER_LINEAR, borderValue=outside)
        bent_chroma = cv2.remap(chroma, half_x, half_y, cv2.INTER_LINEAR, borderValue=(0, *outside))
        target = planes(picture, self.size)
        _mix(target[0], bent[..., 0], bent[..., 1], self._left, self._top)
        for n in (0, 1):
            _mix(target[n + 1], bent_chroma[..., n], bent_chroma[..., 2], self._left // 2, self._top // 2)


def _mix(plane: Plane, added: Plane, kept: Plane, left: int, top: int) -> None:
    """Blend into `plane`: what is added over what is kept of it (255: all)."""
    there = plane[top : top + kept.shape[0], left : left + kept.shape[1]]
    cv2.add(cv2.multiply(there, kept, scale=1 / 255), added, dst=there)


def _layers(pixels: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Painted pixels as Y and what it keeps [height, width, 2], and U, V and what they keep
    [height / 2, width / 2, 3]; colours times coverage."""
    even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
    cover = even[..., 3:]
    colours = yuv(even[..., :3] / np.maximum(cover, 1e-4)) * cover
    luma = np.concatenate([colours[..., :1], 255 * (1 - cover)], axis=2)
    chroma = np.concatenate([colours[..., 1:], 255 * (1 - cover)], axis=2)
    half = cv2.resize(chroma, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return _bytes(luma), _bytes(np.asarray(half, np.float32))


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _patch(under: Canvas, over: Canvas, area: Area, what: MouthShape | Look) -> Patch:
    """Eyes or mouth between face and hair, as the pixels of the head's layer that they change."""
    scale = under.scale
    left, top = (int((a - b) * scale) // 2 * 2 for a, b in ((area.left, HEAD.left), (area.top, HEAD.top)))
    wide, high = (math.ceil(length * scale / 2) * 2 for length in (area.width, area.height))
    canvas = Canvas(Area(HEAD.left + left / scale, HEAD.top + top / scale, wide / scale, high / scale), scale)
    cut = (slice(top, top + high), slice(left, left + wide))
    canvas.pixels[...] = under.pixels[cut]
    if isinstance(what, MouthShape):
        paint_mouth(canvas, what)
    else:
        for side in (-1, 1):
            paint_eye(canvas, side, what.shut, (what.x, what.y))
    canvas.pixels *= 1 - over.pixels[cut][..., 3:]
    canvas.pixels += over.pixels[cut]
    luma, chroma = _layers(canvas.pixels)
    return Patch(left, top, luma[..., 0], chroma[..., :2])


def _looks() -> list[Look]:
    return [SHUT, *(Look(shut, x, y) for shut in LIDS for x in GAZES_X for y in GAZES_Y)]


def nearest_look(pose: Posture) -> Look:
    """The painted eyes that come nearest to a posture."""
    if pose.shut > (LIDS[-1] + 1) / 2:
        return SHUT
    return Look(_nearest(LIDS, pose.shut), _nearest(GAZES_X, pose.gaze[0]), _nearest(GAZES_Y, pose.gaze[1]))


def mouth_shapes() -> list[MouthShape]:
    """Every mouth that is painted."""
    plain = [MouthShape(opening, spread) for opening in OPENINGS for spread in SPREADS]
    tongue = [
        MouthShape(opening, spread, tongue=1.0) for opening in TONGUE_OPENINGS for spread in CONTACT_SPREADS
    ]
    bites = [MouthShape(BITE_OPENING, spread, bite=share) for spread in CONTACT_SPREADS for share in CONTACTS]
    presses = [MouthShape(0.0, spread, press=share) for spread in CONTACT_SPREADS for share in CONTACTS]
    return [*plain, *tongue, *bites, *presses]


def nearest_mouth(mouth: MouthShape) -> MouthShape:
    """The painted mouth that comes nearest to `mouth`."""
    contact_spread = _nearest(CONTACT_SPREADS, mouth.spread)
    if mouth.bite > CONTACTS[0] / 2 and mouth.bite >= mouth.opening:
        return MouthShape(BITE_OPENING, contact_spread, bite=_nearest(CONTACTS, mouth.bite))
    if mouth.press > CONTACTS[0] / 2 and mouth.opening < OPENINGS[3]:
        return MouthShape(0.0, contact_spread, press=_nearest(CONTACTS, mouth.press))
    if mouth.tongue > 0.5 and TONGUE_OPENINGS[0] <= mouth.opening <= TONGUE_OPENINGS[-1]:
        return MouthShape(_nearest(TONGUE_OPENINGS, mouth.opening), contact_spread, tongue=1.0)
    return MouthShape(_nearest(OPENINGS, mouth.opening), _nearest(SPREADS, mouth.spread))


def _nearest(values: tuple[float, ...], wanted: float) -> float:
    return min(values, key=lambda value: abs(value - wanted))


def _phases(size: Size, area: Area, scale: float) -> tuple[Picture, ...]:
    """Studio, body and desk, from breathed out to breathed in."""
    behind = Canvas(area, scale)
    paint_studio(behind)
    front = body_canvas(area, scale)
    paint_body(front)
    neck = Canvas(Area(area.left - EYES[0], area.top - EYES[1], area.width, area.height), scale)
    paint_neck(neck)
    neck.fade(176, 212)
    front.lay(neck)
    paint_collar(front)
    paint_desk(front)
    paint_hands(front)
    shape = (size.width, size.height)
    studio, body = (
        np.asarray(cv2.resize(canvas.pixels, shape, interpolation=cv2.INTER_LINEAR), np.float32)
        for canvas in (behind, front)
    )
    # a little grain, the same in every phase, keeps soft walls from showing steps of one level
    studio[..., :3] += np.random.default_rng(7).uniform(-1.3, 1.3, (*studio.shape[:2], 1)).astype(np.float32)
    count = max(6, min(PHASES, PHASE_BYTES // (size.width * size.height * 3 // 2)))
    # nothing moves above the collar, so only the rows below are painted for each depth
    first = max(0, min(size.height - 2, int((COLLAR_TOP - area.top) * size.width / area.width) // 2 * 2))
    still = _over(studio, body)
    pictures: list[Picture] = []
    for n in range(count):
        picture = i420(still.clip(0, 255)) if n == 0 else pictures[0].copy()
        low = i420(_over(studio[first:], _breathed(body, area, n / (count - 1))[first:]).clip(0, 255))
        rows = Size(size.width, size.height - first)
        for plane, part in zip(planes(picture, size), planes(low, rows), strict=True):
            plane[plane.shape[0] - part.shape[0] :] = part
        pictures.append(picture)
    return tuple(pictures)


def _breathed(body: NDArray[np.float32], area: Area, breath: float) -> NDArray[np.float32]:
    high, wide = body.shape[:2]
    scale = wide / area.width
    x, y = np.meshgrid(
        (area.left + (np.arange(wide) + 0.5) / scale).astype(np.float32),
        (area.top + (np.arange(high) + 0.5) / scale).astype(np.float32),
    )
    rise = BREATH * breath * (1 - _smooth(740, 1060, y))
    # the chest widens a little, most at the height of the arms' tops
    widened = 0.007 * breath * np.exp(-(((y - 840) / 130) ** 2)) * (x - EYES[0])
    from_x, from_y = (x - widened - area.left) * scale - 0.5, (y + rise - area.top) * scale - 0.5
    bent = cv2.remap(body, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.float32)


def _over(behind: NDArray[np.float32], front: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(behind[..., :3] * (1 - front[..., 3:]) + front[..., :3], np.float32)


@lru_cache(maxsize=2)
def puppet(size: Size) -> Puppet:
    """The host for `size`, painted once a process."""
    return Puppet(size)
