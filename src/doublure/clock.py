"""The injected clock. Nothing else in the package reads the time or sleeps."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio


class Clock(Protocol):
    """Monotonic seconds, wall time, sleep and time limits."""

    def now(self) -> float:
        """Monotonic seconds from an arbitrary origin."""
        ...

    def wall(self) -> datetime:
        """Aware UTC time, for records."""
        ...

    async def sleep_until(self, when: float) -> None:
        """Return at `when` (in the seconds of `now`), or at once if it has passed."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...

    def timeout(self, seconds: float) -> AbstractContextManager[anyio.CancelScope]:
        """Cancel the block after `seconds`; the scope's `cancelled_caught` says whether that happened."""
        ...


def stamp(clock: Clock) -> str:
    """UTC to the millisecond, such as `20261128T150821.042`. Ids of one show contain it, so that they differ
    from those of earlier shows in the same journal."""
    return clock.wall().strftime("%Y%m%dT%H%M%S.%f")[:-3]


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, when: float) -> None:
        await anyio.sleep(max(0.0, when - time.monotonic()))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(0.0, seconds))

    def timeout(self, seconds: float) -> AbstractContextManager[anyio.CancelScope]:
        return anyio.move_on_after(max(0.0, seconds))


class VirtualClock:
    """Time that moves only by `advance`, so that a test runs hours of a room in a moment."""

    _EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, settle: int = 50) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, Callable[[], object]]] = []
        self._settle = settle

    def now(self) -> float:
        return self._now

    def wall(self) -> datetime:
        return self._EPOCH + timedelta(seconds=self._now)

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            await anyio.lowlevel.checkpoint()
            return
        event = anyio.Event()
        heapq.heappush(self._sleepers, (when, next(self._order), event.set))
        await event.wait()

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + max(0.0, seconds))

    @contextmanager
    def timeout(self, seconds: float) -> Iterator[anyio.CancelScope]:
        with anyio.CancelScope() as scope:
            # cancelling a scope that was left has no effect
            heapq.heappush(self._sleepers, (self._now + max(0.0, seconds), next(self._order), scope.cancel))
            yield scope

    async def advance(self, seconds: float) -> None:
        """Move time forward. Wakes the sleepers in order of their time and lets each run."""
        end = self._now + seconds
        await self._run_others()
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, wake = heapq.heappop(self._sleepers)
            self._now = when
            wake()
            await self._run_others()
        self._now = end
        await self._run_others()

    async def _run_others(self) -> None:
        # a woken task needs a few turns of the loop to reach its next sleep
        for _ in range(self._settle):
            await anyio.lowlevel.checkpoint()
