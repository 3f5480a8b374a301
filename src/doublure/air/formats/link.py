"""A TCP or TLS connection on which no wait is longer than a limit, and which another thread can end."""

from __future__ import annotations

import contextlib
import socket
import ssl

from doublure.clock import Clock

SEND_BUFFER_BYTES = 256 * 1024
"""What the system may hold for a slow server: under a second of 2.5 Mbit/s. More would hide the
delay from the ring, which drops and counts it."""
TURN_BYTES = 65_536
"""Most that is read at once."""


class Link:
    """Opened by `dial`. Every call raises `TimeoutError` when it is not done by `until`, and `OSError` when
    the peer is gone or `abort` was called."""

    def __init__(self, clock: Clock, wait_seconds: float) -> None:
        """`wait_seconds`: longest single wait."""
        self.until = 0.0
        """When the clock shows this, the time is over."""
        self.sent = 0
        """Bytes so far."""
        self._clock = clock
        self._wait = wait_seconds
        self._aborted = False
        self._socket: socket.socket | None = None

    def allow(self, seconds: float) -> None:
        """Give what follows so much time from now on."""
        self.until = self._clock.now() + seconds

    def dial(self, host: str, port: int, *, secure: bool) -> None:
        """Connect to the first of the name's addresses that answers. Only the look-up of the name has
        its own limit, the system's. Raises `OSError`."""
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
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: a peer that is off the net is noticed as soon
            milliseconds = int(self._wait * 1000)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        if secure:
            # the handshake comes apart, so that `abort` finds its socket
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
        """The bytes that are there, at most a turn; None at once when there are none."""
        stream = self._ready()
        # not select: it knows no file above number 1023
        stream.settimeout(0)
        try:
            return stream.recv(TURN_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def finish(self) -> None:
        """Tell the peer that nothing more comes."""
        self._ready().shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up. Never raises."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()

    def abort(self) -> None:
        """Let a call that waits in another thread fail at once. Never waits, never raises."""
        self._aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # the plain socket's: TLS would first forget its keys, while the other thread may write
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _ready(self) -> socket.socket:
        """The socket, which waits no longer than what is left of the time."""
        if self._aborted or self._socket is None:
            raise OSError("the connection was closed on this side")
        left = self.until - self._clock.now()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, self._wait))
        return self._socket
