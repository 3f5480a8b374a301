"""A real room on air with its consoles, in its own thread, for tests from outside."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from doublure.console.serve import reserve, serve
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings
from doublure.views import RoomView

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Place:
    """The room, and the ports of its two consoles."""

    room: Room
    portal: BlockingPortal
    port: int
    locked_port: int
    """The console with a password."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def view(self) -> RoomView:
        return self.portal.call(self.room.view)

    def until(self, true: Callable[[RoomView], object], seconds: float = 30.0) -> RoomView:
        """Wait for a view for which `true` holds; fails after `seconds`."""
        end = monotonic() + seconds
        while not true(view := self.view()):
            assert monotonic() < end, f"did not come about: {view}"
            sleep(0.05)
        return view


@asynccontextmanager
async def _served(settings: RoomSettings) -> AsyncIterator[tuple[Room, int, int]]:
    async with open_room(settings) as room, anyio.create_task_group() as group:
        ports = []
        for password in (None, PASSWORD):
            listener = reserve("127.0.0.1", 0, password)
            ports.append(listener.getsockname()[1])
            group.start_soon(partial(serve, room, "127.0.0.1", 0, password, listener=listener))
        yield room, ports[0], ports[1]
        group.cancel_scope.cancel()


def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def put_on_air(settings: RoomSettings) -> Iterator[Place]:
    """Keep the room on air for the length of the context."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_served(settings)) as (room, *ports),
    ):
        yield Place(room, portal, *ports)
