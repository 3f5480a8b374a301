from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from doublure.errors import FootageError
from doublure.media import Picture, Place, Size
from doublure.picture.body.plates import Fit, Plates, at_size, decode_take, encode_take, fitted
from tests.clips import blank

SIZE = Size(64, 96)


def counted(count: int, size: Size = SIZE) -> list[Picture]:
    """Pictures whose brightness is their number."""
    return [blank(size, 40 + 2 * number) for number in range(count)]


def number_of(picture: Picture) -> int:
    return round((float(picture[: picture.shape[0] * 2 // 3].mean()) - 40) / 2)


@pytest.fixture
def take(tmp_path: Path) -> Path:
    file = tmp_path / "talk.mp4"
    assert encode_take(iter(counted(70)), SIZE, file) == 70
    return file


def test_a_take_is_read_back_from_any_frame(take: Path) -> None:
    assert [number_of(picture) for picture in decode_take(take)] == list(range(70))
    assert [number_of(picture) for picture in decode_take(take, 37)] == list(range(37, 70))


def test_plates_go_on_jump_and_loop(take: Path) -> None:
    plates = Plates({"talk": take}, {"talk": 70})
    asked = [0, 1, 2, 9, 10, 60, 61, 5, 6, 68, 69, 70, 71, 139]
    assert [number_of(plates.read(Place("talk", index))) for index in asked] == [
        index % 70 for index in asked
    ]


def test_a_plate_belongs_to_its_reader(take: Path) -> None:
    plates = Plates({"talk": take}, {"talk": 70})
    plates.read(Place("talk", 3))[:] = 0
    assert number_of(plates.read(Place("talk", 3))) == 3


def test_footage_covers_the_room_and_is_cut_evenly() -> None:
    fit = Fit.cover(Size(1080, 1920), Size(720, 720))
    assert (fit.scale, fit.left, fit.top) == pytest.approx((2 / 3, 0, 280))
    wide = np.full((96 * 3 // 2, 128), 128, np.uint8)
    wide[:96] = np.linspace(40, 200, 128).astype(np.uint8)
    (picture,) = fitted(iter([wide]), Size(128, 96), Size(64, 96))
    assert picture.shape == (144, 64)
    assert abs(int(picture[40, 0]) - int(wide[40, 32])) <= 3
    assert abs(int(picture[40, 63]) - int(wide[40, 95])) <= 3


def test_a_smaller_copy_is_made_once(take: Path) -> None:
    small = at_size(take, SIZE, Size(32, 48))
    written = small.stat().st_mtime_ns
    assert at_size(take, SIZE, Size(32, 48)) == small
    assert small.stat().st_mtime_ns == written
    assert at_size(take, SIZE, SIZE) == take
    assert [number_of(picture) for picture in decode_take(small)] == list(range(70))


def test_a_take_that_is_no_video_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "talk.mp4"
    broken.write_bytes(b"not a film")
    with pytest.raises(FootageError, match=r"talk\.mp4"):
        next(decode_take(broken))


def test_a_take_that_is_too_short_is_named(take: Path) -> None:
    with pytest.raises(FootageError, match="ends before its frame 80"):
        Plates({"talk": take}, {"talk": 90}).read(Place("talk", 80))
