"""One sink on air, in virtual time: pauses between attempts, and the end of a sink that hangs."""

from __future__ import annotations

import threading

import anyio

from doublure.air.encoder import Encoder
from doublure.air.output import ABORT_SECONDS, CLOSE_SECONDS, Output
from doublure.clock import VirtualClock
from doublure.errors import SinkError
from doublure.media import Packet, StreamHeader
from tests.claps import SMALL, packets

HEADER = Encoder(SMALL).header


class Hanging:
    """A sink whose server accepts the connection but never answers."""

    name = "hanging"

    def __init__(self) -> None:
        self.opening = threading.Event()
        self.aborted = threading.Event()
        self.closed = 0

    def open(self, header: StreamHeader) -> None:
        self.opening.set()
        self.aborted.wait(20)
        raise SinkError("aborted", where="rtmp://here/live/secret-key")

    def write(self, packet: Packet) -> None:
        raise AssertionError

    def close(self) -> None:
        self.closed += 1

    def abort(self) -> None:
        self.aborted.set()


class Refused(Hanging):
    """A sink that never connects."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.tries: list[float] = []

    def open(self, header: StreamHeader) -> None:
        self.tries.append(self.clock.now())
        raise SinkError("no\r\nway \x1b[2J" + "x" * 5000, where="rtmp://here/live/secret-key")


async def settled() -> None:
    """Wait for the lane's thread, which runs in real time."""
    await anyio.sleep(0.05)


def test_tries_are_further_and_further_apart() -> None:
    async def run() -> list[float]:
        clock = VirtualClock()
        sink = Refused(clock)
        output = Output("refused", sink, HEADER, clock)
        async with anyio.create_task_group() as group:
            group.start_soon(output.run)
            for _ in range(60):
                await settled()
                await clock.advance(0.5)
            group.start_soon(output.stop, 0.0)
            await settled()
        fault = output.view("rtmp://here/live/secret-key", True).fault
        assert fault.isprintable()
        assert len(fault) <= 400
        assert "secret-key" not in fault
        return sink.tries

    assert anyio.run(run)[:6] == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]


def test_a_sink_that_hangs_is_aborted_on_the_rooms_clock() -> None:
    async def run() -> None:
        clock = VirtualClock()
        sink = Hanging()
        output = Output("hanging", sink, HEADER, clock)
        async with anyio.create_task_group() as group:
            group.start_soon(output.run)
            await settled()
            assert sink.opening.is_set()
            stopped = anyio.Event()

            async def stop() -> None:
                await output.stop(0.0)
                stopped.set()

            group.start_soon(stop)
            await settled()
            assert not sink.aborted.is_set(), "it may finish by itself"
            await clock.advance(0.1)
            await clock.advance(ABORT_SECONDS)
            await settled()
            assert sink.aborted.is_set()
            await clock.advance(0.1)
            with anyio.fail_after(2):
                await stopped.wait()
        assert sink.closed == 1
        assert output.view("", True).state == "stopped"

    anyio.run(run)


def test_one_that_cannot_be_aborted_is_left_to_itself() -> None:
    class Stubborn(Hanging):
        abort = None  # type: ignore[assignment]

    async def run() -> None:
        clock = VirtualClock()
        sink = Stubborn()
        output = Output("stubborn", sink, HEADER, clock)
        async with anyio.create_task_group() as group:
            group.start_soon(output.run)
            await settled()
            group.start_soon(output.stop, 0.0)
            await settled()
            for _ in range(4):
                await clock.advance(CLOSE_SECONDS)
                await settled()
        sink.aborted.set()

    anyio.run(run)


def test_what_is_in_the_ring_is_sent_before_the_end() -> None:
    class Taking(Hanging):
        def __init__(self) -> None:
            super().__init__()
            self.got: list[Packet] = []

        def open(self, header: StreamHeader) -> None:
            self.opening.set()

        def write(self, packet: Packet) -> None:
            self.got.append(packet)

    async def run() -> None:
        clock = VirtualClock()
        sink = Taking()
        output = Output("taking", sink, HEADER, clock)
        _, coded = packets(10)
        begins = next(place for place, packet in enumerate(coded) if packet.keyframe)
        async with anyio.create_task_group() as group:
            group.start_soon(output.run)
            await settled()
            for packet in coded:
                output.ring.offer(packet)
            with anyio.fail_after(5):
                await output.stop(3.0)
        assert sink.got == coded[begins:]

    anyio.run(run)
