"""The shot list: complete in three languages, six minutes long, and its marks."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doublure.cli import app
from doublure.errors import FootageError, SettingsError
from doublure.media import LANGUAGES, Language
from doublure.phones import phones
from doublure.shotlist import Permission, consent_statement, draw_words, load, read_marks, written

GESTURES = (
    "greet", "point_up", "point_down", "point_side", "present", "open_palms", "count_1", "count_2", "count_3",
    "emphasise", "thumbs_up", "thank", "nod", "shake",
)  # fmt: skip
COVERED: dict[Language, str] = {
    "zh": "pmftnlkxʂꭧɻʦsʨɕŋjwɥaoeiuyəɛɤɨʊɚʰ",
    "en": "pbmfvtdnszlɹθðʃʒʧʤkɡŋhjwiɪɛæɑʌɔʊuəɜAIOWY",
    "fr": "pbmfvtdnszlʁʃʒkɡɲjwɥiyeɛaɑouøœɔə",
}
"""The phones of each language as the voice's front end writes them."""
RARE: dict[Language, dict[str, int]] = {"zh": {}, "en": {}, "fr": {"ɲ": 3}}
"""Phones for which fewer than `OFTEN` are enough, and how many."""
OFTEN = 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_recorded_in_six_minutes(language: Language) -> None:
    shots = load(language)
    kinds = Counter(shot.kind for shot in shots.shots)
    assert kinds == {"idle": 1, "talk": 3, "gesture": 28, "consent": 1}
    assert 330 <= shots.seconds <= 375
    assert sum(shot.seconds for shot in shots.shots if shot.kind == "talk") >= 180
    assert len({shot.name for shot in shots.shots}) == len(shots.shots)
    assert [shot.gesture for shot in shots.shots if shot.kind == "gesture"] == [
        name for name in GESTURES for _ in range(2)
    ]
    assert all(shot.title and shot.instruction for shot in shots.shots)
    assert len(shots.advice) >= 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_talk_covers_the_phones_of_its_language(language: Language) -> None:
    said = Counter(
        symbol
        for shot in load(language).shots
        if shot.kind == "talk"
        for sentence in shot.text
        for word in phones(sentence, language)
        if word.text
        for symbol in word.symbols
    )
    missing = {mark: said[mark] for mark in COVERED[language] if said[mark] < RARE[language].get(mark, OFTEN)}
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_talk_can_be_read_as_it_stands(language: Language) -> None:
    for shot in load(language).shots:
        for sentence in shot.text:
            assert sentence == sentence.strip()
            assert sentence[-1] in "。！？.!?", sentence
            # the prompter shows what is said: no digit, no sign that is read in more than one way
            assert shot.kind != "talk" or not re.search(r"[0-9%$€¥&@#*_<>{}]", sentence), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_names_everything_and_the_words_of_the_day(language: Language) -> None:
    words = draw_words(language)
    permission = Permission("Li Lan", "Beichuang", "shows", "2027-12-31", words)
    said = consent_statement(language, permission, words)
    for text in ("Li Lan", "Beichuang", "shows", "2027-12-31", "AI" if language != "fr" else "IA", *words):
        assert text in said
    blank = load(language).shots[-1].text[0]
    assert "(" in blank or "（" in blank
    assert load(language, permission).shots[-1].text == (said,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_many_and_drawn_anew(language: Language) -> None:
    drawn = {draw_words(language) for _ in range(20)}
    assert len(drawn) > 15
    assert all(len(set(words)) == 4 for words in drawn)
    assert len({word for words in (draw_words(language) for _ in range(400)) for word in words}) >= 190


def test_a_wrong_number_of_words_is_refused() -> None:
    with pytest.raises(SettingsError, match="2 words of the day"):
        load("en", Permission(words=("apple", "moon")))


def test_the_command_prints_the_list() -> None:
    shown = CliRunner().invoke(
        app, ["shotlist", "--lang", "fr", "--who", "Anne", "--words", "pomme,lune,train,pont"]
    )
    assert shown.exit_code == 0
    shots = load("fr", Permission("Anne", words=("pomme", "lune", "train", "pont")))
    for line in written(shots):
        assert line in shown.stdout
    assert "--serve" in shown.stdout


def test_the_command_writes_json() -> None:
    shown = CliRunner().invoke(
        app, ["shotlist", "--lang", "zh", "--words", "苹果，月亮，火车，雨伞", "--json"]
    )
    assert shown.exit_code == 0
    data = json.loads(shown.stdout)
    assert data["words"] == ["苹果", "月亮", "火车", "雨伞"]
    assert len(data["shots"]) == 33


MARKS = {
    "format": "doublure-marks-1",
    "language": "zh",
    "words": ["苹果", "月亮", "火车", "雨伞"],
    "shots": [{"name": "idle", "start": 3.5, "end": 23.6}, {"name": "talk_1", "start": 30, "end": 92.25}],
}


def test_marks_are_read(tmp_path: Path) -> None:
    file = tmp_path / "marks.json"
    file.write_text(json.dumps(MARKS), encoding="utf-8")
    marks = read_marks(file)
    assert [mark.name for mark in marks.shots] == ["idle", "talk_1"]
    assert marks.shots[1].end == 92.25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "doublure-marks-9"}, "format"),
        ({"shots": [{"name": "idle", "start": 9.0, "end": 2.0}]}, "before it starts"),
        ({"shots": [{"name": "idle", "start": -1.0, "end": 2.0}]}, "greater than"),
        ({"more": 1}, "more"),
    ],
)
def test_wrong_marks_are_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    file = tmp_path / "marks.json"
    file.write_text(json.dumps(MARKS | change), encoding="utf-8")
    with pytest.raises(FootageError) as caught:
        read_marks(file)
    assert str(file) in caught.value.where
    assert said in f"{caught.value} {caught.value.where}"


def test_what_is_no_json_and_what_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "marks.json"
    with pytest.raises(FootageError, match="cannot be read"):
        read_marks(file)
    file.write_text("{half", encoding="utf-8")
    with pytest.raises(FootageError, match="no marks"):
        read_marks(file)
