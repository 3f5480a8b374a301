from __future__ import annotations

import threading
from collections.abc import Mapping

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.air.performer import Performer
from doublure.clock import RealClock
from doublure.cue import Clause, Utterance
from doublure.errors import EngineError
from doublure.media import SAMPLES_PER_FRAME, Box, Frame, Pcm, Picture, Place, Size, Speech
from doublure.picture.body.takes import Takes
from doublure.picture.engine import Mouth
from doublure.picture.overlay import Overlay, OverlayState
from doublure.picture.painter import FAULTS_TO_STANDBY, Painter, Shot
from doublure.shop.catalog import Catalog

SIZE = Size(360, 640)
CATALOG = Catalog("shop", "en", ())


class Lamp:
    """A face that shows its mouth as brightness; it can be set to fail or to wait."""

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
        assert performer.seconds_waiting == 0
        fates = []
        while (aired := performer.aired.poll()) is not None:
            fates.append((aired.utterance.id, aired.fate))
        assert fates == [("u-1", "begun"), ("u-1", "cut")]

    anyio.run(check)


def test_a_piece_that_comes_late_does_not_end_its_utterance() -> None:
    async def check() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            for last in (False, False, True):
                await performer.offer(clause(3, last=last))
                await frames_of(performer, 15)
            await performer.offer(clause(3, last=False, id="u-2"))
            await frames_of(performer, 15)
            performer.cut()  # while it waits for its next piece
            await frames_of(performer, 15)
            stage.cancel_scope.cancel()
        performer.close()
        fates = []
        while (aired := performer.aired.poll()) is not None:
            fates.append((aired.utterance.id, aired.fate))
        assert fates == [("u-1", "begun"), ("u-1", "heard"), ("u-2", "begun"), ("u-2", "cut")]

    anyio.run(check)


class Mouthless(Lamp):
    """A face whose mouth fails as `how` says."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def mouth(self, speech: Speech) -> Mouth:
        if self.how == "raises":
            raise ValueError("no lips")
        if self.how == "hangs":
            self.gate.wait(20)
        if self.how == "nonsense":
            return "lips"  # type: ignore[return-value]
        if self.how == "nan":
            return np.full((3, 1), np.nan, np.float32)
        return super().mouth(speech)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        return np.full((SIZE.height * 3 // 2, SIZE.width), 60, np.uint8), state


@pytest.mark.parametrize("how", ["raises", "hangs", "nonsense", "nan"])
def test_a_face_that_cannot_move_its_lips_does_not_silence_the_host(how: str) -> None:
    async def main() -> None:
        face = Mouthless(how)
        if how == "hangs":
            face.gate.clear()
        performer = Performer(face, Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            await frames_of(performer, 3)
            with anyio.fail_after(10):
                await performer.offer(clause(5))
                await performer.offer(clause(5, id="u-2"))  # does not wait behind a call that hangs
            frames = await frames_of(performer, 30)
            assert sum(frame.speaking for frame in frames) == 10
            assert "lips" in performer.fault
            face.how = "works"
            face.gate.set()
            await anyio.sleep(0.1)
            await performer.offer(clause(5, id="u-3"))
            assert performer.fault == ""
            stage.cancel_scope.cancel()
        performer.close()

    anyio.run(main)


@pytest.mark.parametrize(
    "pcm",
    [
        np.array([0.1, np.nan], np.float32),
        np.zeros((2, 960), np.float32),
        np.zeros(960, np.float64),
        np.zeros(61 * 24_000, np.float32),
        [0.0],
    ],
    ids=["nan", "stereo", "float64", "endless", "list"],
)
def test_sound_that_is_none_never_reaches_air(pcm: Pcm) -> None:
    async def main() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        spoken = clause(1)
        with pytest.raises(EngineError, match="the voice gave"):
            await performer.offer(Clause(spoken.utterance, Speech(pcm, text="hello")))
        performer.close()

    anyio.run(main)


@pytest.mark.parametrize("shape", [(10, 10), (SIZE.height, SIZE.width)])
def test_a_picture_of_another_shape_becomes_stand_by(shape: tuple[int, int]) -> None:
    lamp = Lamp()
    painter = Painter(lamp, Overlay(SIZE, "en"))
    lamp.render = lambda place, mouth, state: (np.zeros(shape, np.uint8), state)  # type: ignore[method-assign]
    for number in range(FAULTS_TO_STANDBY - 1):
        with pytest.raises(EngineError, match="shape"):
            painter.paint(shot(number))
    assert painter.paint(shot(0)) is painter.standby_picture
    assert "shape" in painter.fault


def test_a_cut_silences_what_waits_for_the_encoder_too() -> None:
    async def main() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        async with anyio.create_task_group() as stage:
            stage.start_soon(performer.run)
            await frames_of(performer, 2)
            await performer.offer(clause(100))
            while not (await performer.frames.get()).speaking:
                pass
            await anyio.sleep(0.6)  # no frames are taken, as with a slow encoder
            assert len(performer.frames) > 5
            performer.cut()
            frames = await frames_of(performer, 20)
            stage.cancel_scope.cancel()
        performer.close()
        assert frames[0].pcm[0] > frames[0].pcm[-1] == 0.0
        assert not any(frame.pcm.any() or frame.speaking for frame in frames[1:])
        assert [frame.pts for frame in frames] == list(range(frames[0].pts, frames[0].pts + 20))

    anyio.run(main)


def test_frames_go_on_counting_when_the_stage_begins_again() -> None:
    async def main() -> None:
        performer = Performer(Lamp(), Overlay(SIZE, "en"), CATALOG, RealClock())
        numbers: list[int] = []
        for _ in range(2):
            async with anyio.create_task_group() as stage:
                stage.start_soon(performer.run)
                numbers += [frame.pts for frame in await frames_of(performer, 5)]
                stage.cancel_scope.cancel()
        performer.close()
        assert numbers == sorted(set(numbers))

    anyio.run(main)
