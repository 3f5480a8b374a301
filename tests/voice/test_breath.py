from __future__ import annotations

import numpy as np
import pytest

from doublure.cue import ENERGIES, Delivery
from doublure.media import SAMPLE_RATE, Phone, Speech
from doublure.voice.breath import SECONDS, breath, is_due
from doublure.voice.loudness import TARGET_LUFS
from doublure.voice.speaker import BREATH_AFTER, breathed, paused

TEXTS = [f"Sentence number {number}." for number in range(40)]


def test_a_breath_is_short_quiet_and_always_the_same() -> None:
    for text in TEXTS[:5]:
        sound = breath(text)
        assert SECONDS[0] <= len(sound) / SAMPLE_RATE <= SECONDS[1]
        level = 20 * np.log10(np.sqrt(np.mean(sound**2)))
        assert level < TARGET_LUFS - 30
        # it begins and ends in silence, so that no join clicks
        assert abs(sound[0]) < 1e-4
        assert abs(sound[-1]) < 1e-4
        np.testing.assert_array_equal(sound, breath(text))
    assert len(breath(TEXTS[0])) != len(breath(TEXTS[1]))


def test_about_every_other_sentence_is_followed_by_one() -> None:
    assert 10 < sum(is_due(text) for text in TEXTS) < 30


def test_it_lies_in_the_pause_and_nowhere_else() -> None:
    text = next(text for text in TEXTS if is_due(text))
    said = np.full(SAMPLE_RATE, 0.2, np.float32)
    before = paused(Speech(said, phones=(Phone("a", 0, SAMPLE_RATE),), text=text))
    after = breathed(before)
    np.testing.assert_array_equal(after.pcm[:SAMPLE_RATE], said)
    assert np.abs(after.pcm[SAMPLE_RATE:]).max() > 1e-3
    assert np.abs(after.pcm[SAMPLE_RATE : SAMPLE_RATE + 1000]).max() == 0
    assert len(after.pcm) >= len(before.pcm)
    assert after.phones[-1] == Phone("", SAMPLE_RATE, len(after.pcm))


@pytest.mark.parametrize(
    "delivery",
    [
        *(Delivery(energy=energy) for energy in ENERGIES),
        Delivery(pauses=0.5),
        Delivery(pauses=0.0),
        Delivery(pauses=2.0),
    ],
)
def test_it_follows_the_last_sound_by_the_same_time_in_every_delivery(delivery: Delivery) -> None:
    text = next(text for text in TEXTS if is_due(text))
    said = np.full(SAMPLE_RATE, 0.2, np.float32)
    before = paused(Speech(said, phones=(Phone("a", 0, SAMPLE_RATE),), text=text), delivery)
    after = breathed(before, delivery)
    np.testing.assert_array_equal(after.pcm[:SAMPLE_RATE], said)
    begins = SAMPLE_RATE + int(np.flatnonzero(after.pcm[SAMPLE_RATE:])[0])
    assert SAMPLE_RATE + BREATH_AFTER <= begins < SAMPLE_RATE + BREATH_AFTER + 100
    assert len(after.pcm) >= len(before.pcm)
    assert after.phones[-1] == Phone("", SAMPLE_RATE, len(after.pcm))


def test_half_a_character_does_no_harm() -> None:
    assert is_due("a\ud800") in (True, False)
    assert len(breath("a\ud800"))


def test_no_breath_inside_a_sentence_or_where_none_is_due() -> None:
    due = next(text for text in TEXTS if is_due(text))
    said = np.full(SAMPLE_RATE, 0.2, np.float32)
    inside = paused(Speech(said, text=due.replace(".", ","), last=False))
    assert breathed(inside) is inside
    other = next(text for text in TEXTS if not is_due(text))
    ended = paused(Speech(said, text=other))
    assert breathed(ended) is ended
