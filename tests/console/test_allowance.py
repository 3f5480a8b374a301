"""Orders are limited to a number per minute."""

from __future__ import annotations

import anyio
import pytest

from doublure.clock import VirtualClock
from doublure.console.allowance import (
    MOST_OUTPUTS,
    ORDER_SECONDS,
    ORDERS,
    Allowance,
    Order,
    TooOften,
    check_outputs,
)
from doublure.errors import SinkError
from doublure.views import RoomView, SinkView


@pytest.mark.parametrize("order", list(ORDERS))
def test_a_minute_has_so_many_orders_of_a_kind(order: Order) -> None:
    async def check() -> None:
        clock = VirtualClock()
        allowance = Allowance(clock)
        allowance.take(order)
        await clock.advance(20)
        for _ in range(ORDERS[order] - 1):
            allowance.take(order)
        with pytest.raises(TooOften) as refused:
            allowance.take(order)
        assert refused.value.seconds == ORDER_SECONDS - 20
        for other in ORDERS:
            if other != order:
                allowance.take(other)
        await clock.advance(ORDER_SECONDS - 20)
        allowance.take(order)
        with pytest.raises(TooOften):
            allowance.take(order)

    anyio.run(check)


def test_a_room_has_so_many_outputs() -> None:
    sink = SinkView("rtmp-1", "rtmp://127.0.0.1/live", "live", 0, 0, 0)
    check_outputs(RoomView("test", "on_air", 0, sinks=(sink,) * (MOST_OUTPUTS - 1)))
    with pytest.raises(SinkError, match="stop one of them first"):
        check_outputs(RoomView("test", "on_air", 0, sinks=(sink,) * MOST_OUTPUTS))
