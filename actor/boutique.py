"""The boutique: warm off-white plaster, light oak, knitwear and care products, a plant, warm light."""

from __future__ import annotations

from actor.decor import (
    Decor,
    Finish,
    Lamp,
    Pattern,
    Solid,
    ball,
    bottle,
    box,
    colour,
    drum,
    folded,
    pot_plant,
    presenter,
    shell,
    softboxes,
    span,
)

OAK = Finish(colour("d9b88c"), colour("b58a5a"), Pattern.WOOD, rough=0.35, coat=0.5, bevel=0.004)
PLASTER = Finish(colour("ece2d3"), pattern=Pattern.PLASTER)
BACKING = Finish(colour("e2d3bd"), pattern=Pattern.PLASTER)
FLOOR = Finish(colour("c9a67c"), colour("a98258"), Pattern.WOOD, rough=0.3, coat=0.6)
BRASS = Finish(colour("d8b26a"), rough=0.25, coat=2)
STRIP = Finish((1.0, 0.76, 0.50), glow=5.0)
OPAL = Finish((1.0, 0.77, 0.50), glow=1.5)
CREAM = Finish(colour("efe7da"), colour("c8a888"), Pattern.LABEL, 0.25, bevel=0.003)
BLUSH = Finish(colour("d9a99a"), colour("f1e4da"), Pattern.LABEL, 0.3, bevel=0.003)
SAGE = Finish(colour("9aa88d"), colour("ece6d8"), Pattern.LABEL, 0.3, bevel=0.003)
CLAY = Finish(colour("b9765a"), rough=0.3, coat=0.4)
AMBER = Finish(colour("7a3f18"), colour("efe2cd"), Pattern.BANDS, 3.0, rough=0.08, coat=1.0)
FROST = Finish(colour("e6e3dc"), rough=0.15, coat=1.0)
STONE = Finish(colour("d9d2c6"), colour("a79c8c"), Pattern.SPECKLE, rough=0.5, coat=0.2)
LINEN = Finish(colour("d8cbb8"), pattern=Pattern.KNIT)
LEAF = Finish(colour("3f6b3a"), colour("7c9a55"), rough=0.35, coat=0.5)


def _knit(code: str) -> Finish:
    return Finish(colour(code), pattern=Pattern.KNIT)


def _bookcase() -> list[Solid]:
    """The oak bookcase at the left; three of its bays are in the picture."""
    left, right, front = -1.0, -0.285, 3.10
    solids = [
        span((right - 0.024, 0, front), (right, 2.9, 3.4), OAK),
        span((left, 0, front), (left + 0.024, 2.9, 3.4), OAK),
        span((left, 0, 3.385), (right, 2.9, 3.395), BACKING),
    ]
    for y in (0.42, 0.80, 1.18, 1.57, 1.96, 2.35):
        solids.append(span((left, y - 0.013, front), (right, y + 0.013, 3.4), OAK))
    for y in (1.18, 1.96):  # the strip behind the shelf's front edge
        solids.append(
            span((left + 0.03, y - 0.022, front + 0.012), (right - 0.03, y - 0.014, front + 0.022), STRIP)
        )
    return solids


def _bays() -> list[Solid]:
    """The goods in the bookcase, from the bottom up."""
    sand, rose, oat, moss = _knit("c9ad8b"), _knit("c99a8c"), _knit("e6dac6"), _knit("8c9078")
    return [
        *folded((-0.44, 0.433, 3.23), 0.24, (moss, oat, sand)),
        *folded((-0.44, 0.813, 3.23), 0.24, (rose, oat, sand, oat)),
        *bottle((-0.355, 1.193, 3.19), 0.031, 0.20, AMBER, BRASS),
        *bottle((-0.435, 1.193, 3.24), 0.034, 0.24, FROST, BRASS),
        box((-0.53, 1.193 + 0.08, 3.25), (0.085, 0.16, 0.085), BLUSH, 12),
        box((-0.42, 1.583 + 0.05, 3.24), (0.19, 0.10, 0.15), SAGE, -6),
        box((-0.425, 1.683 + 0.032, 3.24), (0.15, 0.064, 0.12), CREAM, 8),
        drum((-0.57, 1.583, 3.25), 0.05, 0.17, CLAY),
        *bottle((-0.38, 1.973, 3.22), 0.04, 0.22, FROST, OAK),
        box((-0.50, 1.973 + 0.09, 3.25), (0.13, 0.18, 0.13), LINEN, 5),
    ]


def _top() -> list[Solid]:
    """The long shelf above, with a light strip for the wall behind the presenter's head."""
    return [
        span((-0.285, 2.20, 3.17), (1.2, 2.228, 3.4), OAK),
        span((-0.285, 2.165, 3.17), (1.2, 2.20, 3.182), OAK),  # hides the strip
        box((-0.10, 2.228 + 0.06, 3.29), (0.20, 0.12, 0.15), LINEN, 6),
        box((0.17, 2.228 + 0.05, 3.28), (0.15, 0.10, 0.13), CREAM, -7),
        box((0.36, 2.228 + 0.07, 3.28), (0.12, 0.14, 0.12), BLUSH, 5),
    ]


def _right() -> list[Solid]:
    """Two oak shelves with the lamp, and below them the plant on its plinth."""
    solids = [
        span((0.27, 1.905, 3.14), (1.1, 1.935, 3.4), OAK),
        span((0.30, 1.893, 3.37), (1.1, 1.901, 3.38), STRIP),
        span((0.27, 1.445, 3.14), (1.1, 1.475, 3.4), OAK),
        drum((0.43, 1.475, 3.25), 0.045, 0.02, BRASS),
        drum((0.43, 1.495, 3.25), 0.008, 0.07, BRASS),
        ball((0.43, 1.64, 3.25), (0.085, 0.085, 0.085), OPAL),
        box((0.36, 1.935 + 0.045, 3.26), (0.14, 0.09, 0.11), BLUSH, 7),
        box((0.365, 2.025 + 0.03, 3.26), (0.11, 0.06, 0.09), CREAM, -9),
        *bottle((0.50, 1.935, 3.25), 0.034, 0.19, AMBER, BRASS),
        box((0.60, 1.935 + 0.11, 3.27), (0.10, 0.22, 0.10), SAGE, 4),
        span((0.30, 0, 2.92), (0.80, 0.52, 3.36), STONE),
    ]
    solids += pot_plant((0.44, 0.52, 3.10), CLAY, LEAF, 34, 0.60)
    return solids


def build() -> Decor:
    """The boutique's solids and lamps."""
    warm = (1.0, 0.72, 0.45)

    def strip(x: float, y: float, z: float, half: float, power: float) -> Lamp:
        light = (warm[0] * power, warm[1] * power, warm[2] * power)
        return Lamp((x, y, z), light, (half, 0, 0), (0, 0, 0.012))

    lamps = [
        *softboxes(15.0, 4.0),
        strip(-0.64, 1.155, 3.118, 0.33, 12.0),
        strip(-0.64, 1.935, 3.118, 0.33, 12.0),
        strip(0.70, 1.890, 3.370, 0.40, 6.5),
        strip(0.46, 2.190, 3.200, 0.70, 11.0),
        Lamp((0.43, 1.64, 3.25), (0.050, 0.032, 0.018), radius=0.06),
    ]
    solids = (
        shell(PLASTER, PLASTER, FLOOR)
        + _bookcase()
        + _bays()
        + _top()
        + _right()
        + presenter(_knit("d8c8b4"))
    )
    return Decor(tuple(solids), tuple(lamps), (0.30, 0.27, 0.23))
