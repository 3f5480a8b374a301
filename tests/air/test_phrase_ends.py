from __future__ import annotations

import numpy as np
import pytest

from doublure.air.phrase_ends import phrase_end
from doublure.media import SAMPLE_RATE, Phone, Speech, Word

SECOND = SAMPLE_RATE


def spoken(*words: str, pauses: tuple[int, ...] = ()) -> Speech:
    """Words of half a second each; 0.1 s of silence follows those in `pauses`."""
    at = 0
    found, marks = [], []
    for number, word in enumerate(words):
        found.append(Word(word, at, at + SECOND // 2))
        marks.append(Phone("a", at, at + SECOND // 2))
        at += SECOND // 2
        if number in pauses:
            marks.append(Phone("", at, at + SECOND // 10))
            at += SECOND // 10
    return Speech(np.zeros(at, np.float32), tuple(found), tuple(marks))


def test_a_clause_stops_at_the_first_pause_and_without_one_it_ends() -> None:
    speech = spoken("这", "款", "杯子", "很", "轻", pauses=(2, 3))
    assert phrase_end(speech, 0, 3 * SECOND) == speech.words[2].end
    assert phrase_end(speech, SECOND * 3 // 2, 3 * SECOND) == speech.words[3].end
    assert phrase_end(spoken("the", "bottle", "is", "light"), 0, 2 * SECOND) is None


def test_a_stop_is_no_sooner_than_the_picture_and_no_later_than_asked() -> None:
    speech = spoken("the", "bottle", "is", "light", pauses=(0, 1, 2))
    assert phrase_end(speech, 0, 3 * SECOND) == speech.words[0].end
    assert phrase_end(speech, SECOND * 2 // 5, SECOND * 9 // 10) is None
    assert phrase_end(speech, 2 * SECOND, 4 * SECOND) is None


@pytest.mark.parametrize(
    "words",
    [
        ("只要", "一百", "九十九", "元"),
        ("it's", "ninety", "nine", "dollars"),
        ("quatre", "vingt", "dix", "euros"),
        ("is", "not", "waterproof", "yet"),
        ("它", "没有", "添加剂", "的"),
    ],
)
def test_a_number_or_a_denial_is_never_torn(words: tuple[str, ...]) -> None:
    assert phrase_end(spoken(*words, pauses=(0, 1, 2)), 0, 3 * SECOND) is None


def test_speech_without_words_has_no_phrases() -> None:
    assert phrase_end(Speech(np.zeros(4 * SECOND, np.float32)), 0, 2 * SECOND) is None
