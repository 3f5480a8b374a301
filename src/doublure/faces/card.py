"""The face `card`: a drawn host who is nobody. It needs no footage and no consent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from doublure.engines import Face, Mouth
from doublure.lips import MouthShape
from doublure.media import Picture, Place, Size, Speech
from doublure.posture import TAKES, posture
from doublure.puppet import Puppet, puppet
from doublure.settings import FaceSettings
from doublure.visemes import COLUMNS, EMPHASIS, SHAPES, mouth_rows

EASE = 0.42
"""Share of the last mouth that is left a frame after speech has ended: shut in about 200 ms."""


class Card:
    """The drawn host in pictures of one size."""

    def __init__(self, drawn: Puppet) -> None:
        self.name = "card"
        self.size: Size = drawn.size
        self.takes: Mapping[str, int] = TAKES
        self._puppet = drawn

    def mouth(self, speech: Speech) -> Mouth:
        """Mouth of each frame, float32 [frames, 6]; columns as in `visemes.Rows`."""
        return mouth_rows(speech)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The host at `place`. `state` is the mouth of the last frame, so that it shuts and opens
        softly where speech ends and begins."""
        last = state if isinstance(state, np.ndarray) else np.zeros(COLUMNS, np.float32)
        row = last * np.float32(EASE) if mouth is None else mouth
        # brows and head never jump, not even at the edge of a clause
        row = np.concatenate([row[:SHAPES], [0.6 * last[EMPHASIS] + 0.4 * row[EMPHASIS]]]).astype(np.float32)
        shape = MouthShape(*(float(value) for value in row[:SHAPES]))
        return self._puppet.picture(posture(place), shape, float(row[EMPHASIS])), row


def make(settings: FaceSettings, size: Size) -> Face:
    """The drawn host; `settings` hold nothing for it. The first of a size takes seconds to paint."""
    return Card(puppet(size))
