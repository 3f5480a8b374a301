"""Recently asked texts, to recognise repetitions: an exact search for the most similar of some hundred texts.

Two texts are similar if they share most of their letter pairs (Dice coefficient). The pairs are kept in an
inverted index: for each pair, an integer whose bit `n` says that text `n` has it. Adding these integers bit
plane by bit plane counts the pairs that a new text shares with all remembered ones at once. So a search
takes tens of microseconds, however similar the texts are. Only texts that share enough are compared one by
one.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from operator import add

REMEMBERED_TEXTS = 512
"""Most recent texts kept."""
LEAST_PAIRS = 4
"""Texts with fewer pairs ("多少钱", "why") are similar only if they are identical."""
LIKENESS = 0.8
"""Least Dice coefficient of the letter pairs of two similar comments."""
LEAST_SHARED = LIKENESS / (2 - LIKENESS)
"""Least share of its pairs that a text has in common with a similar one: with n and m pairs, c of them
shared, 2c >= 0.8 (n + m) and m >= c give c >= 2/3 n."""

Pairs = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Recent:
    """A remembered comment, with which similar ones are merged."""

    comment: str
    at: float
    pairs: Pairs
    """Empty if only identical words are similar to it."""
    place: int
    """Its bit in the index."""
    number: int
    """Sequence number, in the order of addition."""


class RecentTexts:
    """The texts of the last `seconds`, at most `REMEMBERED_TEXTS`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._texts: OrderedDict[str, _Recent] = OrderedDict()
        """By their words, oldest first."""
        self._having: dict[str, int] = {}
        """Letter pair -> bits of the texts that contain it."""
        self._at_place: dict[int, _Recent] = {}
        self._free: list[int] = list(range(REMEMBERED_TEXTS, -1, -1))
        self._numbers = count()

    def like(self, words: str, now: float, *, exactly: bool = False) -> str | None:
        """Id of the comment with the same words or, unless `exactly`, the most similar one; among equally
        similar ones, the oldest. None if there is none."""
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
        """When exactly these words were remembered, clock seconds; -inf if they are not."""
        return self._texts[words].at if words in self._texts else -math.inf

    def add(self, comment: str, words: str, now: float, *, exactly: bool = False) -> None:
        """Remember a comment's words; with `exactly`, only identical words will be similar to them."""
        self._drop(self._texts.pop(words, None))
        pairs = frozenset() if exactly else pairs_of(words)
        recent = _Recent(comment, now, pairs, self._free.pop(), next(self._numbers))
        self._texts[words] = self._at_place[recent.place] = recent
        for pair in pairs:
            self._having[pair] = self._having.get(pair, 0) | 1 << recent.place
        if len(self._texts) > REMEMBERED_TEXTS:
            self._forget()

    def forget(self, comment: str) -> None:
        """Forget a comment that was not answered, so that the next similar one is no repetition."""
        words = next((words for words, recent in self._texts.items() if recent.comment == comment), None)
        if words is not None:
            self._drop(self._texts.pop(words))

    def _sharing(self, pairs: Pairs) -> list[_Recent]:
        """The texts that share enough pairs to be similar, oldest first."""
        planes = _sum(self._having[pair] for pair in pairs if pair in self._having)
        # slightly less, so that a rounding error excludes nothing
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
    """All pairs of adjacent letters."""
    return frozenset(map(add, words, words[1:]))


def dice(one: Pairs, other: Pairs) -> float:
    """Dice coefficient of two texts, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def _sum(masks: Iterable[int]) -> list[int]:
    """Number of masks that have each bit, as bit planes: bit n of plane k is binary digit k of the count of
    bit n."""
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
    """The bits whose count is at least `least` (above 0)."""
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
