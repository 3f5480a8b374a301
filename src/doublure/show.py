"""Runs a show from the command line: the room, the console beside it, and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import anyio
from anyio.abc import TaskStatus

from doublure import interrupt
from doublure.clock import Clock
from doublure.console.serve import reserve, serve
from doublure.log import get_log
from doublure.room import Room, open_room
from doublure.settings import RoomSettings

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the console listens."""

    host: str
    port: int
    password: str = ""
    """Empty for none, which only loopback addresses may have."""

    @property
    def page(self) -> str:
        """What to open in the browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


async def run_show(
    settings: RoomSettings,
    clock: Clock,
    *,
    seconds: float | None = None,
    door: Door | None = None,
    announce: Callable[[str], None],
) -> None:
    """Keep the room on air until it ends, `seconds` have passed or Ctrl-C (or a termination) says so.

    The first Ctrl-C wraps: the sentence ends, the host says goodbye, recordings are closed. The
    second cuts: recordings are closed all the same. Before the room is on air one is enough.
    `announce` gets the line that says it is on air.
    Raises what `open_room` and the console raise, before anything is on air.
    """
    listener = reserve(door.host, door.port, door.password or None) if door else None
    try:
        async with anyio.create_task_group() as everything:
            stopping = Interrupt(everything.cancel_scope)
            await everything.start(stopping.run)
            async with open_room(settings, clock=clock) as room:
                stopping.room = room
                announce(f"{room.name} is on air" + (f", its console is at {door.page}" if door else ""))
                if door:
                    everything.start_soon(
                        partial(serve, room, door.host, door.port, door.password or None, listener=listener)
                    )
                if seconds is not None:
                    everything.start_soon(_wrap_after, room, seconds, clock)
                await room.ended()
            everything.cancel_scope.cancel()
    finally:
        if listener is not None:
            listener.close()


class Interrupt:
    """What Ctrl-C does."""

    def __init__(self, everything: anyio.CancelScope) -> None:
        self.room: Room | None = None
        """The room once it is on air."""
        self._everything = everything

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Listen for signals until cancelled."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            if interrupt.came():
                self._everything.cancel()
                return
            async with anyio.create_task_group() as wrapping:
                wrapped = False
                async for _ in signals:
                    if self.room is None or wrapped:
                        log.warning("cut")
                        self._everything.cancel()
                        return
                    log.warning("finishing the sentence; press Ctrl-C again to stop at once")
                    wrapping.start_soon(self.room.wrap)
                    wrapped = True


async def _wrap_after(room: Room, seconds: float, clock: Clock) -> None:
    await clock.sleep(seconds)
    await room.wrap()
