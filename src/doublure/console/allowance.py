"""Rate limits for orders, so that a faulty program cannot flood the show.

Cut and wrap have no limit, because they only make the room quieter. Comments are limited by the chat
they go to.
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
"""Most orders of each kind within `ORDER_SECONDS`. A host can say about ten lines in that time."""
ORDER_SECONDS = 60.0
MOST_OUTPUTS = 16
"""Most outputs of a room, including those of its file. Each gets its own copy of the stream."""


class TooOften(Exception):
    """Too many orders of one kind; the next is accepted after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many orders of this kind; the next is possible in {seconds} s")
        self.seconds = seconds


class Allowance:
    """The orders of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[Order, deque[float]] = {order: deque(maxlen=most) for order, most in ORDERS.items()}

    def take(self, order: Order) -> None:
        """Count an order. Raises `TooOften` if the limit is reached."""
        given = self._given[order]
        now = self._clock.now()
        if len(given) == given.maxlen and now - given[0] < ORDER_SECONDS:
            raise TooOften(math.ceil(given[0] + ORDER_SECONDS - now))
        given.append(now)


def check_outputs(view: RoomView) -> None:
    """Raise `SinkError` if the room already has `MOST_OUTPUTS` outputs."""
    if len(view.sinks) >= MOST_OUTPUTS:
        raise SinkError(
            f"the room already has {len(view.sinks)} outputs, the maximum", remedy="stop one of them first"
        )
