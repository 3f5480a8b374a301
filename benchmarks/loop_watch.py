"""Watches an event loop from inside: how often, and for how long, it does not come round.

No script of its own: a part of benchmarks/chain.py.

asyncio's own `slow_callback_duration` works in debug mode only, which slows every callback down and so spoils
what else is measured. Here a timer of 5 ms in the loop notes how late it is, and how much the loop's thread
has computed meanwhile. A late timer with little computed means that the thread waited: for the interpreter
lock, for a disk, or for a core.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import anyio

PERIOD_SECONDS = 0.005
"""Distance of the looks; 200 a second cost 0.5 % of a core."""
HELD_SECONDS = 0.010
"""A loop that comes round this much too late is held."""


@dataclass(slots=True)
class LoopWatch:
    """What was seen so far; `clear` begins anew."""

    held: int = 0
    """Times that the loop came round more than 10 ms late."""
    busy: int = 0
    """Of these, times in which the loop's own thread computed for more than 10 ms."""
    worst_seconds: float = 0.0
    """The latest that it came."""

    def clear(self) -> None:
        """Forget what was seen."""
        self.held = self.busy = 0
        self.worst_seconds = 0.0

    async def run(self) -> None:
        """Watch the loop this runs in until cancelled."""
        while True:
            due, computed = time.monotonic() + PERIOD_SECONDS, time.thread_time()
            await anyio.sleep(PERIOD_SECONDS)
            late = time.monotonic() - due
            self.worst_seconds = max(self.worst_seconds, late)
            if late > HELD_SECONDS:
                self.held += 1
                self.busy += time.thread_time() - computed > HELD_SECONDS

    def figures(self, seconds: float) -> dict[str, float]:
        """Keys of docs/benchmarks.md for a watch of so many seconds."""
        minutes = seconds / 60
        return {
            "loop_held_per_minute": self.held / minutes,
            "loop_busy_per_minute": self.busy / minutes,
            "loop_worst_ms": 1000 * self.worst_seconds,
        }
