"""Excerpts of what another machine sent, as they are shown."""

from __future__ import annotations

import pytest

from doublure.excerpt import excerpt


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bad key", "bad key"),
        ("one\r\revent: close\rdata: <b>hi</b>\x1b[31m", "one event: close data: <b>hi</b> [31m"),
        ("abc\u202edcba\u2028next\x00", "abc dcba next"),
        ("go to rtmp://u:pw@h/live/SECRET now", "go to rtmp://h/live/… now"),
        ("推流失败：码无效", "推流失败：码无效"),
        ("", ""),
        ("\ud800 lone", "lone"),
    ],
)
def test_one_line_without_control_characters_and_keys(text: str, shown: str) -> None:
    assert excerpt(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert excerpt("x" * 200) == "x" * 200
    assert excerpt("x" * 201) == "x" * 199 + "…"
    assert excerpt("word " * 1000, 12) == "word word w…"
    assert excerpt(" " * 5000 + "x") == "…"


def test_an_address_that_is_cut_shows_no_password() -> None:
    for length in range(150, 900):
        said = "x" * length + " rtmp://user:SECRET@host/live/SECRET " + "y" * 900
        assert "SEC" not in excerpt(said)
    assert "SEC" not in excerpt("rtmp://user:" + "SECRET" * 500)


def test_however_long_a_text_is_it_takes_no_time() -> None:
    # with a search of quadratic time these would take minutes
    for text in ("a." * 500_000, "a" * 1_000_000, "rtmp://" * 200_000, " " * 1_000_000):
        assert len(excerpt(text)) <= 200
