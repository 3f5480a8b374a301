"""Rebuilds footage from its own sound: the last part of it with mouths learnt from the part before.

What is to be rebuilt is hidden first: the region that speech moves is blanked in the pictures, and the
landmarks of lips, chin and jaw are thrown away. So the face has the sound, the head's pose and what lies
round the mouth, which is what it has on air.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.articulation import Articulation
from doublure.enrol import footage as reading
from doublure.enrol.bundle import cut_mouths
from doublure.enrol.learning import FULL, Effort, learn
from doublure.enrol.likeness import measure, mouths_of
from doublure.enrol.tracking import Tracked, track
from doublure.geometry import MOVING, opening
from doublure.media import SAMPLES_PER_FRAME, Pcm, Picture, Size
from doublure.mouths import Mouths, Setting
from doublure.persona import FaceTrack
from doublure.plates import Fit

LEARNT_SHARE = 0.8
"""Of the footage, from its beginning; the rest is rebuilt."""
BLANK = (90, 128, 128)
"""Y, U, V of what is hidden: a grey that is nobody's skin."""

Way = Literal["ours", "truth", "retrieval", "random", "plate"]
"""What moves the mouth: our articulation; the true shapes (the renderer alone); the learnt mouth nearest
to ours, as it is; learnt mouths drawn at random; those of another time, as a plate that goes on with its
own speech."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Footage of which the first part was learnt and the rest waits to be rebuilt."""

    footage: Path
    size: Size
    pcm: Pcm
    tracked: Tracked
    face: FaceTrack
    """Landmarks of the held frames' mouths are NaN in it."""
    shapes: NDArray[np.float64]
    """[n, SHAPES]: the true mouths of all frames."""
    articulation: Articulation
    textures: list[Picture]
    learnt: NDArray[np.int64]
    held: range

    def mouths(self) -> Mouths:
        """The renderer, at the footage's size."""
        return Mouths(self.face, self.textures, Fit.cover(self.size, self.size), self.size)

    def rows(self, way: Way) -> NDArray[np.float64]:
        """The mouth of each held frame."""
        if way == "ours":
            start, stop = (edge * SAMPLES_PER_FRAME for edge in (self.held.start, self.held.stop))
            sound = self.pcm[start:stop]
            # footage may end before its picture does
            padded = np.pad(sound, (0, stop - start - len(sound)))
            return np.asarray(self.articulation.rows(padded), np.float64)
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
        """The held pictures as they were filmed."""
        shape = reading.inspect(self.footage)
        return islice(reading.pictures(self.footage, shape), self.held.start, self.held.stop)

    def rebuilt(self, rows: NDArray[np.float64]) -> Iterator[Picture]:
        """The held pictures with their mouths hidden and these set in."""
        mouths, setting = self.mouths(), Setting()
        for number, row, picture in zip(self.held, rows, self.truth(), strict=False):
            hide(picture, mouths.region(number), self.size)
            setting = mouths.set_in(picture, number, row, setting)
            yield picture


def prepare(
    footage: Path,
    share: float = LEARNT_SHARE,
    effort: Effort = FULL,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Trial:
    """Learn from the first `share` of the footage. Raises `FootageError`, `EngineError`."""
    shape = reading.inspect(footage)
    pcm = reading.sound(footage)
    reading.check_speech(footage, pcm)
    total = round(shape.seconds * 25)
    tracked = track(
        reading.pictures(footage, shape), shape.size, footage, lambda done: progress("face", done, total)
    )
    frames = len(tracked.seen)
    until = int(frames * share)
    learnt = np.arange(frames) < until
    talking = reading.speech_share(pcm, frames)
    face, texture = measure(tracked, talking, {}, shape.size, learnt)
    shapes, _ = mouths_of(face)
    known = replace(
        face,
        **{
            name: getattr(face, name)[:until] for name in ("control", "scale", "rotation", "shift", "opening")
        },
    )
    own, rest = mouths_of(known)
    articulation = learn(
        pcm[: until * SAMPLES_PER_FRAME], own, face.shape, rest, effort, lambda *step: progress("lips", *step)
    )
    hidden = face.control.copy()
    hidden[until:, MOVING] = np.nan
    textures = list(cut_mouths(reading.pictures(footage, shape), shape.size, face, texture))
    return Trial(
        footage,
        shape.size,
        pcm,
        tracked,
        replace(face, control=hidden),
        shapes,
        articulation,
        textures,
        np.flatnonzero(learnt),
        range(until, frames),
    )


def hide(picture: Picture, region: NDArray[np.float64], size: Size) -> None:
    """Blank a region of a picture."""
    luma = picture[: size.height]
    chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
    cv2.fillConvexPoly(luma, np.round(region).astype(np.int32), BLANK[0])
    for plane, level in zip(chroma, BLANK[1:], strict=True):
        cv2.fillConvexPoly(plane, np.round(region / 2 - 0.25).astype(np.int32), level)


def silent_opening(trial: Trial, seconds: float = 5.0) -> tuple[float, float]:
    """Mean opening when driven by silence, and at rest; of the eye distance."""
    rows = trial.articulation.rows(np.zeros(round(seconds * 24_000), np.float32))
    points = trial.face.shape.points(rows)
    return float(opening(points).mean()), trial.face.rest_opening
