from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from doublure.engines import Face, find_engine
from doublure.faces.card import make
from doublure.lips import MouthShape
from doublure.media import SAMPLES_PER_FRAME, Phone, Picture, Place, Size, Speech
from doublure.posture import posture
from doublure.puppet import (
    Puppet,
    mouth_shapes,
    nearest_look,
    nearest_mouth,
)
from doublure.raster import planes
from doublure.scenery import EYES, view
from doublure.settings import FaceSettings

# half of its height is odd, as nothing says that it may not be
SIZE = Size(240, 426)
SETTINGS = FaceSettings(engine="card")
OPEN = np.array([1, 0, 0, 0, 0, 0], np.float32)
SHUT = np.array([0, 0, 0, 1, 0, 0], np.float32)


@pytest.fixture(scope="module")
def face() -> Face:
    return make(SETTINGS, SIZE)


def around(picture: Picture, x: float, y: float, reach: tuple[float, float], size: Size = SIZE) -> np.ndarray:
    """Luma around a place of the head, units as in `portrait`."""
    area = view(size)
    scale = size.width / area.width
    left, top = (EYES[0] + x - area.left) * scale, (EYES[1] + y - area.top) * scale
    across, down = reach[0] * scale, reach[1] * scale
    return planes(picture, size)[0][
        round(top - down) : round(top + down), round(left - across) : round(left + across)
    ]


def shown(face: Face, place: Place, mouth: np.ndarray | None, state: object = None) -> Picture:
    return face.render(place, mouth, state)[0]


def throat(picture: Picture) -> int:
    """Dark pixels between the lips."""
    return int((around(picture, 0, 106, (26, 22)) < 90).sum())


def test_it_is_installed_and_has_its_takes(face: Face) -> None:
    assert find_engine("faces", "card") is make
    assert face.size == SIZE
    assert dict(face.takes) == {"idle": 250, "talk": 300}


def test_pictures_are_whole_and_belong_to_the_caller(face: Face) -> None:
    picture = shown(face, Place("idle", 0), None)
    assert picture.shape == (639, 240)
    assert picture.dtype == np.uint8
    luma, *_ = planes(picture, SIZE)
    assert luma.min() >= 16
    assert luma.max() <= 236
    before = picture.copy()
    picture[...] = 0
    assert (shown(face, Place("idle", 0), None) == before).all()


def test_the_mouth_opens_on_a_and_closes_on_p_b_m(face: Face) -> None:
    for place in (Place("idle", 3), Place("talk", 140)):
        assert throat(shown(face, place, OPEN)) > 25
        assert throat(shown(face, place, SHUT)) == 0
        assert throat(shown(face, place, None)) == 0


