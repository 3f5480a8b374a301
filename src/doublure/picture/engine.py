"""The protocol of a face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from doublure.engines import find_engine
from doublure.media import Box, Picture, Place, Size, Speech
from doublure.picture.settings import FaceSettings

Mouth = NDArray[np.float32]
"""Mouth shapes of consecutive frames, float32 [frames, shape]; each face defines its own columns."""


class Face(Protocol):
    """Renders the host. Synchronous: it runs in the picture lane. State is passed in and returned, so
    one set of weights serves many rooms."""

    name: str
    size: Size
    takes: Mapping[str, int]
    """Number of frames in each take; "idle" always exists."""
    head: Box | None
    """Box that holds the head, hair included, in every frame of every take; None if unknown. The AI
    label avoids it."""

    def mouth(self, speech: Speech) -> Mouth:
        """The mouth shapes of a clause, one row for each of its ceil(samples / 960) frames."""
        ...

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The host at `place` with the given mouth (None: at rest). `state` is the one the last call
        returned, None at first. The caller owns the picture and may draw on it."""
        ...


class FaceMaker(Protocol):
    """Makes a face of a size from its settings; takes seconds.

    Raises `SettingsError`, `FootageError`, `ConsentError`.
    """

    def __call__(self, settings: FaceSettings, size: Size, /) -> Face: ...


def find_face(name: str) -> FaceMaker:
    """The maker of the face `name`. Raises `EngineError` if there is none or it cannot be loaded."""
    # entry points are untyped; `FaceMaker` is their contract
    return cast(FaceMaker, find_engine("faces", name))
