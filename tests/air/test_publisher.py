"""One encode, many sinks: no sink delays another, the room or the encoder."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import av
import pytest

from doublure.air.encoder import Encoder
from doublure.air.formats import flv
from doublure.air.publisher import MOST_ADDED, Publisher
from doublure.air.ring import MOST_PACKETS, Ring
from doublure.air.settings import SinkSettings
from doublure.air.sinks import file
from doublure.air.sinks.null import NullSink
from doublure.clock import RealClock, VirtualClock
from doublure.errors import SinkError
from doublure.media import TICKS, Packet, StreamHeader
from doublure.show.supervise import Watchdog, supervise
from doublure.views import SinkView
from tests.claps import SMALL, frames, packets, play


class GateSink:
    """A real engine whose network is a gate: closed, it blocks; cut, the connection is lost."""

    def __init__(self, name: str = "gate") -> None:
        self.name = name
        self.gate = threading.Event()
        self.gate.set()
        self.cut = False
        self.opened = 0
        self.closed = 0
        self.got: list[list[Packet]] = []
        """The packets of each connection."""

    def open(self, header: StreamHeader) -> None:
        if self.cut:
            raise SinkError("no way through", where="rtmp://here/live/secret-key", remedy="open the gate")
        self.opened += 1
        self.got.append([])

    def write(self, packet: Packet) -> None:
        self.gate.wait(20)
        if self.cut:
            raise SinkError("lost", where="rtmp://here/live/secret-key", remedy="wait")
        self.got[-1].append(packet)

    def close(self) -> None:
        self.closed += 1


def on_air(show: Callable[[Publisher], Awaitable[None]]) -> Publisher:
    """Run a publisher for the length of `show`."""

    async def run() -> Publisher:
        publisher = Publisher(Encoder(SMALL), RealClock())
        async with anyio.create_task_group() as group:
            await group.start(publisher.run)
            group.start_soon(publisher.pace)
            await show(publisher)
            await publisher.stop()
        return publisher

    return anyio.run(run)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - what a sink's thread does sets no event
            await anyio.sleep(0.02)


def view(publisher: Publisher, name: str) -> SinkView:
    return next(one for one in publisher.views() if one.name == name)


def whole(got: list[Packet]) -> bool:
    """Whether the packets begin at a keyframe and no group of pictures has a gap."""
    pictures = [packet for packet in got if packet.kind == "video"]
    holes = [
        after
        for before, after in itertools.pairwise(pictures)
        if after.dts - before.dts != before.duration and not after.keyframe
    ]
    return bool(got) and got[0].keyframe and not holes


def test_every_sink_gets_every_packet_to_the_last(tmp_path: Path) -> None:
    null, gate = NullSink("null"), GateSink()

    async def show(publisher: Publisher) -> None:
        publisher.add(null, address="", removable=False)
        publisher.add(gate, address="", removable=False)
        recording = file.make(SinkSettings(engine="file", path=tmp_path / "show.mp4"))
        publisher.add(recording, address=str(tmp_path / "show.mp4"), removable=False)
        await play(publisher, 2.0)
        assert view(publisher, "file").state == "live"
        assert view(publisher, "gate").sent_kbps > 0

    publisher = on_air(show)
    assert [one.state for one in publisher.views()] == ["stopped"] * 3
    assert [one.dropped_gops for one in publisher.views()] == [0] * 3
    (got,) = gate.got
    assert whole(got)
    assert sum(packet.kind == "video" for packet in got) == 50
    assert got[0].kind == "video"
    assert null.packets == len(got)
    assert gate.closed >= 1
    with av.open(str(tmp_path / "show.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50


def test_a_blocked_sink_drops_whole_gops_and_slows_nobody() -> None:
    slow, quick = GateSink("slow"), GateSink("quick")

    async def show(publisher: Publisher) -> None:
        publisher.add(slow, address="", removable=True)
        publisher.add(quick, address="", removable=False)
        following = await play(publisher, 0.5)
        await until(lambda: bool(slow.got and slow.got[0]))
        slow.gate.clear()
        # faster than real time: eight seconds for the ring, but not for the test
        for frame in frames(200, first=following):
            await publisher.publish(frame)
        await until(lambda: sum(packet.kind == "video" for packet in quick.got[0]) > 190)
        assert view(publisher, "slow").dropped_gops >= 3
        assert view(publisher, "quick").dropped_gops == 0
        slow.gate.set()
        await play(publisher, 0.5, first=following + 200)

    publisher = on_air(show)
    assert whole(slow.got[0])
    assert whole(quick.got[0])
    assert len(slow.got) == 1
    assert view(publisher, "slow").reconnects == 0
    lost = len(quick.got[0]) - len(slow.got[0])
    assert lost > 100


def test_a_lost_sink_comes_back_at_a_keyframe_and_shows_why() -> None:
    lost, other = GateSink("lost"), GateSink("other")

    async def show(publisher: Publisher) -> None:
        publisher.add(lost, address="rtmp://user:pw@here/live/secret-key?sign=1", removable=True)
        publisher.add(other, address="", removable=False)
        following = await play(publisher, 1.8)
        lost.cut = True
        following = await play(publisher, 0.8, first=following)
        seen = view(publisher, "lost")
        assert seen.state == "reconnecting"
        assert "no way through" in seen.fault
        assert "open the gate" in seen.fault
        assert "secret-key" not in repr(seen)
        assert "pw" not in repr(seen)
        lost.cut = False
        await play(publisher, 4.0, first=following)
        seen = view(publisher, "lost")
        assert (seen.state, seen.fault, seen.reconnects) == ("live", "", 1)

    on_air(show)
    assert len(lost.got) == 2
    assert all(whole(got) for got in lost.got)
    assert sum(packet.kind == "video" for packet in other.got[0]) == 165
    assert whole(other.got[0])


def test_a_sink_that_never_opens_holds_nothing_up() -> None:
    class Stuck(GateSink):
        def open(self, header: StreamHeader) -> None:
            self.gate.wait(20)
            super().open(header)

    stuck, other = Stuck("stuck"), GateSink("other")
    stuck.gate.clear()

    async def show(publisher: Publisher) -> None:
        publisher.add(stuck, address="", removable=True)
        publisher.add(other, address="", removable=False)
        await play(publisher, 1.0)
        assert view(publisher, "stuck").state == "connecting"
        stuck.gate.set()
        await publisher.remove("stuck")
        assert [one.name for one in publisher.views()] == ["other"]

    on_air(show)
    assert sum(packet.kind == "video" for packet in other.got[0]) == 25


def test_a_fault_in_an_engine_is_the_engines_own() -> None:
    class Broken(GateSink):
        def open(self, header: StreamHeader) -> None:
            raise ZeroDivisionError("rtmp://here/live/secret-key")

    other = GateSink("other")

    async def show(publisher: Publisher) -> None:
        publisher.add(Broken("broken"), address="", removable=True)
        publisher.add(other, address="", removable=False)
        await play(publisher, 0.4)
        seen = view(publisher, "broken")
        assert seen.state == "connecting"
        assert "rtmp://here/live/…" in seen.fault

    on_air(show)
    assert whole(other.got[0])


def test_names_are_numbered_and_only_removable_sinks_are_removed() -> None:
    async def show(publisher: Publisher) -> None:
        publisher.add(GateSink("rtmp-1"), address="", removable=False)
        publisher.add(GateSink("rtmp-1"), address="", removable=True)
        assert [one.name for one in publisher.views()] == ["rtmp-1", "rtmp-1-2"]
        await play(publisher, 0.2)
        with pytest.raises(SinkError, match="rtmp-1-2"):
            await publisher.remove("rtmp-1")
        with pytest.raises(SinkError, match="no such output"):
            await publisher.remove("nobody")
        await publisher.remove("rtmp-1-2")
        assert [one.name for one in publisher.views()] == ["rtmp-1"]

    on_air(show)


def test_outputs_cannot_be_added_as_fast_as_addresses_are_tried_out() -> None:
    async def run() -> None:
        clock = VirtualClock()
        publisher = Publisher(Encoder(SMALL), clock)
        async with anyio.create_task_group() as group:
            await group.start(publisher.run)
            for number in range(20):  # outputs of the settings are not counted
                publisher.add(NullSink(f"own-{number}"), address="", removable=False)
            for number in range(MOST_ADDED):
                publisher.add(NullSink(f"null-{number}"), address="", removable=True)
                await clock.advance(1.0)
                await publisher.remove(f"null-{number}")
            with pytest.raises(SinkError, match="wait a minute"):
                publisher.add(NullSink("one-more"), address="", removable=True)
            await clock.advance(60.0)
            publisher.add(NullSink("one-more"), address="", removable=True)
            group.cancel_scope.cancel()

    anyio.run(run)


def test_off_air_nothing_is_added_and_frames_are_ignored() -> None:
    async def run() -> None:
        publisher = Publisher(Encoder(SMALL), RealClock())
        with pytest.raises(SinkError, match="not on air"):
            publisher.add(GateSink(), address="", removable=True)
        await publisher.stop()
        await publisher.publish(next(frames(1)))

    anyio.run(run)


def test_a_cancelled_publisher_still_closes_its_files(tmp_path: Path) -> None:
    async def run() -> None:
        publisher = Publisher(Encoder(SMALL), RealClock())
        async with anyio.create_task_group() as group:
            await group.start(publisher.run)
            group.start_soon(publisher.pace)
            recording = file.make(SinkSettings(engine="file", path=tmp_path / "show.mp4"))
            publisher.add(recording, address="", removable=False)
            await play(publisher, 1.6)
            group.cancel_scope.cancel()

    anyio.run(run)
    with av.open(str(tmp_path / "show.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 25


def test_a_viewer_begins_at_the_last_keyframe_and_ends_with_the_show() -> None:
    raw: list[bytes] = []

    async def show(publisher: Publisher) -> None:
        async def look() -> None:
            async for piece in publisher.watch():
                raw.append(piece)

        following = await play(publisher, 1.6)
        async with anyio.create_task_group() as group:
            group.start_soon(look)
            await play(publisher, 1.0, first=following)
            await publisher.stop()

    on_air(show)
    with av.open(io.BytesIO(b"".join(raw)), format="flv") as container:
        times = [frame.time for frame in container.decode(video=0)]
    # from the keyframe at 1.0 s to the end at 2.6 s
    assert times[0] == 0
    assert len(times) == 40
    assert "AIGC" in raw[0].decode("latin1")


def test_a_slow_viewer_loses_whole_gops_and_memory_is_bounded() -> None:
    async def show(publisher: Publisher) -> None:
        viewer = publisher.watch()
        raw = [await anext(viewer)]
        following = await play(publisher, 0.4)
        raw.append(await anext(viewer))
        for frame in frames(400, first=following):
            await publisher.publish(frame)
        await play(publisher, 0.4, first=following + 400)
        with anyio.move_on_after(1.0):
            while True:
                raw.append(await anext(viewer))
        with av.open(io.BytesIO(b"".join(raw)), format="flv") as container:
            pictures = list(container.decode(video=0))
        assert 20 < len(pictures) < 200
        assert not any(frame.is_corrupt for frame in pictures)

    on_air(show)


class BrokenRing(Ring):
    """A ring that fails once, at the third packet."""

    def offer(self, packet: Packet) -> None:
        self.offered = getattr(self, "offered", 0) + 1
        if self.offered == 3:
            raise RuntimeError("the ring is broken")
        super().offer(packet)


def test_a_fault_while_packets_are_let_out_costs_packets_and_not_the_air() -> None:
    null = NullSink("null")

    async def main() -> None:
        publisher = Publisher(Encoder(SMALL), RealClock())
        watchdog = Watchdog(RealClock())
        async with anyio.create_task_group() as group:
            await group.start(publisher.run)
            group.start_soon(supervise, watchdog, "pace", publisher.pace, 0.5)
            publisher.add(null, address="", removable=False)
            publisher._viewers.add(BrokenRing("broken", header()))
            for frame in frames(40):
                await publisher.publish(frame)
            await until(lambda: null.packets > 60)
            await publisher.stop()

    anyio.run(main)


class BrokenOutput(GateSink):
    """An engine that fails with a Python exception."""

    def open(self, header: StreamHeader) -> None:
        raise SystemError("a fault of the engine itself")


def test_an_engine_that_fails_in_any_way_ends_nobody_else() -> None:
    null, broken = NullSink("null"), BrokenOutput("broken")

    async def show(publisher: Publisher) -> None:
        publisher.add(broken, address="", removable=True)
        publisher.add(null, address="", removable=False)
        for frame in frames(20):
            await publisher.publish(frame)
        await until(lambda: null.packets > 20)
        assert view(publisher, "broken").state != "live"

    on_air(show)


# ---- the ring ----------------------------------------------------------------------------------


def header() -> StreamHeader:
    return packets(1)[0].header


def picture(frame: int, keyframe: bool) -> Packet:
    return Packet("video", b"", frame * 3600, frame * 3600, 3600, keyframe)


def test_the_ring_begins_at_a_keyframe_and_drops_to_the_newest() -> None:
    async def run() -> None:
        ring = Ring("test", header())
        for frame in range(10, 25):
            ring.offer(picture(frame, frame % 25 == 0))
        for frame in range(25, 300):
            ring.offer(picture(frame, frame % 25 == 0))
        got = []
        ring.close()
        while more := await ring.take():
            got += more
        assert got[0].keyframe
        assert got[-1].dts == 299 * 3600
        assert got[-1].dts - got[0].dts <= 4 * TICKS
        # 275 frames from frame 25: eleven groups, of which those in `got` were not lost
        assert ring.dropped_gops == 11 - sum(packet.keyframe for packet in got)

    anyio.run(run)


def test_the_ring_is_bounded_without_keyframes_and_without_time() -> None:
    async def run() -> None:
        ring = Ring("test", header())
        ring.offer(picture(0, True))
        for _ in range(3 * MOST_PACKETS):
            ring.offer(Packet("audio", b"", 0, 0, 1920, False))
        assert ring.dropped_gops == 1
        ring.offer(picture(1, False))
        ring.offer(picture(2, True))
        assert [packet.dts for packet in await ring.take()] == [7200]

    anyio.run(run)


def test_the_ring_realigns_to_a_fresh_keyframe_only() -> None:
    async def run() -> None:
        ring = Ring("test", header())
        for frame in range(60):
            ring.offer(picture(frame, frame % 25 == 0))
        ring.realign(1.0, counted=True)
        assert (await ring.take())[0].dts == 50 * 3600
        assert ring.dropped_gops == 2
        for frame in range(75, 99):
            ring.offer(picture(frame, frame % 25 == 0))
        ring.realign(0.5, counted=False)
        ring.offer(picture(99, False))
        ring.offer(picture(100, True))
        assert (await ring.take())[0].dts == 100 * 3600
        assert ring.dropped_gops == 2

    anyio.run(run)


def test_the_first_bytes_are_an_flv_header() -> None:
    assert flv.head(header()).startswith(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x12")