@pytest.mark.parametrize("mark", list("pbm"))
def test_it_is_seen_in_a_spoken_word(face: Face, mark: str) -> None:
    ends = np.arange(4) * 3600
    phones = tuple(Phone(one, int(ends[n]), int(ends[n + 1])) for n, one in enumerate(("a", mark, "a")))
    rows = face.mouth(Speech(np.full(10800, 0.1, np.float32), phones=phones))
    assert len(rows) == -(-10800 // SAMPLES_PER_FRAME)
    state: object = None
    seen = []
    for n, row in enumerate(rows):
        picture, state = face.render(Place("talk", n), row, state)
        seen.append(throat(picture))
    assert seen[5] == 0
    assert max(seen[:4]) > 20
    assert max(seen[7:]) > 20


def test_the_mouth_shuts_softly_after_speech_and_the_state_carries_it(face: Face) -> None:
    state: object = None
    _, state = face.render(Place("talk", 0), OPEN, state)
    apart = []
    for n in range(9):
        place = Place("talk", 1 + n)
        picture, state = face.render(place, None, state)
        seen, rest = (
            around(one, 0, 106, (36, 30)).astype(int) for one in (picture, shown(face, place, None))
        )
        apart.append(float(np.abs(seen - rest).mean()))
    assert apart[0] > 3
    assert apart == sorted(apart, reverse=True)
    assert apart[-1] < 0.5


def test_two_rooms_do_not_disturb_each_other(face: Face) -> None:
    alone = [shown(face, Place("talk", n), OPEN) for n in range(3)]
    mixed = []
    other: object = None
    for n in range(3):
        mixed.append(shown(face, Place("talk", n), OPEN))
        _, other = face.render(Place("idle", 50 + n), SHUT, other)
    assert all((one == two).all() for one, two in zip(alone, mixed, strict=True))


def test_it_is_the_same_on_every_machine(face: Face) -> None:
    again = Puppet(SIZE)
    picture, _ = face.render(Place("idle", 77), None, None)
    assert (again.picture(posture(Place("idle", 77)), MouthShape(), 0.0) == picture).all()


@pytest.mark.parametrize("take", ["idle", "talk"])
def test_takes_loop_and_are_alive(face: Face, take: str) -> None:
    frames = face.takes[take]
    pictures = [shown(face, Place(take, n), None).astype(np.int16) for n in (*range(0, 12), frames - 1)]
    steps = [np.abs(one - two).mean() for one, two in pairwise(pictures[:-1])]
    assert min(steps) > 0
    assert np.abs(pictures[-1] - pictures[0]).mean() < 3 * max(steps)
    far = shown(face, Place(take, frames // 2), None).astype(np.int16)
    assert np.abs(far - pictures[0]).mean() > 2 * max(steps)
    # what lies behind stands still
    wall = (
        planes(shown(face, Place(take, 5), None), SIZE)[0][:60]
        == planes(shown(face, Place(take, 90), None), SIZE)[0][:60]
    )
    assert wall.all()


def test_eyes_blink(face: Face) -> None:
    places = [Place("idle", n) for n in range(30, 45)]
    bright = [int((around(shown(face, place, None), -47, 5, (30, 14)) > 212).sum()) for place in places]
    closed = [n for n, place in enumerate(places) if posture(place).shut == 1]
    assert closed
    assert bright[0] > bright[closed[0]]
    assert nearest_look(posture(places[closed[0]])).shut == 1


def test_brows_rise_with_emphasis(face: Face) -> None:
    calm, lively = OPEN.copy(), OPEN.copy()
    lively[5] = 1
    state: object = None
    for _ in range(8):
        picture, state = face.render(Place("idle", 0), lively, state)
    still = shown(face, Place("idle", 0), calm)

    def brow_row(seen: Picture) -> float:
        column = around(seen, -56, -42, (12, 16)).mean(axis=1)
        ink = np.clip(column.max() - column, 0, None)
        return float((ink * np.arange(len(ink))).sum() / ink.sum())

    assert brow_row(picture) < brow_row(still) - 0.2


def test_painted_mouths_are_near_to_any_that_is_asked() -> None:
    shapes = set(mouth_shapes())
    assert len(shapes) > 150
    for opening in np.linspace(0, 1, 21):
        for spread in np.linspace(-1, 1, 11):
            found = nearest_mouth(MouthShape(float(opening), float(spread)))
            assert found in shapes
            assert abs(found.opening - opening) < 0.06
            assert abs(found.spread - spread) <= 0.126
    for asked in (
        MouthShape(bite=1),
        MouthShape(press=0.8),
        MouthShape(0.3, tongue=1),
        MouthShape(0.02, 0.9, press=0.6),
    ):
        found = nearest_mouth(asked)
        assert found in shapes
        assert (found.bite > 0, found.press > 0, found.tongue > 0) == (
            asked.bite > 0,
            asked.press > 0,
            asked.tongue > 0,
        )


def test_unknown_takes_are_idle(face: Face) -> None:
    assert (shown(face, Place("juggle", 9), None) == shown(face, Place("idle", 9), None)).all()
