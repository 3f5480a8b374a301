"""The label is checked in the decoded picture that viewers see, with the real encoder and decoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from doublure.air.encoder import Encoder
from doublure.air.label_check import CLEAR_LOOKS, FAULT, LOOK_SECONDS, LabelCheck
from doublure.air.settings import PictureSettings
from doublure.media import FPS, SAMPLES_PER_FRAME, TICKS, Frame, Packet, Picture, Size
from doublure.picture.overlay import Overlay, OverlayState

SMALL = PictureSettings(width_pixels=240, height_pixels=426, video_kbps=300, preset="ultrafast")
SILENCE = np.zeros(SAMPLES_PER_FRAME, np.float32)


def pattern(size: Size, seed: int) -> Picture:
    picture = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    blocks = np.random.default_rng(seed).integers(40, 210, (size.height // 2, size.width // 2), np.uint8)
    picture[: size.height] = blocks.repeat(2, axis=0).repeat(2, axis=1)
    return picture


class Stream:
    """The end of a room's chain: encodes pictures and checks the result."""

    def __init__(self, settings: PictureSettings = SMALL) -> None:
        self.overlay = Overlay(settings.size, "en")
        self.encoder = Encoder(settings)
        self.check = LabelCheck(self.encoder.header, self.overlay.label_present)
        self.picture = pattern(settings.size, 1)
        self.labelled = self.picture.copy()
        self.overlay.draw(self.labelled, OverlayState("", None))
        self.number = 0

    def encoded(self, picture: Picture) -> list[Packet]:
        frame = Frame(self.number, SILENCE, picture)
        self.number += 1
        return self.encoder.encode(frame)

    def air(self, picture: Picture, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.check.look(self.encoded(picture))


def test_a_label_that_arrives_is_no_fault() -> None:
    stream = Stream()
    stream.air(stream.labelled, 2 * LOOK_SECONDS + 1)
    assert stream.check.fault == ""


def test_a_label_that_does_not_arrive_is_a_fault_until_it_was_seen_for_a_while() -> None:
    stream = Stream()
    stream.air(stream.labelled, 1)
    stream.air(stream.picture, LOOK_SECONDS + 1)
    assert stream.check.fault == FAULT
    stream.air(stream.labelled, (CLEAR_LOOKS - 1) * LOOK_SECONDS)
    assert stream.check.fault == FAULT
    stream.air(stream.labelled, 2 * LOOK_SECONDS)
    assert stream.check.fault == ""


def test_a_bit_rate_that_blurs_the_label_is_a_fault_although_it_was_drawn() -> None:
    """The settings refuse so low a bit rate, but an encoder may still run short."""
    starved = PictureSettings(width_pixels=1080, height_pixels=1920, preset="ultrafast").model_copy(
        update={"video_kbps": 200, "keyframe_seconds": 0.4}
    )
    stream = Stream(starved)
    for seed in range(3):
        picture = pattern(starved.size, seed)
        stream.overlay.draw(picture, OverlayState("", None))
        assert stream.overlay.label_present(picture)
        stream.check.look(stream.encoded(picture))
    assert stream.check.fault == FAULT


def test_it_looks_at_keyframes_only_and_not_too_often() -> None:
    stream = Stream()
    looked: list[int] = []

    def present(picture: Picture) -> bool:
        looked.append(stream.number)
        return stream.overlay.label_present(picture)

    stream.check = LabelCheck(stream.encoder.header, present)
    stream.air(stream.labelled, 3 * LOOK_SECONDS)
    assert len(looked) == 3
    # keyframes come every two seconds
    assert np.diff(looked).tolist() == [LOOK_SECONDS * FPS] * 2
    assert stream.check.fault == ""


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\4nope", b"\xff" * 100])
def test_a_keyframe_that_cannot_be_decoded_is_a_fault_and_the_next_one_is_seen(payload: bytes) -> None:
    stream = Stream()
    (key,) = [one for _ in range(3) for one in stream.encoded(stream.labelled) if one.keyframe]
    stream.check.look([replace(key, payload=payload)])
    assert stream.check.fault == FAULT
    for look in range(1, CLEAR_LOOKS + 1):
        stream.check.look([replace(key, pts=round(look * LOOK_SECONDS * TICKS) + key.pts)])
    assert stream.check.fault == ""
