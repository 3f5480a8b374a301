"""The drawn host's body and the studio around her, in units of a 720x1280 picture."""

from __future__ import annotations

import numpy as np

from doublure.drawing import (
    Area,
    Canvas,
    Colour,
    Cover,
    Point,
    Points,
    block,
    ellipse,
    linear,
    mirrored,
    moved,
    shape,
    stroke,
)
from doublure.media import Size
from doublure.portrait import SKIN, SKIN_DEEP, SKIN_LIGHT, SKIN_SHADE

WIDTH, HEIGHT = 720.0, 1280.0
EYES: Point = (384.0, 464.0)
"""Where the head's (0, 0) lies in the picture."""
NECK_Y = 650.0
BODY_SCALE = 0.94
"""Body and desk are drawn this much smaller, towards the neck."""

WALL, WALL_LIGHT, WALL_SHADE = "#f3e3d6", "#fdf6ee", "#dfc3b1"
WOOD, WOOD_LIGHT, WOOD_SHADE = "#c99c74", "#dfb992", "#9d7350"
BLAZER, BLAZER_LIGHT, BLAZER_SHADE, BLAZER_DEEP = "#3f7d80", "#5d9c9d", "#2b5d62", "#1d4449"
BLOUSE, BLOUSE_SHADE = "#fffaf4", "#e2d3c9"


def paint_studio(canvas: Canvas) -> None:
    """Wall, niche and shelves; soft, because they lie behind the host."""
    left, right = canvas.area.left - 20, canvas.area.left + canvas.area.width + 20
    top, bottom = canvas.area.top - 20, canvas.area.top + canvas.area.height + 20
    canvas.fill(block(left, top, right, bottom), linear((0, 0), (300, 1280), WALL_LIGHT, WALL, "#e9d0bf"))
    canvas.fill(ellipse(250, 240, 420, 360), "#fffdf8", 0.75, soft=110)
    turn = np.linspace(np.pi, 2 * np.pi, 60)
    vault = np.stack([384 + 234 * np.cos(turn), 410 + 240 * np.sin(turn)], axis=1)
    arch = np.concatenate([vault, np.array([(618, bottom), (150, bottom)])]).astype(np.float32)
    canvas.fill(arch, linear((150, 200), (620, 1000), "#f9d9c4", "#eebfa6"), 0.85, soft=2.5)
    inner = canvas.cover(arch)
    canvas.fill(ellipse(384, 430, 210, 240), "#fff0e2", 0.8, soft=70, inside=inner)
    canvas.fill(
        stroke([(620, bottom), (620, 700), (618, 410), (550, 236), (400, 168)], [30, 30, 28, 20, 4]),
        "#d9a68c",
        0.55,
        soft=11,
        inside=inner,
    )
    for board in (418, 640, 862):
        _paint_shelf(canvas, left, 128, board)
        _paint_shelf(canvas, 640, right, board)
    _paint_left_shelves(canvas)
    _paint_right_shelves(canvas)
    canvas.fill(block(left, 1000, right, 1290), "#a8745a", 0.28, soft=90)


def _paint_shelf(canvas: Canvas, left: float, right: float, top: float) -> None:
    canvas.fill(block(left, top + 14, right + 4, top + 46), "#a67c63", 0.4, soft=11)
    canvas.fill(
        block(left, top, right, top + 14, 3),
        linear((0, top), (0, top + 14), WOOD_LIGHT, WOOD, WOOD_SHADE),
        soft=2,
    )


def _paint_thing(canvas: Canvas, outline: Points, dark: Colour, light: Colour) -> None:
    left, right = float(outline[:, 0].min()), float(outline[:, 0].max())
    canvas.fill(outline, linear((left, 0), (right, 0), light, light, dark), soft=2.2)


