from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.media import Size
from doublure.picture.raster import blank, i420, lay, planes, rounded, stamp, yuv

SIZE = Size(46, 30)


def grey(level: int, size: Size = SIZE) -> NDArray[np.uint8]:
    return np.full((size.height * 3 // 2, size.width), level, np.uint8)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_colours_are_bt709_limited(colour: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    assert np.abs(yuv(np.array(colour, np.float32)) - expected).max() <= 0.6
    picture = i420(np.broadcast_to(np.array(colour, np.float32), (30, 46, 3)))
    for plane, level in zip(planes(picture, SIZE), expected, strict=True):
        assert np.abs(plane.astype(int) - level).max() <= 1


def test_planes_are_views_and_other_pictures_are_refused() -> None:
    # half the height is odd here: U and V share a row of the array
    picture = grey(50)
    y, u, v = planes(picture, SIZE)
    assert (y.shape, u.shape, v.shape) == ((30, 46), (15, 23), (15, 23))
    v[-1, -1] = 7
    assert picture[-1, -1] == 7
    for wrong in (grey(50, Size(46, 32)), grey(50).astype(np.uint16), np.asfortranarray(grey(50))):
        with pytest.raises(ValueError, match="46x30"):
            planes(wrong, SIZE)  # type: ignore[arg-type]


def test_a_drawing_covers_as_much_as_its_alpha_says() -> None:
    drawing = blank(12, 12)
    lay(drawing, np.full((12, 12), 0.5, np.float32), (255, 255, 255))
    mark = stamp(drawing, 10, 8, SIZE)
    assert mark is not None
    picture = grey(100)
    mark.blend(picture, SIZE)
    y, u, _ = planes(picture, SIZE)
    assert abs(int(y[12, 14]) - (100 + 235) / 2) <= 1
    assert abs(int(u[6, 7]) - (100 + 128) / 2) <= 1


def test_full_cover_is_exact_and_no_cover_changes_nothing() -> None:
    drawing = blank(20, 20)
    lay(drawing, rounded(10, 10, 2), (255, 255, 255), 5, 5)
    mark = stamp(drawing, 4, 4, SIZE)
    assert mark is not None
    picture = np.random.default_rng(1).integers(16, 235, (45, 46)).astype(np.uint8)
    before = picture.copy()
    mark.blend(picture, SIZE)
    y, y_before = planes(picture, SIZE)[0], planes(before, SIZE)[0]
    assert (y[11:17, 11:17] == 235).all()
    outside = np.ones(y.shape, bool)
    outside[9:19, 9:19] = False
    assert (y[outside] == y_before[outside]).all()


@pytest.mark.parametrize(("left", "top"), [(-7, -5), (41, 27), (-3, 20), (33, -9), (3, 3), (0, 0)])
def test_odd_places_and_edges_change_only_what_is_covered(left: int, top: int) -> None:
    drawing = blank(13, 11)
    lay(drawing, np.ones((11, 13), np.float32), (255, 255, 255))
    mark = stamp(drawing, left, top, SIZE)
    assert mark is not None
    # the picture lies in the middle of a larger buffer, whose edges would show a stray write
    buffer = np.full((3, 45, 46), 60, np.uint8)
    mark.blend(buffer[1], SIZE)
    assert (buffer[0] == 60).all()
    assert (buffer[2] == 60).all()
    expected = np.full((30, 46), 60, np.uint8)
    expected[max(0, top) : max(0, top + 11), max(0, left) : max(0, left + 13)] = 235
    y, u, _ = planes(buffer[1], SIZE)
    assert (y == expected).all()
    assert ((u != 60) == (expected.reshape(15, 2, 23, 2) == 235).any(axis=(1, 3))).all()


def test_nothing_to_see_is_no_stamp() -> None:
    assert stamp(blank(8, 8), 2, 2, SIZE) is None
    drawing = blank(8, 8)
    lay(drawing, np.ones((8, 8), np.float32), (9, 9, 9))
    assert stamp(drawing, 46, 0, SIZE) is None
    assert stamp(drawing, 0, -8, SIZE) is None


def test_rounded_corners_are_smooth() -> None:
    mask = rounded(40, 30, 10)
    assert mask[0, 0] == 0
    assert mask[15, 0] == mask[0, 20] == 1
    assert abs(float(mask.sum()) - (40 * 30 - (4 - np.pi) * 100)) < 3
    assert ((mask > 0.05) & (mask < 0.95)).sum() > 20
