"""Where the show is in its rundown."""

from __future__ import annotations

from doublure.catalog import Rundown
from doublure.delivery import Delivery


class Plan:
    """Where the show is in its rundown; it starts again after the last slot."""

    def __init__(self, rundown: Rundown) -> None:
        self._slots = [slot for slot in rundown.slots if slot.lines]
        self._lines = [(s, n) for s, slot in enumerate(self._slots) for n in range(len(slot.lines))]
        self.position = 0

    @property
    def empty(self) -> bool:
        """True when no slot has a line."""
        return not self._lines

    def line(self, ahead: int = 0) -> tuple[str, str, str]:
        """Text, gesture and product of the line `ahead` of the position."""
        slot, line = self._lines[(self.position + ahead) % len(self._lines)]
        words = self._slots[slot].lines[line]
        return words.text, words.gesture, self._slots[slot].product

    def delivery(self, ahead: int = 0) -> Delivery:
        """How that line is said."""
        slot, _ = self._lines[(self.position + ahead) % len(self._lines)]
        return self._slots[slot].delivery

    def line_at(self, place: int) -> str:
        """Text of a line of the whole rundown, 0 <= place < length."""
        slot, line = self._lines[place]
        return self._slots[slot].lines[line].text

    def delivery_at(self, place: int) -> Delivery:
        """How that line is said."""
        return self._slots[self._lines[place][0]].delivery

    def skip(self) -> None:
        """Go to the first line of the next slot."""
        slot = self._lines[self.position % len(self._lines)][0]
        while self._lines[self.position % len(self._lines)][0] == slot:
            self.position += 1
            if len({place[0] for place in self._lines}) == 1:
                break

    @property
    def length(self) -> int:
        """Lines of the whole rundown."""
        return len(self._lines)

    def coming(self, count: int) -> list[tuple[str, str]]:
        """Text and product id of the next lines, at most once each."""
        lines = [self.line(ahead) for ahead in range(min(count, self.length))]
        return [(text, product) for text, _, product in lines]
