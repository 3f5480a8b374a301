"""Runs a show from the command line: the room, its console, and the handling of Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from anyio.abc import TaskStatus

from doublure.cli import interrupt
from doublure.clock import Clock
from doublure.console import descriptors
from doublure.console.connections import Listener
from doublure.console.serve import check_scope, reserve, serve
from doublure.log import FOLD_SECONDS, get_log, write_folded
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings
from doublure.show.supervise import supervise
from doublure.trust import consent as consents

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the console listens."""

    host: str
    port: int
    password: str = ""
    """Empty for none, which is allowed on loopback addresses only."""

    @property
    def page(self) -> str:
        """The address to open in a browser."""
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
    """Keep the room on air until it ends, `seconds` have passed, or SIGINT (Ctrl-C) or SIGTERM arrives.

    The first Ctrl-C wraps: the sentence ends, the host says goodbye, recordings are closed. The second cuts
    at once; recordings are still closed. Before the room is on air, the first one stops everything.
    `announce` is called with one line once the room is on air.

    Before anything is on air, raises what `open_room` and the console raise. A later fault of the console
    is an alarm: the console is restarted, and the room goes on.
    """
    descriptors.raise_limit()
    listener = _reserve(settings, door) if door else None
    try:
        async with anyio.create_task_group() as everything:
            stopping = Interrupt(everything.cancel_scope)
            await everything.start(stopping.run)
            everything.start_soon(_write_folded, clock)
            async with open_room(settings, clock=clock) as room:
                stopping.room = room
                announce(f"{room.name} is on air" + (f", its console is at {door.page}" if door else ""))
                if door and listener:
                    console = Console(room, door, listener)
                    everything.start_soon(supervise, room.watchdog, "console", console.run)
                if seconds is not None:
                    everything.start_soon(_wrap_after, room, seconds, clock)
                await room.ended()
            everything.cancel_scope.cancel()
    finally:
        if listener is not None:
            listener.close()


class Console:
    """The console of a show, as a stage that can be restarted."""

    def __init__(self, room: Room, door: Door, listener: Listener) -> None:
        self._room = room
        self._door = door
        self._listener: Listener | None = listener

    async def run(self) -> None:
        """Serve until the room ends. Raises any exception of the server. Each run after the first binds the
        address again."""
        listener, self._listener = self._listener, None
        door = self._door
        await serve(self._room, door.host, door.port, door.password or None, listener=listener)


class Interrupt:
    """Handles Ctrl-C."""

    def __init__(self, everything: anyio.CancelScope) -> None:
        self.room: Room | None = None
        """The room once it is on air."""
        self._everything = everything

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Listen for signals until cancelled."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            if interrupt.requested():
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


def _reserve(settings: RoomSettings, door: Door) -> Listener:
    """Bind the console's address. Raises `SettingsError`, or `ConsentError` if the consent forbids it."""
    local = settings.consent is not None and consents.read(settings.consent).scope == "local"
    check_scope(local, door.host)
    return reserve(door.host, door.port, door.password or None)


async def _write_folded(clock: Clock) -> None:
    while True:
        await clock.sleep(FOLD_SECONDS)
        write_folded(clock.wall())


async def _wrap_after(room: Room, seconds: float, clock: Clock) -> None:
    await clock.sleep(seconds)
    await room.wrap()
