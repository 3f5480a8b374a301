"""RTMP servers that misbehave, with just enough of the protocol to reach the point where they can do harm."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doublure.air.formats import amf

Speaks = Callable[[socket.socket], None]
"""How a server treats one caller."""


@contextmanager
def server(speaks: Speaks) -> Iterator[int]:
    """Run a server on loopback with one thread per caller; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    callers: list[socket.socket] = []

    def serve(caller: socket.socket) -> None:
        with contextlib.suppress(OSError):
            speaks(caller)
        with contextlib.suppress(OSError):
            caller.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                caller.settimeout(20)
                callers.append(caller)
                threading.Thread(target=serve, args=(caller,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        for one in (listener, *callers):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def exactly(caller: socket.socket, count: int) -> bytes:
    raw = b""
    while len(raw) < count:
        piece = caller.recv(count - len(raw))
        if not piece:
            raise OSError("closed")
        raw += piece
    return raw


def drain(caller: socket.socket) -> None:
    """Read until the caller hangs up."""
    while caller.recv(1 << 16):
        pass


def message(kind: int, body: bytes, lane: int = 3, chunk: int = 128) -> bytes:
    """A message in chunks of the default size."""
    head = bytes((lane,)) + bytes(3) + len(body).to_bytes(3, "big") + bytes((kind, 0, 0, 0, 0))
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
    return head + bytes((0xC0 | lane,)).join(pieces)


def command(*values: amf.Value, padding: int = 0) -> bytes:
    """A command; `padding` lengthens its message by that many bytes, at least three."""
    body = amf.encode(*values)
    if padding:
        body += amf.encode("x" * (padding - 3))
    return message(20, body)


def shake(caller: socket.socket) -> None:
    challenge = exactly(caller, 1537)
    caller.sendall(b"\x03" + bytes(8) + os.urandom(1528) + challenge[1:])
    exactly(caller, 1536)


CONNECTED = {"code": "NetConnection.Connect.Success", "level": "status"}
STARTED = {"code": "NetStream.Publish.Start", "level": "status"}


def welcome(caller: socket.socket, stream: float = 1.0) -> None:
    """Accept the publisher."""
    shake(caller)
    # all at once: the client must keep answers that it has not asked for yet
    caller.sendall(command("_result", 1.0, None, CONNECTED) + command("_result", 4.0, None, stream))
    caller.sendall(command("onStatus", 0.0, None, STARTED))


def willing(caller: socket.socket) -> None:
    welcome(caller)
    drain(caller)


def refusing(description: str, code: str = "NetConnection.Connect.Rejected", **more: amf.Value) -> Speaks:
    """A server that refuses `connect` with this description."""

    def speaks(caller: socket.socket) -> None:
        shake(caller)
        caller.sendall(message(1, struct.pack(">I", 60_000), 2))
        about: dict[str, amf.Value] = {"level": "error", "code": code, "description": description}
        body = amf.encode("_error", 1.0, None, about | more)
        caller.sendall(message(20, body, chunk=60_000))
        drain(caller)

    return speaks


def redirecting(url: str) -> Speaks:
    """A server that redirects publishers."""
    return refusing("[ AccessManager.Redirect ]", ex={"code": 302, "redirect": url})


def pinging(caller: socket.socket) -> None:
    """Sends pings but never an answer."""
    shake(caller)
    stopped = threading.Event()
    while not stopped.wait(0.1):
        caller.sendall(message(4, struct.pack(">HI", 6, 1), 2))


def dripping(caller: socket.socket) -> None:
    """Sends the handshake byte by byte, slowly."""
    exactly(caller, 1537)
    stopped = threading.Event()
    for byte in b"\x03" + bytes(3072):
        caller.sendall(bytes((byte,)))
        stopped.wait(0.1)


def flooding(body: bytes, after: Callable[[socket.socket], None] = welcome) -> Speaks:
    """A server that sends legal messages as fast as it can."""

    def speaks(caller: socket.socket) -> None:
        after(caller)
        threading.Thread(target=_drained, args=(caller,), daemon=True).start()
        while True:
            caller.sendall(body)

    return speaks


def _drained(caller: socket.socket) -> None:
    with contextlib.suppress(OSError):
        drain(caller)
