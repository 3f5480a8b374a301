from __future__ import annotations

import anyio
import pytest

from doublure.conversation.phrases import disclosures
from doublure.cue import ENERGIES, PLAIN, Delivery, Utterance
from doublure.media import LANGUAGES, SAMPLE_RATE, Language
from doublure.voice.delivery import counted, disclosed, disclosing, pause_seconds
from doublure.voice.engines.kokoro.voice import DEFAULTS, Kokoro
from doublure.voice.loudness import lufs
from doublure.voice.speaker import Speaker
from doublure.voice.spoken.form import spoken


def test_energy_changes_pace_level_and_pauses_a_little() -> None:
    calm, normal, lively = (Delivery(energy=energy) for energy in ENERGIES)
    assert calm.pace < normal.pace == 1.0 < lively.pace
    assert calm.gain < normal.gain == 1.0 < lively.gain
    assert calm.pause > normal.pause == 1.0 > lively.pause
    # a show is held to 1 LU
    assert calm.gain > 0.89
    assert lively.gain < 1.12


def test_pace_stays_where_voices_can_follow() -> None:
    assert Delivery(rate=0.4).pace == 0.5
    assert Delivery(rate=1.3, energy="lively").pace == pytest.approx(1.391)
    assert Delivery(rate=3.0).pace == 2.0


def test_a_pause_follows_its_mark() -> None:
    assert pause_seconds("今天特价。") > pause_seconds("你好，") > pause_seconds("好") == 0.0
    assert pause_seconds("“真的！”") == pause_seconds("真的！")


def test_a_disclosure_is_never_hurried() -> None:
    assert disclosing(20, 30.0, 0.0).rate == 1.0
    assert disclosing(30, 5.0, 0.5).rate < 0.6
    assert disclosing(0, 0.0, 0.0).rate == 0.5


def characters_a_minute(text: str, language: Language) -> float:
    """As heard, with the pauses inside and without the one at the end."""
    voice = Kokoro(DEFAULTS[language], language, 1.0)
    delivery = disclosed(text, language)

    async def said() -> float:
        samples, tail = 0, 0.0
        utterance = Utterance("1", "1", "disclosure", text, language)
        async for clause in Speaker(voice, language).speak(utterance):
            samples += len(clause.speech.pcm)
            tail = delivery.pause * pause_seconds(clause.speech.text)
        return samples / SAMPLE_RATE - tail

    return 60 * counted(spoken(text, language), language) / anyio.run(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_disclosure_is_said_at_the_pace_of_the_law(language: Language) -> None:
    (text, *_) = disclosures(language)
    assert 120 <= characters_a_minute(text, language) <= 160


def test_a_lively_slot_is_louder_within_the_tolerance() -> None:
    voice = Kokoro(DEFAULTS["en"], "en", 1.0)

    async def level(delivery: Delivery) -> tuple[float, int]:
        utterance = Utterance("1", "1", "script", "This cup keeps tea warm", "en", delivery=delivery)
        async for clause in Speaker(voice, "en").speak(utterance):
            return lufs(clause.speech.pcm), len(clause.speech.pcm)
        raise AssertionError("nothing was said")

    plain, lively = anyio.run(level, PLAIN), anyio.run(level, Delivery(energy="lively"))
    assert plain[0] == pytest.approx(-16, abs=0.3)
    assert lively[0] - plain[0] == pytest.approx(0.8, abs=0.3)
    assert lively[1] < plain[1]
