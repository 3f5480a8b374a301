"""Parts of a studio: solids with a finish, lamps, and props for shop shelves.

Metres; x to the viewer's right, y up, z away from the camera. A prop is a function from its place
(the middle of its foot) to its solids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum

Vec = tuple[float, float, float]
BLACK: Vec = (0.0, 0.0, 0.0)


class Form(IntEnum):
    """Shapes of the tracer, numbered as in its shader."""

    BOX = 0
    DRUM = 1
    """A cylinder along y, or along x when `across`."""
    BALL = 2
    """An ellipsoid."""


class Pattern(IntEnum):
    """How the two colours of a finish share the surface, numbered as in the tracer's shader."""

    PLAIN = 0
    WOOD = 1
    PLASTER = 2
    LABEL = 3
    BANDS = 4
    KNIT = 5
    SPECKLE = 6
    FADE = 7
    """From the first colour at the foot to the second at the top."""
    LEAF = 8


def colour(code: str) -> Vec:
    """Linear red, green, blue, 0..1, of an sRGB colour such as "d8c3a5" (IEC 61966-2-1)."""
    parts = [int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Finish:
    """Material of a surface."""

    first: Vec
    """Linear colour, 0..1."""
    second: Vec = BLACK
    pattern: Pattern = Pattern.PLAIN
    scale: float = 0.4
    """Label: its height as a share of the front; bands: their width, 1 is 7 % of the height."""
    rough: float = 0.5
    """Roughness: 0 is a mirror, 1 scatters widely."""
    coat: float = 0.0
    """Share of a clear coat with refractive index 1.5, 0..1; 2 makes the surface a metal."""
    bevel: float = 0.0
    """Width over which a box's edges look rounded, metres."""
    glow: float = 0.0
    """Radiance as a multiple of the first colour; seen directly and in mirrors only, `Lamp`s give light."""


@dataclass(frozen=True, slots=True)
class Solid:
    """One placed shape."""

    form: Form
    centre: Vec
    half: Vec
    """Half its extent along its own axes; for a drum: radius, half height, radius."""
    finish: Finish
    axes: tuple[Vec, Vec, Vec] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    """Its own axes in the room, orthogonal unit vectors. A box may only be turned about y."""
    ghost: bool = False
    """Stands in for the presenter: blocks light and casts shadows, invisible to the camera."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light source. A panel emits to one side; a globe (no edges) emits in all directions."""

    centre: Vec
    light: Vec
    """Radiance of a panel, or intensity per steradian of a globe; linear, for a camera exposure of 1."""
    across: Vec = BLACK
    """Half of the panel's first edge."""
    along: Vec = BLACK
    """Half of its second edge; it faces across x along."""
    radius: float = 0.04
    """Radius of a globe."""


@dataclass(frozen=True, slots=True)
class Decor:
    """One studio."""

    solids: tuple[Solid, ...]
    lamps: tuple[Lamp, ...]
    ambient: Vec
    """Radiance that replaces the bounces not traced."""


def box(centre: Vec, extent: Vec, finish: Finish, yaw_deg: float = 0.0) -> Solid:
    """A box of `extent` (full width, height, depth), turned about y."""
    cos, sin = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    half = (extent[0] / 2, extent[1] / 2, extent[2] / 2)
    return Solid(Form.BOX, centre, half, finish, ((cos, 0, sin), (0, 1, 0), (-sin, 0, cos)))


def span(low: Vec, high: Vec, finish: Finish) -> Solid:
    """The box between two opposite corners."""
    x, y, z = ((a + b) / 2 for a, b in zip(low, high, strict=True))
    w, h, d = (b - a for a, b in zip(low, high, strict=True))
    return box((x, y, z), (w, h, d), finish)


def drum(foot: Vec, radius: float, height: float, finish: Finish) -> Solid:
    """An upright cylinder standing on `foot`."""
    centre = (foot[0], foot[1] + height / 2, foot[2])
    return Solid(Form.DRUM, centre, (radius, height / 2, radius), finish)


def roll(centre: Vec, radius: float, length: float, finish: Finish) -> Solid:
    """A cylinder lying along x."""
    axes: tuple[Vec, Vec, Vec] = ((0, 1, 0), (1, 0, 0), (0, 0, 1))
    return Solid(Form.DRUM, centre, (radius, length / 2, radius), finish, axes)


def ball(centre: Vec, radii: Vec, finish: Finish) -> Solid:
    """An ellipsoid with its axes along the room's."""
    return Solid(Form.BALL, centre, radii, finish)


def leaf(root: Vec, way: Vec, length: float, finish: Finish) -> Solid:
    """A flat leaf from its root along `way` (any length), facing up and towards the camera."""
    y = _unit(way)
    z = _unit(_cross(y, _cross((0.15, 0.6, -0.8), y)))
    x = _cross(y, z)
    centre = (root[0] + y[0] * length / 2, root[1] + y[1] * length / 2, root[2] + y[2] * length / 2)
    return Solid(Form.BALL, centre, (length * 0.16, length / 2, length * 0.03), finish, (x, y, z))


def bottle(foot: Vec, radius: float, height: float, glass: Finish, cap: Finish) -> list[Solid]:
    """A round bottle with shoulder, neck and cap."""
    x, y, z = foot
    body, neck = height * 0.66, radius * 0.36
    shoulder = ball((x, y + body, z), (radius, radius * 0.55, radius), replace(glass, pattern=Pattern.PLAIN))
    return [
        drum(foot, radius, body, glass),
        shoulder,
        drum((x, y + body, z), neck, height * 0.22, cap),
        drum((x, y + height * 0.84, z), neck * 1.25, height * 0.16, cap),
    ]


def folded(foot: Vec, width: float, knits: tuple[Finish, ...]) -> list[Solid]:
    """A pile of folded knitwear, folds to the front."""
    x, y, z = foot
    solids: list[Solid] = []
    for k, knit in enumerate(knits):
        thick, wide = 0.046 + 0.006 * (k % 2), width - 0.012 * (k % 3)
        shift, middle = 0.006 * ((k * 7) % 3 - 1), y + thick / 2
        solids.append(box((x + shift, middle, z + 0.02), (wide, thick * 0.98, 0.20), knit))
        solids.append(roll((x + shift, middle, z - 0.08), thick / 2, wide, knit))
        y += thick
    return solids


def books(foot: Vec, spines: tuple[Finish, ...], tallest: float = 0.24) -> list[Solid]:
    """Upright books from `foot` to the right, spines to the camera."""
    x, y, z = foot
    solids: list[Solid] = []
    for k, spine in enumerate(spines):
        thick, tall = 0.022 + 0.007 * ((k * 5) % 4), tallest - 0.018 * ((k * 3) % 4)
        solids.append(box((x + thick / 2, y + tall / 2, z), (thick - 0.002, tall, 0.16), spine))
        x += thick
    return solids


def cup(foot: Vec, radius: float, glaze: Finish) -> list[Solid]:
    """A mug with its handle to the right."""
    x, y, z = foot
    dark = Finish(colour("2b2623"))
    tall = radius * 2.2
    return [
        drum(foot, radius, tall, glaze),
        drum((x, y + tall, z), radius * 0.86, 0.001, dark),
        *_bow((x + radius, y + tall * 0.52, z), (radius * 0.52, radius * 0.62), radius * 0.13, -90, glaze),
    ]


def headphones(foot: Vec, shell_: Finish, pads: Finish) -> list[Solid]:
    """Headphones on a plain stand, seen obliquely."""
    x, y, z = foot
    stand = replace(shell_, pattern=Pattern.PLAIN)
    solids = [drum(foot, 0.05, 0.012, stand), drum(foot, 0.008, 0.23, stand)]
    solids += _bow((x, y + 0.17, z), (0.078, 0.088), 0.011, 0, shell_)
    for side in (-1, 1):
        cup_at = (x + 0.076 * side, y + 0.135, z + 0.03 * side)
        solids.append(ball(cup_at, (0.024, 0.045, 0.038), shell_))
        solids.append(ball((x + 0.058 * side, y + 0.135, z + 0.022 * side), (0.018, 0.041, 0.036), pads))
    return solids


def pot_plant(foot: Vec, pot: Finish, green: Finish, leaves: int, reach: float) -> list[Solid]:
    """A round pot with broad leaves; `reach` is the length of the longest stalk and leaf."""
    x, y, z = foot
    radius, tall = reach * 0.20, reach * 0.36
    solids = [
        drum(foot, radius, tall, pot),
        drum((x, y + tall, z), radius * 0.9, 0.002, Finish(colour("3a2c22"))),
    ]
    for k in range(leaves):
        turn = k * 2.39996  # the golden angle, as in plants
        rise = 0.35 + 1.5 * (k / leaves) ** 0.8
        way = _unit((math.cos(turn), rise, math.sin(turn) * 0.8))
        stalk = reach * (0.22 + 0.32 * (k / leaves))
        root = (x + way[0] * stalk * 0.8, y + tall + way[1] * stalk, z + way[2] * stalk * 0.8)
        droop = (way[0] * 1.2, way[1] - 0.25, way[2] * 1.2)
        shade = replace(green, first=_mix(green.first, green.second, (k * 7 % 10) / 14), pattern=Pattern.LEAF)
        solids.append(leaf(root, droop, reach * (0.36 - 0.08 * (k % 3)), shade))
        stem = ((x + root[0]) / 2, (y + tall + root[1]) / 2, (z + root[2]) / 2)
        solids.append(_stem(stem, way, stalk, green))
    return solids


def shell(walls: Finish, back: Finish, floor: Finish) -> list[Solid]:
    """The room: floor, ceiling, the wall behind the presenter at 3.4 m, and the other walls."""
    white = Finish(colour("e9e6e0"))
    return [
        span((-3, -0.2, -3), (3, 0, 4), floor),
        span((-3, 2.9, -3), (3, 3.1, 4), white),
        span((-3, -0.2, 3.4), (3, 3.1, 3.6), back),
        span((-2.8, -0.2, -3), (-2.6, 3.1, 4), walls),
        span((2.6, -0.2, -3), (2.8, 3.1, 4), walls),
        span((-3, -0.2, -2.9), (3, 3.1, -2.7), walls),
    ]


def presenter(cloth: Finish) -> list[Solid]:
    """A rough body at the presenter's place, for the shadow on the wall behind."""
    skin = Finish(colour("c79a80"))
    return [
        replace(ball((0, 0.95, 2.1), (0.21, 0.62, 0.13), cloth), ghost=True),
        replace(ball((0, 1.67, 2.1), (0.085, 0.13, 0.10), skin), ghost=True),
    ]


def softbox(centre: Vec, target: Vec, width: float, height: float, light: Vec) -> Lamp:
    """A panel of `width` by `height` metres that faces `target`."""
    facing = _unit((target[0] - centre[0], target[1] - centre[1], target[2] - centre[2]))
    level = _unit(_cross((0, 1, 0), facing))
    upward = _cross(facing, level)
    across = (level[0] * width / 2, level[1] * width / 2, level[2] * width / 2)
    along = (upward[0] * height / 2, upward[1] * height / 2, upward[2] * height / 2)
    return Lamp(centre, light, across, along)


def softboxes(key: float, fill: float) -> list[Lamp]:
    """The presenter's lights as seen by the background: key from the viewer's left, 38 degrees above the
    face, fill from the right; `key` and `fill` are radiances."""
    face = (0.0, 1.6, 2.3)
    return [
        softbox((-1.55, 3.2 - 0.45, 0.9), face, 1.0, 1.1, (key, key * 0.96, key * 0.90)),
        softbox((1.75, 1.9, 0.5), face, 1.2, 1.2, (fill * 0.93, fill * 0.97, fill)),
    ]


def _bow(
    middle: Vec, radii: tuple[float, float], thick: float, start_deg: float, finish: Finish
) -> list[Solid]:
    """Half a ring facing the camera, counter-clockwise from `start_deg`, made of merging balls."""
    solids: list[Solid] = []
    beads = max(9, round(2.4 * max(radii) / thick))
    for k in range(beads):
        turn = math.radians(start_deg + 180 * k / (beads - 1))
        at = (middle[0] + radii[0] * math.cos(turn), middle[1] + radii[1] * math.sin(turn), middle[2])
        y = _unit((-radii[0] * math.sin(turn), radii[1] * math.cos(turn), 0))
        axes: tuple[Vec, Vec, Vec] = ((y[1], -y[0], 0), y, (0, 0, 1))
        solids.append(Solid(Form.BALL, at, (thick, thick * 2.0, thick * 1.3), finish, axes))
    return solids


def _stem(middle: Vec, way: Vec, length: float, green: Finish) -> Solid:
    y = _unit(way)
    z = _unit(_cross(y, (0.3, 0.1, 1.0)))
    return Solid(Form.BALL, middle, (0.003, length * 0.6, 0.003), green, (_cross(y, z), y, z))


def _mix(a: Vec, b: Vec, share: float) -> Vec:
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))  # type: ignore[return-value]


def _unit(v: Vec) -> Vec:
    long = math.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
    return v[0] / long, v[1] / long, v[2] / long


def _cross(a: Vec, b: Vec) -> Vec:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
