"""The tone voice: same text, same sound; lips open and close."""

from __future__ import annotations

import anyio
import numpy as np
import pytest

from doublure.media import LANGUAGES, SAMPLE_RATE, Language, Speech
from doublure.voice.engines.tone import make
from doublure.voice.settings import VoiceSettings

TEXTS: dict[Language, tuple[str, int]] = {
    "zh": ("今天五十九块九，T恤。", 9),
    "en": ("it's U-S-B-C, thirty-nine dollars.", 4),
    "fr": ("aujourd'hui c'est vingt et un euros.", 6),
}


def said(text: str, language: Language, speed: float = 1.0) -> list[Speech]:
    async def speak() -> list[Speech]:
        voice = make(VoiceSettings(engine="tone", speed=speed), language)
        return [speech async for speech in voice.speak(text, language)]

    return anyio.run(speak)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_beep_a_word(language: Language) -> None:
    text, count = TEXTS[language]
    [speech] = said(text, language)
    assert len(speech.words) == count
    for word in speech.words:
        assert np.abs(speech.pcm[word.start : word.end]).max() > 0.1
    quiet = np.concatenate([speech.pcm[one.start : one.end] for one in speech.phones if not one.symbol])
    assert not quiet.any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_lips_close_and_open_in_each_word(language: Language) -> None:
    [speech] = said(TEXTS[language][0], language)
    assert speech.phones[0].start == 0
    assert speech.phones[-1].end == len(speech.pcm)
    for one, other in zip(speech.phones, speech.phones[1:], strict=False):
        assert one.end == other.start > one.start
    symbols = [phone.symbol for phone in speech.phones if phone.symbol]
    assert set(symbols[::2]) <= set("mbp")
    assert set(symbols[1::2]) <= set("ɑiuɛo")


def test_it_is_the_same_every_time_and_faster_when_asked() -> None:
    [one], [other], [fast] = (
        said("hello world", "en"),
        said("hello world", "en"),
        said("hello world", "en", 2.0),
    )
    assert np.array_equal(one.pcm, other.pcm)
    assert one.phones == other.phones
    assert len(fast.pcm) == pytest.approx(len(one.pcm) / 2, rel=0.01)
    assert 0.5 * SAMPLE_RATE < len(one.pcm) < 2 * SAMPLE_RATE
    assert said("", "en") == said("...", "fr") == []


def test_its_name_tells_its_speed() -> None:
    assert make(VoiceSettings(engine="tone"), "zh").name == "tone"
    assert make(VoiceSettings(engine="tone", speed=1.5), "zh").name == "tone@1.5"
