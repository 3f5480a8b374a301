"""The drawn host's head. She is nobody: every line of her stands in this file.

Units are pixels of a 720x1280 picture; (0, 0) lies between the eyes, y points down, light falls
from the upper left.
"""

from __future__ import annotations

import numpy as np

from doublure.drawing import (
    Area,
    Canvas,
    Cover,
    Point,
    Points,
    curve,
    ellipse,
    linear,
    mirrored,
    moved,
    radial,
    shape,
    stroke,
)

HEAD = Area(-176.0, -200.0, 352.0, 428.0)
"""What the head's canvas shows."""

SKIN, SKIN_LIGHT, SKIN_SHADE, SKIN_DEEP = "#fbdac6", "#ffeadb", "#eab79c", "#cf8e74"
BLUSH, LIP_SHADE = "#f0907f", "#b3564f"
HAIR, HAIR_DARK, HAIR_LIGHT, HAIR_SHINE = "#45302a", "#2b1c19", "#6d4a3a", "#a87552"
BROW, LASH = "#5a3d32", "#2a1a18"

EYE_X, EYE_Y = 47.0, 4.0
EYE_WIDE, EYE_HIGH = 30.0, 17.0


def both(points: Points) -> tuple[Points, Points]:
    """A shape and its mirror image."""
    return points, mirrored(points, 0.0)


def face_outline() -> Points:
    """Forehead, cheeks and chin."""
    half: list[Point] = [
        (0, -132),
        (60, -120),
        (93, -78),
        (102, -22),
        (101, 26),
        (93, 70),
        (75, 110),
        (44, 142),
    ]
    return shape([*half, (0, 155), *[(-x, y) for x, y in half[:0:-1]]])


def paint_back_hair(canvas: Canvas) -> None:
    """The hair behind neck and face."""
    outline = shape(
        [
            (-74, 158),
            (-98, 164),
            (-120, 146),
            (-131, 96),
            (-133, 20),
            (-128, -56),
            (-106, -122),
            (-60, -164),
            (0, -176),
        ],
        [
            (0, -176),
            (62, -166),
            (108, -124),
            (130, -58),
            (135, 20),
            (133, 96),
            (122, 148),
            (100, 165),
            (76, 158),
        ],
        [(76, 158), (60, 146), (0, 140), (-60, 146), (-74, 158)],
    )
    canvas.fill(outline, linear((0, -180), (0, 170), HAIR, HAIR_DARK))
    hair = canvas.cover(outline)
    for side in (-1, 1):
        canvas.fill(ellipse(side * 66, 116, 40, 70), "#1f1412", 0.9, soft=14, inside=hair)


def paint_neck(canvas: Canvas) -> None:
    """The neck as far as the collar; the same on head and body, so that the two meet unseen."""
    neck = shape(
        [(-38, 90), (-39, 140), (-42, 180), (-50, 214)],
        [(-50, 214), (50, 214)],
        [(50, 214), (42, 180), (39, 140), (38, 90)],
    )
    canvas.fill(neck, linear((-50, 0), (60, 0), SKIN, SKIN, "#f2c7ae"))
    skin = canvas.cover(neck)
    canvas.fill(
        shape([(-60, 100), (60, 100), (54, 166), (18, 192), (-18, 188), (-50, 160)]),
        SKIN_SHADE,
        0.85,
        soft=9,
        inside=skin,
    )
    canvas.fill(
        shape([(-50, 110), (50, 110), (44, 158), (10, 176), (-40, 156)]), SKIN_DEEP, 0.42, soft=8, inside=skin
    )


def paint_face(canvas: Canvas) -> None:
    """Skin, its light and shade, nose and brows; without eyes and mouth."""
    outline = face_outline()
    canvas.fill(outline, linear((-80, -120), (90, 150), SKIN_LIGHT, SKIN, "#f6cdb6"))
    skin = canvas.cover(outline)
    _shade_face(canvas, skin)
    _paint_nose(canvas, skin)
    for side in (-1, 1):
        brow = stroke(
            [(side * 22, -33), (side * 39, -38.5), (side * 60, -41.5), (side * 82, -34.5)],
            [3.6, 7.2, 6.6, 4.4, 0.8],
        )
        canvas.fill(brow, BROW, 0.62, soft=1.0)
        canvas.fill(brow, BROW, 0.42)


