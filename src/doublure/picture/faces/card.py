"""The face `card`: a circle with eyes and a mouth. It needs no persona; for tests and for trying a room."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.media import FPS, SAMPLES_PER_FRAME, Box, Picture, Place, Size, Speech
from doublure.picture.engine import Face, Mouth
from doublure.picture.raster import Numbers, i420
from doublure.picture.settings import FaceSettings

TAKE_FRAMES = 2 * FPS
"""Length of both takes."""
EASE = 0.6
"""Share of the distance to the target opening covered in one frame."""
QUIETEST = 0.001
"""RMS, full scale 1, below which a clause is silent."""
BLINK_FRAMES = 3
EYE, MOUTH, INK = (0.026, 0.034), (0.07, 0.06), 30
"""Half axes of an eye and of the open mouth, as shares of the short side, and their luma."""
_SUBPIXEL = 4
"""Fractional bits of the coordinates passed to OpenCV."""


class Card:
    """The card in pictures of one size. The luma at the middle of the mouth shows whether it is open."""

    name = "card"
    takes: Mapping[str, int] = {"idle": TAKE_FRAMES, "talk": TAKE_FRAMES}

    def __init__(self, size: Size) -> None:
        short = size.short_side
        self.size = size
        self._middle = (size.width / 2, 0.42 * size.height)
        radius = 0.2 * short
        x, y = self._middle
        self.head: Box | None = Box(
            round(x - radius), round(y - radius), round(2 * radius), round(2 * radius)
        )
        self._plate = _plate(size, self._middle, radius)

    def mouth(self, speech: Speech) -> Mouth:
        """Opening per frame, float32 [frames, 1], 0..1: loudness relative to the clause's loudest frame."""
        frames = -(-len(speech.pcm) // SAMPLES_PER_FRAME)
        padded = np.pad(speech.pcm, (0, frames * SAMPLES_PER_FRAME - len(speech.pcm)))
        loudness = np.sqrt((padded.reshape(frames, SAMPLES_PER_FRAME).astype(np.float64) ** 2).mean(axis=1))
        loudest = max(QUIETEST, float(loudness.max(initial=0.0)))
        return np.asarray((loudness / loudest)[:, None], np.float32)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The card at `place`. `state` is the last opening, so the mouth moves smoothly. The eyes sway and
        blink, so the picture also moves while nobody speaks."""
        last = state if isinstance(state, float) else 0.0
        wanted = float(mouth[0]) if mouth is not None else 0.0
        opening = last + EASE * (wanted - last)
        picture, short = self._plate.copy(), self.size.short_side
        index = place.index % TAKE_FRAMES
        sway = 0.012 * math.sin(2 * math.pi * index / TAKE_FRAMES)
        open_eye = 0.15 if index < BLINK_FRAMES else 1.0
        for side in (-0.075, 0.075):
            self._oval(picture, (side + sway, -0.05), (EYE[0], EYE[1] * open_eye), short)
        self._oval(picture, (0.0, 0.09), (MOUTH[0], MOUTH[1] * max(0.08, opening)), short)
        return picture, opening

    def _oval(
        self, picture: Picture, away: tuple[float, float], axes: tuple[float, float], short: int
    ) -> None:
        """Draw a dark oval into the luma. `away` is its offset from the head's middle; `away` and `axes` are
        shares of the short side."""
        x, y = (middle + share * short for middle, share in zip(self._middle, away, strict=True))
        scale = 1 << _SUBPIXEL
        cv2.ellipse(
            picture[: self.size.height],
            (round(x * scale), round(y * scale)),
            (round(axes[0] * short * scale), round(axes[1] * short * scale)),
            *(0, 0, 360, INK, -1, cv2.LINE_AA, _SUBPIXEL),
        )


def make(settings: FaceSettings, size: Size) -> Face:
    """The engine `card`; `settings` are not used."""
    return Card(size)


def _plate(size: Size, middle: tuple[float, float], radius: float) -> Picture:
    """Background, shoulders and head, without eyes and mouth."""
    rgb: Numbers = np.full((size.height, size.width, 3), (168, 190, 206), np.uint8)
    x, y = round(middle[0]), round(middle[1])
    cv2.ellipse(rgb, (x, size.height), (round(2.2 * radius), round(size.height - y - 1.15 * radius)),
                0, 0, 360, (58, 92, 128), -1, cv2.LINE_AA)  # fmt: skip
    cv2.circle(rgb, (x, y), round(radius), (236, 206, 176), -1, cv2.LINE_AA)
    return i420(rgb)
