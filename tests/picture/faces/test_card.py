"""The card: what its mouth does is read from its pixels."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.engines import find_engine
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Box, Picture, Place, Size, Speech
from doublure.picture.faces.card import Card, make
from doublure.picture.settings import FaceSettings
from tests.clips import correlation

SIZE = Size(360, 640)
OPEN = np.ones(1, np.float32)


def head(card: Card) -> Box:
    assert card.head is not None
    return card.head


def mouth_pixels(picture: Picture, card: Card) -> int:
    """Dark pixels in the lower half of the head."""
    box = head(card)
    lower = picture[box.top + box.height // 2 : box.top + box.height, box.left : box.left + box.width]
    return int((lower < 60).sum())


def settled(card: Card, mouth: NDArray[np.float32] | None, index: int = 10) -> Picture:
    state: object = None
    for _ in range(8):
        picture, state = card.render(Place("talk", index), mouth, state)
    return picture


@pytest.fixture(scope="module")
def card() -> Card:
    return Card(SIZE)


def test_it_is_an_engine_like_the_others() -> None:
    assert find_engine("faces", "card") is make
    made = make(FaceSettings(engine="card"), SIZE)
    assert (made.name, made.size) == ("card", SIZE)
    assert set(made.takes) == {"idle", "talk"}


@pytest.mark.parametrize(
    "size", [Size(240, 426), SIZE, Size(720, 1280), Size(640, 360), Size(480, 480)], ids=str
)
def test_the_mouth_is_read_from_the_picture(size: Size) -> None:
    card = Card(size)
    seen = [mouth_pixels(settled(card, np.array([share], np.float32)), card) for share in (0, 0.3, 0.6, 1)]
    assert seen == sorted(seen)
    assert seen[-1] > 4 * max(1, seen[0])
    picture = settled(card, OPEN)
    assert picture.shape == (size.height * 3 // 2, size.width)
    assert picture.flags.c_contiguous
    # all that is drawn of the head is in its box
    box = head(card)
    assert box.left >= 0
    assert box.left + box.width <= size.width
    assert box.top >= 0
    assert box.top + box.height <= size.height


def test_it_opens_as_loud_as_it_speaks(card: Card) -> None:
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    swell = np.abs(np.sin(2 * np.pi * 0.8 * at))
    rows = card.mouth(Speech((0.3 * swell * np.sin(2 * np.pi * 200 * at)).astype(np.float32)))
    assert rows.shape == (2 * FPS, 1)
    assert correlation(rows[:, 0], swell.reshape(-1, SAMPLES_PER_FRAME).mean(axis=1)) > 0.99
    state: object = None
    seen = []
    for number, row in enumerate(rows):
        picture, state = card.render(Place("talk", number), row, state)
        seen.append(mouth_pixels(picture, card))
    # it is a frame late, because it moves softly
    assert correlation(np.array(seen[1:]), rows[:-1, 0]) > 0.9


@pytest.mark.parametrize("samples", [0, 1, 960, 961])
def test_every_length_has_its_rows_and_silence_is_shut(card: Card, samples: int) -> None:
    rows = card.mouth(Speech(np.zeros(samples, np.float32)))
    assert rows.shape == (-(-samples // SAMPLES_PER_FRAME), 1)
    assert not rows.any()


def test_the_mouth_shuts_softly_after_speech(card: Card) -> None:
    state: object = None
    for _ in range(6):
        _, state = card.render(Place("talk", 10), OPEN, state)
    seen = []
    for _ in range(8):
        picture, state = card.render(Place("talk", 10), None, state)
        seen.append(mouth_pixels(picture, card))
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > seen[-1]
    assert (picture == settled(card, None)).all()


@pytest.mark.parametrize("take", ["idle", "talk"])
def test_takes_are_loops_in_which_something_moves(card: Card, take: str) -> None:
    frames = card.takes[take]
    pictures = [card.render(Place(take, number), None, None)[0] for number in range(frames)]
    moved = [bool((one != other).any()) for one, other in pairwise(pictures)]
    assert sum(moved) > 0.8 * len(moved)
    assert (card.render(Place(take, frames), None, None)[0] == pictures[0]).all()
    # the eyes shut for a moment
    dark = [int((one[: SIZE.height // 2] < 60).sum()) for one in pictures]
    assert min(dark) < 0.5 * np.median(dark)


def test_the_same_calls_give_the_same_pictures_and_each_is_the_callers(card: Card) -> None:
    picture = settled(card, OPEN)
    assert (settled(Card(SIZE), OPEN) == picture).all()
    picture[:] = 0
    assert (settled(card, OPEN) != 0).any()


def test_it_is_seen_in_colour(card: Card) -> None:
    bgr = cv2.cvtColor(settled(card, None), cv2.COLOR_YUV2BGR_I420)
    box = head(card)
    blue, _, red = bgr[box.top + box.height // 5, box.left + box.width // 2].tolist()
    assert red > blue + 30
