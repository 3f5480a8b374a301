"""Bounded queues between stages. There is no other queue in the package."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, Literal, TypeVar

import anyio

from doublure import metrics

T = TypeVar("T")
Overflow = Literal["wait", "drop_oldest", "drop_newest"]


class Closed(Exception):
    """Raised by `put` on a closed channel, and by `get` on a closed and empty one."""


class _Change:
    """Wakes everybody who waits. Without waiters it costs nothing, which a rush of comments needs."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    def tell(self) -> None:
        """Something changed."""
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait(self) -> None:
        """Wait for the next change."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()


class Channel(Generic[T]):
    """A bounded queue inside one event loop. It counts what it loses.

    `capacity` counts frames, packets or clauses; the stage documents how much time that is.
    """

    def __init__(self, name: str, capacity: int, overflow: Overflow = "wait") -> None:
        if capacity < 1:
            raise ValueError(f"channel {name}: capacity must be at least 1")
        self.name = name
        self.capacity = capacity
        self.overflow = overflow
        self.dropped = 0
        self._waiting: deque[T] = deque()
        self._changed = _Change()
        self._closed = False
        self._depth = metrics.CHANNEL_DEPTH.labels(name)
        self._drops = metrics.CHANNEL_DROPPED.labels(name)

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, value: T) -> bool:
        """Put without waiting. False if this or an older value was lost or refused. Raises `Closed`."""
        if self._closed:
            raise Closed(self.name)
        whole = True
        if len(self._waiting) >= self.capacity:
            whole = False
            if self.overflow == "wait":
                return False
            self._lose(1)
            if self.overflow == "drop_newest":
                return False
            self._waiting.popleft()
        self._waiting.append(value)
        self._touch()
        return whole

    async def put(self, value: T) -> None:
        """Put a value. With overflow `wait` this waits for room; otherwise it drops a value and counts it.
        Raises `Closed`."""
        if self.overflow == "wait":
            await self.room()
        self.offer(value)
        await anyio.lowlevel.checkpoint()

    async def room(self) -> None:
        """Return when the channel has room for a value, or is closed."""
        while len(self._waiting) >= self.capacity and not self._closed:
            await self._changed.wait()

    async def get(self) -> T:
        """Take the oldest value, waiting for one. Raises `Closed` if none will come."""
        while not self._waiting:
            if self._closed:
                raise Closed(self.name)
            await self._changed.wait()
        value = self._waiting.popleft()
        self._touch()
        return value

    def poll(self) -> T | None:
        """Take the oldest value, or return None if there is none."""
        if not self._waiting:
            return None
        value = self._waiting.popleft()
        self._touch()
        return value

    def peek(self) -> T | None:
        """The oldest value without taking it, or None."""
        return self._waiting[0] if self._waiting else None

    def values(self) -> tuple[T, ...]:
        """All waiting values, oldest first, without taking them."""
        return tuple(self._waiting)

    def clear(self) -> list[T]:
        """Take all values out (a cut). They are not counted as lost."""
        values = list(self._waiting)
        self._waiting.clear()
        self._touch()
        return values

    def close(self) -> None:
        """Refuse further puts. Values that are left can still be taken."""
        self._closed = True
        self._touch()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._drain()

    async def _drain(self) -> AsyncIterator[T]:
        while True:
            try:
                value = await self.get()
            except Closed:
                return
            yield value

    def _lose(self, count: int) -> None:
        self.dropped += count
        self._drops.inc(count)

    def _touch(self) -> None:
        self._depth.set(len(self._waiting))
        self._changed.tell()
