"""Converts mouth controls to expression units and bone rotations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actor.meshes import Floats
from actor.mouth import CONTROLS

WIDEST_JAW = 15.0
"""Rotation of the jaw at `jaw` 1, degrees."""
BITE = "bite"
"""Our own unit, made by `Figure`: the lower lip up and in, beneath the upper teeth."""


@dataclass(frozen=True, slots=True)
class Expression:
    """The mouth's part of a pose."""

    units: dict[str, float]
    bones: dict[str, Floats]
    shifts: dict[str, Floats]


def expression(row: NDArray[np.float32]) -> Expression:
    """The expression for one row of controls (`actor.mouth.CONTROLS`)."""
    c = dict(zip(CONTROLS, (float(x) for x in row), strict=True))
    jaw = c["jaw"] * (1.0 - 0.8 * c["press"])
    spread, narrow = max(c["wide"], 0.0), max(-c["wide"], 0.0)
    open_round = c["round"] * min(1.0, 2.2 * jaw)
    closed = 1.0 - min(1.0, 6.0 * jaw + c["upper"] + c["lower"] + c["bite"])
    units = {
        "mouth-compression": 0.34 * max(closed, 0.0) + 0.36 * c["press"],
        "mouth-corner-puller": 0.62 * c["smile"] * (1.0 - 0.7 * c["round"]),
        "mouth-retraction": 0.55 * spread * (1.0 - 0.5 * c["press"]),
        "mouth-pursing": 0.72 * (c["round"] - 0.55 * open_round) + 0.22 * narrow + 0.08 * c["press"],
        "mouth-protusion": 0.50 * open_round,
        "mouth-elevation": 0.42 * c["upper"] + 0.30 * jaw * (1.0 - c["round"]) + 0.30 * c["bite"],
        "mouth-parling": 0.30 * max(c["upper"], c["lower"]) * (1.0 - c["press"]) * (1.0 - c["bite"]),
        "mouth-depression-retraction": 0.24 * c["lower"] + 0.08 * spread * min(1.0, 3.0 * jaw),
        BITE: c["bite"],
    }
    lift = 14.0 * c["tongue_tip"] + 6.0 * c["tongue_back"] - 6.0 - 9.0 * jaw
    bones = {
        "jaw": about_x(WIDEST_JAW * jaw),
        "tongue00": about_x(-lift),
        "tongue02": about_x(-10.0 * c["tongue_tip"] + 8.0 * c["tongue_back"]),
    }
    shift = np.array(
        [
            0.0,
            -0.09 + 0.08 * c["tongue_tip"] + 0.15 * c["tongue_out"],
            -0.14 + 0.08 * c["tongue_tip"] + 0.14 * c["tongue_out"],
        ]
    )
    return Expression(
        {name: float(np.clip(value, 0.0, 1.0)) for name, value in units.items()}, bones, {"tongue00": shift}
    )


def about_x(degrees: float) -> Floats:
    """A rotation about the axis to the presenter's left; positive nods forward or opens the jaw."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
