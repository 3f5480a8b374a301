"""Pauses that grow, and reset after a success."""

from __future__ import annotations

import anyio
import pytest

from doublure.clock import VirtualClock
from doublure.retry import Retry


def paused(retry: Retry, clock: VirtualClock, times: int) -> list[float]:
    """Lengths of the next pauses, on the virtual clock."""
    lengths: list[float] = []

    async def pause() -> None:
        for _ in range(times):
            before = clock.now()
            await retry.wait()
            lengths.append(clock.now() - before)

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(pause)
            await clock.advance(1000.0)

    anyio.run(run)
    return lengths


def test_pauses_double_up_to_the_longest() -> None:
    clock = VirtualClock()
    retry = Retry(clock)
    assert paused(retry, clock, 7) == [0.5, 1, 2, 4, 8, 10, 10]
    assert retry.pauses == 7


def test_a_reset_begins_with_the_first_pause() -> None:
    clock = VirtualClock()
    retry = Retry(clock, 2.0, 60.0)
    assert paused(retry, clock, 2) == [2, 4]
    retry.reset()
    assert (retry.pause_seconds, retry.pauses) == (2.0, 0)
    assert paused(retry, clock, 2) == [2, 4]


def test_a_cancelled_pause_counts() -> None:
    async def run() -> None:
        clock = VirtualClock()
        retry = Retry(clock)
        async with anyio.create_task_group() as group:
            group.start_soon(retry.wait)
            await clock.advance(0.1)
            group.cancel_scope.cancel()
        assert (retry.pause_seconds, retry.pauses) == (1.0, 1)

    anyio.run(run)


@pytest.mark.parametrize(("first", "longest"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_pauses_that_cannot_grow_are_refused(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="do not grow"):
        Retry(VirtualClock(), first, longest)
