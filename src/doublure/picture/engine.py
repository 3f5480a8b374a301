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
"""Mouth shape of consecutive frames, float32 [frames, shape]; what the columns mean is the
face's own affair."""


class Face(Protocol):
    """Renders the host. Synchronous: it runs in the picture lane. State goes in and out, so one
    set of weights serves many rooms."""

    name: str
    size: Size
    takes: Mapping[str, int]
    """Frames in each take; "idle" is always there."""
    head: Box | None
    """Where the head is in any frame of any take, hair and all; None when that is not known. The AI
    label keeps off it."""

    def mouth(self, speech: Speech) -> Mouth:
        """The mouth shapes of a clause, one row for each of its ceil(samples / 960) frames."""
        ...

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The host at `place`, mouth as given (None: at rest). `state` is what the last call
        returned, None at first. The picture belongs to the caller, who may draw on it."""
        ...


class FaceMaker(Protocol):
    """Makes a face from its settings at a size; takes seconds. Raises `SettingsError`, `FootageError`, `ConsentError`."""

    def __call__(self, settings: FaceSettings, size: Size, /) -> Face: ...


def find_face(name: str) -> FaceMaker:
    """The maker of the face `name`. Raises `EngineError` when there is none, or when it cannot be loaded."""
    # an entry point has no type: what it must be stands above
    return cast(FaceMaker, find_engine("faces", name))
