"""Sentences and the numbers in them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from doublure.media import Language
from doublure.sentences import found_numbers, numbers, sentences, unfounded


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("今天59.9元。好吗？好！", ["今天59.9元。", "好吗？", "好！"]),
        ("It's $39.90. It is 6.5 wide.", ["It's $39.90.", "It is 6.5 wide."]),
        ("Wait... what? Yes.", ["Wait...", "what?", "Yes."]),
        ("C'est 39,90 €. Oui !", ["C'est 39,90 €.", "Oui !"]),
        ("He said “Hi.” Then left", ["He said “Hi.”", "Then left"]),
        ("Approx. 5 cm, e.g. here. Done", ["Approx. 5 cm, e.g. here.", "Done"]),
        ("no end", ["no end"]),
        ("one\ntwo", ["one", "two"]),
        ("", []),
    ],
)
def test_sentences(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("59.90元", "59.9"), ("39,90 €", "39.9"), ("1,299.50", "1299.5"), ("1,299", "1299"), ("一百二十九点九元", "129.9"), ("三个", "3"),
        ("两万三千", "23000"), ("forty-nine", "49"), ("two hundred and five", "205"), ("quatre-vingt-dix-neuf", "99"), ("vingt et un", "21"),
        ("soixante-quinze", "75"), ("one", ""), ("一下", ""), ("une", ""), ("IPX7", "7"), ("none", ""),
    ],
)  # fmt: skip
def test_numbers(text: str, said: str) -> None:
    assert list(numbers(text)) == ([Decimal(said)] if said else [])


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "充满一次大约能用三十天"), ("en", "about thirty days"), ("fr", "environ trente jours")],
)
def test_a_number_in_words_is_the_same_number(language: Language, text: str) -> None:
    assert unfounded(text, ["30"]) == []
    assert unfounded(text, ["31"]) == [Decimal(30)]


def test_where_a_number_stands() -> None:
    text = "Take 2, that's forty-nine dollars or 一百二十元."
    assert [(text[one.start : one.end], int(one.value)) for one in found_numbers(text)] == [
        ("2", 2),
        ("一百二十", 120),
        ("forty-nine", 49),
    ]