def _paint_left_shelves(canvas: Canvas) -> None:
    _paint_thing(
        canvas,
        shape(
            [(18, 418), (10, 380), (24, 352), (22, 330), (50, 330), (48, 352), (62, 380), (54, 418)],
            [(54, 418), (18, 418)],
        ),
        "#b98f80",
        "#e8cabb",
    )
    for x, y in ((14, 250), (32, 226), (54, 258), (46, 292), (22, 290)):
        canvas.fill(
            stroke([(36, 334), ((36 + x) / 2 - 3, (334 + y) / 2), (x, y)], [1.5, 1.2, 0.8]),
            "#7d9a78",
            0.9,
            soft=1.5,
        )
        canvas.fill(ellipse(x, y, 9, 16), "#8fb08a", 0.9, soft=2.4)
    _paint_thing(canvas, block(74, 356, 112, 418, 5), "#6f8fa0", "#a9c4cf")
    _paint_thing(canvas, block(6, 556, 44, 640, 4), "#c76f5c", "#e9a08c")
    _paint_thing(canvas, block(48, 574, 72, 640, 4), "#c9b291", "#efe0c8")
    _paint_thing(canvas, block(76, 548, 108, 640, 4), "#3f6f73", "#79a9aa")
    _paint_thing(canvas, ellipse(38, 836, 30, 28), "#c9a58b", "#f4e2d2")
    _paint_thing(canvas, block(80, 792, 116, 862, 16), "#c07f74", "#ecb9ae")


def _paint_right_shelves(canvas: Canvas) -> None:
    _paint_thing(canvas, block(656, 340, 700, 418, 20), "#c98f7a", "#f0c7b4")
    _paint_thing(canvas, block(666, 322, 690, 346, 4), "#9f7b5b", "#d7b48f")
    _paint_thing(canvas, block(650, 566, 676, 640, 4), "#b7a289", "#f2e6d4")
    _paint_thing(canvas, block(680, 546, 716, 640, 4), "#557f8a", "#9cc0c6")
    _paint_thing(
        canvas,
        shape(
            [(664, 862), (654, 820), (676, 784), (704, 784), (720, 820), (712, 862)], [(712, 862), (664, 862)]
        ),
        "#8a6a50",
        "#d8b999",
    )
    for x, y in ((652, 716), (676, 690), (706, 704), (716, 744)):
        canvas.fill(
            stroke([(690, 786), ((690 + x) / 2, (786 + y) / 2 - 6), (x, y)], [2.0, 2.4, 1.0]),
            "#7d9a78",
            0.9,
            soft=1.6,
        )
        canvas.fill(ellipse(x, y, 13, 20), "#7fa67c", 0.85, soft=3)


def view(size: Size) -> Area:
    """What a picture of `size` shows of the design: all of it in portrait, head and shoulders in
    landscape, more wall where the picture is wider or taller than 9:16."""
    aspect = size.width / size.height
    if aspect > 1:
        return Area(EYES[0] - 470 * aspect, 216, 940 * aspect, 940)
    if aspect >= WIDTH / HEIGHT:
        return Area((WIDTH - HEIGHT * aspect) / 2, 0, HEIGHT * aspect, HEIGHT)
    return Area(0, (HEIGHT - WIDTH / aspect) / 2, WIDTH, WIDTH / aspect)


def body_canvas(area: Area, scale: float) -> Canvas:
    """A canvas for body, desk and hands: as large as that of the picture, its units drawn smaller."""
    x, y = EYES[0], NECK_Y
    left, top = x + (area.left - x) / BODY_SCALE, y + (area.top - y) / BODY_SCALE
    return Canvas(Area(left, top, area.width / BODY_SCALE, area.height / BODY_SCALE), scale * BODY_SCALE)


def paint_desk(canvas: Canvas) -> None:
    """The table in front, before her hands."""
    left, right = canvas.area.left - 20, canvas.area.left + canvas.area.width + 20
    bottom = max(1360, canvas.area.top + canvas.area.height + 20)
    canvas.fill(block(left, 1156, right, 1176), "#7a4d35", 0.4, soft=9)
    canvas.fill(
        block(left, 1166, right, bottom), linear((0, 1166), (0, 1280), "#f8ece2", "#ead5c5", "#dcc0ac")
    )
    canvas.fill(block(left, 1166, right, 1170), "#fffaf5", 0.9, soft=0.8)
    canvas.fill(ellipse(384, 1206, 250, 22), "#a97f69", 0.4, soft=12)


