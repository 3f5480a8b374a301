"""The shot list: complete in three languages, six minutes long, and its marks."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

import doublure
from doublure.cli.main import app
from doublure.enrol.shotlist import Permission, consent_statement, draw_words, load, read_marks, written
from doublure.errors import FootageError, SettingsError
from doublure.media import LANGUAGES, Language
from doublure.voice.phones.symbols import phones

GESTURES = (
    "greet", "point_up", "point_down", "point_side", "present", "open_palms", "count_1", "count_2", "count_3",
    "emphasise", "thumbs_up", "thank", "nod", "shake",
)  # fmt: skip
COVERED: dict[Language, str] = {
    "zh": "p m f t n l k x ʂ ꭧ ɻ ʦ s ʨ ɕ ŋ j w ɥ a o e i u y ə ɛ ɤ ɨ ʊ ɚ ʰ → ↗ ↓ ↘",
    "en": "p b m f v t d n s z l ɹ θ ð ʃ ʒ ʧ ʤ k ɡ ŋ h j w i ɪ ɛ æ ɑ ʌ ɔ ʊ u ə ɜ A I O W Y T ᵊ ᵻ",
    "fr": "p b m f v t d n s z l ʁ ʃ ʒ k ɡ ɲ ŋ j w ɥ i y e ɛ a o u ø œ ɔ ə ɑ̃ ɛ̃ ɔ̃ œ̃",
}
"""Everything the voice's front end writes for a language: found by running it over its whole lexicon (en),
every 37th word of it (fr) and every 7th hanzi (zh)."""
RARE: dict[tuple[Language, str], tuple[int, str]] = {
    ("en", "ᵻ"): (1, "a reduced vowel between ɪ and ə; the mouth is that of ɪ, which is frequent"),
    ("fr", "ŋ"): (1, "only in words from English, such as camping"),
}
"""Phones for which fewer than `OFTEN` are enough: how many, and why."""
OFTEN = 3


def units(symbols: str) -> list[str]:
    """Symbols, each with the marks that combine with it."""
    found: list[str] = []
    for symbol in symbols:
        if unicodedata.combining(symbol) and found:
            found[-1] += symbol
        else:
            found.append(symbol)
    return found


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
    assert all(shot.title and shot.instruction and shot.announcement for shot in shots.shots)
    assert 20 <= shots.shots[-1].seconds <= 30
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
        for symbol in units(word.symbols)
    )
    missing = {
        phone: said[phone]
        for phone in COVERED[language].split()
        if said[phone] < RARE.get((language, phone), (OFTEN, ""))[0]
    }
    assert not missing, f"said too rarely: {missing}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_text_alone_is_about_a_minute(language: Language) -> None:
    first = load(language).shots[1]
    assert first.name == "talk_1"
    assert 55 <= first.seconds <= 75


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
    permission = Permission("Li Lan", "Beichuang", "shows", "2027", words)
    said = consent_statement(language, permission, words)
    for text in ("Li Lan", "Beichuang", "shows", "2027", "AI" if language != "fr" else "IA", *words):
        assert text in said
    blank = load(language).shots[-1].text[0]
    assert "(" in blank or "（" in blank
    joint = "" if language == "zh" else " "
    assert joint.join(load(language, permission).shots[-1].text) == said


@pytest.mark.parametrize(
    ("language", "until", "said"),
    [
        ("zh", "2027-03-01", "有效期到2027年3月1日"),
        ("en", "2027-03-01", "until 1 March 2027"),
        ("fr", "2027-03-01", "jusqu'au 1er mars 2027"),
        ("fr", "2027-12-31", "jusqu'au 31 décembre 2027"),
        ("en", "the end of May", "until the end of May"),
    ],
)
def test_a_date_is_written_as_it_is_said(language: Language, until: str, said: str) -> None:
    assert said in consent_statement(language, Permission(until=until), ("a", "b", "c", "d"))


def distance(one: str, other: str) -> int:
    """How many phones must be changed, added or taken away to make one word of the other."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row = row, [i]
        for j, right in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (left != right)))
    return row[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_words_of_the_day_sound_alike(language: Language) -> None:
    listed = sorted({word for _ in range(600) for word in draw_words(language)})
    heard = {
        word: re.sub("[ˈˌ]", "", "".join(sounded.symbols for sounded in phones(word, language)))
        for word in listed
    }
    assert len(listed) >= 200
    alike = [(a, b) for a, b in combinations(listed, 2) if distance(heard[a], heard[b]) < 2]
    assert not alike


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_many_and_drawn_anew(language: Language) -> None:
    drawn = {draw_words(language) for _ in range(20)}
    assert len(drawn) > 15
    assert all(len(set(words)) == 4 for words in drawn)


@pytest.mark.parametrize("gesture", [*GESTURES, "idle"])
def test_every_gesture_is_pictured(gesture: str) -> None:
    picture = Path(doublure.__file__).parent / "console" / "static" / "gestures" / f"{gesture}.jpg"
    assert picture.read_bytes()[:3] == b"\xff\xd8\xff"


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
    "shots": [
        {"name": "idle", "kind": "idle", "start": 3.5, "end": 23.6, "redone": 1},
        {
            "name": "talk_1",
            "kind": "talk",
            "start": 30,
            "end": 92.25,
            "redone": 0,
            "pauses": [{"start": 41.5, "end": 52}],
        },
    ],
}


def test_marks_are_read(tmp_path: Path) -> None:
    file = tmp_path / "marks.json"
    file.write_text(json.dumps(MARKS), encoding="utf-8")
    marks = read_marks(file)
    assert [(mark.name, mark.kind, mark.redone) for mark in marks.shots] == [
        ("idle", "idle", 1),
        ("talk_1", "talk", 0),
    ]
    assert marks.shots[1].end == 92.25
    assert [(pause.start, pause.end) for pause in marks.shots[1].pauses] == [(41.5, 52.0)]


def idle(start: float, end: float, **more: object) -> dict[str, object]:
    return {"shots": [{"name": "idle", "kind": "idle", "start": start, "end": end, "redone": 0} | more]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "doublure-marks-9"}, "format"),
        (idle(9.0, 2.0), "before it starts"),
        (idle(-1.0, 2.0), "greater than"),
        (idle(1.0, 2.0, redone=-1), "redone"),
        (idle(1.0, 9.0, pauses=[{"start": 8.0, "end": 10.0}]), "outside"),
        (idle(1.0, 9.0, kind="dance"), "kind"),
        ({"shots": [*idle(1.0, 2.0)["shots"], *idle(3.0, 4.0)["shots"]]}, "more than one mark for idle"),  # type: ignore[misc]
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
    with pytest.raises(FootageError, match="not a marks file"):
        read_marks(file)
