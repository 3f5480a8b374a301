"""The timbre space spanned by Kokoro's voices, with a prediction of how each of its points sounds.

Its axes are the principal directions of the timbres of Kokoro's 54 packs, scaled so that the packs have a
standard deviation of 1 along each. A linear regression predicts the voice print of a point; it was learnt
from speech synthesised at random points (`timbres.npz`, made by `training.voice_encoder`). Points heard
during a fit update the regression with weight `TRUST`, because they are nearer to the point sought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from doublure.enrol.voice_print import Print
from doublure.media import Language

AXES = 24
"""Directions kept; they cover 91 % of the differences between packs."""
TIMBRE = 128
"""Length of a timbre, the first half of a style."""
FARTHEST = 5.5
"""Greatest distance from the middle. The packs lie at 3.4 to 6.4."""
TRUST = 4.0
"""Weight of a point heard during a fit, relative to a training point."""
STEPS, RATE = 400, 0.05
"""Gradient ascent to the likest point; cheap, because nothing is synthesised."""

Point = NDArray[np.float64]
"""[AXES], coordinates in standard deviations of the packs."""


@dataclass(frozen=True, slots=True)
class Space:
    """The axes, and the regression from points to voice prints. Immutable: `heard` returns a new one."""

    middle: NDArray[np.float64]
    """[TIMBRE], the mean of the packs."""
    axes: NDArray[np.float64]
    """[AXES, TIMBRE]."""
    gram: NDArray[np.float64]
    """[FEATURES, FEATURES], summed over everything heard."""
    cross: NDArray[np.float64]
    """[FEATURES, voice print], summed over everything heard."""

    def timbre(self, point: Point) -> NDArray[np.float32]:
        """The timbre of a point, [TIMBRE]."""
        return np.asarray(self.middle + point @ self.axes, np.float32)

    def point(self, timbre: NDArray[np.float32]) -> Point:
        """The point of a timbre."""
        return np.asarray((timbre - self.middle) @ np.linalg.pinv(self.axes))

    def heard(self, point: Point, pitch: float, language: Language, print_: Print) -> Space:
        """The space updated with this voice print; `pitch` in Hz."""
        x = features(point, pitch, language)
        return replace(
            self,
            gram=self.gram + TRUST * np.outer(x, x),
            cross=self.cross + TRUST * np.outer(x, print_),
        )

    def likest(self, wanted: Print, pitch: float, language: Language, start: Point) -> Point:
        """The point predicted to sound most like a voice print, at most `FARTHEST` from the middle."""
        slopes = np.linalg.solve(self.gram, self.cross)
        rest = features(np.zeros(AXES), pitch, language) @ slopes
        around = slopes[1 : AXES + 1]
        point = start.copy()
        for _ in range(STEPS):
            guess = rest + point @ around
            size = float(np.linalg.norm(guess))
            rise = around @ (wanted / size - guess * (guess @ wanted) / size**3)
            point = within(point + RATE * rise / max(float(np.linalg.norm(rise)), 1e-9))
        return point


def within(point: Point) -> Point:
    """The point, moved towards the middle to a distance of at most `FARTHEST`."""
    return np.asarray(point * min(1.0, FARTHEST / max(float(np.linalg.norm(point)), 1e-9)))


def features(point: Point, pitch: float, language: Language) -> NDArray[np.float64]:
    """Inputs of the regression, [FEATURES]: 1, the point, octaves from 160 Hz, English, French."""
    octaves = float(np.log2(max(pitch, 40.0) / 160.0))
    return np.concatenate([[1.0], point, [octaves, float(language == "en"), float(language == "fr")]])


FEATURES = AXES + 4


@cache
def load() -> Space:
    """The space as trained."""
    with files("doublure.enrol").joinpath("timbres.npz").open("rb") as file, np.load(file) as kept:
        return Space(*(kept[name].astype(np.float64) for name in ("middle", "axes", "gram", "cross")))
