"""The aligner: sound without times gets those of a reading."""

from __future__ import annotations

import anyio
import numpy as np
import pytest

from doublure.media import LANGUAGES, SAMPLE_RATE, Language, Speech
from doublure.voice.align import aligned, by_text, scaled
from doublure.voice.engines import tone
from doublure.voice.engines.kokoro import voice as kokoro
from doublure.voice.readings import joined, piece_of, rest_of
from doublure.voice.settings import VoiceSettings

TEXT = "this cup keeps your tea warm for twelve hours"


def toned(speed: float = 1.0, text: str = TEXT) -> Speech:
    async def speak() -> Speech:
        voice = tone.make(VoiceSettings(engine="tone", speed=speed), "en")
        return joined([piece async for piece in voice.speak(text, "en")])

    return anyio.run(speak)


def errors(speech: Speech, found: Speech) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Of the edges of words, milliseconds."""
    pairs = zip(speech.words, found.words, strict=True)
    return np.array([abs(a - b) / 24 for one, other in pairs for a, b in ((one.start, other.start), (one.end, other.end))])  # fmt: skip


def test_another_voice_at_another_speed_gets_its_times() -> None:
    async def spoken() -> tuple[Speech, Speech]:
        text = "保温十二个小时，下午还烫嘴"
        voices = (kokoro.Kokoro("zf_xiaoxiao", "zh", 1.0), kokoro.Kokoro("zm_yunxi", "zh", 1.25))
        reading, other = [joined([piece async for piece in voice.speak(text, "zh")]) for voice in voices]
        return reading, other

    reading, truth = anyio.run(spoken)
    times = aligned(truth.pcm, reading, whole=True)
    found = Speech(truth.pcm, times.words, times.phones)
    assert times.said == len(truth.words)
    assert np.median(errors(truth, found)) < 25
    assert np.percentile(errors(truth, found), 95) < 90
    stretched = scaled(reading, len(truth.pcm), len(truth.pcm))
    assert np.mean(errors(truth, found)) < np.mean(errors(truth, Speech(truth.pcm, stretched.words)))
    # half of it: the aligner tells how far it came
    half = aligned(truth.pcm[: len(truth.pcm) // 2], reading, whole=False)
    assert abs(half.said - sum(word.end <= len(truth.pcm) // 2 for word in truth.words)) <= 1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 1.0])
def test_sound_that_stops_early_has_the_words_that_were_heard(share: float) -> None:
    reading, truth = toned(), toned(0.8)
    count = round(len(truth.words) * share)
    sound = truth.pcm[: truth.words[count - 1].end]
    times = aligned(sound, reading, whole=False)
    assert times.said == count
    assert [word.text for word in times.words] == [word.text for word in truth.words[:count]]
    assert np.median(errors(Speech(sound, truth.words[:count]), Speech(sound, times.words))) < 25
    assert times.phones[0].start == 0
    assert times.phones[-1].end == len(sound)
    for one, other in zip(times.phones, times.phones[1:], strict=False):
        assert one.end == other.start > one.start


def test_another_microphone_and_level_change_nothing() -> None:
    reading, truth = toned(), toned(0.8)
    hiss = np.random.default_rng(3).normal(0, 1e-3, len(truth.pcm))
    dull = np.convolve(truth.pcm, np.ones(4) / 4, "same") * 0.2 + hiss
    times = aligned(dull.astype(np.float32), reading, whole=True)
    assert np.median(errors(truth, Speech(truth.pcm, times.words))) < 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_alone_gives_a_plausible_pace(language: Language) -> None:
    texts: dict[Language, str] = {
        "zh": "这款杯子，保温十二个小时",
        "en": "this cup keeps tea warm, for twelve hours",
        "fr": "cette tasse garde le thé chaud, douze heures",
    }
    usual = by_text(texts[language], language, 1.0)
    seconds = len(usual.pcm) / SAMPLE_RATE
    assert 1.3 < seconds < 3.5
    assert usual.phones[-1].end == len(usual.pcm)
    assert "" in {phone.symbol for phone in usual.phones}
    assert len(by_text(texts[language], language, 2.0).pcm) == pytest.approx(len(usual.pcm) / 2, rel=0.01)
    half = scaled(usual, len(usual.pcm), len(usual.pcm) // 2)
    assert 0 < half.said < len(usual.words)
    assert half.phones[-1].end == len(usual.pcm) // 2
    assert by_text("。", language, 1.0).words == ()


def test_a_reading_goes_on_from_any_word() -> None:
    reading = toned()
    rest = rest_of(reading, 3)
    assert rest is not None
    assert [word.text for word in rest.words] == TEXT.split()[3:]
    assert rest.words[0].start == 0
    assert rest.phones[0].start == 0
    assert np.array_equal(rest.pcm, reading.pcm[reading.words[3].start :])
    assert rest_of(reading, len(reading.words)) is None


def test_pieces_share_the_words_and_lose_none() -> None:
    reading = toned()
    times = aligned(reading.pcm, reading, whole=True)
    texts: list[str] = []
    for start in range(0, len(reading.pcm), 7000):
        end = min(len(reading.pcm), start + 7000)
        words, phones = piece_of(times, start, end, len(texts))
        texts += [word.text for word in words]
        assert phones[0].start == 0
        assert phones[-1].end == end - start
        assert all(0 <= word.start <= word.end <= end - start for word in words)
    assert texts == TEXT.split()
