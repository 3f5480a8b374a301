"""The show's position in its rundown."""

from __future__ import annotations

from doublure.cue import Delivery
from doublure.shop.rundown import Rundown


class Plan:
    """The show's position in its rundown, which starts again after the last slot.

    A place is the number of a line, counted on through every round, so it grows without limit.
    """

    def __init__(self, rundown: Rundown) -> None:
        self._slots = [slot for slot in rundown.slots if slot.lines]
        self._lines = [(s, n) for s, slot in enumerate(self._slots) for n in range(len(slot.lines))]
        self.position = 0
        """Place of the next line."""

    @property
    def empty(self) -> bool:
        """True when no slot has a line."""
        return not self._lines

    @property
    def length(self) -> int:
        """Lines of the whole rundown."""
        return len(self._lines)

    def line(self, ahead: int = 0) -> tuple[str, str, str]:
        """Text, gesture and product of the line `ahead` places after the position."""
        return self.line_at(self.position + ahead)

    def line_at(self, place: int) -> tuple[str, str, str]:
        """Text, gesture and product of the line at a place."""
        slot, line = self._lines[place % len(self._lines)]
        words = self._slots[slot].lines[line]
        return words.text, words.gesture, self._slots[slot].product

    def delivery_at(self, place: int) -> Delivery:
        """Delivery of the line at a place."""
        return self._slots[self._lines[place % len(self._lines)][0]].delivery

    def after_slot(self, place: int) -> int:
        """The place where the slot after that of `place` begins. With one slot only, the next line."""
        if len(self._slots) == 1:
            return place + 1
        slot, first = self._lines[place % len(self._lines)]
        return place - first + len(self._slots[slot].lines)

    def coming(self, count: int) -> list[tuple[str, str]]:
        """Text and product id of the next lines, each line at most once."""
        lines = [self.line(ahead) for ahead in range(min(count, self.length))]
        return [(text, product) for text, _, product in lines]
