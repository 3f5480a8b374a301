"""Rebuilds the last part of footage from its sound, with a mouth learnt from the part before.

The truth is hidden first: the region that speech moves is blanked in the pictures, and the landmarks of lips,
chin and jaw are discarded. The renderer keeps the sound, the head's pose and the surroundings of the mouth,
which is what it has on air.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.enrol.face_track import cut_mouths, measure, mouths_of, sharpness_lost
from doublure.enrol.learn_mouth import learn
from doublure.enrol.scan import Watched
from doublure.media import Picture, Size
from doublure.picture.body.plates import Fit
from doublure.picture.mouth.articulation import Articulation
from doublure.picture.mouth.geometry import MOVING
from doublure.picture.mouth.textures import Mouths, Setting
from doublure.picture.mouth.track import FaceTrack

LEARNT_SHARE = 0.8
"""Share of the footage, from the beginning, that is learnt; the rest is rebuilt."""
BLANK = (90, 128, 128)
"""Y, U, V of the hidden region: a grey that no skin has."""

Way = Literal["ours", "truth", "retrieval", "random", "plate"]
"""What drives the mouth: our articulation; the true shapes (tests the renderer alone); the learnt mouth
nearest to ours; learnt mouths at random; mouths of another time, like a plate with its own speech."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Footage whose first part has been learnt and whose rest can be rebuilt."""

    watched: Watched
    face: FaceTrack
    """Its mouth landmarks are NaN in the held frames."""
    shapes: NDArray[np.float64]
    """[n, SHAPES]: the true mouths of all frames."""
    articulation: Articulation
    textures: list[Picture]
    learnt: NDArray[np.int64]
    held: range

    @property
    def size(self) -> Size:
        """Size of the footage."""
        return self.watched.shape.size

    def mouths(self) -> Mouths:
        """The renderer, at the footage's size."""
        return Mouths(self.face, self.textures, Fit.cover(self.size, self.size), self.size)

    def rows(self, way: Way) -> NDArray[np.float64]:
        """Mouth shape of each held frame."""
        if way == "ours":
            heard = self.watched.sound(self.held.start, self.held.stop)
            return np.asarray(self.articulation.rows(heard), np.float64)
        if way == "truth":
            return np.asarray(self.shapes[self.held.start : self.held.stop])
        if way == "retrieval":
            kept = self.shapes[self.face.texture_frames]
            apart = ((self.rows("ours")[:, None] - kept) * self.face.shape.spread) ** 2
            return np.asarray(kept[apart.sum(axis=2).argmin(axis=1)])
        if way == "random":
            drawn = np.random.default_rng(1).choice(self.learnt, len(self.held))
            return np.asarray(self.shapes[drawn])
        return np.asarray(self.shapes[self.learnt[-len(self.held) :]])

    def truth(self) -> Iterator[Picture]:
        """The held pictures as filmed."""
        return islice(self.watched.pictures(), self.held.start, self.held.stop)

    def rebuilt(self, rows: NDArray[np.float64]) -> Iterator[Picture]:
        """The held pictures with the true mouths hidden and these rendered in their place."""
        mouths, setting = self.mouths(), Setting()
        for number, row, picture in zip(self.held, rows, self.truth(), strict=False):
            hide(picture, mouths.region(number), self.size)
            setting = mouths.set_in(picture, number, row, setting)
            yield picture


def hold_back(
    watched: Watched,
    share: float = LEARNT_SHARE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Trial:
    """Learn from the first `share` of the footage."""
    until = int(watched.frames * share)
    learnt = (np.arange(watched.frames) < until) & ~watched.spoilt
    face, texture = measure(watched.tracked, watched.talking, {}, watched.shape.size, learnt)
    shapes, _ = mouths_of(face)
    known = replace(
        face,
        control=face.control[:until],
        scale=face.scale[:until],
        rotation=face.rotation[:until],
        shift=face.shift[:until],
        opening=face.opening[:until],
    )
    own, rest = mouths_of(known)
    taught = np.where(learnt[:until, None], own, np.nan)
    articulation = learn(watched.sound(0, until), taught, face.shape, rest, progress)
    textures = list(cut_mouths(watched.pictures(), watched.shape.size, face, texture))
    sharpen = sharpness_lost(watched, face, textures)
    hidden = face.control.copy()
    hidden[until:, MOVING] = np.nan
    return Trial(
        watched,
        replace(face, control=hidden, sharpen=sharpen),
        shapes,
        articulation,
        textures,
        np.flatnonzero(learnt),
        range(until, watched.frames),
    )


def hide(picture: Picture, region: NDArray[np.float64], size: Size) -> None:
    """Blank a region of a picture."""
    luma = picture[: size.height]
    chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
    cv2.fillConvexPoly(luma, np.round(region).astype(np.int32), BLANK[0])
    for plane, level in zip(chroma, BLANK[1:], strict=True):
        cv2.fillConvexPoly(plane, np.round(region / 2 - 0.25).astype(np.int32), level)
