from itertools import pairwise

import anyio

from doublure.clock import VirtualClock
from doublure.show.supervise import FAULTS_TO_ALARM, HEALTHY_SECONDS, Watchdog, supervise


def test_a_failing_stage_begins_again_with_growing_pauses_and_an_alarm() -> None:
    async def check() -> None:
        clock = VirtualClock()
        watchdog = Watchdog(clock)
        began: list[float] = []

        async def stage() -> None:
            began.append(clock.now())
            if len(began) <= FAULTS_TO_ALARM:
                raise RuntimeError("the lamp is broken")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervise, watchdog, "lights", stage)
            await clock.advance(0)
            assert not watchdog.alarms
            await clock.advance(30)
        assert len(began) == FAULTS_TO_ALARM + 1
        pauses = [later - sooner for sooner, later in pairwise(began)]
        assert pauses == [0.5, 1.0, 2.0]
        assert watchdog.alarms == ("lights: failed 3 times, last: the lamp is broken",)
        await clock.advance(HEALTHY_SECONDS)
        assert not watchdog.alarms

    anyio.run(check)


def test_faults_are_forgotten_after_a_healthy_stretch() -> None:
    async def check() -> None:
        clock = VirtualClock()
        watchdog = Watchdog(clock)
        began: list[float] = []

        async def once_an_hour() -> None:
            began.append(clock.now())
            await clock.sleep(3600)
            raise RuntimeError("again")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervise, watchdog, "lights", once_an_hour)
            await clock.advance(3600 * 9)
            tasks.cancel_scope.cancel()
        assert [later - sooner for sooner, later in pairwise(began)] == [3600.5] * (len(began) - 1)
        assert not watchdog.alarms

    anyio.run(check)


def test_the_longest_pause_is_the_stages_own() -> None:
    async def check() -> None:
        clock = VirtualClock()
        began: list[float] = []

        async def stage() -> None:
            began.append(clock.now())
            raise RuntimeError("no")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervise, Watchdog(clock), "perform", stage, 0.5)
            await clock.advance(10)
            tasks.cancel_scope.cancel()
        assert {later - sooner for sooner, later in pairwise(began)} == {0.5}

    anyio.run(check)


def test_an_alarm_can_end_by_itself() -> None:
    async def check() -> None:
        clock = VirtualClock()
        watchdog = Watchdog(clock)
        watchdog.alarm("cue", "dropped", seconds=60)
        await clock.advance(59)
        assert watchdog.alarms == ("cue: dropped",)
        await clock.advance(1)
        assert not watchdog.alarms

    anyio.run(check)


def test_a_stage_that_returns_is_left_alone() -> None:
    async def check() -> None:
        runs: list[int] = []

        async def stage() -> None:
            runs.append(1)

        await supervise(Watchdog(VirtualClock()), "lights", stage)
        assert runs == [1]

    anyio.run(check)


def test_an_alarm_can_be_taken_back() -> None:
    watchdog = Watchdog(VirtualClock())
    watchdog.alarm("a", "one")
    watchdog.alarm("a", "two")
    watchdog.alarm("b", "three")
    assert watchdog.alarms == ("a: two", "b: three")
    watchdog.clear("a")
    assert list(watchdog.alarms) == ["b: three"]
