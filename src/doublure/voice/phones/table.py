"""Large read-only dictionaries in a tenth of the memory of a Python dict."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

KEPT_WORDS = 8192
"""Words whose sounds are kept. The number is limited because viewers' names are among them, so new words never
stop."""


class WordTable:
    """Words and a dictionary's text for each, stored as one sorted UTF-8 text with the offsets of its lines.
    Lookup is a binary search of some ten microseconds; a clause needs a few hundred."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Words with their texts, each word once. Neither holds a tab or a line break."""
        lines = sorted(f"{word}\t{text}".encode() for word, text in entries)
        self._starts = array("L", [0])
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))
        self._text = b"".join(lines)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def get(self, word: str) -> str | None:
        """The text of a word; None if it is not in the dictionary."""
        key = f"{word}\t".encode("utf-8", "replace")
        line = self._first(key)
        return line[len(key) :].decode() if line.startswith(key) else None

    def begins(self, start: str) -> bool:
        """Whether a word is `start` or begins with it."""
        key = start.encode("utf-8", "replace")
        return self._first(key).startswith(key)

    def _first(self, key: bytes) -> bytes:
        """The first line that does not sort before `key`; empty if all do."""
        place = bisect_left(range(len(self)), key, key=self._line)
        return self._line(place) if place < len(self) else b""

    def _line(self, place: int) -> bytes:
        return self._text[self._starts[place] : self._starts[place + 1]]
