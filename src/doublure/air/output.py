"""Runs one sink on air: its lane, ring, reconnects, and the state shown to the operator."""

from __future__ import annotations

from collections import deque

import anyio

from doublure import metrics
from doublure.address import redact
from doublure.air.engine import Abortable, Sink
from doublure.air.ring import Ring
from doublure.clock import Clock
from doublure.errors import SinkError
from doublure.excerpt import excerpt
from doublure.log import get_log
from doublure.media import Packet, StreamHeader
from doublure.retry import Retry
from doublure.threads import Lane
from doublure.views import SinkState, SinkView

STEADY_SECONDS = 10.0
"""A sink that was live this long is retried without the longer delays of earlier failures."""
FRESH_SECONDS = 1.0
"""A new connection starts at a keyframe no older than this, so viewers are not sent further back."""
PROOF_SECONDS = 1.0
"""A sink counts as live after packets have flowed this long: some servers accept any stream key and close
the connection for a wrong one a moment later."""
RATE_SECONDS = 4.0
"""The bit rate shown is the average over this time."""
CLOSE_SECONDS = 6.0
"""Longest wait for a sink to finish; after that it is abandoned."""
ABORT_SECONDS = 2.0
"""A sink that takes longer to finish is aborted."""
SHOWN_CHARACTERS = 400
"""Longest fault text shown for a sink."""

log = get_log(__name__)


class Output:
    """Feeds one sink until it is stopped, and reconnects after every loss."""

    def __init__(self, name: str, sink: Sink, header: StreamHeader, clock: Clock) -> None:
        self.name = name
        self.ring = Ring(name, header)
        self._sink = sink
        self._header = header
        self._clock = clock
        self._lane = Lane(f"sink-{name}")
        self._scope = anyio.CancelScope()
        self._ended = anyio.Event()
        self._state: SinkState = "connecting"
        self._fault = ""
        self._reconnects = 0
        self._flows_since: float | None = None
        self._live_since: float | None = None
        self._sent: deque[tuple[float, int]] = deque(maxlen=512)
        self._reconnect_count = metrics.SINK_RECONNECTS.labels(name)

    async def run(self) -> None:
        """Connect, feed and reconnect; returns when the ring is closed and empty, or on `stop`."""
        try:
            with self._scope:
                retry = Retry(self._clock)
                while not await self._live():
                    if (
                        self._live_since is not None
                        and self._clock.now() - self._live_since >= STEADY_SECONDS
                    ):
                        retry.reset()
                    self._live_since = self._flows_since = None
                    await retry.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await self._finish()

    async def stop(self, grace_seconds: float) -> None:
        """Send what is left in the ring within `grace_seconds`, finish the sink and return."""
        self.ring.close()
        if self._state == "live" or not self._fault:
            with self._clock.timeout(grace_seconds):
                await self._ended.wait()
        self._scope.cancel()
        with self._clock.timeout(CLOSE_SECONDS):
            await self._ended.wait()

    def view(self, address: str, removable: bool) -> SinkView:
        """The sink's current state; `address` may contain a stream key and is redacted."""
        return SinkView(
            name=self.name,
            address=redact(address),
            state=self._state,
            sent_kbps=self._kbps() if self._state == "live" else 0,
            dropped_gops=self.ring.dropped_gops,
            reconnects=self._reconnects,
            fault=self._fault,
            removable=removable,
        )

    async def _live(self) -> bool:
        """Run one connection. True if all is sent and the ring is closed, False if it was lost."""
        try:
            await self._lane.run(self._sink.open, self._header)
            self.ring.realign(FRESH_SECONDS, counted=self._state == "reconnecting")
            while packets := await self.ring.take():
                await self._lane.run(_write, self._sink, packets)
                self._note_sent(packets)
        except Exception as error:
            self._lose(error)
            return False
        return True

    def _note_sent(self, packets: list[Packet]) -> None:
        now = self._clock.now()
        if self._flows_since is None:
            self._flows_since = now
        if self._state != "live" and now - self._flows_since >= PROOF_SECONDS:
            if self._state == "reconnecting":
                self._reconnects += 1
                self._reconnect_count.inc()
            log.info("sink %s is live", self.name)
            self._state, self._fault, self._live_since = "live", "", now
        self._sent.append((now, sum(len(packet.payload) for packet in packets)))

    def _lose(self, error: Exception) -> None:
        self._fault = excerpt(str(error), SHOWN_CHARACTERS) or type(error).__name__
        if not isinstance(error, SinkError):
            metrics.STAGE_FAULTS.labels("sink").inc()
        log.warning("sink %s: %s", self.name, self._fault)
        if self._state == "live":
            self._state = "reconnecting"

    async def _finish(self) -> None:
        self._state = "stopped"
        if not isinstance(self._sink, Abortable):
            await self._closed(CLOSE_SECONDS)
        # a call that ends by itself lets `close` say goodbye to the server; a call that hangs is aborted
        elif not await self._closed(ABORT_SECONDS):
            self._sink.abort()
            await self._closed(CLOSE_SECONDS - ABORT_SECONDS)
        self._lane.close()
        self._ended.set()

    async def _closed(self, seconds: float) -> bool:
        """Close the sink after its running call; False if that takes longer than `seconds`."""
        with self._clock.timeout(seconds) as limit:
            try:
                await self._lane.run(self._sink.close)
            except Exception as error:
                self._lose(error)
        return not limit.cancelled_caught

    def _kbps(self) -> int:
        since = self._clock.now() - RATE_SECONDS
        recent = [(at, count) for at, count in self._sent if at >= since]
        if not recent:
            return 0
        seconds = max(1.0, self._clock.now() - max(since, self._flows_since or since))
        return round(sum(count for _, count in recent) * 8 / 1000 / seconds)


def _write(sink: Sink, packets: list[Packet]) -> None:
    for packet in packets:
        sink.write(packet)
