"""A small painter for soft vector pictures: smooth shapes, gradients, tapered strokes, blurred
shading, with smooth edges. Coordinates are in units of the design; the canvas has its own scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""A polygon or a line, float32 [points, 2], x and y in units."""
Point = tuple[float, float]
Colour = str
"""sRGB as `#rrggbb`."""
Grid = NDArray[np.float32]
Paint = Callable[[Grid, Grid], NDArray[np.float32]]
"""Colour of a place: x and y in units, [height, width] each, to sRGB 0..255 [height, width, 3]."""
Cover = NDArray[np.float32]
"""Coverage 0..1 of every pixel of a canvas, float32 [height, width]."""

_FINER = 4
"""Edges are drawn this much finer and averaged: 16 steps from bare to covered."""
_STEPS = 14
"""Points of a curve between two given ones."""


_TURN = np.linspace(0, 2 * np.pi, 72, endpoint=False, dtype=np.float32)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


def _hermite() -> NDArray[np.float32]:
    t = np.linspace(0, 1, _STEPS, endpoint=False, dtype=np.float32)[:, None]
    parts = (2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, 3 * t**2 - 2 * t**3, t**3 - t**2)
    return np.stack(parts)


_RISE = _hermite()
"""Shares of start, leaving slope, end and arriving slope along a piece (cubic Hermite)."""


def rgb(colour: Colour) -> NDArray[np.float32]:
    """sRGB 0..255 [3]."""
    return np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)], np.float32)


def _points(values: NDArray[np.float32] | NDArray[np.float64]) -> Points:
    return np.asarray(values, np.float32)


def curve(points: Sequence[Point], closed: bool = False) -> Points:
    """A smooth line through `points` (Catmull-Rom, centripetal by distance)."""
    given = np.array(points, np.float32)
    if len(given) < 3:
        return given
    around = (
        np.concatenate([given[-1:], given, given[:2]])
        if closed
        else np.concatenate([2 * given[:1] - given[1:2], given, 2 * given[-1:] - given[-2:-1]])
    )
    # all pieces at once: p1 to p2 is drawn, p0 and p3 bend its ends
    p0, p1, p2, p3 = (around[n : len(around) - 3 + n, None] for n in range(4))
    gaps = np.sqrt(np.linalg.norm(np.diff(around, axis=0), axis=1)).clip(1e-3)[:, None, None]
    a, b, c = gaps[:-2], gaps[1:-1], gaps[2:]
    m1 = (p2 - p1) + b * ((p1 - p0) / a - (p2 - p0) / (a + b))
    m2 = (p2 - p1) + b * ((p3 - p2) / c - (p3 - p1) / (b + c))
    line = (_RISE[0] * p1 + _RISE[1] * m1 + _RISE[2] * p2 + _RISE[3] * m2).reshape(-1, 2)
    return _points(line if closed else np.concatenate([line, given[-1:]]))


def shape(*sides: Sequence[Point]) -> Points:
    """A closed shape of smooth sides; where two sides meet there is a corner. One side alone is
    smooth all round."""
    if len(sides) == 1:
        return curve(sides[0], closed=True)
    return _points(np.concatenate([curve(side) for side in sides]))


def mirrored(points: Points, middle: float) -> Points:
    """`points` on the other side of x = `middle`."""
    return _points(np.stack([2 * middle - points[:, 0], points[:, 1]], axis=1))


def moved(points: Points, right: float, down: float) -> Points:
    """`points` somewhere else."""
    return _points(points + np.array((right, down), np.float32))


def ellipse(x: float, y: float, across: float, down: float) -> Points:
    """An ellipse of half axes `across` and `down`."""
    return _points(_CIRCLE * np.array((across, down), np.float32) + np.array((x, y), np.float32))


def block(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Points:
    """A rectangle with rounded corners."""
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    turn = np.linspace(0, np.pi / 2, 10, dtype=np.float32)
    corners = []
    for n, (x, y) in enumerate(
        (
            (right - radius, bottom - radius),
            (left + radius, bottom - radius),
            (left + radius, top + radius),
            (right - radius, top + radius),
        )
    ):
        angle = turn + n * np.pi / 2
        corners.append(np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1))
    return _points(np.concatenate(corners))


