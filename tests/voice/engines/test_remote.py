"""Voices behind an address, against a real server of ours: openai and every shape of clone."""

from __future__ import annotations

from pathlib import Path

import anyio
import numpy as np
import pytest

from doublure.engines import Closable, find_engine
from doublure.errors import DoublureError, EngineError, SettingsError
from doublure.media import SAMPLE_RATE, Language, Speech
from doublure.voice.engine import Voice
from doublure.voice.engines.remote import quietest
from doublure.voice.settings import VoiceSettings
from tests.speakers import STAGE, encoded, served, toned

TEXT = "this cup keeps your tea warm for twelve hours."
CLIP_TEXT = "welcome to our shop."


def made(settings: VoiceSettings, language: Language = "en") -> Voice:
    voice: Voice = find_engine("voices", settings.engine)(settings, language)  # type: ignore[assignment]
    return voice


def said(
    settings: VoiceSettings, path: str = "/v1", mode: str = "good", hertz: int = SAMPLE_RATE
) -> list[Speech]:
    """What is heard of a server."""
    heard: list[Speech] = []

    async def work(address: str) -> None:
        voice = made(settings.model_copy(update={"base_url": address + path}))
        heard.extend([piece async for piece in voice.speak(TEXT, "en")])

    try:
        served(work, mode, hertz)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return heard


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("clip") / "host.wav"
    file.write_bytes(encoded(anyio.run(toned, CLIP_TEXT), "wav"))
    return file


def cloned(shape: str, clip: Path | None, **more: object) -> VoiceSettings:
    fields = {"engine": "clone", "shape": shape, "reference": clip, "reference_text": CLIP_TEXT} | more
    return VoiceSettings.model_validate(fields)


OPENAI = VoiceSettings(engine="openai", model="small", name="host", key_variable="TEST_VOICE_KEY")


@pytest.mark.parametrize(
    ("kind", "hertz"), [("pcm", 24000), ("pcm", 16000), ("wav", 44100), ("mp3", 24000), ("flac", 22050), ("opus", 24000)]
)  # fmt: skip
def test_whatever_the_server_sends_is_heard(kind: str, hertz: int) -> None:
    settings = OPENAI.model_copy(update={"sound": kind, "pcm_hertz": hertz if kind == "pcm" else 24000})
    pcm = np.concatenate([piece.pcm for piece in said(settings, hertz=hertz)])
    wanted = anyio.run(toned, TEXT)
    assert pcm.dtype == np.float32
    assert abs(len(pcm) - len(wanted)) < 0.1 * SAMPLE_RATE
    # the same beeps: loud where they are loud; codecs shift by some milliseconds
    loud = [np.abs(sound[: 240 * 200]).reshape(200, 240).max(axis=1) for sound in (pcm, wanted)]
    fits = [float(np.corrcoef(np.roll(loud[1], n), loud[0])[0, 1]) for n in range(-3, 12)]
    assert max(fits) > 0.8


def test_the_request_is_the_documented_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_VOICE_KEY", "sesame")
    pieces = said(OPENAI.model_copy(update={"speed": 1.2}))
    assert STAGE.asked == [
        {
            "model": "small",
            "voice": "host",
            "input": TEXT,
            "speed": 1.2,
            "response_format": "pcm",
            "key": "Bearer sesame",
        }
    ]
    assert len(pieces) > 2
    assert len(pieces[0].pcm) < 0.6 * SAMPLE_RATE


def test_pieces_are_cut_where_it_is_quiet() -> None:
    pcm = np.sin(np.arange(24000) / 10).astype(np.float32)
    pcm[18000:18600] = 0
    assert 18000 < quietest(pcm) < 18600


def test_every_shape_of_clone_is_asked_as_documented(clip: Path) -> None:
    raw, there = clip.read_bytes(), str(clip.resolve())
    asked: dict[str, dict[str, object]] = {
        "cosyvoice": {
            "path": "inference_zero_shot",
            "tts_text": TEXT,
            "prompt_text": CLIP_TEXT,
            "clip": raw,
        },
        "gpt_sovits": {
            "path": "tts",
            "text": TEXT,
            "text_lang": "en",
            "ref_audio_path": there,
            "prompt_text": CLIP_TEXT,
            "prompt_lang": "en",
            "speed_factor": 1.0,
            "media_type": "wav",
            "streaming_mode": True,
        },
        "indextts": {"path": "tts_url", "text": TEXT, "audio_paths": [there]},
        "fish": {
            "path": "v1/tts",
            "text": TEXT,
            "references": [{"text": CLIP_TEXT}],
            "clip": raw,
            "format": "wav",
            "streaming": True,
        },
    }
    wanted = anyio.run(toned, TEXT)
    for shape, body in asked.items():
        pieces = said(cloned(shape, clip), path="")
        assert STAGE.asked == [body]
        assert sum(len(piece.pcm) for piece in pieces) == pytest.approx(len(wanted), rel=0.02)


