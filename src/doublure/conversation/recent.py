"""What was asked lately, to know what is asked again: an exact search for the likest of some hundred texts.

Two texts are like when they share most of their letter pairs (Dice coefficient). The pairs are kept as an
inverted index: for each pair one whole number whose bit `n` says that text `n` has it. Adding those numbers
up, bit plane by bit plane, counts what a new text shares with all remembered ones at once, so a search costs
tens of microseconds however alike the texts are. Only texts that share enough are compared one by one.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from operator import add

REMEMBERED_TEXTS = 512
"""Recent texts kept to know like comments."""
LEAST_PAIRS = 4
"""Shorter texts ("多少钱", "why") are like only when they are the same."""
LIKENESS = 0.8
"""Dice coefficient of the letter pairs of two like comments."""
LEAST_SHARED = LIKENESS / (2 - LIKENESS)
"""Share of its own pairs that a text has in common with a like one: with n and m pairs, 2c >= 0.8 (n + m) and
m >= c give c >= 2/3 n."""

Pairs = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Recent:
    """A comment that like ones are merged with."""

    comment: str
    at: float
    pairs: Pairs
    """Empty where only the same words are like it."""
    place: int
    """Its bit in the index."""
    number: int
    """Counts the texts as they were remembered."""


class RecentTexts:
    """The texts of the last `seconds`, at most `REMEMBERED_TEXTS`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._texts: OrderedDict[str, _Recent] = OrderedDict()
        """By their words, the longest remembered first."""
        self._having: dict[str, int] = {}
        """Letter pair -> a bit for each text that has it."""
        self._at_place: dict[int, _Recent] = {}
        self._free: list[int] = list(range(REMEMBERED_TEXTS, -1, -1))
        self._numbers = count()

    def like(self, words: str, now: float, *, exactly: bool = False) -> str | None:
        """Id of the comment that said the same or, unless `exactly`, nearly; of several the likest, of
        equally like ones the one that was remembered first."""
        while self._texts and now - next(iter(self._texts.values())).at >= self._seconds:
            self._forget()
        same = self._texts.get(words)
        if same is not None or exactly:
            return same.comment if same is not None else None
        pairs = pairs_of(words)
        if len(pairs) < LEAST_PAIRS:
            return None
        likest = max(self._sharing(pairs), key=lambda recent: dice(pairs, recent.pairs), default=None)
        return likest.comment if likest is not None and dice(pairs, likest.pairs) >= LIKENESS else None

    def since(self, words: str) -> float:
        """When these very words were remembered, clock seconds; -inf when they are not."""
        return self._texts[words].at if words in self._texts else -math.inf

    def add(self, comment: str, words: str, now: float, *, exactly: bool = False) -> None:
        """Remember a comment's words; with `exactly`, only the same words will be like them."""
        self._drop(self._texts.pop(words, None))
        pairs = frozenset() if exactly else pairs_of(words)
        recent = _Recent(comment, now, pairs, self._free.pop(), next(self._numbers))
        self._texts[words] = self._at_place[recent.place] = recent
        for pair in pairs:
            self._having[pair] = self._having.get(pair, 0) | 1 << recent.place
        if len(self._texts) > REMEMBERED_TEXTS:
            self._forget()

    def forget(self, comment: str) -> None:
        """Remember a comment no more: it was not answered, so the next like one is not a repetition."""
        words = next((words for words, recent in self._texts.items() if recent.comment == comment), None)
        if words is not None:
            self._drop(self._texts.pop(words))

    def _sharing(self, pairs: Pairs) -> list[_Recent]:
        """The texts that share enough pairs to be like, the longest remembered first."""
        planes = _sum(self._having[pair] for pair in pairs if pair in self._having)
        # a hair less, so that a rounding error leaves nothing out
        enough = _at_least(planes, math.ceil(LEAST_SHARED * len(pairs) - 1e-9))
        found = []
        while enough:
            place = enough.bit_length() - 1
            enough ^= 1 << place
            found.append(self._at_place[place])
        return sorted(found, key=lambda recent: recent.number)

    def _forget(self) -> None:
        self._drop(self._texts.popitem(last=False)[1])

    def _drop(self, recent: _Recent | None) -> None:
        if recent is None:
            return
        for pair in recent.pairs:
            left = self._having[pair] & ~(1 << recent.place)
            if left:
                self._having[pair] = left
            else:
                del self._having[pair]
        del self._at_place[recent.place]
        self._free.append(recent.place)


def pairs_of(words: str) -> Pairs:
    """Every two letters that stand beside each other."""
    return frozenset(map(add, words, words[1:]))


def dice(one: Pairs, other: Pairs) -> float:
    """How like two texts are, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def _sum(masks: Iterable[int]) -> list[int]:
    """How many masks have each bit, as binary numbers that lie across the planes: bit n of plane k is the
    k-th digit of the count of bit n."""
    planes: list[int] = []
    for mask in masks:
        carry = mask
        for k, plane in enumerate(planes):
            planes[k], carry = plane ^ carry, plane & carry
            if not carry:
                break
        if carry:
            planes.append(carry)
    return planes


def _at_least(planes: list[int], least: int) -> int:
    """The bits whose count is `least` (above 0) or more."""
    if least >> len(planes):
        return 0
    more, equal = 0, -1
    for k in range(len(planes) - 1, -1, -1):
        if least >> k & 1:
            equal &= planes[k]
        else:
            more |= equal & planes[k]
            equal &= ~planes[k]
    return more | equal
