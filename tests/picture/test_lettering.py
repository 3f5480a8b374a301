from __future__ import annotations

import numpy as np
import pytest

from doublure.picture.lettering import CAPITAL, fitted, font, letters, printable, width, wrapped


def test_what_the_font_has_stays_and_what_it_lacks_becomes_a_space() -> None:
    shown = "充满一次，用30天！ Génial, œuvre à 49,90 € ≥ ℃ ¥ ①"
    assert printable(shown) == shown
    assert printable("好🙂的") == "好 的"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("🙂👨‍👩‍👧🏽", ""),
        ("e\u0301te\u0301", "été"),
        ("two\nlines\u200b and\ufeff marks", "two lines and marks"),
        ("10\u202f€", "10 €"),
        ("Price שקל 20", "Price 20"),
    ],
)
def test_only_what_can_be_drawn_is_left(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_width_is_that_of_the_drawn_line() -> None:
    for text in ("AVAToWe $49.90", "充满一次，每天刷两回", "humain numérique"):
        assert abs(width(text, 40) - font(40).getlength(text)) < 4
    mask, x, y = letters("A", 100)
    assert abs(-y - 1 - 100 * CAPITAL) <= 1.5
    assert x <= 2
    assert mask.max() == 1


@pytest.mark.parametrize(
    "text",
    [
        "充满一次，每天刷两回，大约能用30天，续航真的很长",
        "Well, this keeps it hot through the morning, and it's cheap.",
        "Donaudampfschifffahrtsgesellschaftskapitän" * 3,
        "价格是129.9元，原价159元，https://example.com/a/very/long/path/without/any/break/at/all",
    ],
)
def test_lines_fit_and_lose_nothing(text: str) -> None:
    for limit in (120, 300, 561):
        lines = wrapped(text, 42, limit)
        assert all(width(line, 42) <= limit for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_two_lines_break_behind_a_comma_and_never_begin_with_one() -> None:
    text = "充满一次，每天刷两回，大约能用30天，续航真的很长"
    assert wrapped(text, 42, 561) == ["充满一次，每天刷两回，", "大约能用30天，续航真的很长"]
    for limit in range(100, 600, 7):
        assert not any(
            line[0] in "，。！？、" for line in wrapped("这款杯子，500毫升，能装一瓶水，也不漏。", 42, limit)
        )
    assert wrapped("It costs 49.90 $ today", 42, 2000) == ["It costs 49.90 $ today"]


def test_words_and_numbers_stay_whole() -> None:
    lines = wrapped("只要129.9元就能带走Sonic牙刷", 42, 360)
    assert len(lines) == 2
    assert any("129.9" in line for line in lines)
    assert any("Sonic" in line for line in lines)


def test_long_text_shrinks_and_then_ends_in_an_ellipsis() -> None:
    short, long, endless = "好的", "这款保温杯" * 7, "这款保温杯" * 60
    assert fitted(short, 42, 561, 2, 25).pixels == 42
    shrunk = fitted(long, 42, 561, 2, 25)
    assert 25 <= shrunk.pixels < 42
    assert "".join(shrunk.lines) == long
    cut = fitted(endless, 42, 561, 2, 25)
    assert cut.pixels == 25
    assert len(cut.lines) == 2
    assert cut.lines[-1].endswith("…")
    assert all(width(line, 25) <= 561 for line in cut.lines)


def test_letters_with_a_stroke_are_wider() -> None:
    plain, _, _ = letters("口", 60)
    thick, _, _ = letters("口", 60, 5)
    assert thick.shape[0] >= plain.shape[0] + 8
    assert float(np.sum(thick)) > float(np.sum(plain))
