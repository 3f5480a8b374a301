from __future__ import annotations

import numpy as np
import pytest

from doublure.drawing import Canvas, block
from doublure.lips import MOUTH, MouthShape, paint_mouth


def painted(mouth: MouthShape) -> np.ndarray:
    """sRGB of a mouth on skin, two pixels to a unit."""
    canvas = Canvas(MOUTH, 2)
    canvas.fill(block(-80, 60, 80, 160), "#fbdac6")
    paint_mouth(canvas, mouth)
    return canvas.pixels[..., :3]


def dark(picture: np.ndarray) -> int:
    """Pixels of the open mouth."""
    return int((picture.sum(axis=2) < 260).sum())


def white(picture: np.ndarray) -> int:
    """Pixels of teeth."""
    return int((picture.min(axis=2) > 222).sum())


def lips_width(picture: np.ndarray) -> int:
    red = (picture[..., 0] - picture[..., 1]) > 70
    return int(np.ptp(np.nonzero(red.any(axis=0))[0]))


def test_a_shut_mouth_shows_neither_teeth_nor_throat() -> None:
    for mouth in (MouthShape(), MouthShape(press=1), MouthShape(spread=-0.5, press=1)):
        assert dark(painted(mouth)) < 60
        assert white(painted(mouth)) == 0


def test_opening_opens() -> None:
    gaps = [dark(painted(MouthShape(opening))) for opening in (0.1, 0.4, 0.7, 1.0)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 600


def test_rounding_draws_the_corners_in_and_hides_the_teeth() -> None:
    spread, plain, rounded = (painted(MouthShape(0.4, share)) for share in (1.0, 0.0, -1.0))
    assert lips_width(spread) > lips_width(plain) > lips_width(rounded) * 1.4
    assert white(spread) > white(rounded) * 3


def test_teeth_show_on_the_lip_for_f() -> None:
    assert white(painted(MouthShape(0.05, 0.1, bite=1))) > 20
    assert dark(painted(MouthShape(0.05, 0.1, bite=1))) < 160


def test_the_tongue_rises_for_l() -> None:
    low, high = (painted(MouthShape(0.5, 0.2, tongue=share)) for share in (0.0, 1.0))
    assert dark(high) < dark(low)


@pytest.mark.parametrize("spread", [-1.0, 0.0, 1.0])
def test_no_mouth_leaves_its_place(spread: float) -> None:
    for opening in (0.0, 0.5, 1.0):
        picture = painted(MouthShape(opening, spread))
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert np.abs(edge - (251, 218, 198)).max() < 4
