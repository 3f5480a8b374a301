"""What is refused of the faces that were found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.tracking import CHIN, FOREHEAD, _check, _Search
from doublure.errors import FootageError


def mesh(upright: bool) -> NDArray[np.float64]:
    points = np.full((478, 3), 200.0)
    points[FOREHEAD, 1], points[CHIN, 1] = (100.0, 300.0) if upright else (300.0, 100.0)
    return points


def test_a_face_that_is_upside_down_is_refused_whatever_the_cause() -> None:
    search = _Search(heights=[200.0] * 10)
    _check([mesh(True)] * 7 + [mesh(False)] * 3, search, Path("li.mp4"), 0)
    with pytest.raises(FootageError, match="upside down"):
        _check([mesh(False)] * 10, search, Path("li.mp4"), 0)
