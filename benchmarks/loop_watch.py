"""Watches an event loop from inside: how often and for how long it is blocked.

A part of benchmarks/chain.py, not a script.

asyncio's own `slow_callback_duration` works in debug mode only, which slows every callback and so distorts
the other figures. Here each callback is timed in the place where the debug mode does it, and nothing else is
done. Besides, a timer of 5 ms in the loop records how late it fires. A callback may be long although it
computes little: then the thread waited for the interpreter lock, a disk or a core.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio

PERIOD_SECONDS = 0.005
"""Period of the timer; 200 per second cost 0.5 % of a core."""
HELD_SECONDS = 0.010
"""A timer that fires later than this counts as held, a callback that takes longer as slow."""


@dataclass(slots=True)
class LoopWatch:
    """The counts so far; `clear` resets them."""

    held: int = 0
    """Times that the timer was more than 10 ms late."""
    busy: int = 0
    """Of these, times in which the loop's own thread used more than 10 ms of processor time."""
    worst_seconds: float = 0.0
    """The longest delay."""
    slow: int = 0
    """Callbacks that took more than 10 ms."""
    slow_busy: int = 0
    """Of these, callbacks that used more than 10 ms of processor time."""
    slowest_seconds: float = 0.0
    """The longest callback."""

    def clear(self) -> None:
        """Reset the counts."""
        self.held = self.busy = self.slow = self.slow_busy = 0
        self.worst_seconds = self.slowest_seconds = 0.0

    async def run(self) -> None:
        """Watch the running loop until cancelled."""
        with self._timed_callbacks():
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
            "callbacks_slow_per_minute": self.slow / minutes,
            "callbacks_busy_per_minute": self.slow_busy / minutes,
            "callback_worst_ms": 1000 * self.slowest_seconds,
        }

    @contextmanager
    def _timed_callbacks(self) -> Iterator[None]:
        """Time every callback of every event loop of the process in the meantime."""
        plain = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            began, computed = time.perf_counter(), time.thread_time()
            try:
                plain(handle)
            finally:
                took = time.perf_counter() - began
                self.slowest_seconds = max(self.slowest_seconds, took)
                if took > HELD_SECONDS:
                    self.slow += 1
                    self.slow_busy += time.thread_time() - computed > HELD_SECONDS

        asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            asyncio.Handle._run = plain  # type: ignore[method-assign]