def paint_body(canvas: Canvas) -> None:
    """Shoulders, blazer and blouse; the neck is the head's own."""
    x = EYES[0]
    half: list[Point] = [
        (54, 650),
        (96, 676),
        (160, 699),
        (206, 726),
        (232, 776),
        (246, 860),
        (258, 960),
        (272, 1060),
        (276, 1150),
        (262, 1230),
    ]
    torso = shape(
        [(x - px, py) for px, py in half[::-1]],
        [(x - 54, 650), (x, 641), (x + 54, 650)],
        [(x + px, py) for px, py in half],
        [(x + 262, 1230), (x - 262, 1230)],
    )
    canvas.fill(torso, linear((x - 230, 680), (x + 250, 1150), BLAZER_LIGHT, BLAZER, BLAZER_SHADE))
    cloth = canvas.cover(torso)
    canvas.fill(ellipse(x, 660, 62, 26), BLAZER_DEEP, 0.9, soft=6, inside=cloth)
    _paint_blouse(canvas, x)
    for side in (-1, 1):
        arm = [
            (x + side * 176, 800),
            (x + side * 182, 900),
            (x + side * 172, 1010),
            (x + side * 150, 1100),
            (x + side * 120, 1160),
        ]
        canvas.fill(stroke(arm, [2, 14, 22, 26, 14]), BLAZER_DEEP, 0.55, soft=9, inside=cloth)
        canvas.fill(
            stroke([(px + side * 4, py) for px, py in arm], [0.5, 2.4, 3, 2.4, 1]),
            BLAZER_DEEP,
            0.6,
            soft=1.4,
            inside=cloth,
        )
        for n, (fx, fy) in enumerate(((210, 960), (196, 1000), (222, 1040), (196, 1076))):
            fold = stroke(
                [
                    (x + side * (fx + 44), fy - 12),
                    (x + side * fx, fy),
                    (x + side * (fx - 26), fy + 16 + 4 * n),
                ],
                [1, 9, 1],
            )
            canvas.fill(fold, (BLAZER_DEEP, BLAZER_LIGHT)[n % 2], 0.3, soft=4, inside=cloth)
        canvas.fill(
            stroke([(x + side * 84, 676), (x + side * 160, 704), (x + side * 206, 736)], [2, 10, 3]),
            BLAZER_LIGHT,
            0.55,
            soft=5,
            inside=cloth,
        )
        seam = stroke([(x + side * 196, 722), (x + side * 184, 770), (x + side * 178, 806)], [0.6, 2, 0.6])
        canvas.fill(seam, BLAZER_DEEP, 0.5, soft=1.0, inside=cloth)
    canvas.fill(
        shape([(x + 170, 690), (x + 300, 760), (x + 300, 1240), (x + 200, 1240), (x + 226, 900)]),
        BLAZER_DEEP,
        0.35,
        soft=22,
        inside=cloth,
    )


def paint_collar(canvas: Canvas) -> None:
    """Lapels and collar, which lie before the neck."""
    x = EYES[0]
    cloth = canvas.pixels[..., 3].copy()
    for side in (1, -1):
        _paint_lapel(canvas, x, side, cloth)
    canvas.fill(ellipse(x - 2, 1052, 8, 8), BLAZER_DEEP)
    canvas.fill(ellipse(x - 3, 1050, 6, 5.4), BLAZER_LIGHT, 0.5, soft=1.4)


