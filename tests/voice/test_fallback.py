"""A voice that fails in every way there is, on a real server: the embedded one takes over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import numpy as np
import pytest

from doublure.clock import RealClock, VirtualClock
from doublure.cue import Clause, Utterance
from doublure.engines import find_engine
from doublure.media import SAMPLE_RATE, Language, Speech
from doublure.show.assemble import make_voice
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings
from doublure.store import open_store
from doublure.voice import fallback as behind
from doublure.voice.cache import SpeechCache
from doublure.voice.engine import Voice
from doublure.voice.engines.tone import make
from doublure.voice.fallback import FallbackVoice, rubbish
from doublure.voice.readings import joined
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker
from tests.rooms import small_room, until
from tests.speakers import STAGE, served

TEXT = "this cup keeps your tea warm for twelve hours, even outside in winter."
WORDS = ["this", "cup", "keeps", "your", "tea", "warm", "for", "twelve", "hours", "even", "outside", "in", "winter"]  # fmt: skip
SETTINGS = VoiceSettings(engine="openai", first_seconds=4.0, stall_seconds=0.7)
"""Good answers come much sooner than this on a busy machine as well."""


def fallback(address: str, **changes: object) -> FallbackVoice:
    settings = SETTINGS.model_copy(update={"base_url": address + "/v1"} | changes)
    lead: Voice = find_engine("voices", "openai")(settings, "en")  # type: ignore[assignment]
    return FallbackVoice(lead, make(VoiceSettings(engine="tone"), "en"), settings, RealClock())


def on_stage(
    work: Callable[[FallbackVoice], Awaitable[None]], mode: str = "good", **changes: object
) -> FallbackVoice:
    """Run `work` with a voice whose server behaves as told and whose clauses are read along."""
    found: list[FallbackVoice] = []

    async def stage(address: str) -> None:
        voice = fallback(address, **changes)
        found.append(voice)
        async with anyio.create_task_group() as reading:
            reading.start_soon(voice.run)
            await work(voice)
            reading.cancel_scope.cancel()
        await voice.close()

    served(stage, mode)
    return found[0]


def said(mode: str, **changes: object) -> tuple[FallbackVoice, list[Speech], float]:
    """What is heard, and the longest wait for a piece."""
    heard: list[Speech] = []
    waits: list[float] = []

    async def work(voice: FallbackVoice) -> None:
        last = anyio.current_time()
        async for piece in voice.speak(TEXT, "en"):
            waits.append(anyio.current_time() - last)
            heard.append(piece)
            last = anyio.current_time()

    voice = on_stage(work, mode, **changes)
    return voice, heard, max(waits)


def test_a_good_voice_gets_the_times_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    # on air a late reading is not waited for
    monkeypatch.setattr(behind, "PATIENCE", 20.0)
    voice, pieces, _ = said("good")
    assert voice.fault == ""
    assert {piece.voice for piece in pieces} == {voice.name}
    assert voice.name.startswith("openai/")
    assert [word.text for piece in pieces for word in piece.words] == WORDS
    for piece in pieces:
        assert piece.phones[0].start == 0
        assert piece.phones[-1].end == len(piece.pcm)
        for one, other in zip(piece.phones, piece.phones[1:], strict=False):
            assert one.end == other.start > one.start
        for word in piece.words:
            assert 0 <= word.start <= word.end <= len(piece.pcm)
    # a word is a beep: it is loud where it is said to be
    whole = np.concatenate([piece.pcm for piece in pieces])
    at, levels = 0, []
    for piece in pieces:
        levels += [float(np.abs(whole[at + word.start : at + word.end]).mean()) for word in piece.words]
        at += len(piece.pcm)
    assert np.median(levels) > 0.08


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("silent", "silent for 0.7 s"),
        ("refused", "401"),
        ("html", "text/html"),
        ("empty", "no sound"),
        ("silence", "silence"),
        ("noise", "noise"),
        ("nan", "no sound"),
    ],
)
def test_what_was_not_begun_is_spoken_whole(mode: str, why: str) -> None:
    first = 0.7 if mode == "silent" else 4.0
    voice, pieces, wait = said(mode, first_seconds=first, sound="wav" if mode == "nan" else "pcm")
    assert why in voice.fault
    assert voice.name == "tone"
    assert [piece.voice for piece in pieces] == ["tone"]
    assert [word.text for word in pieces[0].words] == WORDS
    assert wait < first + 2


@pytest.mark.parametrize(
    ("mode", "why"), [("dies", "lost"), ("stalls", "silent for 0.7 s"), ("half", "stopped after")]
)
def test_what_was_heard_stays_and_the_clause_goes_on(mode: str, why: str) -> None:
    voice, pieces, wait = said(mode)
    assert why in voice.fault
    first, rest = pieces[:-1], pieces[-1]
    assert {piece.voice for piece in first} == {voice._lead.name}
    assert rest.voice == "tone"
    again = [word.text for word in rest.words]
    # no word is lost; one that was torn is said again
    assert again == WORDS[len(WORDS) - len(again) :]
    given = sum(len(piece.pcm) for piece in first)
    truth = anyio.run(spoken_at, 0.9)
    heard = sum(word.end <= given + SAMPLE_RATE // 20 for word in truth.words)
    assert heard - 1 <= len(WORDS) - len(again) <= heard
    assert 2 <= heard <= 10
    assert rest.words[0].start == 0
    assert rest.phones[-1].end == len(rest.pcm)
    assert wait < 0.7 + 2


async def spoken_at(speed: float) -> Speech:
    voice = make(VoiceSettings(engine="tone", speed=speed), "en")
    return joined([piece async for piece in voice.speak(TEXT, "en")])


def test_one_that_rambles_is_stopped_and_nothing_said_again() -> None:
    voice, pieces, _ = said("rambles", times="text")
    assert "does not stop" in voice.fault
    assert {piece.voice for piece in pieces} == {voice._lead.name}
    assert sum(len(piece.pcm) for piece in pieces) < 20 * SAMPLE_RATE


def test_times_from_the_text_alone() -> None:
    _, pieces, _ = said("good", times="text")
    heard = [word.text for piece in pieces for word in piece.words]
    assert heard == WORDS[: len(heard)]
    assert len(heard) > 6
    assert all(piece.phones for piece in pieces)


def test_it_comes_back_when_its_server_does() -> None:
    spoke: list[str] = []

    async def work(voice: FallbackVoice) -> None:
        for mode in ("html", "good"):
            STAGE.mode = mode
            spoke.extend([piece.voice async for piece in voice.speak("okay then", "en")][:1])
        assert "text/html" in await voice.lost()
        asked = len(STAGE.asked)
        await voice._probe()
        assert len(STAGE.asked) == asked + 1
        spoke.extend([piece.voice async for piece in voice.speak("okay then", "en")][:1])

    voice = on_stage(work)
    # while it fails it is left alone, though its server would answer again
    assert spoke == ["tone", "tone", voice._lead.name]
    assert (voice.fault, voice.name) == ("", voice._lead.name)


def test_it_is_tried_again_after_growing_pauses() -> None:
    async def run() -> list[float]:
        clock = VirtualClock()
        tries: list[float] = []

        class Dead:
            name = "dead"
            languages: frozenset[Language] = frozenset({"en"})

            async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
                tries.append(clock.now())
                raise RuntimeError("segmentation fault")
                yield

        voice = FallbackVoice(Dead(), make(SETTINGS, "en"), SETTINGS, clock)
        assert [piece.voice async for piece in voice.speak("okay then", "en")] == ["tone"]
        assert voice.fault == "segmentation fault"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(voice.found)
            await clock.advance(200)
            tasks.cancel_scope.cancel()
        await voice.close()
        return tries

    assert anyio.run(run) == [0, 2, 6, 14, 30, 62, 122, 182]


def test_a_language_it_does_not_speak_is_the_embedded_ones() -> None:
    class English:
        name = "english"
        languages: frozenset[Language] = frozenset({"en"})

        async def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
            assert language == "en"
            yield Speech(np.full(2400, 0.1, np.float32))

    async def run() -> list[str]:
        voice = FallbackVoice(English(), make(SETTINGS, "en"), SETTINGS, RealClock())
        heard = [piece.voice async for piece in voice.speak("你好", "zh")]
        assert voice.fault == ""
        await voice.close()
        return heard

    assert anyio.run(run) == ["tone"]


def test_speech_is_kept_under_the_name_of_who_spoke(tmp_path: Path) -> None:
    async def work(voice: FallbackVoice) -> None:
        cache = SpeechCache(tmp_path)
        speaker = Speaker(voice, "en", cache)

        def kept() -> bool:
            return any(tmp_path.glob("*.speech"))

        async def spoken() -> list[Clause]:
            utterance = Utterance("u", "c", "script", "this cup keeps tea warm all winter.", "en")
            return [clause async for clause in speaker.speak(utterance)]

        STAGE.mode = "dies"
        assert len({clause.speech.voice for clause in await spoken()}) == 2
        # half of each voice: of neither
        assert not kept()
        assert not speaker.cached("this cup keeps tea warm all winter.")
        assert {clause.speech.voice for clause in await spoken()} == {"tone"}
        assert speaker.cached("this cup keeps tea warm all winter.")
        STAGE.mode = "good"
        await voice._probe()
        assert not speaker.cached("this cup keeps tea warm all winter.")
        cache.close()

    on_stage(work)


def test_rubbish_is_known_and_speech_is_not_rubbish() -> None:
    good = anyio.run(_tone)
    assert rubbish(good) == ""
    assert "float64" in rubbish(good.astype(np.float64))
    assert "2 dimensions" in rubbish(np.stack([good, good]))
    assert "no sound" in rubbish(np.full(10, np.inf, np.float32))
    assert "full scale" in rubbish(good * 100)


async def _tone() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    voice = make(SETTINGS, "en")
    return np.concatenate([piece.pcm async for piece in voice.speak("okay then", "en")])


def test_the_embedded_voice_has_nobody_behind_it() -> None:
    clock = RealClock()
    assert make_voice(VoiceSettings(), "zh", clock).name == "kokoro/zf_xiaoxiao"
    changes: tuple[tuple[Language, dict[str, object], str], ...] = (
        ("fr", {"speed": 1.2}, "kokoro/ff_siwis@1.2"),
        ("en", {"fallback": "am_michael"}, "kokoro/am_michael"),
    )
    for language, change, name in changes:
        settings = SETTINGS.model_copy(update={"base_url": "http://127.0.0.1:9/v1"} | change)
        remote = make_voice(settings, language, clock)
        assert isinstance(remote, FallbackVoice)
        assert remote._embedded.name == name
        anyio.run(remote.close)


async def hush(room: Room, silences: list[float]) -> None:
    """Note for how long nothing has been said, again and again, once something was."""
    heard = anyio.current_time()
    while True:
        if room._parts.performer.on_air is not None or not room._parts.performer.frames_speaking:
            heard = anyio.current_time()
        silences.append(anyio.current_time() - heard)
        await anyio.sleep(0.01)


async def journalled(settings: RoomSettings) -> list[tuple[str, str]]:
    async with open_store(settings.folder) as store:

        def read() -> list[tuple[str, str]]:
            with store.engine.connect() as connection:
                rows = connection.exec_driver_sql("select kind, ref from journal_entries order by number")
                return [(row[0], row[1]) for row in rows]

        return await store.run(read)


def test_in_mid_show_nothing_stops_and_the_operator_knows(tmp_path: Path) -> None:
    settings = small_room(tmp_path)
    silences: list[float] = []

    async def show(address: str) -> None:
        voice = fallback(address)
        async with open_room(settings, voice=voice) as room, anyio.create_task_group() as watching:
            watching.start_soon(hush, room, silences)
            await until(room, lambda view: any(line.kind == "script" for line in view.said), 90)
            assert room.view().alarms == ()
            STAGE.mode = "dies"
            view = await until(room, lambda view: view.alarms, 90)
            assert re.match("voice: the embedded voice speaks: .*lost", view.alarms[0])
            assert view.state == "on_air"
            before = len(room.view().said)
            await until(room, lambda view: len(view.said) > before, 90)
            STAGE.mode = "good"
            await until(room, lambda view: not view.alarms, 90)
            assert voice.name.startswith("openai/")
            watching.cancel_scope.cancel()
        assert [ref for kind, ref in await journalled(settings) if kind == "voice"] == ["replaced", "back"]

    served(show, seconds=300)
    # a sentence's own pauses are shorter than this, and so is the change of voices
    assert max(silences) < 4.0
