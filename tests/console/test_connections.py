"""Clients cannot exhaust what the show needs: connections are limited, and idle ones are closed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import anyio
import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from doublure.clock import VirtualClock
from doublure.console.connections import (
    MOST_FROM_ONE,
    REQUEST_SECONDS,
    UNREAD_SECONDS,
    Deadlines,
    Listener,
    network_of,
)
from doublure.console.serve import Server, listen

LARGE = 20_000_000
"""Bytes of an answer that is larger than the system's buffers."""


def test_a_network_is_what_one_machine_has() -> None:
    assert network_of("10.0.0.9") == "10.0.0.9"
    assert network_of("::ffff:10.0.0.9") == "10.0.0.9"
    assert (
        network_of("2001:db8:1:2::7") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::7")
    )
    assert network_of("fe80::1%lo") == network_of("fe80::2")
    assert network_of("") == ""
    assert network_of("studio") == "studio"


def connect(listener: Listener, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(listener.getsockname(), 5, source_address=(source, 0))


def refuses(listener: Listener) -> bool:
    """Whether none of the waiting connections is accepted."""
    try:
        listener.accept()[0].close()
    except (BlockingIOError, ConnectionAbortedError):
        return True
    return False


def test_one_address_has_a_few_and_others_have_room() -> None:
    with listen("127.0.0.1", 0) as listener:
        listener.setblocking(False)
        clients = [connect(listener) for _ in range(MOST_FROM_ONE + 3)]
        accepted = [listener.accept()[0] for _ in range(MOST_FROM_ONE)]
        assert refuses(listener)
        assert clients[-1].recv(1) == b"", "a refused connection is closed at once"
        with connect(listener, "127.0.0.2"):
            accepted.append(listener.accept()[0])
        # a closed connection frees one place, even if it is closed twice
        accepted[0].close()
        accepted[0].close()
        clients.append(connect(listener))
        accepted.append(listener.accept()[0])
        clients.append(connect(listener))
        assert refuses(listener)
        for one in (*clients, *accepted):
            one.close()


def test_all_addresses_together_have_a_few() -> None:
    with listen("127.0.0.1", 0) as listener:
        listener.setblocking(False)
        pairs = []
        for number in range(listener._most):
            client = connect(listener, f"127.0.1.{number % 200 + 1}")
            pairs.append((client, listener.accept()[0]))
        with connect(listener, "127.0.2.1"):
            assert refuses(listener)
        for client, one in pairs:
            client.close()
            one.close()
        assert not listener._open


NO_DESCRIPTOR_LEFT = """
import os, resource, socket, sys
from doublure.console.connections import Listener
listener = Listener(socket.AF_INET)
listener.bind(("127.0.0.1", 0))
listener.listen()
listener.setblocking(False)
clients = [socket.create_connection(listener.getsockname(), 5) for _ in range(3)]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for number in range(3):
    try:
        listener.accept()
    except ConnectionAbortedError:
        assert clients[number].recv(1) == b""
    else:
        sys.exit("accepted")
try:
    listener.accept()
except BlockingIOError:
    pass  # nobody waits any more, so the event loop is not woken again
else:
    sys.exit("the queue is not empty")
os.close(taken.pop())
clients.append(socket.socket())
clients[-1].close()
"""


def test_without_a_descriptor_who_waits_is_refused_and_wakes_the_loop_once() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NO_DESCRIPTOR_LEFT], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_few_descriptors_mean_few_connections() -> None:
    script = (
        "import resource, socket; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100));"
        "from doublure.console.connections import Listener; print(Listener(socket.AF_INET)._most)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(ran.stdout) == 25


# ---- time limits


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads the body. `/large` has a large answer, `/stream` an endless one, others a short one."""
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await receive()
        return
    body = b"x" * (LARGE if scope["path"] == "/large" else 2)
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(clock: VirtualClock) -> AsyncIterator[tuple[Server, int]]:
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = Server(answering, clock)
    async with anyio.create_task_group() as group:
        group.start_soon(partial(server.serve, sockets=[listener]))
        yield server, port
        server.should_exit = True
    listener.close()


async def passes(clock: VirtualClock, server: Server, deadlines: Deadlines, seconds: float) -> None:
    """Let virtual seconds pass, and check the connections in each."""
    for _ in range(int(seconds)):
        deadlines.hold(cast(set[H11Protocol], server.server_state.connections))
        await clock.advance(1)
    deadlines.hold(cast(set[H11Protocol], server.server_state.connections))
    await anyio.sleep(0.05)


async def closed(stream: anyio.abc.SocketStream) -> bool:
    """Whether the other side has closed, after reading all that was sent."""
    try:
        with anyio.move_on_after(0.1):
            while True:
                await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return True
    return False


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT",
    ],
    ids=["nothing", "line", "header", "body", "chunks", "second"],
)
def test_a_request_that_does_not_arrive_is_given_up(begun: bytes) -> None:
    async def check() -> None:
        clock = VirtualClock()
        deadlines = Deadlines(clock)
        async with served(clock) as (server, port), await anyio.connect_tcp("127.0.0.1", port) as stream:
            if begun:
                await stream.send(begun)
            await anyio.sleep(0.2)
            await passes(clock, server, deadlines, REQUEST_SECONDS - 2)
            assert not await closed(stream)
            await passes(clock, server, deadlines, 3)
            assert await closed(stream)
            assert not server.server_state.connections
            assert not deadlines._waits

    anyio.run(check)


def test_a_header_that_drips_is_given_up() -> None:
    async def check() -> None:
        clock = VirtualClock()
        deadlines = Deadlines(clock)
        async with served(clock) as (server, port), await anyio.connect_tcp("127.0.0.1", port) as stream:
            for letter in b"GET / HTTP/1.1\r\nx: " + b"y" * 20:
                with contextlib.suppress(anyio.BrokenResourceError):
                    await stream.send(bytes([letter]))
                await passes(clock, server, deadlines, 1)
                if await closed(stream):
                    break
            assert clock.now() <= REQUEST_SECONDS + 3

    anyio.run(check)


def test_an_answer_that_is_not_read_is_given_up() -> None:
    async def check() -> None:
        clock = VirtualClock()
        deadlines = Deadlines(clock)
        async with served(clock) as (server, port):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.send(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
                await anyio.sleep(0.3)
                await passes(clock, server, deadlines, UNREAD_SECONDS - 2)
                assert server.server_state.connections
                await passes(clock, server, deadlines, 3)
                assert not server.server_state.connections

    anyio.run(check)


def test_who_asks_often_and_who_watches_is_left_alone() -> None:
    async def check() -> None:
        clock = VirtualClock()
        deadlines = Deadlines(clock)
        async with (
            served(clock) as (server, port),
            await anyio.connect_tcp("127.0.0.1", port) as viewer,
            await anyio.connect_tcp("127.0.0.1", port) as asker,
        ):
            await viewer.send(b"GET /stream HTTP/1.1\r\nhost: a\r\n\r\n")
            for _ in range(30):
                await asker.send(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                with anyio.fail_after(5):
                    while b"xx" not in await asker.receive():
                        pass
                await passes(clock, server, deadlines, 3)
            assert not await closed(viewer)
            assert len(server.server_state.connections) == 2

    anyio.run(check)


def test_the_server_looks_at_its_connections() -> None:
    async def check() -> None:
        clock = VirtualClock()
        async with served(clock) as (_, port), await anyio.connect_tcp("127.0.0.1", port) as stream:
            with anyio.fail_after(10):
                while not await closed(stream):
                    await clock.advance(REQUEST_SECONDS)

    anyio.run(check)
