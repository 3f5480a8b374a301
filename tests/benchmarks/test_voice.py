"""What the benchmark of the voice counts: the same words written in two ways are no error, and a
silence is measured between the first sound and the last."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from doublure.media import LANGUAGES, SAMPLE_RATE, Language
from doublure.voice.spoken.form import spoken

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from voice import longest_silence
from voice_heard import normalised, sentences


@pytest.mark.parametrize(
    ("language", "written", "heard"),
    [
        ("zh", "这款原价299元。", "這款 原價兩百九十九元"),
        ("en", "It’s 25% off, only $49.90!", "it's twenty-five percent off only 49 dollars 90"),
        ("fr", "L’offre finit à 20 h 30.", "l'offre finit à vingt heures trente"),
    ],
)
def test_how_it_is_written_is_no_error(language: Language, written: str, heard: str) -> None:
    assert normalised(spoken(written, language), language) == normalised(heard, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_forty_sentences_and_none_twice(language: Language) -> None:
    assert len(set(sentences(language))) == 40
    assert len(sentences(language)) == 40


def test_silence_counts_between_sounds_only() -> None:
    sound, quiet = np.full(SAMPLE_RATE, 0.3, np.float32), np.zeros(SAMPLE_RATE * 7 // 10, np.float32)
    assert longest_silence(np.concatenate([quiet, sound, quiet])) == 0
    assert longest_silence(np.concatenate([sound, quiet, sound])) == pytest.approx(0.7, abs=0.02)
    assert longest_silence(quiet) == 0
