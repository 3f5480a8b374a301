"""Serves the console inside the room's own event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import anyio
import uvicorn

from doublure.console.access import is_loopback
from doublure.console.app import make_app
from doublure.errors import SettingsError
from doublure.room import Room

PASSWORD_CHARACTERS = 8
"""Shortest password for an address that others can reach."""
CLOSE_SECONDS = 1
"""How long an answer may take to end once the console closes; then it is dropped."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: Ctrl-C belongs to the room."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def reserve(host: str, port: int, password: str | None) -> socket.socket:
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


def listen(host: str, port: int) -> socket.socket:
    """Take an address; port 0 takes a free one. Raises `SettingsError` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"the page cannot use this address: {error.strerror or error}",
            where=f"{host}:{port}",
            remedy="stop the program that uses the port, or choose another with --port",
        ) from error
    return listener


async def serve(
    room: Room, host: str, port: int, password: str | None = None, *, listener: socket.socket | None = None
) -> None:
    """Serve the console until the room ends or this is cancelled; then every stream ends and the
    port is free again within two seconds. `listener`: a socket from `reserve`."""
    listener = listener or reserve(host, port, password)
    closing = anyio.Event()
    app = make_app(room, password, closing=closing)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )
    server = _Server(config)
    try:
        async with anyio.create_task_group() as group:

            async def run() -> None:
                # shielded: a cancelled room closes its viewers' connections as a finished one does
                with anyio.CancelScope(shield=True):
                    await server.serve(sockets=[listener])
                group.cancel_scope.cancel()

            group.start_soon(run)
            try:
                await room.ended()
            finally:
                closing.set()
                server.should_exit = True
    finally:
        listener.close()
