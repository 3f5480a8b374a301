"""The index of recent texts gives the same answers as comparing with each of them."""

from __future__ import annotations

import random
from collections import OrderedDict
from pathlib import Path

import pytest
import yaml

from doublure.conversation.recent import (
    LEAST_PAIRS,
    LIKENESS,
    REMEMBERED_TEXTS,
    Pairs,
    RecentTexts,
    dice,
    pairs_of,
)
from doublure.conversation.wording import key

COMMENTS = Path(__file__).resolve().parents[2] / "demo"


class Slowly:
    """What `RecentTexts` must do, one comparison after the other."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.texts: OrderedDict[str, tuple[str, float, Pairs]] = OrderedDict()

    def like(self, words: str, now: float) -> str | None:
        for text in [text for text, (_, at, _) in self.texts.items() if now - at >= self.seconds]:
            del self.texts[text]
        if words in self.texts:
            return self.texts[words][0]
        pairs = pairs_of(words)
        best, likest = LIKENESS, None
        for comment, _, others in self.texts.values():
            how = dice(pairs, others)
            if how > best or (how == best and likest is None):
                best, likest = how, comment
        return likest if len(pairs) >= LEAST_PAIRS else None

    def add(self, comment: str, words: str, now: float) -> None:
        self.texts.pop(words, None)
        self.texts[words] = (comment, now, pairs_of(words))
        if len(self.texts) > REMEMBERED_TEXTS:
            self.texts.popitem(last=False)


def spoken_by_viewers() -> list[str]:
    texts = []
    for file in sorted(COMMENTS.glob("*/comments.yaml")):
        texts += [comment["text"] for comment in yaml.safe_load(file.read_text("utf-8"))["comments"]]
    return [text for text in texts if text]


def changed(text: str, chance: random.Random, letters: str) -> str:
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(["", *letters]) + text[place + chance.randrange(2) :]
    return text


@pytest.mark.parametrize("letters", ["ab", "abcdefgh ", "多少钱呢能机洗吗a "])
def test_it_finds_what_comparing_with_each_finds(letters: str) -> None:
    chance = random.Random(len(letters))
    fast, slow = RecentTexts(7.0), Slowly(7.0)
    known = [key(text) for text in spoken_by_viewers()]
    known += ["".join(chance.choices(letters, k=chance.randint(1, 40))) for _ in range(60)]
    found = 0
    for number in range(1_500):
        words = changed(chance.choice(known), chance, letters)
        now = number / 100
        like = fast.like(words, now)
        assert like == slow.like(words, now), words
        found += like is not None
        if like is None or chance.random() < 0.2:
            fast.add(f"c{number}", words, now)
            slow.add(f"c{number}", words, now)
    assert 50 < found < 1_490


def test_of_equally_like_texts_the_first_one_is_found() -> None:
    recent = RecentTexts(60.0)
    recent.add("b", "does it leak b", 0.0)
    recent.add("a", "does it leak a", 0.0)
    assert recent.like("does it leak c", 1.0) == "b"
    recent.add("b", "does it leak b", 0.0)
    assert recent.like("does it leak c", 1.0) == "a"


def test_a_text_that_is_said_again_does_not_keep_older_ones() -> None:
    recent = RecentTexts(60.0)
    recent.add("i0", "are you real", 0.0, exactly=True)
    recent.add("c", "how much is the cup today", 1.0)
    for now in range(31, 600, 31):
        recent.add(f"i{now}", "are you real", float(now), exactly=True)
    assert recent.like("how much is the cup today", 600.0) is None


def test_what_is_remembered_exactly_is_like_nothing_else() -> None:
    recent = RecentTexts(60.0)
    recent.add("a", "are you realy", 0.0)
    recent.add("b", "are you real", 0.0, exactly=True)
    assert recent.like("are you real", 1.0, exactly=True) == "b"
    assert recent.like("are you reall", 1.0) == "a"
    assert recent.like("are you real?", 1.0, exactly=True) is None
    assert recent.since("nothing") < 0


def test_it_keeps_no_more_than_its_bound() -> None:
    recent = RecentTexts(1e9)
    for number in range(3 * REMEMBERED_TEXTS):
        recent.add(str(number), f"text number {number} of many", 0.0)
    assert recent.like("text number 0 of many", 1.0) != "0"
    last = 3 * REMEMBERED_TEXTS - 1
    assert recent.like(f"text number {last} of many", 1.0) == str(last)
