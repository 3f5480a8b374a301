"""Limits for connections, so that nobody who connects can take what the show needs.

The number of connections is limited where they are accepted, before anything is read. A connection
whose request does not arrive, or whose answer is not read, is closed after a time limit.
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
"""Open at once, from all addresses; never more than a quarter of the process's descriptors, because
outputs, files and the database need the rest."""
MOST_FROM_ONE = 64
"""Open at once from one network. A browser opens six for a page; operators may share an address."""
WAITING_CONNECTIONS = 128
"""That the system keeps until they are accepted."""
ACCEPTED_A_TURN = 8
"""Connections accepted in one turn of the event loop, so that a rush of them does not hold air up."""
REFUSED_A_TURN = 32
"""Connections refused at once; refusing costs far less than answering."""
REQUEST_SECONDS = 10.0
"""How long the header of a request may take, and then its body."""
UNREAD_SECONDS = 60.0
"""How long a client may leave an answer unread."""

log = get_log(__name__)


def network_of(address: str) -> str:
    """What one household or machine has: an IPv4 address, or a /64 of IPv6, in which it may choose addresses freely.
    Anything else is returned as it is."""
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

    It holds one spare descriptor: when the process has no other left, the spare is used to accept and
    close what waits. Otherwise the waiting connection would wake the event loop again and again.
    """

    def __init__(self, family: socket.AddressFamily) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._most = max(1, min(MOST_CONNECTIONS, descriptors.limit() // 4))
        self._open: Counter[str] = Counter()
        self._spare = _spare()

    def listen(self, backlog: int = WAITING_CONNECTIONS, /) -> None:
        """Listen with a queue of `WAITING_CONNECTIONS`: asyncio uses one number for this queue and for how
        many it accepts at once."""
        super().listen(max(backlog, WAITING_CONNECTIONS))

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection that is within the limits; those before it are closed. Raises
        `ConnectionAbortedError` after `REFUSED_A_TURN` of them, upon which asyncio waits for its next
        turn, and `OSError` as a plain socket does."""
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
        """Accept and close one connection. Raises `error` when the spare descriptor is gone as well, and
        `BlockingIOError` when nobody waits."""
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
    """What a connection waits for. While this does not change, nothing moves on it."""

    answer: object
    """The request being answered, as uvicorn keeps it."""
    unsent_bytes: int
    """Of the answer; 0 while only the request is awaited."""

    @property
    def limit_seconds(self) -> float:
        return UNREAD_SECONDS if self.unsent_bytes else REQUEST_SECONDS


class Deadlines:
    """Closes connections on which nothing moves. To be asked about once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[H11Protocol, tuple[_Wait, float]] = {}

    def hold(self, connections: Collection[H11Protocol]) -> None:
        """Close those whose request or reader is late, and forget those that are gone."""
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
    """None while the client has nothing to do: its request is here and all of the answer so far was read."""
    unsent = connection.transport.get_write_buffer_size()
    awaited = connection.conn.their_state in (h11.IDLE, h11.SEND_BODY)
    return _Wait(connection.cycle, unsent) if unsent or awaited else None
