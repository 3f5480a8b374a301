"""Buffer of the newest packets for one reader. The writer never waits. A slow reader loses whole groups of
pictures, which are counted."""

from __future__ import annotations

from collections import deque

import anyio

from doublure import metrics
from doublure.media import TICKS, Packet, StreamHeader

SPAN_SECONDS = 3.0
"""Span of packets that a ring holds in addition to one group of pictures, before it drops."""
MOST_PACKETS = 4096
"""Hard limit of a ring, independent of time stamps: half a minute at 122 packets per second."""
BATCH_PACKETS = 64
"""Most packets that a reader takes at once: under a second."""


class Ring:
    """Filled and read inside one event loop. It starts at a keyframe, and continues at one after a loss."""

    def __init__(self, sink: str, header: StreamHeader) -> None:
        self.dropped_gops = 0
        """Groups of pictures that the reader lost, whole or in part."""
        self._span = int((SPAN_SECONDS + header.keyframe_seconds) * TICKS)
        self._packets: deque[Packet] = deque(maxlen=MOST_PACKETS)
        self._aligned = False
        self._closed = False
        self._changed = anyio.Event()
        self._drops = metrics.SINK_DROPPED_GOPS.labels(sink)

    def offer(self, packet: Packet) -> None:
        """Add a packet; drops old packets if the reader has fallen behind."""
        if self._closed or not (self._aligned or packet.keyframe):
            return
        self._aligned = True
        self._packets.append(packet)
        if packet.dts - self._packets[0].dts > self._span or len(self._packets) == MOST_PACKETS:
            self._drop()
        self._touch()

    async def take(self) -> list[Packet]:
        """Wait for and return the oldest packets; [] if the ring is closed and empty."""
        while not self._packets:
            if self._closed:
                return []
            await self._changed.wait()
        return [self._packets.popleft() for _ in range(min(BATCH_PACKETS, len(self._packets)))]

    def realign(self, oldest_seconds: float, *, counted: bool) -> None:
        """Restart for a reader that has connected: at the newest keyframe if it is no older than
        `oldest_seconds`, otherwise at the next one. Skipped packets count as dropped only if `counted`,
        which a first connection does not set."""
        if not self._packets:
            self._aligned = False
            return
        newest = self._newest_keyframe()
        if newest >= 0 and self._packets[-1].dts - self._packets[newest].dts <= oldest_seconds * TICKS:
            self._cut(newest, counted)
        else:
            self._cut(len(self._packets), counted)

    def close(self) -> None:
        """Accept no more packets; the reader drains the rest."""
        self._closed = True
        self._touch()

    def _drop(self) -> None:
        newest = self._newest_keyframe()
        self._cut(newest if newest > 0 else len(self._packets), True)

    def _cut(self, count: int, counted: bool) -> None:
        """Lose the `count` oldest packets."""
        if count == 0:
            return
        gops = 0
        for number in range(count):
            packet = self._packets.popleft()
            if packet.keyframe or number == 0:
                gops += 1
        if counted:
            self.dropped_gops += gops
            self._drops.inc(gops)
        self._aligned = bool(self._packets)

    def _newest_keyframe(self) -> int:
        """Its index; -1 if there is none."""
        for place in range(len(self._packets) - 1, -1, -1):
            if self._packets[place].keyframe:
                return place
        return -1

    def _touch(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
