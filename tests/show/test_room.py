from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import av
import numpy as np
import pytest

from doublure.errors import ConsentError, SinkError
from doublure.media import Language, Pcm, Speech
from doublure.picture.overlay import Overlay
from doublure.show.room import open_room
from doublure.show.settings import RoomSettings
from doublure.store import open_store
from doublure.trust.audit import audit
from doublure.voice.engines import tone
from doublure.voice.settings import VoiceSettings
from tests.rooms import small_room, until
from tests.servers import RtmpServer, free_port

RECEIVER = Path(__file__).resolve().parents[2] / "benchmarks" / "receive.py"


def decode(file: Path) -> tuple[list[av.VideoFrame], Pcm, int]:
    with av.open(str(file)) as recording:
        pictures = list(recording.decode(video=0))
    with av.open(str(file)) as recording:
        rate = recording.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray()[0] for frame in recording.decode(audio=0)])
    return pictures, sound, rate


async def journal_of(settings: RoomSettings) -> list[tuple[str, str]]:
    audit(settings.folder)
    async with open_store(settings.folder) as store:

        def read() -> list[tuple[str, str]]:
            with store.engine.connect() as connection:
                rows = connection.exec_driver_sql("select kind, body from journal_entries order by number")
                return [(row[0], row[1]) for row in rows]

        return await store.run(read)


