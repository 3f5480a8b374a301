"""Bounded channels: order, overflow, waiting, closing."""

from __future__ import annotations

import anyio
import pytest
from prometheus_client import REGISTRY

from doublure.channel import Channel, Closed, Overflow


def dropped(name: str) -> float:
    return REGISTRY.get_sample_value("doublure_channel_dropped_total", {"channel": name}) or 0.0


def test_first_in_first_out() -> None:
    async def main() -> list[int]:
        channel: Channel[int] = Channel("order", 3)
        for number in range(3):
            await channel.put(number)
        assert len(channel) == 3
        assert channel.peek() == 0
        return [await channel.get() for _ in range(3)]

    assert anyio.run(main) == [0, 1, 2]


def test_no_room_for_none() -> None:
    with pytest.raises(ValueError, match="capacity"):
        Channel("none", 0)


@pytest.mark.parametrize(
    ("overflow", "kept", "lost"),
    [("drop_oldest", [2, 3], 2), ("drop_newest", [0, 1], 2), ("wait", [0, 1], 0)],
)
def test_what_a_full_channel_keeps_and_counts(overflow: Overflow, kept: list[int], lost: int) -> None:
    async def main() -> None:
        name = f"full {overflow}"
        channel: Channel[int] = Channel(name, 2, overflow)
        assert [channel.offer(number) for number in range(4)] == [True, True, False, False]
        assert channel.clear() == kept
        assert channel.dropped == lost
        assert dropped(name) == lost

    anyio.run(main)


def test_putting_into_a_full_channel_waits_for_a_getter() -> None:
    async def main() -> list[str]:
        channel: Channel[int] = Channel("wait", 1)
        order: list[str] = []

        async def producer() -> None:
            for number in range(3):
                await channel.put(number)
                order.append(f"put {number}")

        async with anyio.create_task_group() as group:
            group.start_soon(producer)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            assert order == ["put 0"]
            for number in range(3):
                assert await channel.get() == number
        assert channel.dropped == 0
        return order

    assert anyio.run(main) == ["put 0", "put 1", "put 2"]


def test_many_producers_never_exceed_the_capacity() -> None:
    async def main() -> None:
        channel: Channel[int] = Channel("many", 2)
        got: list[int] = []
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(channel.put, number)
            while len(got) < 20:
                assert len(channel) <= 2
                got.append(await channel.get())
        assert sorted(got) == list(range(20))
        assert channel.dropped == 0

    anyio.run(main)


def test_closing_drains_getters_and_refuses_putters() -> None:
    async def main() -> list[int]:
        channel: Channel[int] = Channel("closing", 5)
        channel.offer(1)
        channel.offer(2)
        channel.close()
        with pytest.raises(Closed):
            channel.offer(3)
        with pytest.raises(Closed):
            await channel.put(3)
        seen = [number async for number in channel]
        with pytest.raises(Closed):
            await channel.get()
        return seen

    assert anyio.run(main) == [1, 2]


def test_closing_wakes_who_waits() -> None:
    async def main() -> list[str]:
        empty: Channel[int] = Channel("empty", 1)
        full: Channel[int] = Channel("full", 1)
        full.offer(1)
        woken: list[str] = []

        async def getter() -> None:
            with pytest.raises(Closed):
                await empty.get()
            woken.append("getter")

        async def putter() -> None:
            with pytest.raises(Closed):
                await full.put(2)
            woken.append("putter")

        async with anyio.create_task_group() as group:
            group.start_soon(getter)
            group.start_soon(putter)
            await anyio.wait_all_tasks_blocked()
            empty.close()
            full.close()
        assert full.clear() == [1]
        return sorted(woken)

    assert anyio.run(main) == ["getter", "putter"]


def test_clearing_is_no_loss_and_makes_room() -> None:
    async def main() -> None:
        channel: Channel[int] = Channel("cleared", 1)
        channel.offer(1)
        async with anyio.create_task_group() as group:
            group.start_soon(channel.put, 2)
            await anyio.wait_all_tasks_blocked()
            assert channel.clear() == [1]
        assert channel.poll() == 2
        assert channel.poll() is None
        assert channel.peek() is None
        assert channel.dropped == 0

    anyio.run(main)


def test_a_cancelled_getter_takes_nothing() -> None:
    async def main() -> None:
        channel: Channel[int] = Channel("cancelled", 1)
        with anyio.move_on_after(0.01):
            await channel.get()
        channel.offer(7)
        assert await channel.get() == 7

    anyio.run(main)


def test_the_depth_is_measured() -> None:
    async def main() -> None:
        channel: Channel[int] = Channel("depth", 4)
        channel.offer(1)
        channel.offer(2)
        assert REGISTRY.get_sample_value("doublure_channel_depth", {"channel": "depth"}) == 2
        await channel.get()
        assert REGISTRY.get_sample_value("doublure_channel_depth", {"channel": "depth"}) == 1

    anyio.run(main)
