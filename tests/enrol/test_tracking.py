"""What is refused of the faces that are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.tracking import track
from doublure.errors import FootageError
from doublure.media import Picture
from tests.clips import SIZE, talking

Plane = NDArray[np.uint8]


def turned(picture: Picture, turn: Callable[[Plane], Plane]) -> Picture:
    """Each plane of an I420 picture, turned."""
    high, wide = SIZE.height, SIZE.width
    planes = [picture[:high], *picture[high:].reshape(2, high // 2, wide // 2)]
    return np.concatenate([np.ascontiguousarray(turn(plane)).reshape(-1, wide) for plane in planes])


@pytest.mark.parametrize(
    "turn",
    [lambda plane: plane[::-1, ::-1], lambda plane: plane[::-1]],
    ids=["half turn", "top to bottom"],
)
def test_a_face_that_is_upside_down_is_refused(turn: Callable[[Plane], Plane]) -> None:
    pictures, _, _ = talking(2.0)
    with pytest.raises(FootageError, match="upside down"):
        track((turned(one, turn) for one in pictures), SIZE, Path("li.mp4"), lambda done: None)


def test_a_face_that_is_upright_or_mirrored_is_taken() -> None:
    pictures, _, _ = talking(2.0)
    for turn in (lambda plane: plane, lambda plane: plane[:, ::-1]):
        found = track((turned(one, turn) for one in pictures), SIZE, Path("li.mp4"), lambda done: None)
        assert found.seen.mean() > 0.9