def test_a_room_speaks_records_and_closes_whole(tmp_path: Path) -> None:
    settings = small_room(tmp_path, "sinks: [{engine: file, path: air.mp4}]\n")

    async def show() -> None:
        async with open_room(settings) as room:
            view = await until(room, lambda view: any("cup" in line.text for line in view.said))
            assert view.state == "on_air"
            assert view.product is not None
            assert view.product.name == "Travel Cup"
            # the first thing a viewer hears is that this is an AI
            assert view.said[-1].kind == "disclosure"
            assert view.alarms == ()
            await room.wrap()
            closing = room.view()
            assert closing.state == "off"
            assert {"disclosure", "goodbye"} <= {line.kind for line in closing.said}

    anyio.run(show)
    (recording,) = tmp_path.glob("air*.mp4")
    pictures, sound, rate = decode(recording)
    assert abs(len(pictures) / 25 - len(sound) / rate) < 0.2
    assert np.abs(sound).max() > 0.05
    overlay = Overlay(settings.picture.size, "en")
    for picture in pictures[:: len(pictures) // 10]:
        assert overlay.label_present(picture.to_ndarray(format="yuv420p"))


def test_a_question_is_answered_from_the_catalogue_and_journalled(tmp_path: Path) -> None:
    settings = small_room(tmp_path)

    async def show() -> None:
        async with open_room(settings) as room:
            await until(room, lambda view: view.said)
            await room.comment("Ann", "How much is the cup?")
            view = await until(room, lambda view: any(line.kind == "answer" for line in view.said), 40)
            answers = " ".join(line.text for line in view.said if line.kind == "answer")
            await until(
                room, lambda view: "19.9" in " ".join(x.text for x in view.said if x.kind == "answer")
            )
            assert view.comments[0].author == "Ann"
            # it counts as answered only once the whole answer was heard
            assert view.comments[0].fate == "answering", answers
            view = await until(room, lambda view: view.comments[0].fate == "answered")
            assert "19.9" in view.comments[0].answer
            # the script goes on afterwards
            count = len([line for line in view.said if line.kind == "script"])
            await until(room, lambda view: view.said[0].kind == "script" or len(view.said) > count + 2)

            await room.comment("Bob", "Does the cup play music?")
            view = await until(room, lambda view: view.unknown, 40)
            assert "music" in view.unknown[0]

    anyio.run(show)
    entries = anyio.run(journal_of, settings)
    said = [n for n, (kind, body) in enumerate(entries) if kind == "utterance" and '"answer"' in body]
    asked = [n for n, (kind, body) in enumerate(entries) if kind == "comment" and "How much" in body]
    assert asked
    assert said
    assert asked[0] < said[0]
    assert "cup.price" in entries[said[0]][1] or any("cup.price" in entries[n][1] for n in said)


def test_the_operator_cuts_overrides_and_skips(tmp_path: Path) -> None:
    settings = small_room(tmp_path)

    async def show() -> None:
        async with open_room(settings) as room:
            await until(room, lambda view: view.now and view.now.kind == "script")
            await room.cut()
            await until(room, lambda view: view.now is None, 2)
            await until(room, lambda view: view.now is not None)

            await room.say("We are back after the news.")
            await until(room, lambda view: view.now and view.now.kind == "operator")

            before = (await until(room, lambda view: view.now and view.now.kind == "script")).product
            assert before is not None
            await room.skip()
            view = await until(room, lambda view: view.product and view.product.id != before.id, 10)
            assert view.product is not None

    anyio.run(show)
    orders = [body for kind, body in anyio.run(journal_of, settings) if kind == "operator"]
    assert len(orders) >= 3


def test_pushing_to_something_that_is_not_rtmp_is_refused(tmp_path: Path) -> None:
    settings = small_room(tmp_path)

    async def show() -> None:
        async with open_room(settings) as room:
            for address in ("http://127.0.0.1/live/x", "rtmp://", "127.0.0.1/live", "rtmp://host"):
                with pytest.raises(SinkError, match="RTMP"):
                    await room.push(address)
            assert room.view().sinks == ()

    anyio.run(show)


def test_a_refused_output_is_shown_and_removed_while_air_goes_on(tmp_path: Path) -> None:
    settings = small_room(tmp_path)

    async def show() -> None:
        async with open_room(settings) as room:
            await room.push(f"rtmp://127.0.0.1:{free_port()}/live/secret-key")
            view = await until(room, lambda view: view.sinks and view.sinks[0].fault)
            sink = view.sinks[0]
            assert sink.state in ("connecting", "reconnecting")
            assert "secret-key" not in sink.address + sink.fault
            await until(room, lambda view: view.said)
            await room.stop_push(sink.name)
            await until(room, lambda view: not view.sinks)

    anyio.run(show)


def test_a_push_outlives_its_server(tmp_path: Path, rtmp_server: RtmpServer) -> None:
    settings = small_room(tmp_path)

    async def show() -> None:
        async with open_room(settings) as room:
            await room.push(rtmp_server.url())
            await until(room, lambda view: view.sinks[0].state == "live")
            # in its own process: while connecting, FFmpeg holds the interpreter lock, which would stop the show
            report = tmp_path / "received.json"
            command = [
                sys.executable,
                str(RECEIVER),
                rtmp_server.url(),
                "--seconds",
                "2",
                "--json",
                str(report),
            ]
            await anyio.run_process(command)
            received = json.loads(report.read_text())
            assert (received["width_pixels"], received["height_pixels"]) == (360, 640)
            assert received["ai_mark"] == 1
            rtmp_server.kill()
            await until(room, lambda view: view.sinks[0].state == "reconnecting" and view.sinks[0].fault)
            frames = room.measures().frames
            rtmp_server.start()
            view = await until(room, lambda view: view.sinks[0].state == "live", 30)
            assert view.sinks[0].reconnects >= 1
            assert view.state == "on_air"
            assert room.measures().frames > frames

    anyio.run(show)


def test_a_persona_without_consent_does_not_go_on_air(tmp_path: Path) -> None:
    settings = small_room(tmp_path)
    face = settings.face.model_copy(update={"engine": "patch", "persona": tmp_path / "persona"})

    async def show() -> None:
        async with open_room(settings.model_copy(update={"face": face})):
            pass

    with pytest.raises(ConsentError, match="consent"):
        anyio.run(show)


def test_viewers_get_a_playable_stream(tmp_path: Path) -> None:
    settings = small_room(tmp_path)
    file = tmp_path / "viewer.flv"

    async def show() -> None:
        async with open_room(settings) as room:
            await until(room, lambda view: view.said)
            with file.open("wb") as out, anyio.move_on_after(4):
                async for chunk in room.watch():
                    out.write(chunk)

    anyio.run(show)
    pictures, sound, rate = decode(file)
    assert pictures[0].key_frame
    assert len(pictures) > 50
    assert len(sound) / rate > 2
    assert re.match(r"360x640", f"{pictures[0].width}x{pictures[0].height}")


class Loading:
    """The tone voice, which must be loaded first; `fault` is raised instead of loading."""

    name = "loading"
    languages: frozenset[Language] = frozenset({"en"})

    def __init__(self, fault: Exception | None = None) -> None:
        self.loaded = False
        self._fault = fault
        self._tone = tone.make(VoiceSettings(engine="tone"), "en")

    async def warm(self) -> None:
        if self._fault is not None:
            raise self._fault
        self.loaded = True

    async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        async for piece in self._tone.speak(spoken, language):
            yield piece


def test_what_takes_long_is_loaded_before_the_show(tmp_path: Path) -> None:
    voice = Loading()

    async def show() -> None:
        async with open_room(small_room(tmp_path), voice=voice):
            assert voice.loaded
            # what was loaded is left out of garbage collections
            assert gc.get_freeze_count() > 10_000
        assert gc.get_freeze_count() == 0

    anyio.run(show)


def test_a_voice_that_cannot_be_loaded_before_the_show_is_tried_on_air(tmp_path: Path) -> None:
    async def show() -> None:
        async with open_room(small_room(tmp_path), voice=Loading(RuntimeError("not yet"))) as room:
            await until(room, lambda view: view.said)

    anyio.run(show)
