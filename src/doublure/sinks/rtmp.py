"""Pushes to an RTMP or RTMPS address: what every live platform takes."""

from __future__ import annotations

import socket
import ssl

from doublure import flv
from doublure.address import redact, redact_text
from doublure.errors import SinkError
from doublure.media import Packet, StreamHeader
from doublure.settings import SinkSettings
from doublure.sinks import wire

TIMEOUT_SECONDS = 4.0
"""Longest wait for a server that says nothing or takes nothing, before the sink is lost."""

_CHECK_SERVER = "check that the server runs and that host and port are right"
_CHECK_KEY = "check the address; a stream key is often valid once, for some hours, for one stream at a time"


def make(settings: SinkSettings) -> RtmpSink:
    """The engine `rtmp`; raises `SinkError` for an address that is none."""
    return RtmpSink(settings.name or "rtmp", settings.url)


class RtmpSink:
    """One push. Its stream key shows in no error, log or view."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self._place = redact(url)
        self._connection: wire.Connection | None = None
        self._stamper = flv.Stamper()
        try:
            wire.parse(url)
        except ValueError as error:
            raise SinkError(
                str(error), where=self._place, remedy="it looks like rtmp://server/app/stream-key"
            ) from None

    def open(self, header: StreamHeader) -> None:
        """Connect and get leave to publish; raises `SinkError`."""
        self.close()
        try:
            self._connection = wire.publish(self._url, TIMEOUT_SECONDS)
            for tag in flv.opening(header):
                self._connection.send(tag)
        except OSError as error:
            self.close()
            # without its cause, because that may hold the address
            raise self._fault(error) from None
        self._stamper = flv.Stamper()

    def write(self, packet: Packet) -> None:
        """Send one packet; raises `SinkError` when the server is gone or takes nothing."""
        if self._connection is None:
            raise SinkError("not connected", where=self._place)
        try:
            self._connection.send(self._stamper.tag(packet))
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Hang up; waits a second at most."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fault(self, error: OSError) -> SinkError:
        what, remedy = _explain(error)
        return SinkError(what, where=self._place, remedy=remedy)


def _explain(error: OSError) -> tuple[str, str]:
    """What happened and what helps. Only words known to hold no key are passed on."""
    if isinstance(error, wire.RtmpError):
        return redact_text(str(error)), _CHECK_KEY
    if isinstance(error, socket.gaierror):
        return "the server's name is not known", "check the host name and this machine's name server"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", "") or error.reason or "handshake failed"
        return f"no safe connection: {reason}", "check that the server speaks rtmps on this port"
    if isinstance(error, TimeoutError):
        return f"the server took nothing for {TIMEOUT_SECONDS:.0f} s", _CHECK_SERVER
    if isinstance(error, ConnectionRefusedError):
        return "the server refused the connection", _CHECK_SERVER
    return f"the connection was lost: {error.strerror or type(error).__name__}", _CHECK_SERVER
