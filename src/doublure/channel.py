"""Bounded edges between stages. There is no other queue in the package."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, Literal, TypeVar

import anyio

from doublure import metrics

T = TypeVar("T")
Overflow = Literal["wait", "drop_oldest", "drop_newest"]


class Closed(Exception):
    """The channel was closed and is empty (for `get`), or closed (for `put`)."""


class Channel(Generic[T]):
    """A bounded queue inside one event loop, which counts what it loses.

    `capacity` is in items: frames, packets, clauses; the stage states what that is in time.
    """

    def __init__(self, name: str, capacity: int, overflow: Overflow = "wait") -> None:
        if capacity < 1:
            raise ValueError(f"channel {name}: capacity must be at least 1")
        self.name = name
        self.capacity = capacity
        self.overflow = overflow
        self.dropped = 0
        self._items: deque[T] = deque()
        self._changed = anyio.Event()
        self._closed = False
        self._depth = metrics.CHANNEL_DEPTH.labels(name)
        self._drops = metrics.CHANNEL_DROPPED.labels(name)

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, item: T) -> bool:
        """Put without waiting; False when an item (this or an older one) was lost or refused."""
        if self._closed:
            raise Closed(self.name)
        whole = True
        if len(self._items) >= self.capacity:
            whole = False
            if self.overflow == "wait":
                return False
            self._lose(1)
            if self.overflow == "drop_newest":
                return False
            self._items.popleft()
        self._items.append(item)
        self._touch()
        return whole

    async def put(self, item: T) -> None:
        """Put; waits for room when the channel waits, drops and counts when it drops."""
        if self.overflow == "wait":
            while len(self._items) >= self.capacity and not self._closed:
                await self._changed.wait()
        self.offer(item)
        await anyio.lowlevel.checkpoint()

    async def get(self) -> T:
        """The oldest item; raises `Closed` when there will be none."""
        while not self._items:
            if self._closed:
                raise Closed(self.name)
            await self._changed.wait()
        item = self._items.popleft()
        self._touch()
        return item

    def poll(self) -> T | None:
        """The oldest item, or None at once."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._touch()
        return item

    def peek(self) -> T | None:
        """The oldest item, left where it is."""
        return self._items[0] if self._items else None

    def clear(self) -> list[T]:
        """Take everything out (a cut): not counted as lost."""
        items = list(self._items)
        self._items.clear()
        self._touch()
        return items

    def close(self) -> None:
        """No more puts; getters drain what is left."""
        self._closed = True
        self._touch()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._drain()

    async def _drain(self) -> AsyncIterator[T]:
        while True:
            try:
                item = await self.get()
            except Closed:
                return
            yield item

    def _lose(self, count: int) -> None:
        self.dropped += count
        self._drops.inc(count)

    def _touch(self) -> None:
        self._depth.set(len(self._items))
        self._changed.set()
        self._changed = anyio.Event()