def test_a_clip_in_another_language_keeps_its_words_to_itself(clip: Path) -> None:
    said(cloned("cosyvoice", clip, reference_language="zh"), path="")
    assert STAGE.asked == [{"path": "inference_cross_lingual", "tts_text": TEXT, "clip": clip.read_bytes()}]


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        ("refused", "refused with 401: .*bad key.*TEST_VOICE_KEY"),
        ("html", "text/html instead of sound: <html>"),
        ("silent", "silent for 0.5 s"),
        ("dies", "was lost"),
    ],
)
def test_its_errors_say_what_and_where(mode: str, what: str) -> None:
    with pytest.raises(EngineError, match=what) as caught:
        said(OPENAI.model_copy(update={"first_seconds": 0.5}), mode=mode)
    assert caught.value.where.startswith("http://127.0.0.1:")


def test_an_address_where_nobody_listens_and_one_that_is_wrong(clip: Path) -> None:
    async def speak() -> None:
        async for _ in made(OPENAI.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})).speak(
            TEXT, "en"
        ):
            pass

    with pytest.raises(EngineError, match=r"was lost.*base_url"):
        anyio.run(speak)
    with pytest.raises(EngineError, match=r"refused with 404.*base_url, shape and model"):
        said(OPENAI, path="/v9")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"base_url": ""}, "no address"),
        ({"base_url": "127.0.0.1:8880"}, "not an HTTP address"),
        ({"base_url": "http://127.0.0.1:99999/v1"}, "not an HTTP address"),
        ({"base_url": "https://speech.example.com/v1"}, "TEST_VOICE_KEY is empty"),
    ],
)
def test_settings_that_cannot_work(changes: dict[str, object], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        made(OPENAI.model_copy(update={"base_url": "http://127.0.0.1:1/v1"} | changes))


def test_a_clone_needs_its_clip_its_words_and_a_language_it_speaks(clip: Path, tmp_path: Path) -> None:
    text, short = tmp_path / "text.wav", tmp_path / "short.wav"
    text.write_text("no sound at all")
    short.write_bytes(encoded(np.zeros(2400, np.float32), "wav"))
    for settings, language, what in (
        (cloned("fish", None), "en", "no reference clip"),
        (cloned("fish", tmp_path / "none.wav"), "en", "No such file.*WAV or MP3"),
        (cloned("fish", text), "en", "cannot be read"),
        (cloned("fish", short), "en", "has 0.1 s"),
        (cloned("gpt_sovits", clip, reference_text=""), "en", "told what is said"),
        (cloned("gpt_sovits", clip), "fr", "does not speak 'fr'.*cosyvoice or fish.*kokoro"),
        (cloned("fish", clip, speed=1.1), "en", "fish has no speed"),
    ):
        whole = settings.model_copy(update={"base_url": "http://127.0.0.1:1"})
        with pytest.raises(DoublureError, match=what):
            made(whole, language)  # type: ignore[arg-type]


def test_names_tell_voices_apart(clip: Path) -> None:
    one = OPENAI.model_copy(update={"base_url": "http://127.0.0.1:1/v1"})
    changes: tuple[dict[str, object], ...] = (
        {}, {"name": "other"}, {"model": "large"}, {"speed": 1.1}, {"base_url": "http://127.0.0.1:2/v1"},
    )  # fmt: skip
    names = {made(one.model_copy(update=change)).name for change in changes}
    assert len(names) == 5
    assert made(one).name.startswith("openai/small/host#")
    fish = cloned("fish", clip, base_url="http://127.0.0.1:1")
    assert made(fish).name.startswith("clone/fish/")


def test_nothing_to_say_asks_for_nothing() -> None:
    async def speak() -> list[Speech]:
        voice = made(OPENAI.model_copy(update={"base_url": "http://127.0.0.1:9/v1"}))
        return [piece async for piece in voice.speak("。！", "zh")]

    assert anyio.run(speak) == []


def test_a_complaint_without_end_is_read_no_further_than_it_is_shown() -> None:
    with pytest.raises(EngineError, match="refused with 500: no way no way") as caught:
        said(OPENAI, mode="complains")
    assert len(caught.value.what) < 300
    assert caught.value.what.isprintable()
    # the rest of 24 MB is not read; the system holds some of it
    assert STAGE.complained < 200


@pytest.mark.parametrize(("mode", "what"), [("packed", "compressed"), ("moved", "refused with 307")])
def test_what_was_not_asked_for_is_not_taken(mode: str, what: str) -> None:
    with pytest.raises(EngineError, match=what):
        said(OPENAI, mode=mode)
    assert len(STAGE.asked) == 1


def test_its_connections_are_closed() -> None:
    async def work(address: str) -> None:
        voice = made(OPENAI.model_copy(update={"base_url": f"{address}/v1"}))
        assert isinstance(voice, Closable)
        assert [piece async for piece in voice.speak(TEXT, "en")]
        await voice.close()
        await voice.close()
        with pytest.raises(RuntimeError, match="closed"):
            _ = [piece async for piece in voice.speak(TEXT, "en")]

    served(work)
