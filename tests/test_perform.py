from __future__ import annotations

import threading
from collections.abc import Mapping

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.catalog import Catalog
from doublure.clock import RealClock
from doublure.cue import Clause, Utterance
from doublure.engines import Mouth
from doublure.errors import EngineError
from doublure.media import SAMPLES_PER_FRAME, Box, Frame, Picture, Place, Size, Speech
from doublure.overlay import Overlay, OverlayState
from doublure.perform import FAULTS_TO_STANDBY, Painter, Performer, Shot
from doublure.takes import Takes

SIZE = Size(360, 640)
CATALOG = Catalog("shop", "en", ())


class Lamp:
    """A face that shows its mouth as brightness; it can be told to fail or to wait."""

    name = "lamp"
    size = SIZE
    takes: Mapping[str, int] = {"idle": 10, "talk": 10}
    head: Box | None = None

    def __init__(self) -> None:
        self.broken = False
        self.gate = threading.Event()
        self.gate.set()

    def mouth(self, speech: Speech) -> Mouth:
        return np.ones((-(-len(speech.pcm) // SAMPLES_PER_FRAME), 1), np.float32)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        self.gate.wait(10)
        if self.broken:
            raise RuntimeError("the lamp is out")
        picture = np.full((SIZE.height * 3 // 2, SIZE.width), 128, np.uint8)
        picture[: SIZE.height] = 60 if mouth is None else 180
        return picture, state


def shot(number: int) -> Shot:
    return Shot(number, Takes(Lamp.takes).step(False), None, OverlayState("", None))


def clause(frames: int, *, last: bool = True, id: str = "u-1") -> Clause:
    utterance = Utterance(id, "cue-1", "script", "hello", "en")
    pcm = np.full(frames * SAMPLES_PER_FRAME, 0.5, np.float32)
    return Clause(utterance, Speech(pcm, text="hello", last=last))


def test_every_picture_has_the_label() -> None:
    overlay = Overlay(SIZE, "en")
    painter = Painter(Lamp(), overlay)
    assert overlay.label_present(painter.standby_picture)
    assert overlay.label_present(painter.paint(shot(0)))


def test_a_picture_that_lost_its_label_becomes_stand_by() -> None:
    overlay = Overlay(SIZE, "en")
    painter = Painter(Lamp(), overlay)
    drawn = overlay.draw
    overlay.draw = lambda picture, state: None  # type: ignore[method-assign]
    assert painter.paint(shot(5)) is painter.standby_picture
    assert "label" in painter.fault
    assert painter.paint(shot(6)) is painter.standby_picture
    overlay.draw = drawn  # type: ignore[method-assign]
    assert painter.paint(shot(10)) is not painter.standby_picture
    assert painter.fault == ""


def test_a_face_that_fails_is_stand_by_after_a_second_and_comes_back() -> None:
    lamp = Lamp()
    painter = Painter(lamp, Overlay(SIZE, "en"))
    lamp.broken = True
    for number in range(1, FAULTS_TO_STANDBY):
        with pytest.raises(RuntimeError, match="the lamp is out"):
            painter.paint(shot(number))
    assert painter.paint(shot(25)) is painter.standby_picture
    assert "the lamp is out" in painter.fault
    lamp.broken = False
    assert painter.paint(shot(30)) is not painter.standby_picture
    assert painter.fault == ""


def test_a_face_without_room_for_the_label_is_refused() -> None:
    overlay = Overlay(SIZE, "en")
    overlay.draw = lambda picture, state: None  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="label cannot be drawn"):
        Painter(Lamp(), overlay)


async def frames_of(performer: Performer, count: int) -> list[Frame]:
    return [await performer.frames.get() for _ in range(count)]


def test_sound_and_picture_leave_in_one_frame_and_nothing_is_lost() -> None:
    async def check() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            await frames_of(performer, 3)
            await performer.offer(clause(10))
            frames = await frames_of(performer, 30)
            stage.cancel_scope.cancel()
        performer.close()
        assert [frame.pts for frame in frames] == list(range(3, 33))
        loud = [frame.pts for frame in frames if frame.pcm.any()]
        assert len(loud) == 10
        assert loud == list(range(loud[0], loud[0] + 10))
        assert [frame.pts for frame in frames if frame.speaking] == loud
        bright = [frame.pts for frame in frames if not frame.late and frame.picture[600, 300] > 120]
        assert set(bright) <= set(loud)
        fates = []
        while (aired := performer.aired.poll()) is not None:
            fates.append((aired.utterance.id, aired.fate))
        assert fates == [("u-1", "begun"), ("u-1", "heard")]

    anyio.run(check)


def test_a_slow_face_repeats_pictures_and_never_holds_up_sound() -> None:
    async def check() -> None:
        lamp = Lamp()
        performer = Performer(lamp, Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            await frames_of(performer, 2)
            lamp.gate.clear()
            await performer.offer(clause(20))
            frames = await frames_of(performer, 25)
            lamp.gate.set()
            after = await frames_of(performer, 30)
            stage.cancel_scope.cancel()
        performer.close()
        assert sum(bool(frame.pcm.any()) for frame in frames + after) == 20
        assert sum(frame.late for frame in frames) >= 15
        assert performer.late_pictures >= 15
        assert not after[-1].late

    anyio.run(check)


def test_a_cut_is_silent_within_a_fifth_of_a_second() -> None:
    async def check() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            await performer.offer(clause(50))
            await performer.offer(clause(50, id="u-2"))
            while not (await performer.frames.get()).speaking:
                pass
            dropped = performer.cut()
            rest = await frames_of(performer, 12)
            stage.cancel_scope.cancel()
        performer.close()
        assert [one.utterance.id for one in dropped] == ["u-1", "u-2"]
        assert sum(frame.speaking for frame in rest) <= 5
        assert not rest[-1].pcm.any()
        assert performer.silent
        fates = []
        while (aired := performer.aired.poll()) is not None:
            fates.append((aired.utterance.id, aired.fate))
        assert fates == [("u-1", "begun"), ("u-1", "cut")]

    anyio.run(check)
