"""Encodes each frame once and distributes the packets to every sink and viewer.

Nothing downstream delays the room: a frame waits only for the encoder. Packets leave the encoder in
bursts of one frame. They are released at the pace of their time stamps, so a sound packet is sent every
21 ms instead of two every 40 ms.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup, TaskStatus

from doublure import metrics
from doublure.air.encoder import Encoder
from doublure.air.engine import Sink
from doublure.air.formats import flv
from doublure.air.label_check import LabelCheck
from doublure.air.output import Output
from doublure.air.ring import MOST_PACKETS, Ring
from doublure.channel import Channel
from doublure.clock import Clock
from doublure.errors import SinkError
from doublure.log import get_log
from doublure.media import TICKS, Frame, Packet
from doublure.threads import Lane
from doublure.views import SinkView

PACE_SECONDS = 0.1
"""Delay from a packet's time stamp to its release. It covers the encoder's slowest picture and the 40 ms
in which an AAC frame fills up."""
LATE_SECONDS = 0.25
"""A packet later than this restarts the pace: the room was stalled."""
CODED_PACKETS = 256
"""Most packets queued between encoder and pace: over three seconds, of which a tenth is used."""
PACED_PACKETS = 40
"""With more packets waiting (half a second), frames are made faster than real time (a rendering), and
nothing is paced."""
MOST_ADDED, ADDED_SECONDS = 10, 60.0
"""An operator may add this many outputs in this time: enough for every platform, too few to scan a
network."""
GRACE_SECONDS = 3.0
"""How long a sink may keep sending after the room stops."""

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class _Seat:
    output: Output
    address: str
    removable: bool


class Publisher:
    """Encodes frames and feeds sinks and viewers. `run` owns all tasks; the rest is called from outside."""

    def __init__(self, encoder: Encoder, clock: Clock, label_check: LabelCheck | None = None) -> None:
        self._encoder = encoder
        self._label_check = label_check
        self._clock = clock
        self._lane = Lane("encode")
        self._seats: dict[str, _Seat] = {}
        self._viewers: set[Ring] = set()
        self._added: deque[float] = deque(maxlen=MOST_ADDED)
        self._gop: deque[Packet] = deque(maxlen=MOST_PACKETS)
        self._coded: Channel[Packet] = Channel("coded", CODED_PACKETS)
        self._due: Packet | None = None
        self._group: TaskGroup | None = None
        self._stopping = anyio.Event()
        self._over = anyio.Event()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Feed sinks until `stop` or cancellation, then finish every sink and return."""
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                try:
                    task_status.started()
                    await self._stopping.wait()
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._finish()
        finally:
            self._over.set()

    async def publish(self, frame: Frame) -> None:
        """Encode a frame and queue its packets; waits only for the encoder. Raises `EngineError` for a frame
        of another size. After `stop`, frames are ignored."""
        if self._stopping.is_set():
            return
        for packet in await self._lane.run(_encode, self._encoder, self._label_check, frame):
            await self._coded.put(packet)

    @property
    def label_fault(self) -> str:
        """Why air must show stand-by (the label does not survive the encoding); "" for no fault."""
        return self._label_check.fault if self._label_check is not None else ""

    def add(self, sink: Sink, *, address: str, removable: bool) -> None:
        """Start feeding a sink. A name already in use gets a number. Raises `SinkError` off air, or if too
        many removable sinks (the operator's) were added in the last minute."""
        if self._group is None or self._stopping.is_set():
            raise SinkError("an output cannot be added: the room is not on air", where=sink.name)
        if removable:
            _note_added(self._added, sink.name, self._clock.now())
        name, number = sink.name, 1
        while name in self._seats:
            number += 1
            name = f"{sink.name}-{number}"
        output = Output(name, sink, self._encoder.header, self._clock)
        for packet in self._gop:
            output.ring.offer(packet)
        self._seats[name] = _Seat(output, address, removable)
        self._group.start_soon(self._feed, output)

    async def remove(self, name: str) -> None:
        """Finish a sink and remove it. Raises `SinkError` if it does not exist or is not removable."""
        seat = self._seats.get(name)
        if seat is None or not seat.removable:
            known = ", ".join(other for other, one in self._seats.items() if one.removable) or "none"
            raise SinkError("there is no such output to stop", where=name, remedy=f"can be stopped: {known}")
        del self._seats[name]
        await seat.output.stop(grace_seconds=0.0)

    def views(self) -> tuple[SinkView, ...]:
        """Every sink, in the order of addition."""
        return tuple(seat.output.view(seat.address, seat.removable) for seat in self._seats.values())

    async def watch(self) -> AsyncIterator[bytes]:
        """Stream for an HTTP-FLV viewer: the opening, then everything from the newest keyframe. A slow viewer
        loses whole groups of pictures. The stream ends when the publisher stops."""
        ring = Ring("viewer", self._encoder.header)
        for packet in self._gop:
            ring.offer(packet)
        if self._over.is_set():
            ring.close()
        self._viewers.add(ring)
        stamper = flv.Stamper()
        try:
            yield flv.head(self._encoder.header)
            while packets := await ring.take():
                yield b"".join(flv.framed(stamper.tag(packet)) for packet in packets)
        finally:
            self._viewers.discard(ring)

    async def stop(self) -> None:
        """Send the last packets, close files and connections, end the viewers' streams; returns when done."""
        self._stopping.set()
        if self._group is not None:
            await self._over.wait()

    async def pace(self) -> None:
        """Release packets at the pace of their time stamps until `stop`. A separate stage, which may be run
        again after a failure."""
        start: float | None = None
        async for packet in self._coded:
            self._due = packet
            at, now = packet.dts / TICKS, self._clock.now()
            if start is None or now - (start + at) > LATE_SECONDS:
                start = now + PACE_SECONDS - at
            if len(self._coded) > PACED_PACKETS:
                start = now - at
            await self._clock.sleep_until(start + at)
            if self._due is not packet:
                return  # the room stops; `_finish` has sent the packet
            self._due = None
            self._give(packet)

    async def _feed(self, output: Output) -> None:
        try:
            await output.run()
        except Exception:
            # a fault of one output must not end the others or the show
            metrics.STAGE_FAULTS.labels("sink").inc()
            log.exception("output %s failed and was left", output.name)

    def _give(self, packet: Packet) -> None:
        if packet.keyframe:
            self._gop.clear()
        if packet.keyframe or self._gop:
            self._gop.append(packet)
        for seat in self._seats.values():
            seat.output.ring.offer(packet)
        for ring in self._viewers:
            ring.offer(packet)

    async def _finish(self) -> None:
        self._stopping.set()
        last = [self._due] if self._due else []
        self._due = None
        last += self._coded.clear()
        self._coded.close()
        try:
            with self._clock.timeout(GRACE_SECONDS) as limit:
                last += await self._lane.run(self._encoder.finish)
            if limit.cancelled_caught:
                log.error("the encoder did not finish within %.0f s", GRACE_SECONDS)
        except Exception:
            log.exception("the encoder did not finish")
        for packet in last:
            self._give(packet)
        self._lane.close()
        for ring in self._viewers:
            ring.close()
        async with anyio.create_task_group() as closing:
            for seat in self._seats.values():
                closing.start_soon(seat.output.stop, GRACE_SECONDS)


def _encode(encoder: Encoder, label_check: LabelCheck | None, frame: Frame) -> list[Packet]:
    packets = encoder.encode(frame)
    if label_check is not None:
        label_check.look(packets)
    return packets


def _note_added(added: deque[float], name: str, now: float) -> None:
    if len(added) == MOST_ADDED and now - added[0] < ADDED_SECONDS:
        raise SinkError(
            f"{MOST_ADDED} outputs were added within a minute",
            where=name,
            remedy="wait a minute before you add another",
        )
    added.append(now)
