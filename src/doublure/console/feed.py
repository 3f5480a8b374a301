"""The two endless responses: the live picture and the events.

Neither has a queue. While a viewer of the picture reads slowly, sending waits, and the room's bounded
ring drops whole groups of pictures for it. A page that reads events slowly gets only the newest state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from doublure.console import page
from doublure.console.access import login_cookie
from doublure.console.allowance import Allowance
from doublure.console.words import Words
from doublure.show.room import Room

T = TypeVar("T")
Put = Callable[[bytes], Awaitable[None]]
"""Sends a piece; blocks while the viewer is slow."""


@dataclass(frozen=True, slots=True)
class Console:
    """State shared by the console's routes."""

    room: Room
    closing: anyio.Event
    """Set to stop the console while the show goes on."""
    logged_out: Callable[[str], Awaitable[None]]
    """Returns when the login with this cookie ends."""
    allowance: Allowance
    pushing: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while an output is added, so that two simultaneous orders cannot exceed the limit."""


class _LiveAnswer(Response, ABC):
    """A response without an end of its own. It ends with the show, the console, the login or the connection."""

    media_type = "application/octet-stream"

    def __init__(self, console: Console) -> None:
        super().__init__()
        # its length is unknown, and proxies must not buffer it
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

        async def put(piece: bytes) -> None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})

        async with anyio.create_task_group() as group:

            async def ends_with(end: Callable[[], Awaitable[object]]) -> None:
                await end()
                group.cancel_scope.cancel()

            group.start_soon(ends_with, lambda: _gone(receive))
            group.start_soon(ends_with, self._console.closing.wait)
            group.start_soon(ends_with, lambda: self._console.logged_out(login_cookie(scope)))
            group.start_soon(ends_with, self._console.room.ended)
            await self.pour(put)
            group.cancel_scope.cancel()
        await put(self.last())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    @abstractmethod
    async def pour(self, put: Put) -> None:
        """Send pieces until there are no more."""

    def last(self) -> bytes:
        """The final piece, sent when the response ends."""
        return b""


class Picture(_LiveAnswer):
    """The live picture with sound, as HTTP-FLV."""

    media_type = "video/x-flv"

    async def pour(self, put: Put) -> None:
        async with _closed_after(self._console.room.watch()) as pieces:
            async for piece in pieces:
                await put(piece)


class Events(_LiveAnswer):
    """The panels of the page, sent whenever they change."""

    media_type = "text/event-stream"

    def __init__(self, console: Console, words: Words) -> None:
        super().__init__(console)
        self._words = words
        self._shown: dict[str, str] = {}

    async def pour(self, put: Put) -> None:
        await put(self._message())
        async with _closed_after(self._console.room.changes()) as changes:
            async for _ in changes:
                # rendered from the newest view, however long a slow page took
                if message := self._message():
                    await put(message)

    def last(self) -> bytes:
        return self._message()

    def _message(self) -> bytes:
        fresh = page.panels(self._console.room.view(), self._words)
        html = page.update(fresh, self._shown)
        self._shown = fresh
        return (
            b"".join(b"data: " + line.encode() + b"\n" for line in html.split("\n")) + b"\n" if html else b""
        )


@asynccontextmanager
async def _closed_after(pieces: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close a generator on leaving, so that the room stops feeding a viewer who left."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def _gone(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
