"""Connection limits, so that clients cannot exhaust the descriptors and time that the show needs.

The number of connections is limited at accept, before anything is read. A connection is closed after
a time limit if its request does not arrive or its answer is not read.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from doublure.clock import Clock
from doublure.console import descriptors
from doublure.log import get_log

MOST_CONNECTIONS = 256
"""Most open connections in all. Never more than a quarter of the process's descriptors, because outputs,
files and the database need the rest."""
MOST_FROM_ONE = 64
"""Most open connections from one network. A browser opens six per page; operators may share an address."""
WAITING_CONNECTIONS = 128
"""Length of the system's queue of connections to accept."""
ACCEPTED_A_TURN = 8
"""Connections accepted per turn of the event loop, so that a rush of them does not delay the stream."""
REFUSED_A_TURN = 32
"""Connections refused per turn; refusing costs far less than answering."""
REQUEST_SECONDS = 10.0
"""Time limit for the header of a request, and again for its body."""
UNREAD_SECONDS = 60.0
"""Time limit for a client that does not read its answer."""

log = get_log(__name__)


def network_of(address: str) -> str:
    """The network of an address: an IPv4 address, or the /64 of an IPv6 address, because one household may
    use any address within its /64. Anything else is returned unchanged."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), 64), strict=False))


class _Accepted(socket.socket):
    """A connection that reports when it is closed."""

    def __init__(self, connection: socket.socket, released: Callable[[], None]) -> None:
        family, kind, protocol = connection.family, connection.type, connection.proto
        super().__init__(family, kind, protocol, fileno=connection.detach())
        self._released: Callable[[], None] | None = released

    def close(self) -> None:
        super().close()
        released, self._released = self._released, None
        if released is not None:
            released()


class Listener(socket.socket):
    """A listening socket that refuses connections beyond `MOST_CONNECTIONS` and `MOST_FROM_ONE`.

    It holds one spare descriptor. When the process has no other left, the spare is used to accept and
    close a waiting connection, which would otherwise wake the event loop again and again.
    """

    def __init__(self, family: socket.AddressFamily) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._most = max(1, min(MOST_CONNECTIONS, descriptors.limit() // 4))
        self._open: Counter[str] = Counter()
        self._spare = _spare()

    def listen(self, backlog: int = WAITING_CONNECTIONS, /) -> None:
        """Listen with a queue of at least `WAITING_CONNECTIONS`. asyncio uses one number both for this
        queue and for how many connections it accepts per turn, and gets the smaller, `ACCEPTED_A_TURN`."""
        super().listen(max(backlog, WAITING_CONNECTIONS))

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection within the limits; those before it are closed. After `REFUSED_A_TURN` of them
        it raises `ConnectionAbortedError`, and asyncio tries again in its next turn. Raises `OSError` as a
        plain socket does."""
        for _ in range(REFUSED_A_TURN):
            try:
                connection, address = super().accept()
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):
                    raise
                self._refuse_with_spare(error)
                break
            network = network_of(str(address[0]))
            if self._admits(network):
                self._open[network] += 1
                return _Accepted(connection, partial(self._release, network)), address
            connection.close()
        raise ConnectionAbortedError

    def _admits(self, network: str) -> bool:
        total, from_there = self._open.total(), self._open[network]
        if total < self._most and from_there < MOST_FROM_ONE:
            return True
        text = "refused a connection from %s: %d are open, %d of them from there"
        log.warning(text, network, total, from_there)
        return False

    def close(self) -> None:
        super().close()
        self._drop_spare()

    def _release(self, network: str) -> None:
        self._open[network] -= 1
        if self._open[network] <= 0:
            del self._open[network]

    def _refuse_with_spare(self, error: OSError) -> None:
        """Accept and close one connection. Raises `error` if the spare descriptor is gone too, and
        `BlockingIOError` if no connection waits."""
        self._spare = self._spare if self._spare is not None else _spare()
        if self._spare is None:
            raise error
        self._drop_spare()
        try:
            super().accept()[0].close()
        finally:
            self._spare = _spare()
        log.warning("refused a connection: no file descriptor is left")

    def _drop_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


def _spare() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Wait:
    """What a connection waits for. While this stays equal, the connection makes no progress."""

    answer: object
    """uvicorn's object for the request being answered."""
    unsent_bytes: int
    """Of the answer; 0 while waiting for the request only."""

    @property
    def limit_seconds(self) -> float:
        return UNREAD_SECONDS if self.unsent_bytes else REQUEST_SECONDS


class Deadlines:
    """Closes connections that make no progress. `hold` is called about once per second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[H11Protocol, tuple[_Wait, float]] = {}

    def hold(self, connections: Collection[H11Protocol]) -> None:
        """Close connections whose request or reader is late, and forget those that are gone."""
        now = self._clock.now()
        before, self._waits = self._waits, {}
        for connection in list(connections):
            wait = _wait(connection)
            if wait is None:
                continue
            last, since = before.get(connection, (wait, now))
            if last != wait:
                since = now
            if now - since >= wait.limit_seconds:
                connection.transport.abort()
            else:
                self._waits[connection] = (wait, since)


def _wait(connection: H11Protocol) -> _Wait | None:
    """What the client must do next; None if its request has arrived and it has read the answer so far."""
    unsent = connection.transport.get_write_buffer_size()
    awaited = connection.conn.their_state in (h11.IDLE, h11.SEND_BODY)
    return _Wait(connection.cycle, unsent) if unsent or awaited else None
