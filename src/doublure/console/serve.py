"""Serves the console inside the room's own event loop."""

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
"""Shortest password for an address that others can reach."""
CLOSE_SECONDS = 1
"""How long an answer may take to end once the console closes; then it is dropped."""
TICKS_A_SECOND = 10
"""Of uvicorn."""


class Server(uvicorn.Server):
    """uvicorn with time limits for connections, and without its signal handlers unless `signals`: beside
    a show, Ctrl-C belongs to the room."""

    def __init__(self, app: ASGIApp, clock: Clock, *, signals: bool = False) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # the limits look at this protocol; others may be installed
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # whoever connects could name any address in these headers
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
    """Take the address before the show starts; `serve` accepts the socket. Port 0 takes a free one.

    Raises `SettingsError`: an address that others can reach without a (long enough) password, an
    unknown address, a port in use.
    """
    where = f"{host}:{port}"
    if not is_loopback(host):
        if password is None:
            raise SettingsError(
                "the console would be open to everybody who can reach this address",
                where=where,
                remedy="set a password, or serve it at 127.0.0.1",
            )
        if len(password) < PASSWORD_CHARACTERS:
            raise SettingsError(
                "the console's password is too short for an address that others can reach",
                where=where,
                remedy=f"use at least {PASSWORD_CHARACTERS} characters",
            )
    return listen(host, port)


def listen(host: str, port: int) -> Listener:
    """Take an address; port 0 takes a free one. Raises `SettingsError` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"the page cannot use this address: {error.strerror or error}",
            where=f"{host}:{port}",
            remedy="stop the program that uses the port, or choose another with --port",
        ) from error
    return listener


def check_scope(local: bool, host: str) -> None:
    """Raise `ConsentError` when the consent has scope `local` and the console could be reached from other
    machines: its page shows the picture."""
    if local and not is_loopback(host):
        raise ConsentError(
            "the consent has scope `local`: the picture may not be shown on other machines, and the console shows it",
            where=f"console at {host}",
            remedy="serve the console at 127.0.0.1, or ask the host for a consent with scope `air`",
        )


async def serve(
    room: Room, host: str, port: int, password: str | None = None, *, listener: Listener | None = None
) -> None:
    """Serve the console until the room ends or this is cancelled; then every stream ends and the
    port is free again within two seconds. `listener`: a socket from `reserve`.

    Raises `ConsentError` for an address that the consent does not allow, `SettingsError` as `reserve` does, and
    what goes wrong in the server.
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
            # shielded: a cancelled room closes its viewers' connections as a finished one does
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
