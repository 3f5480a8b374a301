"""Lanes: one thread each, in order; a call goes on if its caller is cancelled."""

from __future__ import annotations

import os
import sys
import threading

import anyio
import pytest

from doublure.threads import Lane


def test_work_runs_in_one_named_thread_in_its_order() -> None:
    async def main() -> None:
        lane = Lane("voice")
        done: list[int] = []
        threads: set[str] = set()

        def work(number: int) -> int:
            threads.add(threading.current_thread().name)
            done.append(number)
            return number * 2

        futures = [lane.submit(work, number) for number in range(20)]
        assert [await future for future in futures] == [number * 2 for number in range(20)]
        assert done == list(range(20))
        assert len(threads) == 1
        assert threads.pop().startswith("voice")
        lane.close()

    anyio.run(main)


def test_what_the_work_raises_comes_out() -> None:
    async def main() -> None:
        lane = Lane("faulty")
        with pytest.raises(ZeroDivisionError):
            await lane.run(lambda: 1 // 0)
        assert await lane.run(lambda: "still there") == "still there"
        lane.close()

    anyio.run(main)


def test_arguments_are_passed_on() -> None:
    async def main() -> str:
        lane = Lane("arguments")
        try:
            return await lane.run("{0}-{name}".format, 1, name="x")
        finally:
            lane.close()

    assert anyio.run(main) == "1-x"


def test_a_cancelled_caller_goes_on_and_the_lane_lives() -> None:
    async def main() -> None:
        lane = Lane("slow")
        begun, release = threading.Event(), threading.Event()

        def slow() -> None:
            begun.set()
            release.wait(10)

        async with anyio.create_task_group() as group:
            group.start_soon(lane.run, slow)
            while not begun.is_set():
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert not release.is_set(), "the caller did not wait for the thread"
        later = lane.submit(lambda: "next")
        release.set()
        assert await later == "next"
        lane.close()

    anyio.run(main)


def test_a_closed_lane_refuses_work_and_lets_the_running_one_finish() -> None:
    async def main() -> None:
        lane = Lane("closing")
        begun, release = threading.Event(), threading.Event()

        def running() -> str:
            begun.set()
            release.wait(10)
            return "finished"

        first = lane.submit(running)
        waiting = lane.submit(lambda: "never")
        while not begun.is_set():
            await anyio.lowlevel.checkpoint()
        lane.close()
        with pytest.raises(RuntimeError):
            lane.submit(lambda: "refused")
        release.set()
        assert await first == "finished"
        with pytest.raises(BaseException):  # noqa: B017, PT011 - cancelled by either library's name
            await waiting

    anyio.run(main)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_a_nice_lane_lowers_its_own_thread_only() -> None:
    async def main() -> tuple[int, int]:
        own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        lane = Lane("nice", nice=5)
        found = await lane.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        lane.close()
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
        return own, found

    own, found = anyio.run(main)
    assert found == 5 or found > own
