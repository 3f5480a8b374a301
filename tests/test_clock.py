"""The machine's clock and the virtual one."""

from __future__ import annotations

from datetime import UTC, timedelta

import anyio

from doublure.clock import Clock, RealClock, VirtualClock


def test_the_real_clock_goes_on_and_says_utc() -> None:
    async def main() -> None:
        clock: Clock = RealClock()
        before = clock.now()
        await clock.sleep(0.01)
        assert clock.now() >= before + 0.01
        assert clock.wall().tzinfo is UTC
        await clock.sleep_until(before)
        await clock.sleep(-1)

    anyio.run(main)


def test_virtual_time_stands_still_until_moved() -> None:
    async def main() -> None:
        clock = VirtualClock()
        begun = clock.wall()
        await anyio.lowlevel.checkpoint()
        assert clock.now() == 0.0
        await clock.advance(3600.0)
        assert clock.now() == 3600.0
        assert clock.wall() - begun == timedelta(hours=1)

    anyio.run(main)


def test_sleepers_wake_in_their_order_at_their_time() -> None:
    async def main() -> list[tuple[str, float]]:
        clock = VirtualClock()
        woken: list[tuple[str, float]] = []

        async def sleeper(name: str, *pauses: float) -> None:
            for pause in pauses:
                await clock.sleep(pause)
                woken.append((name, clock.now()))

        async with anyio.create_task_group() as group:
            group.start_soon(sleeper, "slow", 5.0)
            group.start_soon(sleeper, "quick", 1.0, 1.0, 1.0)
            group.start_soon(sleeper, "first of two", 2.5)
            group.start_soon(sleeper, "second of two", 2.5)
            await clock.advance(4.0)
            assert ("slow", 5.0) not in woken
            await clock.advance(1.0)
        return woken

    assert anyio.run(main) == [
        ("quick", 1.0),
        ("quick", 2.0),
        ("first of two", 2.5),
        ("second of two", 2.5),
        ("quick", 3.0),
        ("slow", 5.0),
    ]


def test_a_past_time_is_no_wait_but_lets_others_run() -> None:
    async def main() -> bool:
        clock = VirtualClock()
        await clock.advance(10.0)
        ran = anyio.Event()

        async def other() -> None:
            ran.set()

        ran_meanwhile = False
        async with anyio.create_task_group() as group:
            group.start_soon(other)
            await clock.sleep_until(5.0)
            await clock.sleep(0.0)
            ran_meanwhile = ran.is_set()
        return ran_meanwhile

    assert anyio.run(main)


def test_a_cancelled_sleeper_does_not_hold_time() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with anyio.create_task_group() as group:
            group.start_soon(clock.sleep, 1.0)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        await clock.advance(2.0)
        assert clock.now() == 2.0

    anyio.run(main)


def test_a_time_limit_runs_on_the_same_clock() -> None:
    async def main() -> tuple[bool, bool, float]:
        clock = VirtualClock()
        late = inside = False

        async def wait() -> None:
            nonlocal late, inside
            with clock.timeout(3.0) as scope:
                await clock.sleep(1.0)
            inside = scope.cancelled_caught
            with clock.timeout(3.0) as scope:
                await clock.sleep(60.0)
            late = scope.cancelled_caught

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await clock.advance(5.0)
        return inside, late, clock.now()

    assert anyio.run(main) == (False, True, 5.0)


def test_the_real_clock_limits_a_block() -> None:
    async def main() -> bool:
        with RealClock().timeout(0.01) as scope:
            await anyio.sleep_forever()
        return scope.cancelled_caught

    assert anyio.run(main)
