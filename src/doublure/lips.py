"""The drawn host's mouth: any shape that speech asks for, painted from five numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from doublure.drawing import Area, Canvas, Cover, Point, Points, ellipse, linear, shape, stroke

MOUTH_Y = 99.0
"""Where the lips meet, in units of the head."""
MOUTH = Area(-64.0, 74.0, 128.0, 82.0)
"""What a mouth may touch, in units of the head."""

UPPER, LOWER, LOWER_SHADE, GLOSS = "#c8646a", "#e08583", "#c4636a", "#ffe3dc"
SEAM, DEPTH, THROAT = "#8a3438", "#6b2429", "#35100f"
TEETH, TEETH_SHADE, TONGUE = "#fffdf9", "#d8c4bd", "#dc7d7c"


@dataclass(frozen=True, slots=True)
class MouthShape:
    """What the mouth does."""

    opening: float = 0.0
    """Gap between the lips, 0 shut..1 wide."""
    spread: float = 0.0
    """Corners, -1 drawn in and rounded as for u, 1 apart as for i."""
    bite: float = 0.0
    """Lower lip against the upper teeth, 0..1, as for f."""
    press: float = 0.0
    """Lips pressed together, 0..1, as for p."""
    tongue: float = 0.0
    """Tip of the tongue at the teeth, 0..1, as for l."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """The outlines of one mouth, each from the left corner to the right."""

    top: list[Point]
    upper: list[Point]
    lower: list[Point]
    bottom: list[Point]


def _lines(mouth: MouthShape) -> _Lines:
    rounding, wide = max(0.0, -mouth.spread), max(0.0, mouth.spread)
    half = 34.0 + 4.5 * wide - 15.0 * rounding - 3.5 * mouth.opening * (1 - rounding) - 2.0 * mouth.press
    gap = mouth.opening * (31.0 - 4.0 * rounding - 8.0 * wide) + 4.5 * mouth.bite
    thick = 1.0 + 0.22 * rounding - 0.3 * mouth.press - 0.1 * mouth.opening
    corner = MOUTH_Y - 6.6 - 0.4 * wide + 0.2 * gap + 5.6 * rounding + 2.6 * mouth.press
    up, down = MOUTH_Y - 0.5 - 0.2 * gap, MOUTH_Y + 0.4 + 0.8 * gap - 1.2 * mouth.bite
    bow = 9.4 * thick
    low = (11.0 * thick) * (1 - 0.22 * mouth.bite)
    # a rounded or wide open mouth is an ellipse, a spread one comes to points
    full = max(rounding, 0.75 * mouth.opening * (1 - wide))

    def edge(share: float, inner: float, outer: float = 0.0) -> Point:
        height = (1 - full) * 0.58 + full * float(np.sqrt(1 - share * share))
        return (half * share, corner + (inner + outer - corner) * height)

    near = 0.55 + 0.12 * rounding
    bow_x = 0.24 + 0.08 * rounding
    return _Lines(
        top=[
            (-half, corner),
            edge(-near - 0.05, up, -bow * 0.95),
            (-half * bow_x, up - bow),
            (0.0, up - bow * (0.72 + 0.14 * rounding)),
            (half * bow_x, up - bow),
            edge(near + 0.05, up, -bow * 0.95),
            (half, corner),
        ],
        upper=[
            (-half + 1.5, corner + 0.3),
            edge(-near, up + 0.4),
            (-half * 0.2, up - 0.3),
            (0.0, up + 1.4 * (1 - rounding)),
            (half * 0.2, up - 0.3),
            edge(near, up + 0.4),
            (half - 1.5, corner + 0.3),
        ],
        lower=[
            (-half + 1.5, corner + 0.3),
            edge(-near - 0.07, down + 0.6),
            (0.0, down + 1.4 * (1 - rounding)),
            edge(near + 0.07, down + 0.6),
            (half - 1.5, corner + 0.3),
        ],
        bottom=[
            (-half, corner),
            edge(-near - 0.12, down + low + 1.5),
            (-half * 0.24, down + low),
            (half * 0.24, down + low),
            edge(near + 0.12, down + low + 1.5),
            (half, corner),
        ],
    )


def paint_mouth(canvas: Canvas, mouth: MouthShape) -> None:
    """Paint the mouth on the face."""
    lines = _lines(mouth)
    whole = shape(lines.top, lines.bottom[::-1])
    below = lines.bottom[2][1]
    canvas.fill(ellipse(0, below + 5.5, 18, 3.2), "#cf8e74", 0.42, soft=2.8)
    canvas.fill(whole, "#d98f80", 0.4, soft=2.2)
    if mouth.opening > 0.02 or mouth.bite > 0.02:
        _paint_inside(canvas, mouth, lines)
    upper_lip = shape(lines.top, lines.upper[::-1])
    lower_lip = shape(lines.lower, lines.bottom[::-1])
    top, bottom = lines.top[3][1], lines.bottom[2][1]
    canvas.fill(upper_lip, linear((0, top - 3), (0, top + 11), "#d2767a", UPPER, "#b04f57"))
    canvas.fill(lower_lip, linear((0, bottom - 11), (0, bottom), LOWER, LOWER, LOWER_SHADE))
    _paint_gloss(canvas, lines, canvas.cover(lower_lip), canvas.cover(upper_lip))
    shut = mouth.opening <= 0.06 and mouth.bite < 0.3
    if shut:
        canvas.fill(stroke(lines.upper, [0.6, 1.5, 1.9, 1.5, 0.6]), SEAM, 0.9, soft=0.35)
    else:
        canvas.fill(stroke(lines.upper, [0.4, 1.2, 1.4, 1.2, 0.4]), SEAM, 0.6, soft=0.5)
    for x, y in (lines.top[0], lines.top[-1]):
        canvas.fill(ellipse(x, y + 0.4, 2.6, 1.6), "#a34f4a", 0.7, soft=1.1)


def _paint_gloss(canvas: Canvas, lines: _Lines, lower: Cover, upper: Cover) -> None:
    (x, y), (_, inner) = lines.bottom[2], lines.lower[2]
    canvas.fill(
        ellipse(x * 0.4, inner + (y - inner) * 0.42, abs(x) * 1.4 + 2, 2.2),
        GLOSS,
        0.6,
        soft=1.5,
        inside=lower,
    )
    canvas.fill(ellipse(lines.top[2][0], lines.top[2][1] + 2.6, 4, 1.2), GLOSS, 0.35, soft=1.2, inside=upper)


def _paint_inside(canvas: Canvas, mouth: MouthShape, lines: _Lines) -> None:
    opening = shape(lines.upper, lines.lower[::-1])
    inside = canvas.cover(opening)
    up, down, half = lines.upper[3][1], lines.lower[2][1], lines.top[-1][0]
    gap = down - up
    canvas.fill(opening, linear((0, up), (0, down), THROAT, DEPTH))
    rise = mouth.tongue * 0.5 * gap
    tongue = ellipse(0, down + gap * 0.06 - rise * 0.6, half * 0.62, gap * 0.3 + rise * 0.7)
    canvas.fill(tongue, TONGUE, 0.95, soft=1.0, inside=inside)
    canvas.fill(
        ellipse(0, down - gap * 0.12 - rise, half * 0.3, gap * 0.1 + 1),
        "#f0a09b",
        0.5,
        soft=1.6,
        inside=inside,
    )
    rounding = max(0.0, -mouth.spread)
    tall = min(9.0, gap * (0.62 + 0.2 * max(0.0, mouth.spread)) + 6 * mouth.bite) * (1 - 0.75 * rounding)
    _paint_teeth(canvas, _row(half * 0.8, up - 3, up + tall), inside)
    if mouth.spread > 0.2 and mouth.opening > 0.25:
        _paint_teeth(canvas, _row(half * 0.62, down - 4.5 * mouth.spread, down + 4), inside)
    canvas.fill(
        stroke(lines.upper, [2, 6, 7, 6, 2]), THROAT, 0.4 - 0.34 * mouth.bite, soft=2.0, inside=inside
    )


def _row(half: float, top: float, bottom: float) -> Points:
    return shape(
        [(-half, top), (0, top - 1), (half, top)],
        [
            (half, top),
            (half * 0.94, bottom - 2.4),
            (half * 0.6, bottom - 0.5),
            (0, bottom),
            (-half * 0.6, bottom - 0.5),
            (-half * 0.94, bottom - 2.4),
            (-half, top),
        ],
    )


def _paint_teeth(canvas: Canvas, row: Points, inside: Cover) -> None:
    canvas.fill(row, TEETH, inside=inside)
    teeth = canvas.cover(row) * inside
    half, top, bottom = float(row[:, 0].max()), float(row[:, 1].min()), float(row[:, 1].max())
    for share in (-0.62, -0.3, 0.0, 0.3, 0.62):
        canvas.fill(
            stroke([(half * share, top), (half * share, bottom)], [0.3, 0.9]),
            TEETH_SHADE,
            0.5,
            soft=0.4,
            inside=teeth,
        )
    for side in (-1, 1):
        canvas.fill(
            ellipse(side * half, (top + bottom) / 2, half * 0.35, 12), "#9b6a66", 0.6, soft=3, inside=teeth
        )
