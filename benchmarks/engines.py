"""Engines for measuring: a face that flashes and a voice that clicks, in the same frame."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import numpy as np
from numpy.typing import NDArray

from doublure.media import (
    FPS,
    LANGUAGES,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    Box,
    Language,
    Picture,
    Place,
    Size,
    Speech,
)
from doublure.picture.engine import Mouth

FLASH_FRAMES = 3
"""Length of a flash: three frames, so that one lost picture does not hide it."""
CLICK_SECONDS = 2


class SlateFace:
    """A black picture, white for the frames of a flash."""

    name = "slate"
    takes: Mapping[str, int] = {"idle": FPS}
    head: Box | None = None

    def __init__(self, size: Size) -> None:
        self.size = size

    def mouth(self, speech: Speech) -> Mouth:
        """One column: 1 for `FLASH_FRAMES` frames from the one that holds the click."""
        frames = -(-len(speech.pcm) // SAMPLES_PER_FRAME)
        rows = np.zeros((frames, 1), np.float32)
        if speech.pcm.size and speech.pcm.max() > 0.5:
            first = int(np.argmax(speech.pcm > 0.5)) // SAMPLES_PER_FRAME
            rows[first : first + FLASH_FRAMES] = 1
        return rows

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        white = mouth is not None and mouth[0] > 0.5
        picture = np.full((self.size.height * 3 // 2, self.size.width), 128, np.uint8)
        picture[: self.size.height] = 235 if white else 16
        return picture, state


class ClickVoice:
    """Two seconds of silence with a loud click in the middle, at the start of a frame."""

    name = "click"
    languages: frozenset[Language] = frozenset(LANGUAGES)

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        pcm = np.zeros(CLICK_SECONDS * SAMPLE_RATE, np.float32)
        middle = FPS * CLICK_SECONDS // 2 * SAMPLES_PER_FRAME
        pcm[middle : middle + SAMPLE_RATE // 100] = 0.9
        yield Speech(pcm, text=spoken)
