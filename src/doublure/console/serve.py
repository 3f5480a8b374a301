"""Serves the console in the room's event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import cast

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from doublure.clock import Clock, RealClock
from doublure.console.access import is_loopback
from doublure.console.app import make_app
from doublure.console.connections import ACCEPTED_A_TURN, Deadlines, Listener
from doublure.errors import ConsentError, SettingsError
from doublure.show.room import Room

PASSWORD_CHARACTERS = 8
"""Shortest password for an address that other machines can reach."""
CLOSE_SECONDS = 1
"""How long a response may take to end once the console closes; then it is dropped."""
TICKS_A_SECOND = 10
"""uvicorn's rate."""


class Server(uvicorn.Server):
    """uvicorn with time limits for connections. It handles signals only with `signals`, because during a
    show the room handles Ctrl-C."""

    def __init__(self, app: ASGIApp, clock: Clock, *, signals: bool = False) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # `Deadlines` reads this protocol's state; uvicorn would pick another if installed
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # any client could forge the address in these headers
                proxy_headers=False,
                backlog=ACCEPTED_A_TURN,
                timeout_graceful_shutdown=CLOSE_SECONDS,
            )
        )
        self._signals = signals
        self._deadlines = Deadlines(clock)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals() if self._signals else contextlib.nullcontext():
            yield

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_SECOND == 0:
            self._deadlines.hold(cast(set[H11Protocol], self.server_state.connections))
        return await super().on_tick(counter)


def reserve(host: str, port: int, password: str | None) -> Listener:
    """Bind the address before the show starts, and return a socket for `serve`. Port 0 picks a free one.

    Raises `SettingsError` if other machines can reach the address and the password is missing or too
    short, if the address is unknown, or if the port is in use.
    """
    where = f"{host}:{port}"
    if not is_loopback(host):
        if password is None:
            raise SettingsError(
                "the console would be open to everybody who reaches this address",
                where=where,
                remedy="set a password, or serve it at 127.0.0.1",
            )
        if len(password) < PASSWORD_CHARACTERS:
            raise SettingsError(
                "the console's password is too short for an address that other machines can reach",
                where=where,
                remedy=f"use at least {PASSWORD_CHARACTERS} characters",
            )
    return listen(host, port)


def listen(host: str, port: int) -> Listener:
    """Bind an address; port 0 picks a free one. Raises `SettingsError` if that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"the page cannot listen on this address: {error.strerror or error}",
            where=f"{host}:{port}",
            remedy="stop the program that uses the port, or choose another with --port",
        ) from error
    return listener


def check_scope(local: bool, host: str) -> None:
    """Raise `ConsentError` if the consent has scope `local` and other machines can reach the console, which
    shows the picture."""
    if local and not is_loopback(host):
        raise ConsentError(
            "the consent has scope `local`, but the console would show the picture on other machines",
            where=f"console at {host}",
            remedy="serve the console at 127.0.0.1, or ask the host for a consent with scope `air`",
        )


async def serve(
    room: Room, host: str, port: int, password: str | None = None, *, listener: Listener | None = None
) -> None:
    """Serve the console until the room ends or this is cancelled. Then every stream ends, and the port is
    free again within two seconds. `listener` is a socket from `reserve`.

    Raises `ConsentError` for an address that the consent does not allow, `SettingsError` as `reserve`
    does, and any exception of the server.
    """
    try:
        check_scope(room.local, str(listener.getsockname()[0]) if listener else host)
        listener = listener or reserve(host, port, password)
        closing = anyio.Event()
        server = Server(make_app(room, password, closing=closing), RealClock())
        await _run(server, listener, room, closing)
    finally:
        if listener is not None:
            listener.close()


async def _run(server: Server, listener: Listener, room: Room, closing: anyio.Event) -> None:
    faults: list[Exception] = []
    async with anyio.create_task_group() as group:

        async def run() -> None:
            # shielded, so that a cancelled room closes its connections as cleanly as a finished one
            with anyio.CancelScope(shield=True):
                try:
                    await server.serve(sockets=[listener])
                except Exception as error:
                    faults.append(error)
            group.cancel_scope.cancel()

        group.start_soon(run)
        try:
            await room.ended()
        finally:
            closing.set()
            server.should_exit = True
    for fault in faults:
        raise fault