def stroke(points: Sequence[Point], widths: Sequence[float]) -> Points:
    """A brush stroke along a smooth line; `widths` in units, spread evenly along it."""
    line = curve(points)
    if len(line) < 3:
        line = np.linspace(line[0], line[-1], 13, dtype=np.float32)
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.linalg.norm(
        along, axis=1, keepdims=True
    ).clip(1e-6)
    place = np.linspace(0, 1, len(line))
    half = np.interp(place, np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    return _points(np.concatenate([line + normal * half, (line - normal * half)[::-1]]))


def linear(start: Point, end: Point, *colours: Colour) -> Paint:
    """A gradient along the line from `start` to `end`, the colours spread evenly."""
    stops = np.stack([rgb(colour) for colour in colours])
    way = np.array(end, np.float32) - np.array(start, np.float32)

    def paint(x: Grid, y: Grid) -> NDArray[np.float32]:
        share = ((x - start[0]) * way[0] + (y - start[1]) * way[1]) / float(way @ way)
        return _between(share, stops)

    return paint


def radial(x0: float, y0: float, across: float, down: float, *colours: Colour) -> Paint:
    """A gradient from the middle of an ellipse to its edge, the colours spread evenly."""
    stops = np.stack([rgb(colour) for colour in colours])

    def paint(x: Grid, y: Grid) -> NDArray[np.float32]:
        return _between(np.hypot((x - x0) / across, (y - y0) / down), stops)

    return paint


def _between(share: Grid, stops: NDArray[np.float32]) -> NDArray[np.float32]:
    place = share.clip(0, 1) * (len(stops) - 1)
    marks = np.arange(len(stops))
    mixed = np.stack([np.interp(place, marks, stops[:, n]) for n in range(3)], axis=-1)
    return mixed.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Area:
    """What part of the design a canvas shows, in units."""

    left: float
    top: float
    width: float
    height: float


class Canvas:
    """Pixels being painted. `pixels` is float32 [height, width, 4], sRGB 0..255 times coverage and
    coverage 0..1."""

    def __init__(self, area: Area, scale: float) -> None:
        self.area = area
        self.scale = scale
        shape = (round(area.height * scale), round(area.width * scale), 4)
        self.pixels: NDArray[np.float32] = np.zeros(shape, np.float32)

    def copy(self) -> Canvas:
        """A canvas of its own with the same pixels."""
        other = Canvas(self.area, self.scale)
        other.pixels[...] = self.pixels
        return other

    def cover(self, points: Points, soft: float = 0.0) -> Cover:
        """Coverage of a shape; `soft` blurs it, standard deviation in units."""
        whole: Cover = np.zeros(self.pixels.shape[:2], np.float32)
        found = self._local(points, soft)
        if found is not None:
            mask, left, top = found
            whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        return whole

    def fill(
        self,
        points: Points,
        paint: Paint | Colour,
        opacity: float = 1.0,
        *,
        soft: float = 0.0,
        inside: Cover | None = None,
    ) -> None:
        """Paint a shape; `inside` limits it to where another one covers."""
        found = self._local(points, soft)
        if found is None:
            return
        mask, left, top = found
        cut = (slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1]))
        mask = mask * np.float32(opacity)
        if inside is not None:
            mask *= inside[cut]
        if isinstance(paint, str):
            colour: NDArray[np.float32] = rgb(paint)
        else:
            x = ((np.arange(left, left + mask.shape[1]) + 0.5) / self.scale + self.area.left).astype(
                np.float32
            )
            y = ((np.arange(top, top + mask.shape[0]) + 0.5) / self.scale + self.area.top).astype(np.float32)
            colour = paint(*np.meshgrid(x, y))
        there = self.pixels[cut]
        there *= (1 - mask)[..., None]
        there[..., :3] += colour * mask[..., None]
        there[..., 3] += mask

    def fade(self, start: float, end: float) -> None:
        """Thin out what is painted, from y = `start` (whole) to y = `end` (nothing)."""
        y = (np.arange(self.pixels.shape[0], dtype=np.float32) + 0.5) / self.scale + self.area.top
        self.pixels *= ((end - y) / (end - start)).clip(0, 1)[:, None, None]

    def lay(self, other: Canvas) -> None:
        """Lay a canvas of the same area and scale over this one."""
        self.pixels *= 1 - other.pixels[..., 3:]
        self.pixels += other.pixels

    def _local(self, points: Points, soft: float) -> tuple[Cover, int, int] | None:
        place = (points - (self.area.left, self.area.top)) * self.scale
        margin = int(np.ceil(soft * self.scale * 3)) + 2
        height, width = self.pixels.shape[:2]
        left, top = (int(v) - margin for v in np.floor(place.min(axis=0)))
        right, bottom = (int(v) + margin for v in np.ceil(place.max(axis=0)))
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            return None
        finer = _FINER if soft * self.scale < 2 else 1
        # blurred shapes keep their margin outside the canvas, so that its edge does not show
        x0, y0 = max(left, -margin), max(top, -margin)
        x1, y1 = min(right, width + margin), min(bottom, height + margin)
        drawn = np.zeros(((y1 - y0) * finer, (x1 - x0) * finer), np.uint8)
        corners = np.rint(((place - (x0, y0)) * finer - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(drawn, [corners], 255, shift=4)
        mask = cv2.resize(drawn, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
        if soft > 0:
            mask = cv2.GaussianBlur(mask, (0, 0), soft * self.scale)
        cx0, cy0, cx1, cy1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        return np.asarray(mask[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0], np.float32), cx0, cy0
