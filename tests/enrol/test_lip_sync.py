"""Whether sound and picture belong together, and by how much they do not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.lip_sync import LEAST_FRAMES, lateness, shifted
from doublure.enrol.report import findings
from doublure.enrol.scan import watch
from doublure.enrol.tracking import Tracked
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Phone, Speech
from doublure.picture.mouth.acoustics import PER_FRAME, hear
from doublure.picture.mouth.articulation import generic_mouth
from doublure.picture.mouth.geometry import CONTROL, LOWER, RIGHT_EYE, RIGID, UPPER
from doublure.voice.engines.kokoro.voice import recite, shipped
from tests.clips import talking, voice, write_clip

SECONDS = 18
RANDOM = np.random.default_rng(5)


TEXT = (
    "Welcome to the show, it is lovely to see so many of you.",
    "This bottle holds half a litre and fits in any bag.",
    "You can send it back within fourteen days, and we pay the postage.",
    "Which size do you usually wear? Tell us in the chat.",
    "The sole is soft, so you can walk in these shoes all day.",
    "Thank you so much, and have a look at the link below.",
)


@cache
def spoken() -> Speech:
    """A voice that the generic mouth was not learnt from."""
    pieces = [piece for text in TEXT for piece in recite(text, "en", shipped("af_bella"))]
    starts = np.cumsum([0, *(len(piece.pcm) for piece in pieces)])
    phones = [
        Phone(one.symbol, one.start + start, one.end + start)
        for start, piece in zip(starts.tolist(), pieces, strict=False)
        for one in piece.phones
    ]
    return Speech(np.concatenate([piece.pcm for piece in pieces]), phones=tuple(phones))


def speech() -> Pcm:
    """Its sound."""
    return spoken().pcm[: SECONDS * SAMPLE_RATE]


def lips(opened: NDArray[np.float64]) -> Tracked:
    """A face that opens its mouth so far, in distances of its eyes."""
    count = len(opened)
    control, rigid = np.zeros((count, len(CONTROL), 3)), np.zeros((count, len(RIGID), 3))
    rigid[:, RIGHT_EYE, 0] = 100.0
    control[:, UPPER, 1], control[:, LOWER, 1] = -50 * opened, 50 * opened
    return Tracked(control, rigid, np.ones(count, np.bool_), np.zeros(count), np.zeros(count))


def moved() -> NDArray[np.float64]:
    """How far a mouth opens that does as the generic one, unevenly."""
    jaw = generic_mouth().moves(hear(speech()))[::PER_FRAME, 0].astype(np.float64)
    return np.asarray(0.1 + 0.05 * jaw / jaw.std() + 0.02 * RANDOM.standard_normal(len(jaw)))


@pytest.mark.parametrize("late", [0.04, -0.12, 0.74])
def test_how_late_the_sound_is_is_told(late: float) -> None:
    opened, everywhere = moved(), np.ones(SECONDS * FPS, np.bool_)
    delayed = shifted(speech(), -late)
    found = lateness(delayed, lips(opened), everywhere)
    assert found == pytest.approx(late, abs=0.021)
    assert lateness(shifted(delayed, found), lips(opened), everywhere) == 0


def test_lips_that_do_not_go_with_the_sound_tell_nothing() -> None:
    opened = RANDOM.uniform(0, 0.2, SECONDS * FPS)
    assert lateness(speech(), lips(opened), np.ones(len(opened), np.bool_)) == 0


def test_little_speech_and_a_mouth_that_does_not_move_tell_nothing() -> None:
    opened = moved()
    few = np.arange(len(opened)) < LEAST_FRAMES - 1
    assert lateness(shifted(speech(), -0.2), lips(opened), few) == 0
    assert lateness(speech(), lips(np.full(len(opened), 0.1)), np.ones(len(opened), np.bool_)) == 0
    assert lateness(np.zeros(0, np.float32), lips(opened), np.ones(len(opened), np.bool_)) == 0


def test_syllables_that_come_again_and_again_tell_nothing() -> None:
    buzz = voice(SECONDS)
    loud = np.abs(buzz).reshape(-1, SAMPLES_PER_FRAME).mean(axis=1).astype(np.float64)
    everywhere = np.ones(len(loud), np.bool_)
    assert lateness(buzz, lips(0.1 + loud), everywhere) == 0
    assert lateness(shifted(buzz, -0.2), lips(0.1 + loud), everywhere) == 0


def test_sound_is_moved_by_what_it_is_late() -> None:
    pcm = np.arange(1, SAMPLE_RATE + 1, dtype=np.float32)
    assert shifted(pcm, 0.02)[0] == 481
    early = shifted(pcm, -0.02)
    assert len(early) == len(pcm) + 480
    assert not early[:480].any()
    assert early[480] == 1


def test_footage_with_late_sound_is_put_right_and_said_so(tmp_path: Path) -> None:
    pictures, pcm, _ = talking(SECONDS, said=spoken())
    late = np.concatenate([np.zeros(5 * SAMPLES_PER_FRAME, np.float32), pcm])[: len(pcm)]
    watched = watch(write_clip(tmp_path / "late.mp4", pictures, late), lambda *_: None)
    assert watched.late == pytest.approx(0.2, abs=0.045)
    both = [np.abs(one).reshape(-1, 240).mean(axis=1) for one in (watched.pcm[:384_000], pcm[:384_000])]
    lags = range(-40, 41)
    found = [np.corrcoef(both[0][40 + lag : lag - 41], both[1][40:-41])[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(found))]) * 0.01 < 0.05
    assert [one.severity for one in findings.out_of_step(watched.late, SECONDS)] == ["note"]
    assert findings.out_of_step(0.04, 20.0) == []
