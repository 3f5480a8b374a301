from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib import resources

import pytest

from doublure.voice.phones import english, mandarin
from doublure.voice.phones.table import WordTable

PEOPLES = """
import json, sys
import jieba
from pypinyin import lazy_pinyin, Style
jieba.setLogLevel("ERROR")
texts = json.load(sys.stdin)
readings = [lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True) for text in texts]
json.dump([[jieba.lcut(text) for text in texts], readings], sys.stdout)
"""
"""What jieba and pypinyin say by themselves, with their own dictionaries."""


def test_words_are_found_and_others_are_not() -> None:
    table = WordTable([("一下", "3"), ("一", "1"), ("zoo", ""), ("a b", "x\x01")])
    assert len(table) == 4
    assert [table.get(word) for word in ("一", "一下", "zoo", "a b")] == ["1", "3", "", "x\x01"]
    assert [table.get(word) for word in ("", "一下子", "下", "zo", "z", "~", "ａ")] == [None] * 7


def test_what_a_word_begins_with() -> None:
    table = WordTable([("一下", "3"), ("zoo", "")])
    assert all(table.begins(start) for start in ("", "一", "一下", "z", "zoo"))
    assert not any(table.begins(start) for start in ("一下子", "下", "zoos", "~"))
    assert not WordTable([]).begins("a")
    assert WordTable([]).get("a") is None


@pytest.fixture(scope="module")
def hanzi() -> list[str]:
    """Phrases, phrases run together, words run together, and characters without sense."""
    chance = random.Random(7)
    phrases = list(json.loads((resources.files("pypinyin") / "phrases_dict.json").read_text("utf-8")))
    words = [
        line.split()[0] for line in (resources.files("jieba") / "dict.txt").read_text("utf-8").splitlines()
    ]
    characters = "".join(phrases)
    return [
        *chance.sample(phrases, 1500),
        *("".join(chance.sample(phrases, 3)) for _ in range(500)),
        *("".join(chance.sample(words, 4)) for _ in range(500)),
        *("".join(chance.sample(characters, 9)) for _ in range(500)),
    ]


def test_mandarin_is_broken_and_read_as_by_jieba_and_pypinyin(hanzi: list[str]) -> None:
    from pypinyin import Style

    without = {name: value for name, value in os.environ.items() if not name.startswith("PYPINYIN_")}
    theirs = subprocess.run(
        [sys.executable, "-c", PEOPLES],
        input=json.dumps(hanzi),
        capture_output=True,
        env=without,
        text=True,
        check=True,
    )
    broken, read = json.loads(theirs.stdout)
    assert [mandarin._breaker().lcut(text) for text in hanzi] == broken
    assert [mandarin._pinyin().lazy_pinyin(text, style=Style.TONE3) for text in hanzi] == read


@pytest.mark.parametrize("name", ["us_gold", "us_silver"])
def test_english_is_what_stands_in_misakis_lexicons(name: str) -> None:
    written = json.loads((resources.files("misaki") / "data" / f"{name}.json").read_text("utf-8"))
    assert len(english._lexicon(name)) == len(written)
    for word in random.Random(3).sample(list(written), 3000):
        assert english._entry(name, word) == written[word]
