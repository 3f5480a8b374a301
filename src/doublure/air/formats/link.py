"""A TCP or TLS connection with a limit on every wait, which another thread can abort."""

from __future__ import annotations

import contextlib
import socket
import ssl

from doublure.clock import Clock

SEND_BUFFER_BYTES = 256 * 1024
"""Size of the system's send buffer: under a second of 2.5 Mbit/s. A larger one would hide a slow server from
the ring, which drops and counts packets."""
TURN_BYTES = 65_536
"""Most bytes read at once."""


class Link:
    """Opened by `dial`. Every call raises `TimeoutError` if it is not done by `until`, and `OSError` if the
    peer is gone or `abort` was called."""

    def __init__(self, clock: Clock, wait_seconds: float) -> None:
        """`wait_seconds`: longest single wait."""
        self.until = 0.0
        """Deadline of every call, clock seconds."""
        self.sent = 0
        """Bytes sent so far."""
        self._clock = clock
        self._wait = wait_seconds
        self._aborted = False
        self._socket: socket.socket | None = None

    def allow(self, seconds: float) -> None:
        """Set the deadline to `seconds` from now."""
        self.until = self._clock.now() + seconds

    def dial(self, host: str, port: int, *, secure: bool) -> None:
        """Connect to the first address of the name that answers. Only the name lookup has another time limit,
        the system's. Raises `OSError`."""
        fault = OSError("the name has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            self._socket = socket.socket(family, kind, protocol)
            try:
                self._ready().connect(place)
                break
            except OSError as error:
                self._socket.close()
                fault = error
                if self._aborted or self._clock.now() >= self.until:
                    raise
        else:
            raise fault
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: an unreachable peer is noticed within the same time
            milliseconds = int(self._wait * 1000)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        if secure:
            # a separate handshake, so that `abort` already knows the socket
            safe = ssl.create_default_context().wrap_socket(
                self._ready(), server_hostname=host, do_handshake_on_connect=False
            )
            self._socket = safe
            self._ready()
            safe.do_handshake()

    def send(self, raw: bytes) -> None:
        """Send all of it."""
        left = memoryview(raw)
        while left:
            left = left[self._ready().send(left) :]
        self.sent += len(raw)

    def receive(self, most: int = TURN_BYTES) -> bytes:
        """Wait for the next bytes; b"" when the peer has closed."""
        return self._ready().recv(most)

    def poll(self) -> bytes | None:
        """The bytes available now, at most `TURN_BYTES`; None if there are none. Never waits."""
        stream = self._ready()
        # not `select`, which fails for file descriptors above 1023
        stream.settimeout(0)
        try:
            return stream.recv(TURN_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def finish(self) -> None:
        """Signal the end of sending to the peer."""
        self._ready().shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection. Never raises."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()

    def abort(self) -> None:
        """Make a call that waits in another thread fail at once. Never waits, never raises."""
        self._aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # the plain socket's method: TLS would first discard its keys while the other thread may write
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _ready(self) -> socket.socket:
        """The socket, with its timeout set to the time left (at most one wait)."""
        if self._aborted or self._socket is None:
            raise OSError("the connection was closed on this side")
        left = self.until - self._clock.now()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, self._wait))
        return self._socket
