"""Pushes to an RTMP or RTMPS address, the protocol that every live platform accepts."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable

from doublure.address import HIDDEN, RTMP_FORM, AddressError, RtmpAddress, parse_rtmp, redact, redirected
from doublure.air.formats import flv, rtmp
from doublure.air.settings import SinkSettings
from doublure.clock import RealClock
from doublure.errors import SinkError
from doublure.excerpt import excerpt
from doublure.log import get_log
from doublure.media import Packet, StreamHeader

TIMEOUT_SECONDS = 4.0
"""Longest single wait for a server that sends or accepts nothing, before the sink is lost."""
CONNECT_SECONDS = 10.0
"""Longest time from the first packet to permission to publish, including a redirection."""

_CHECK_SERVER = "check that the server runs and that host and port are right"
_CHECK_KEY = "check the address; a stream key is often valid once, for some hours, for one stream at a time"
_NO_ANSWER = "no RTMP server answers at this address"
"""The same text for a port that is closed, filtered or used by another service, so that outputs cannot be
used to scan the room's network. The log says which it was."""

log = get_log(__name__)


def make(settings: SinkSettings) -> RtmpSink:
    """The engine `rtmp`. Raises `SinkError` for an invalid address."""
    return RtmpSink(settings.name or "rtmp", settings.url)


class RtmpSink:
    """One push. Its stream key appears in no error, log or view."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._place = redact(url)
        self._clock = RealClock()  # sockets wait in real time, whatever the room's clock is
        self._connection: rtmp.Connection | None = None
        self._stamper = flv.Stamper()
        self._permitted: Callable[[str], bool] = _nowhere
        try:
            self._address = parse_rtmp(url)
        except AddressError as error:
            raise SinkError(str(error), where=self._place, remedy=RTMP_FORM) from None

    def permit(self, permitted: Callable[[str], bool]) -> None:
        """Set which addresses a server may redirect the stream to; none until this is called."""
        self._permitted = permitted

    def open(self, header: StreamHeader) -> None:
        """Connect and get permission to publish. Raises `SinkError`."""
        until = self._clock.now() + CONNECT_SECONDS
        try:
            self._begin(self._address, header, until)
        except rtmp.Redirected as moved:
            there = self._follow(moved)
        else:
            return
        log.info("sink %s is sent on to %s", self.name, redact(f"{there.tc_url}/{HIDDEN}"))
        try:
            self._begin(there, header, until)
        except rtmp.Redirected:
            self.close()
            raise SinkError(
                f"the server at {there.server} sends the stream on once more",
                where=self._place,
                remedy="ask the platform for the address to push to",
            ) from None

    def write(self, packet: Packet) -> None:
        """Send one packet. Raises `SinkError` if the server is gone or accepts nothing."""
        if self._connection is None:
            raise SinkError("the output is not connected", where=self._place)
        try:
            self._connection.send(self._stamper.tag(packet))
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Close the connection; waits at most a second."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abort(self) -> None:
        """Make an `open` or `write` that waits in another thread fail at once. Never waits."""
        connection = self._connection
        if connection is not None:
            connection.abort()

    def _begin(self, address: RtmpAddress, header: StreamHeader, until: float) -> None:
        """Connect to one address. Raises `SinkError` or `Redirected`."""
        self.close()
        self._connection = rtmp.Connection(address, self._clock, TIMEOUT_SECONDS)
        try:
            self._connection.begin(until)
            for tag in flv.opening(header):
                self._connection.send(tag)
        except rtmp.Redirected:
            raise
        except OSError as error:
            fault = self._fault(error)
            self.close()
            # without its cause, which may contain the address
            raise fault from None
        self._stamper = flv.Stamper()

    def _follow(self, moved: rtmp.Redirected) -> RtmpAddress:
        """The address a server redirects to. Raises `SinkError` if the stream may not go there."""
        self.close()
        there: RtmpAddress | None = None
        with contextlib.suppress(AddressError):
            there = redirected(self._address, moved.url)
        shown = (
            redact(f"{there.tc_url}/{HIDDEN}") if there is not None else excerpt(moved.url) or "no address"
        )
        if there is None:
            why = "which is not an RTMP address"
        elif self._address.secure and not there.secure:
            why = "which is not encrypted and would show the stream key"
        elif not self._permitted(there.tc_url):
            why = "which the consent does not cover"
        else:
            return there
        raise SinkError(
            f"the server sends the stream on to {shown}, {why}",
            where=self._place,
            remedy="ask the platform for the address to push to, and name its host in the consent",
        ) from None

    def _fault(self, error: OSError) -> SinkError:
        greeted = self._connection is not None and self._connection.greeted
        what, remedy = _explain(error, greeted)
        if what == _NO_ANSWER:
            log.info("sink %s: %s: %s", self.name, self._place, _reason(error))
        return SinkError(what, where=self._place, remedy=remedy)


def _nowhere(url: str) -> bool:
    return False


def _explain(error: OSError, greeted: bool) -> tuple[str, str]:
    """What happened, and the remedy. Only texts known to contain no key are passed on. What was found at an
    address without RTMP is not disclosed."""
    if isinstance(error, socket.gaierror):
        return "the server's name is not known", "check the host name and this machine's name server"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"no safe connection: {excerpt(error.verify_message)}",
            "check the host name; the server needs a certificate that this machine trusts",
        )
    if not greeted:
        return _NO_ANSWER, f"{_CHECK_SERVER}, and whether it is rtmp or rtmps"
    if isinstance(error, rtmp.UnrulyError):
        return str(error), _CHECK_SERVER
    if isinstance(error, rtmp.RtmpError):
        return str(error), _CHECK_KEY
    if isinstance(error, TimeoutError):
        return f"the server took nothing for {TIMEOUT_SECONDS:.0f} s", _CHECK_SERVER
    return f"the connection was lost: {error.strerror or type(error).__name__}", _CHECK_SERVER


def _reason(error: OSError) -> str:
    """What happened, for the machine's log."""
    if isinstance(error, rtmp.RtmpError):
        return str(error)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or type(error).__name__
