from __future__ import annotations

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, Phone, Speech, Word
from doublure.threads import Lane
from doublure.voice.engines.tone import Tone, make
from doublure.voice.pace import Stretched, at_pace, stretched
from doublure.voice.settings import VoiceSettings


def hum(seconds: float, hertz: float = 220.0) -> NDArray[np.float32]:
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * at), np.float32)


@pytest.mark.parametrize("pace", [0.6, 0.9, 1.3])
def test_stretching_keeps_the_pitch_and_moves_the_times(pace: float) -> None:
    length = 2 * SAMPLE_RATE
    speech = Speech(hum(2.0), (Word("a", 0, length // 2),), (Phone("a", 0, length),))
    made = stretched(speech, pace)
    assert len(made.pcm) == pytest.approx(length / pace, rel=0.01)
    spectrum = np.abs(np.fft.rfft(made.pcm * np.hanning(len(made.pcm))))
    assert spectrum.argmax() * SAMPLE_RATE / len(made.pcm) == pytest.approx(220, abs=2)
    assert made.words[0].end == pytest.approx(length / 2 / pace, abs=2)
    assert made.phones[-1].end == len(made.pcm)


def test_nothing_is_nothing_at_any_pace() -> None:
    assert len(stretched(Speech(np.zeros(0, np.float32)), 0.7).pcm) == 0


def test_a_voice_that_can_do_it_itself_does() -> None:
    lane = Lane("test")
    voice = make(VoiceSettings(engine="tone"), "en")
    assert at_pace(voice, 1.0, lane) is voice
    assert isinstance(at_pace(voice, 0.8, lane), Tone)
    assert at_pace(voice, 0.8, lane).name != voice.name


def test_any_other_voice_is_stretched_and_its_name_tells() -> None:
    class Plain:
        name = "plain"
        languages = frozenset({"en"})

        async def speak(self, spoken: str, language: str) -> object:
            yield Speech(hum(1.0), voice="plain")

    async def said() -> list[Speech]:
        slow = at_pace(Plain(), 0.5, Lane("test"))  # type: ignore[arg-type]
        assert isinstance(slow, Stretched)
        assert slow.name == "plain~0.5"
        return [piece async for piece in slow.speak("hello", "en")]

    (piece,) = anyio.run(said)
    assert piece.seconds == pytest.approx(2.0, rel=0.02)
    assert piece.voice == "plain~0.5"
