"""Where the show is in its rundown."""

from __future__ import annotations

from doublure.cue import Delivery
from doublure.shop.rundown import Rundown


class Plan:
    """Where the show is in its rundown; it starts again after the last slot.

    A place is a number that grows for ever: the rundown's line of that number, counted on through every round.
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
        """Text, gesture and product of the line `ahead` of the position."""
        return self.line_at(self.position + ahead)

    def line_at(self, place: int) -> tuple[str, str, str]:
        """Text, gesture and product of the line at a place."""
        slot, line = self._lines[place % len(self._lines)]
        words = self._slots[slot].lines[line]
        return words.text, words.gesture, self._slots[slot].product

    def delivery_at(self, place: int) -> Delivery:
        """How the line at a place is said."""
        return self._slots[self._lines[place % len(self._lines)][0]].delivery

    def after_slot(self, place: int) -> int:
        """The place where the slot after the one of `place` begins; the next line where there is one slot only."""
        if len(self._slots) == 1:
            return place + 1
        slot, first = self._lines[place % len(self._lines)]
        return place - first + len(self._slots[slot].lines)

    def coming(self, count: int) -> list[tuple[str, str]]:
        """Text and product id of the next lines, at most once each."""
        lines = [self.line(ahead) for ahead in range(min(count, self.length))]
        return [(text, product) for text, _, product in lines]
