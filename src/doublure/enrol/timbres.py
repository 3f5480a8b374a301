"""The room of timbres: what lies between Kokoro's voices, and how a timbre there will sound.

The timbres of Kokoro's 54 packs span it; its axes are their principal directions, scaled so that the packs
scatter by 1 along each. How a point sounds, as a voice print, is a linear guess learnt from speech
synthesised at random points (`timbres.npz`, made by `training.voice_encoder`). What is heard while a voice
is fitted corrects the guess, weighted by `TRUST`, because it is nearer to the point that is sought.
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
"""Directions kept: 91 % of what the packs differ by."""
TIMBRE = 128
"""Length of a timbre: the first half of a style."""
FARTHEST = 5.5
"""Most distance from the middle. The packs lie 3.4 to 6.4 from it."""
TRUST = 4.0
"""Weight of a point heard while fitting, beside those of training."""
STEPS, RATE = 400, 0.05
"""Of the climb to the likest point: cheap, it hears nothing."""

Point = NDArray[np.float64]
"""[AXES], coordinates in units of the packs' scatter."""


@dataclass(frozen=True, slots=True)
class Space:
    """The axes, and what is known of how points sound; a new one is made by each thing heard."""

    middle: NDArray[np.float64]
    """[TIMBRE], the mean of the packs."""
    axes: NDArray[np.float64]
    """[AXES, TIMBRE]."""
    gram: NDArray[np.float64]
    """[FEATURES, FEATURES], of everything heard."""
    cross: NDArray[np.float64]
    """[FEATURES, voice print], of everything heard."""

    def timbre(self, point: Point) -> NDArray[np.float32]:
        """[TIMBRE]."""
        return np.asarray(self.middle + point @ self.axes, np.float32)

    def point(self, timbre: NDArray[np.float32]) -> Point:
        """Where a timbre lies."""
        return np.asarray((timbre - self.middle) @ np.linalg.pinv(self.axes))

    def heard(self, point: Point, pitch: float, language: Language, print_: Print) -> Space:
        """The space that knows this as well; `pitch` in Hz."""
        x = features(point, pitch, language)
        return replace(
            self,
            gram=self.gram + TRUST * np.outer(x, x),
            cross=self.cross + TRUST * np.outer(x, print_),
        )

    def likest(self, wanted: Print, pitch: float, language: Language, start: Point) -> Point:
        """The point that should sound most like a voice print, not farther out than `FARTHEST`."""
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
    """The point, or where its line to the middle enters the ball of `FARTHEST`."""
    return np.asarray(point * min(1.0, FARTHEST / max(float(np.linalg.norm(point)), 1e-9)))


def features(point: Point, pitch: float, language: Language) -> NDArray[np.float64]:
    """What the guess is linear in, [FEATURES]: 1, the point, octaves from 160 Hz, English, French."""
    octaves = float(np.log2(max(pitch, 40.0) / 160.0))
    return np.concatenate([[1.0], point, [octaves, float(language == "en"), float(language == "fr")]])


FEATURES = AXES + 4


@cache
def load() -> Space:
    """The space as it was learnt."""
    with files("doublure.enrol").joinpath("timbres.npz").open("rb") as file, np.load(file) as kept:
        return Space(*(kept[name].astype(np.float64) for name in ("middle", "axes", "gram", "cross")))
