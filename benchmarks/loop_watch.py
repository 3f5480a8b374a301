"""Watches an event loop from inside: how often and for how long it is blocked.

A part of benchmarks/chain.py, not a script.

asyncio's own `slow_callback_duration` works in debug mode only, which slows every callback and so distorts
the other figures. Here a timer of 5 ms in the loop records how late it fires and how much processor time
the loop's thread has used meanwhile. If it is late with little processor time used, the thread waited for
the interpreter lock, a disk or a core.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import anyio

PERIOD_SECONDS = 0.005
"""Period of the timer; 200 per second cost 0.5 % of a core."""
HELD_SECONDS = 0.010
"""A timer that fires later than this counts as held."""


@dataclass(slots=True)
class LoopWatch:
    """The counts so far; `clear` resets them."""

    held: int = 0
    """Times that the timer was more than 10 ms late."""
    busy: int = 0
    """Of these, times in which the loop's own thread used more than 10 ms of processor time."""
    worst_seconds: float = 0.0
    """The longest delay."""

    def clear(self) -> None:
        """Reset the counts."""
        self.held = self.busy = 0
        self.worst_seconds = 0.0

    async def run(self) -> None:
        """Watch the running loop until cancelled."""
        while True:
            due, computed = time.monotonic() + PERIOD_SECONDS, time.thread_time()
            await anyio.sleep(PERIOD_SECONDS)
            late = time.monotonic() - due
            self.worst_seconds = max(self.worst_seconds, late)
            if late > HELD_SECONDS:
                self.held += 1
                self.busy += time.thread_time() - computed > HELD_SECONDS

    def figures(self, seconds: float) -> dict[str, float]:
        """The figures of docs/benchmarks.md, after a watch of `seconds`."""
        minutes = seconds / 60
        return {
            "loop_held_per_minute": self.held / minutes,
            "loop_busy_per_minute": self.busy / minutes,
            "loop_worst_ms": 1000 * self.worst_seconds,
        }