def _shade_face(canvas: Canvas, skin: Cover) -> None:
    # the side away from the light, under the hair, along the jaw
    canvas.fill(
        shape([(74, -100), (110, -60), (116, 60), (70, 160), (30, 160), (74, 100), (88, 20)]),
        SKIN_SHADE,
        0.75,
        soft=13,
        inside=skin,
    )
    canvas.fill(
        shape([(-100, -40), (-118, 0), (-108, 90), (-50, 160), (-62, 128), (-90, 70)]),
        SKIN_SHADE,
        0.5,
        soft=9,
        inside=skin,
    )
    canvas.fill(
        shape([(-110, -140), (110, -140), (108, -66), (40, -104), (-30, -122), (-90, -52)]),
        SKIN_SHADE,
        0.8,
        soft=10,
        inside=skin,
    )
    canvas.fill(ellipse(0, 158, 44, 12), SKIN_SHADE, 0.55, soft=8, inside=skin)
    canvas.fill(ellipse(0, 126, 22, 6), SKIN_SHADE, 0.28, soft=5, inside=skin)
    for side in (-1, 1):
        canvas.fill(ellipse(side * 62, 50, 30, 20), BLUSH, 0.42, soft=12, inside=skin)
        canvas.fill(ellipse(side * 47, -8, 34, 16), "#e9a58f", 0.26, soft=8, inside=skin)
        canvas.fill(ellipse(side * 24, 2, 9, 20), SKIN_SHADE, 0.34, soft=6, inside=skin)
    canvas.fill(ellipse(-54, 34, 22, 11), "#fff4ea", 0.55, soft=8, inside=skin)
    canvas.fill(ellipse(-10, -78, 46, 22), "#fff4ea", 0.4, soft=14, inside=skin)
    canvas.fill(ellipse(-3, 138, 14, 7), "#fff4ea", 0.4, soft=5, inside=skin)


def _paint_nose(canvas: Canvas, skin: Cover) -> None:
    canvas.fill(shape([(5, -18), (11, 20), (16, 48), (8, 58), (3, 40)]), SKIN_SHADE, 0.5, soft=4, inside=skin)
    canvas.fill(
        shape([(-16, 58), (0, 66), (18, 57), (14, 70), (0, 74), (-13, 70)]),
        SKIN_SHADE,
        0.7,
        soft=3.2,
        inside=skin,
    )
    canvas.fill(stroke([(-3, -12), (-3, 22), (-2, 46)], [1.5, 5, 6]), "#fff6ee", 0.5, soft=2.6, inside=skin)
    canvas.fill(ellipse(-2, 51, 6, 5), "#fffaf5", 0.6, soft=2.4, inside=skin)
    for side in (-1, 1):
        canvas.fill(
            stroke([(side * 4.5, 65), (side * 9.5, 62.5), (side * 13.5, 64.5)], [0.6, 3.4, 0.8]),
            "#a9604e",
            0.75,
            soft=0.8,
        )
        canvas.fill(
            stroke([(side * 15, 52), (side * 18.5, 58), (side * 16, 65)], [0.4, 2.0, 0.4]),
            SKIN_DEEP,
            0.55,
            soft=1.0,
        )


def paint_front_hair(canvas: Canvas) -> None:
    """The hair over forehead and cheeks, parted on her right."""
    left = shape(
        [
            (-30, -174),
            (-64, -165),
            (-100, -134),
            (-125, -76),
            (-135, -4),
            (-136, 66),
            (-129, 122),
            (-113, 156),
            (-88, 164),
        ],
        [(-88, 164), (-77, 148), (-82, 112), (-92, 66), (-99, 12), (-98, -30)],
        [(-98, -30), (-86, -54), (-70, -78), (-46, -108), (-30, -132), (-30, -174)],
    )
    right = shape(
        [
            (-30, -174),
            (4, -180),
            (56, -170),
            (102, -134),
            (128, -76),
            (138, -4),
            (139, 68),
            (132, 124),
            (115, 157),
            (90, 165),
        ],
        [(90, 165), (79, 148), (84, 112), (94, 66), (102, 12), (101, -18)],
        [(101, -18), (90, -46), (62, -66), (24, -80), (-14, -100), (-36, -122), (-36, -146), (-30, -174)],
    )
    skin = canvas.cover(face_outline())
    for lock in (left, right):
        canvas.fill(moved(lock, 2, 7), "#b9735a", 0.42, soft=6, inside=skin)
    _paint_lock(canvas, left, -1)
    _paint_lock(canvas, right, 1)


