"""The modern workshop: grey-blue plaster, walnut slats with a warm wall lamp, cups, headphones, books."""

from __future__ import annotations

from actor.decor import (
    Decor,
    Finish,
    Lamp,
    Pattern,
    Solid,
    Vec,
    books,
    box,
    colour,
    cup,
    headphones,
    pot_plant,
    presenter,
    shell,
    softboxes,
    span,
)

WALNUT = Finish(colour("8a5f41"), colour("5d3d29"), Pattern.WOOD, rough=0.35, coat=0.5, bevel=0.004)
SLAT = Finish(colour("6e4c36"), colour("4a3325"), Pattern.WOOD, rough=0.4, coat=0.4, bevel=0.005)
FELT = Finish(colour("26262a"))
PLASTER = Finish(colour("a7b4c0"), pattern=Pattern.PLASTER)
WALLS = Finish(colour("c3cad0"))
FLOOR = Finish(colour("8d8a86"), pattern=Pattern.PLASTER, rough=0.4, coat=0.4)
STEEL = Finish(colour("2d2f33"), rough=0.35, coat=0.6, bevel=0.002)
LIT = Finish((1.0, 0.78, 0.54), glow=5.0)
WHITE_GLAZE = Finish(colour("e8e4dc"), rough=0.1, coat=1.0)
BLUE_GLAZE = Finish(colour("2f4a68"), rough=0.1, coat=1.0)
OCHRE_GLAZE = Finish(colour("c98f3c"), rough=0.15, coat=1.0)
CARTON = Finish(colour("e9e7e3"), colour("3d5a78"), Pattern.LABEL, 0.35, bevel=0.003)
NIGHT = Finish(colour("2c3440"), colour("c98f3c"), Pattern.LABEL, 0.12, rough=0.3, coat=0.5, bevel=0.003)
KRAFT = Finish(colour("b98f62"), colour("e8dfd0"), Pattern.LABEL, 0.25, bevel=0.003)
SAND_SHELL = Finish(colour("d6cbbb"), rough=0.3, coat=0.8)
PADS = Finish(colour("3a3230"))
POT = Finish(colour("d8d6d2"), colour("8f9499"), Pattern.SPECKLE, rough=0.4, coat=0.4)
LEAF = Finish(colour("2f5a3c"), colour("5d8a58"), rough=0.35, coat=0.5)


def _spine(code: str, band: str) -> Finish:
    return Finish(colour(code), colour(band), Pattern.BANDS, 0.8, rough=0.5, coat=0.2, bevel=0.002)


def _shelves() -> list[Solid]:
    """Walnut shelves on steel posts at the left, with the goods on them from the bottom up."""
    left, right, front = -1.1, -0.25, 3.13
    solids = [
        span((right - 0.012, 0, front), (right, 2.9, front + 0.018), STEEL),
        span((right - 0.012, 0, 3.37), (right, 2.9, 3.388), STEEL),
    ]
    for y in (0.44, 0.83, 1.22, 1.60, 1.98):
        solids.append(span((left, y - 0.026, front - 0.01), (right - 0.004, y, 3.4), WALNUT))
    for y in (1.22, 1.98):
        solids.append(span((left, y - 0.032, front + 0.03), (right - 0.02, y - 0.026, front + 0.038), LIT))
    spines = (
        _spine("3d5a78", "d8cfc0"),
        _spine("d8cfc0", "8a5f41"),
        _spine("a5533c", "e6dccb"),
        _spine("e6dccb", "3d5a78"),
        _spine("4f6457", "d8cfc0"),
        _spine("c98f3c", "f0e8da"),
        _spine("2c3440", "c9b79a"),
        _spine("c9c2b6", "5d3d29"),
    )
    return [
        *solids,
        box((-0.40, 0.44 + 0.10, 3.25), (0.22, 0.20, 0.20), KRAFT, 5),
        box((-0.40, 0.83 + 0.06, 3.25), (0.24, 0.12, 0.19), NIGHT, -4),
        box((-0.41, 0.95 + 0.055, 3.25), (0.21, 0.11, 0.18), CARTON, 6),
        *headphones((-0.385, 1.22, 3.24), SAND_SHELL, PADS),
        box((-0.555, 1.22 + 0.10, 3.27), (0.12, 0.20, 0.12), NIGHT, 3),
        *cup((-0.345, 1.60, 3.21), 0.040, WHITE_GLAZE),
        *cup((-0.455, 1.60, 3.25), 0.040, BLUE_GLAZE),
        *cup((-0.555, 1.60, 3.20), 0.040, OCHRE_GLAZE),
        *books((-0.56, 1.98, 3.26), spines),
    ]


def _panel() -> list[Solid]:
    """Walnut slats on black felt at the right."""
    solids = [span((0.255, 0, 3.385), (1.5, 2.9, 3.395), FELT)]
    for k in range(16):
        x = 0.255 + 0.056 * k
        solids.append(span((x, 0, 3.345), (x + 0.036, 2.9, 3.385), SLAT))
    return solids


def _wall_lamp(x: float, y: float, z: float) -> tuple[list[Solid], list[Lamp]]:
    """A square steel tube that lights the slats above and below; its lamps are deep inside."""
    wide, tall, thin = 0.045, 0.085, 0.003
    low, high = y - tall, y + tall
    solids = [
        span((x - wide, low, z - wide), (x + wide, high, z - wide + thin), STEEL),
        span((x - wide, low, z + wide - thin), (x + wide, high, z + wide), STEEL),
        span((x - wide, low, z - wide), (x - wide + thin, high, z + wide), STEEL),
        span((x + wide - thin, low, z - wide), (x + wide, high, z + wide), STEEL),
        span((x - wide + thin, y - 0.01, z - wide + thin), (x + wide - thin, y + 0.01, z + wide - thin), LIT),
    ]
    light: Vec = (520.0, 336.0, 184.0)
    across, along = (0.035, 0.0, 0.0), (0.0, 0.0, 0.035)
    down = Lamp((x, y - 0.012, z), light, across, along)
    return solids, [down, Lamp((x, y + 0.012, z), light, along, across)]


def _right() -> list[Solid]:
    """A low steel-framed cabinet in front of the slats, with a plant and books."""
    return [
        span((0.29, 0, 3.02), (1.2, 0.66, 3.33), STEEL),
        span((0.28, 0.66, 3.00), (1.2, 0.69, 3.34), WALNUT),
        box((0.40, 0.16 + 0.30, 3.05), (0.22, 0.32, 0.10), WALNUT),
        *pot_plant((0.43, 0.69, 3.17), POT, LEAF, 30, 0.46),
        *books((0.535, 0.69, 3.20), (NIGHT, KRAFT, CARTON), 0.22),
    ]


def build() -> Decor:
    """The workshop's solids and lamps."""
    lamp_solids, wall_lamps = _wall_lamp(0.42, 1.80, 3.27)
    lamps = [*softboxes(21.0, 6.0), *wall_lamps]
    for y in (1.22, 1.98):
        strip: Vec = (17.0, 12.5, 8.0)
        lamps.append(Lamp((-0.68, y - 0.036, 3.165), strip, (0.40, 0, 0), (0, 0, 0.010)))
    solids = shell(WALLS, PLASTER, FLOOR) + _shelves() + _panel() + lamp_solids + _right()
    return Decor(tuple(solids + presenter(Finish(colour("3c4654")))), tuple(lamps), (0.25, 0.26, 0.28))
