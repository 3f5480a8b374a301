"""How many orders the console follows, so that a program gone wrong cannot bury the show in them.

Cut and wrap are always followed, because they only make the room quieter. Comments are bounded by
the chat they go to.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

from doublure.clock import Clock
from doublure.errors import SinkError
from doublure.views import RoomView

Order = Literal["say", "skip", "push", "stop_push"]

ORDERS: dict[Order, int] = {"say": 10, "skip": 30, "push": 10, "stop_push": 30}
"""Orders of each kind within `ORDER_SECONDS`. Ten lines are about what a host can say in that time."""
ORDER_SECONDS = 60.0
MOST_OUTPUTS = 16
"""Outputs of a room, those of its file included. Each copies the whole stream."""


class TooOften(Exception):
    """Too many orders of one kind; the next is followed after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many orders of this kind; the next is possible in {seconds} s")
        self.seconds = seconds


class Allowance:
    """The orders of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[Order, deque[float]] = {order: deque(maxlen=most) for order, most in ORDERS.items()}

    def take(self, order: Order) -> None:
        """Count an order. Raises `TooOften` when it may not be followed now."""
        given = self._given[order]
        now = self._clock.now()
        if len(given) == given.maxlen and now - given[0] < ORDER_SECONDS:
            raise TooOften(math.ceil(given[0] + ORDER_SECONDS - now))
        given.append(now)


def check_outputs(view: RoomView) -> None:
    """Raise `SinkError` when the room has as many outputs as it may have."""
    if len(view.sinks) >= MOST_OUTPUTS:
        raise SinkError(
            f"the room has {len(view.sinks)} outputs, which is the most", remedy="stop one of them first"
        )