def _strand(side: int, share: float) -> list[Point]:
    """A hair from the parting outwards and down: `share` 0 next to the face, 1 outermost."""
    root: Point = (-30.0 + side * 2, -166 - 10 * share)
    over = -66 - 78 * share if side > 0 else -84 - 62 * share
    out = side * (98 + 33 * share)
    return [
        root,
        (root[0] + (out - root[0]) * (0.42 + 0.04 * share), over - 16 * (1 - share) - 14 * share),
        (root[0] + (out - root[0]) * (0.8 + 0.05 * share), over + 22 + 8 * share),
        (out, -20 - 26 * share),
        (out + side * 4, 56),
        (out - side * (2 + 3 * (1 - share)), 112),
        (out - side * (14 + 8 * share), 162 - 6 * share),
    ]


def _paint_lock(canvas: Canvas, lock: Points, side: int) -> None:
    canvas.fill(lock, linear((0, -180), (0, 168), "#4c352d", HAIR, "#38251f", HAIR_DARK))
    hair = canvas.cover(lock)
    count = 20 if side > 0 else 15
    for n in range(count):
        share = (n + 0.5) / count
        # uneven on purpose: strands of one width look combed by a machine
        thick = 1.4 + 1.8 * abs(np.sin(n * 2.4 + side))
        tone, opacity = ((HAIR_LIGHT, 0.34), (HAIR_DARK, 0.3), ("#5b3d31", 0.4))[n % 3]
        canvas.fill(
            stroke(_strand(side, share), [0.3, thick, thick * 1.5, thick, 0.4]),
            tone,
            opacity,
            soft=0.8,
            inside=hair,
        )
    if side > 0:
        # the top of the head, which the strands from the parting leave bare
        for n in range(7):
            far = [
                (-26.0 + 4 * n, -170),
                (10 + 9 * n, -168 + 2 * n),
                (62 + 7 * n, -150 + 5 * n),
                (106 + 3 * n, -112 + 7 * n),
            ]
            canvas.fill(
                stroke(far, [0.3, 2, 3, 0.5]), (HAIR_LIGHT, HAIR_DARK)[n % 2], 0.36, soft=1.0, inside=hair
            )
        for n in range(6):
            near = [
                (-30.0 + n, -172),
                (-33 + 4 * n, -146 + n),
                (-22 + 9 * n, -116 + 5 * n),
                (20 + 12 * n, -92 + 5 * n),
            ]
            canvas.fill(
                stroke(near, [0.3, 2, 3, 0.4]), (HAIR_LIGHT, HAIR_DARK)[n % 2], 0.34, soft=1.0, inside=hair
            )
        canvas.fill(
            stroke([(-20, -172), (40, -164), (92, -128)], [2, 10, 3]), "#6b4a3b", 0.5, soft=5, inside=hair
        )
    shine = [
        (side * 20 - 12, -138),
        (side * 58 - 4, -124),
        (side * 94, -92),
        (side * 113, -44),
        (side * 119, 2),
    ]
    canvas.fill(stroke(shine, [2, 16, 22, 16, 3]), HAIR_SHINE, 0.42, soft=8, inside=hair)
    for n in range(count):
        strand = _strand(side, (n + 0.5) / count)
        (ax, ay), (bx, by) = strand[1], strand[2]
        glint = [(ax + (bx - ax) * (0.1 + 0.2 * abs(np.sin(n * 1.7))), ay + (by - ay) * 0.1), (bx, by)]
        canvas.fill(stroke(glint, [0.2, 1.6, 0.2]), "#d8a47c", 0.24, soft=1.1, inside=hair)
    canvas.fill(
        stroke([(side * 131, -30), (side * 136, 50), (side * 128, 126)], [2, 11, 2]),
        HAIR_DARK,
        0.5,
        soft=5,
        inside=hair,
    )
    edge = stroke(
        [(side * 98, -26), (side * 99, 14), (side * 91, 68), (side * 81, 114), (side * 76, 148)], [1, 4, 4, 2]
    )
    canvas.fill(edge, "#201413", 0.6, soft=2.4, inside=hair)