def _paint_blouse(canvas: Canvas, x: float) -> None:
    opening = shape(
        [(x - 44, 630), (x - 66, 690), (x - 68, 760), (x - 44, 880), (x - 2, 1036)],
        [(x - 2, 1036), (x + 44, 880), (x + 68, 760), (x + 66, 690), (x + 44, 630)],
        [(x + 44, 630), (x - 44, 630)],
    )
    canvas.fill(opening, linear((x - 70, 680), (x + 70, 900), BLOUSE, BLOUSE, "#efe3da"))
    inside = canvas.cover(opening)
    skin = shape(
        [(x - 80, 620), (x - 58, 706), (x - 34, 748), (x, 764), (x + 34, 748), (x + 58, 706), (x + 80, 620)],
        [(x + 80, 620), (x - 80, 620)],
    )
    canvas.fill(skin, linear((x - 50, 0), (x + 60, 0), SKIN, SKIN, "#f2c7ae"), inside=inside)
    bare = canvas.cover(skin) * inside
    canvas.fill(ellipse(x - 8, 738, 34, 16), SKIN_LIGHT, 0.8, soft=9, inside=bare)
    canvas.fill(ellipse(x, 708, 8, 7), SKIN_SHADE, 0.7, soft=4, inside=bare)
    for side in (-1, 1):
        bone = stroke([(x + side * 13, 704), (x + side * 36, 696), (x + side * 74, 690)], [1, 4, 1])
        canvas.fill(bone, SKIN_DEEP, 0.45, soft=2, inside=bare)
    hem = [(x - 80, 620), (x - 58, 706), (x - 34, 748), (x, 764), (x + 34, 748), (x + 58, 706), (x + 80, 620)]
    canvas.fill(
        stroke([(px, py - 2) for px, py in hem], [2, 5, 6, 5, 2]), SKIN_DEEP, 0.4, soft=3, inside=bare
    )
    canvas.fill(
        stroke([(px, py + 4) for px, py in hem], [3, 7, 7, 7, 3]), "#ffffff", 0.9, soft=0.8, inside=inside
    )
    canvas.fill(
        stroke([(px, py + 9) for px, py in hem], [1, 2.4, 2.4, 2.4, 1]),
        BLOUSE_SHADE,
        0.8,
        soft=1.0,
        inside=inside,
    )
    for dx, top, low in ((-22, 800, 930), (10, 790, 980), (26, 800, 900)):
        canvas.fill(
            stroke([(x + dx, top), (x + dx * 0.6 + 3, (top + low) / 2), (x + dx * 0.2, low)], [1, 7, 1]),
            BLOUSE_SHADE,
            0.6,
            soft=4,
            inside=inside,
        )
    canvas.fill(
        stroke([(x + 70, 690), (x + 62, 780), (x + 40, 890), (x, 1030)], [14, 16, 14, 8]),
        "#b9a399",
        0.5,
        soft=7,
        inside=inside,
    )
    canvas.fill(
        stroke([(x - 70, 690), (x - 62, 780), (x - 40, 890), (x, 1030)], [8, 10, 9, 5]),
        "#c9b5aa",
        0.45,
        soft=5,
        inside=inside,
    )
    chain = [(x - 52, 668), (x - 34, 704), (x, 724), (x + 34, 704), (x + 52, 668)]
    canvas.fill(stroke(chain, [1.6, 1.6, 1.6]), "#c99a55", 0.9, soft=0.3)
    canvas.fill(ellipse(x, 729, 5.0, 5.4), "#d9ac62")
    canvas.fill(ellipse(x - 1.4, 727.4, 1.8, 1.8), "#fff3d6", 0.9)


def _paint_lapel(canvas: Canvas, x: float, side: int, cloth: Cover) -> None:
    def at(*points: Point) -> list[Point]:
        return [(x + side * px, py) for px, py in points]

    lapel = shape(
        at((62, 690), (112, 772)),
        at((112, 772), (104, 800), (146, 792)),
        at((146, 792), (128, 880), (78, 970), (0, 1050)),
        at((0, 1050), (40, 900), (58, 790), (62, 690)),
    )
    collar = shape(
        at((47, 640), (76, 658), (108, 690), (124, 730)),
        at((124, 730), (112, 772)),
        at((112, 772), (84, 738), (66, 712), (60, 760)),
        at((60, 760), (58, 700), (47, 640)),
    )
    for part in (lapel, collar):
        shadow = moved(part, side * 3.0, 6.0)
        canvas.fill(shadow, BLAZER_DEEP, 0.5, soft=5, inside=cloth)
    canvas.fill(lapel, linear((x - 120, 700), (x + 130, 1000), "#69a8a8", BLAZER, "#33696d"))
    inside = canvas.cover(lapel)
    canvas.fill(
        stroke(at((142, 794), (124, 880), (74, 970), (2, 1046)), [1, 3, 3, 1]),
        "#8cc4c2",
        0.55,
        soft=1.6,
        inside=inside,
    )
    canvas.fill(
        stroke(at((62, 690), (60, 790), (42, 900), (2, 1044)), [3, 9, 9, 2]),
        BLAZER_DEEP,
        0.4,
        soft=4,
        inside=inside,
    )
    canvas.fill(collar, linear((x - 100, 650), (x + 110, 780), "#6cabab", BLAZER, "#336a6e"))
    edge = stroke(at((60, 700), (84, 738), (112, 772)), [0.6, 2.0, 0.8])
    canvas.fill(edge, BLAZER_DEEP, 0.7, soft=0.8)


