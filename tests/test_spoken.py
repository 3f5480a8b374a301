"""Spoken form and clauses: the cases stand in spoken.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast, get_args

import pytest
import yaml

from doublure.media import LANGUAGES, Language
from doublure.spoken import LONGEST_SECONDS, clauses, seconds, spoken

TABLE: dict[Language, dict[str, list[list[str]]]] = yaml.safe_load(
    Path(__file__).with_name("spoken.yaml").read_text(encoding="utf-8")
)
CASES = [
    (language, kind, written, said)
    for language, kinds in TABLE.items()
    for kind, cases in kinds.items()
    for written, said in cases
]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        pytest.param(language, written, said, id=f"{language}-{kind}-{written}")
        for language, kind, written, said in CASES
    ],
)
def test_it_is_said_as_a_host_says_it(language: Language, written: str, said: str) -> None:
    assert spoken(written, language) == said


def test_the_table_is_large_and_says_nothing_twice() -> None:
    assert set(TABLE) == set(get_args(Language))
    for language in LANGUAGES:
        written = [text for one, _, text, _ in CASES if one == language]
        assert len(written) >= 160
        assert len(written) == len(set(written))


def test_no_digit_and_no_sign_is_left() -> None:
    for language, _, written, _ in CASES:
        said = spoken(written, language)
        assert not re.search(r"[\d¥$€£¢%‰×°+±&@#*/<>=~_]", said), said


def test_a_spoken_form_stays_as_it_is() -> None:
    for language, _, _, said in CASES:
        assert spoken(said, language) == said


@pytest.mark.parametrize("text", ["", "  ", "🔥🔥", "!!!", "。", "→ ()"])
def test_nothing_to_say(text: str) -> None:
    for language in LANGUAGES:
        assert not re.search(r"\w", spoken(text, language))
        assert clauses(text, language) == []


def test_other_scripts_and_long_numbers_do_no_harm() -> None:
    for language in LANGUAGES:
        for text in (
            "Привет 5",
            "ありがとう3",
            "9" * 60,
            "1,2,3,4",
            "1.2.3.4",
            "--5--",
            "5 5 5",
            "%%%5%%",
            "$",
            "¥",
            "12:99",
        ):
            assert not re.search(r"\d", spoken(text, language))


# ---- clauses ---------------------------------------------------------------------------------------

TEXTS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "大家好，欢迎来到北窗小铺！今天带了三样东西，一次两分钟，每三十秒震一下，提醒您换一边。原价159，今天129.9元。",
        "它是我们家卖得最好的一款电动牙刷采用了全新的声波技术可以深入清洁牙缝里面的食物残渣让您每天都有清新的口气。",
        "原价1,299元，今天20:30开播，只要¥999.50！",
        "好。",
        "“真的吗？”她说，“真的！”（笑）",
    ),
    "en": (
        "Yes, hold the button for 5 seconds and it locks, so it won't start in your bag. It was $1,299.90, now 3.5 off.",
        "No fizzy drinks, please. The gas pushes the lid open and it sprays.",
        "It runs for two minutes at a time and buzzes every thirty seconds so that you know when you should switch to the "
        "other side of your mouth without having to count in your head",
        "OK.",
    ),
    "fr": (
        "Oui, un appui de 5 secondes et elle se verrouille. Elle ne démarre pas toute seule. C'est 1 299,90 €, et voilà.",
        "L'intérieur est en inox 316 : pas de goût, pas d'odeur ! Il y en a trois : quotidien, doux et intense.",
        "Merci.",
    ),
}
PAIRS = [(language, text) for language in LANGUAGES for text in TEXTS[language]]


@pytest.mark.parametrize(("language", "text"), PAIRS)
def test_clauses_are_the_text(language: str, text: str) -> None:
    found = clauses(text, cast(Language, language))
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert all(clause == clause.strip() and re.search(r"\w", clause) for clause in found)


@pytest.mark.parametrize(("language", "text"), PAIRS)
def test_clauses_are_neither_long_nor_chopped(language: str, text: str) -> None:
    tongue = cast(Language, language)
    found = clauses(text, tongue)
    assert all(seconds(clause, tongue) <= LONGEST_SECONDS for clause in found)
    assert seconds(found[0], tongue) <= 3.6
    assert all(seconds(clause, tongue) >= 0.6 for clause in found[1:])


def test_numbers_stay_whole() -> None:
    for language in LANGUAGES:
        for text in TEXTS[language]:
            for number in re.findall(r"\d+(?:[.,: ]\d+)+", text):
                assert any(number in clause for clause in clauses(text, language)), number


def test_a_sentence_that_fits_is_not_cut() -> None:
    assert clauses("它不是羽绒服。", "zh") == ["它不是羽绒服。"]
    assert clauses("In three hours, it is full.", "en") == ["In three hours, it is full."]
    assert clauses("On l'enfile, on l'oublie.", "fr") == ["On l'enfile, on l'oublie."]