def paint_eye(canvas: Canvas, side: int, shut: float, gaze: Point) -> None:
    """One eye: side -1 or 1, `shut` 0..1, `gaze` in units off the middle."""
    x0, y0 = side * EYE_X, EYE_Y
    lift = EYE_HIGH * (1 - 1.12 * shut)
    low = y0 + EYE_HIGH * (0.78 - 0.16 * shut)

    def lid(offset: float = 0.0, reach: float = 1.0) -> list[Point]:
        # from the inner to the outer corner
        inner, outer = x0 - side * EYE_WIDE * 0.98 * reach, x0 + side * EYE_WIDE * reach
        rest = 4.0 * shut
        return [
            (inner, y0 + 5 + rest + offset * 0.4),
            (x0 - side * EYE_WIDE * 0.5, y0 - lift * 0.7 + rest * 0.6 + offset),
            (x0 + side * 2, y0 - lift * 0.95 + rest * 0.6 + offset),
            (x0 + side * EYE_WIDE * 0.62, y0 - lift * 0.72 + rest * 0.6 + offset),
            (outer, y0 - 1 + rest * 1.6 + offset * 0.5),
        ]

    lower: list[Point] = [
        (x0 + side * EYE_WIDE, y0 - 1 + 6.4 * shut),
        (x0 + side * EYE_WIDE * 0.6, low - 2),
        (x0, low),
        (x0 - side * EYE_WIDE * 0.6, low - 1.5),
        (x0 - side * EYE_WIDE * 0.98, y0 + 5 + 4 * shut),
    ]
    if shut < 0.92:
        opening = shape(lid(), lower)
        _paint_eyeball(canvas, canvas.cover(opening), opening, (x0 + gaze[0], y0 - 0.5 + gaze[1]))
    canvas.fill(stroke(lower, [0.6, 1.6, 1.4, 0.8, 0.2]), "#8a5344", 0.5, soft=0.6)
    canvas.fill(ellipse(x0, low + 5.5, EYE_WIDE * 0.66, 2.6), "#fff3ea", 0.5, soft=1.8)
    canvas.fill(
        stroke([(x0 - side * 17, low + 6.5), (x0, low + 9), (x0 + side * 18, low + 5)], [0.4, 2, 0.4]),
        SKIN_DEEP,
        0.4,
        soft=1.4,
    )
    line = lid()
    tail: Point = (x0 + side * (EYE_WIDE + 7), y0 - 6 + 9 * shut)
    canvas.fill(
        stroke([*line[:-1], (line[-1][0] - side * 1, line[-1][1]), tail], [1.4, 3.4, 4.8, 5.4, 4.6, 0.4]),
        LASH,
    )
    lashes = curve(line)
    for share in (0.8, 0.92):
        x, y = (float(v) for v in lashes[round(share * (len(lashes) - 1))])
        tip: Point = (x + side * (2 + 7 * share**2), y - 7.5 * (1 - 1.6 * shut) * (1.2 - 0.4 * share))
        canvas.fill(
            stroke([(x, y), ((x + tip[0]) / 2 + side, (y + tip[1]) / 2 + 1), tip], [2.4, 1.6, 0.2]),
            LASH,
            0.92,
        )
    crease = [(px, py - 7.5 + 5.0 * shut) for px, py in lid()[1:]]
    canvas.fill(stroke(crease, [0.4, 1.5, 1.7, 0.5]), SKIN_DEEP, 0.7 - 0.35 * shut, soft=0.6)


def _paint_eyeball(canvas: Canvas, inside: Cover, opening: Points, middle: Point) -> None:
    x, y = middle
    canvas.fill(opening, "#fdf8f5")
    canvas.fill(ellipse(x, y, 16.2, 16.8), "#3a211a", inside=inside)
    canvas.fill(
        ellipse(x, y, 14.6, 15.2), radial(x, y + 5, 15, 16, "#a8714c", "#7a4a31", "#472a1e"), inside=inside
    )
    canvas.fill(ellipse(x, y + 7, 9, 5), "#cf9a6a", 0.55, soft=2.2, inside=inside)
    canvas.fill(ellipse(x, y, 6.8, 7.0), "#1c0f0d", inside=inside)
    shade = opening.copy()
    shade[:, 1] -= 13
    canvas.fill(shade, "#7a5a58", 0.5, soft=3.2, inside=inside)
    canvas.fill(ellipse(x - 4.6, y - 5.2, 4.0, 4.2), "#ffffff", 0.96, inside=inside)
    canvas.fill(ellipse(x + 5.0, y + 5.4, 1.9, 2.0), "#ffffff", 0.7, soft=0.4, inside=inside)