def paint_hands(canvas: Canvas) -> None:
    """Sleeves and hands, one over the other on the table."""
    x = EYES[0]
    for side in (-1, 1):
        sleeve = shape(
            [(x + side * 262, 1136), (x + side * 226, 1112), (x + side * 150, 1116), (x + side * 64, 1132)],
            [(x + side * 64, 1132), (x + side * 60, 1162), (x + side * 70, 1192)],
            [
                (x + side * 70, 1192),
                (x + side * 170, 1216),
                (x + side * 256, 1212),
                (x + side * 284, 1180),
                (x + side * 262, 1136),
            ],
        )
        canvas.fill(sleeve, linear((0, 1090), (0, 1214), BLAZER_LIGHT, BLAZER, BLAZER_DEEP))
        cloth = canvas.cover(sleeve)
        for n in range(4):
            fx = 110 + n * 42
            fold = stroke(
                [(x + side * fx, 1118 - n * 4), (x + side * (fx + 14), 1150), (x + side * (fx + 4), 1192)],
                [1, 8, 1],
            )
            canvas.fill(fold, (BLAZER_DEEP, BLAZER_LIGHT)[n % 2], 0.35, soft=4, inside=cloth)
        cuff = stroke([(x + side * 66, 1134), (x + side * 61, 1162), (x + side * 71, 1190)], [8, 10, 8])
        canvas.fill(cuff, BLOUSE, soft=0.6)
    _paint_hand(canvas, x, 1, 0.0)
    _paint_hand(canvas, x, -1, -4.0)


def _paint_hand(canvas: Canvas, x: float, side: int, lift: float) -> None:
    def at(*points: Point) -> list[Point]:
        return [(x + side * px, py + lift) for px, py in points]

    hand = shape(
        at(
            (64, 1138),
            (40, 1134),
            (10, 1140),
            (-20, 1154),
            (-40, 1170),
            (-42, 1184),
            (-26, 1192),
            (10, 1194),
            (44, 1192),
            (68, 1186),
        )
    )
    canvas.fill(moved(hand, 0.0, 5.0), "#8f5d47", 0.4, soft=4)
    canvas.fill(hand, linear((0, 1134), (0, 1194), SKIN_LIGHT, SKIN, SKIN_SHADE))
    inside = canvas.cover(hand)
    for n, (y0, y1) in enumerate(((1158, 1166), (1168, 1177), (1178, 1186))):
        finger = stroke(at((14 + n * 3, y0), (-10, (y0 + y1) / 2), (-38 + n * 2, y1)), [0.5, 2.0, 1.6])
        canvas.fill(finger, SKIN_DEEP, 0.75, soft=0.8, inside=inside)
    canvas.fill(
        stroke(at((40, 1140), (10, 1146), (-20, 1160)), [3, 10, 4]), "#fff4ea", 0.5, soft=4, inside=inside
    )
    thumb = shape(at((52, 1136), (26, 1126), (6, 1128), (-2, 1137), (8, 1145), (34, 1148)))
    canvas.fill(moved(thumb, 0.0, 3.0), SKIN_DEEP, 0.35, soft=2.4, inside=inside)
    canvas.fill(thumb, linear((0, 1126), (0, 1148), SKIN_LIGHT, SKIN))
    canvas.fill(mirrored(ellipse(x - side * 4, 1136 + lift, 5, 3.2), x), "#f6c4b4", 0.9, soft=0.8)
