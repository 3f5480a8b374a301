"""A publisher's side of RTMP 1.0 (Adobe, 2012), over TCP or TLS.

FFmpeg's own client is not used: through PyAV 18 it opens and closes a connection while it holds the
interpreter, without a time-out, so that a server that accepts and then says nothing stops the
whole room (measured: every other thread stood still until the process was killed). Here every
wait is bounded by the socket's time-out.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from doublure import amf
from doublure.address import HIDDEN
from doublure.flv import SCRIPT, VIDEO, Tag

PORTS = {"rtmp": 1935, "rtmps": 443}
CHUNK_BYTES = 60_000
"""Largest piece of a message we send: most pictures fit in one, as FFmpeg's client does it."""
SEND_BUFFER_BYTES = 256 * 1024
"""What the system may hold for a slow server: under a second of 2.5 Mbit/s. More would hide the
delay from the ring, which drops and counts it."""
LONGEST_MESSAGE_BYTES = 1 << 20
"""Servers send only short commands; more is not RTMP."""
MOST_CHUNK_STREAMS = 64

_HANDSHAKE_BYTES = 1536
_SET_CHUNK_SIZE, _ACKNOWLEDGE, _USER_CONTROL, _WINDOW = 1, 3, 4, 5
_COMMAND_AMF3, _COMMAND = 17, 20
_PING, _PONG = 6, 7
_ON_CONTROL, _ON_COMMAND, _ON_SOUND, _ON_SCRIPT, _ON_PICTURE, _ON_STREAM = 2, 3, 4, 5, 6, 8
"""Chunk streams we send on."""
_HEADER_BYTES = (11, 7, 3, 0)
"""Message header of the four chunk formats."""
_LONG_TIME = 0xFFFFFF


class RtmpError(OSError):
    """The server refused, in its own words and without the stream key."""


@dataclass(frozen=True, slots=True)
class Address:
    """An RTMP address in its parts."""

    secure: bool
    host: str
    port: int
    app: str
    key: str
    """Stream key with its query; never shown."""
    tc_url: str
    """The address up to the application."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message from the server."""

    kind: int
    body: bytes


@dataclass(slots=True)
class _Inbound:
    """One chunk stream of the server."""

    kind: int = 0
    length: int = 0
    long_time: bool = False
    body: bytearray = field(default_factory=bytearray)


def parse(url: str) -> Address:
    """The parts of `rtmp://host[:port]/app/key` or `/app/instance/key`; raises `ValueError`."""
    url = url.strip()
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("not an RTMP address")
    path = url.split("://", 1)[1].partition("/")[2].split("#")[0]
    place, mark, query = path.partition("?")
    pieces = [piece for piece in place.split("/") if piece]
    if len(pieces) < 2:
        raise ValueError("an RTMP address has an application and a stream key")
    depth = 1 if len(pieces) == 2 else 2
    app = "/".join(pieces[:depth])
    port = parts.port or PORTS[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        secure=parts.scheme == "rtmps",
        host=parts.hostname,
        port=port,
        app=app,
        key="/".join(pieces[depth:]) + mark + query,
        tc_url=f"{parts.scheme}://{host}:{port}/{app}",
    )


class Connection:
    """A stream that is being published. Made by `publish`."""

    def __init__(self, address: Address, stream: socket.socket) -> None:
        self._address = address
        self._socket = stream
        self._reader = Reader()
        self._stream_id = 0
        self._transaction = 0
        self._sent_at: dict[int, int] = {}
        self._acknowledged = 0

    def begin(self) -> None:
        """Shake hands and ask to publish; raises `OSError`, `RtmpError` when refused."""
        self._shake_hands()
        self._message(_ON_CONTROL, _SET_CHUNK_SIZE, struct.pack(">I", CHUNK_BYTES))
        app, key = self._address.app, self._address.key
        self._command(
            "connect",
            {
                "app": app,
                "type": "nonprivate",
                "flashVer": "FMLE/3.0 (compatible; Doublure)",
                "tcUrl": self._address.tc_url,
            },
        )
        self._answer(self._transaction)
        self._command("releaseStream", None, key)
        self._command("FCPublish", None, key)
        self._command("createStream", None)
        answer = self._answer(self._transaction)
        self._stream_id = int(answer) if isinstance(answer, float) else 1
        self._command("publish", None, key, "live", lane=_ON_STREAM)
        self._answer(None)

    def send(self, tag: Tag) -> None:
        """Send one tag, then read what the server had to say. Raises `OSError`, `RtmpError`."""
        if tag.kind == SCRIPT:
            self._message(_ON_SCRIPT, SCRIPT, amf.encode("@setDataFrame") + tag.body, tag.milliseconds)
        else:
            lane = _ON_PICTURE if tag.kind == VIDEO else _ON_SOUND
            self._message(lane, tag.kind, tag.body, tag.milliseconds)
        while self._readable():
            self._read()
        for message in self._reader.messages():
            self._take(message)

    def close(self) -> None:
        """Say goodbye if the server listens, and hang up. Never raises."""
        with contextlib.suppress(OSError):
            if self._stream_id:
                self._socket.settimeout(min(1.0, self._socket.gettimeout() or 1.0))
                self._command("FCUnpublish", None, self._address.key)
                self._command("deleteStream", None, float(self._stream_id))
                self._socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            self._socket.close()

    # ---- what is said ----------------------------------------------------------------------------

    def _shake_hands(self) -> None:
        challenge = bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8)
        self._socket.sendall(b"\x03" + challenge)
        answer = self._exactly(1 + _HANDSHAKE_BYTES)
        if answer[0] != 3:
            raise RtmpError("the server at this address does not speak RTMP")
        self._socket.sendall(answer[1:])
        self._exactly(_HANDSHAKE_BYTES)

    def _command(
        self, name: str, about: Mapping[str, amf.Value] | None, *rest: amf.Value, lane: int = _ON_COMMAND
    ) -> None:
        self._transaction += 1
        body = amf.encode(name, float(self._transaction), about, *rest)
        self._message(lane, _COMMAND, body, fresh=True)

    def _message(
        self, lane: int, kind: int, body: bytes, milliseconds: int = 0, *, fresh: bool = False
    ) -> None:
        """One message in chunks. Times after the first are sent as differences, which stay short
        however long the room is on air."""
        before = None if fresh else self._sent_at.get(lane)
        whole = before is None
        at = min(milliseconds - (before or 0), _LONG_TIME - 1)
        head = bytes((lane if whole else 1 << 6 | lane,)) + at.to_bytes(3, "big")
        head += len(body).to_bytes(3, "big") + bytes((kind,))
        if whole:
            head += struct.pack("<I", 0 if lane in (_ON_CONTROL, _ON_COMMAND) else self._stream_id)
        self._sent_at[lane] = milliseconds
        pieces = [head, body[:CHUNK_BYTES]]
        for at in range(CHUNK_BYTES, len(body), CHUNK_BYTES):
            pieces += (bytes((3 << 6 | lane,)), body[at : at + CHUNK_BYTES])
        self._socket.sendall(b"".join(pieces))

    # ---- what is heard ---------------------------------------------------------------------------

    def _answer(self, transaction: int | None) -> amf.Value:
        """Wait for the result of a command, or (None) for leave to publish."""
        while True:
            for message in self._reader.messages():
                if (said := self._take(message)) is None:
                    continue
                name, number, value = said
                if transaction is None and name == "onStatus":
                    return None
                if transaction is not None and name == "_result" and number == transaction:
                    return value
            self._read()

    def _take(self, message: Message) -> tuple[str, int, amf.Value] | None:
        """Obey a control message; a command comes back as name, number and last value."""
        heard = self._reader.received
        if message.kind == _USER_CONTROL and message.body[:2] == struct.pack(">H", _PING):
            pong = struct.pack(">H", _PONG) + message.body[2:6]
            self._message(_ON_CONTROL, _USER_CONTROL, pong, fresh=True)
        if self._reader.window and heard - self._acknowledged >= self._reader.window:
            self._acknowledged = heard
            self._message(_ON_CONTROL, _ACKNOWLEDGE, struct.pack(">I", heard & 0xFFFFFFFF), fresh=True)
        if message.kind not in (_COMMAND, _COMMAND_AMF3):
            return None
        try:
            values = amf.decode(message.body[message.kind == _COMMAND_AMF3 :])
        except amf.AmfError as error:
            raise RtmpError("the server's answer cannot be read") from error
        if len(values) < 2 or not isinstance(values[0], str):
            return None
        number = int(values[1]) if isinstance(values[1], float) else 0
        self._complain(values[0], values[-1])
        return values[0], number, values[-1]

    def _complain(self, name: str, about: amf.Value) -> None:
        status = about if isinstance(about, Mapping) else {}
        code = str(status.get("code") or "")
        refused = name == "_error" and bool(code)
        if not refused and status.get("level") != "error" and code != "NetConnection.Connect.Closed":
            return
        words = f"{status.get('description') or ''} {code}".strip() or "no reason given"
        key = self._address.key
        for secret in {key, key.partition("?")[0]}:
            words = words.replace(secret, HIDDEN)
        raise RtmpError(f"the server refused the stream: {words}")

    def _readable(self) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], 0)[0])

    def _read(self) -> None:
        raw = self._socket.recv(65536)
        if not raw:
            raise RtmpError("the server closed the connection")
        self._reader.feed(raw)

    def _exactly(self, count: int) -> bytes:
        raw = bytearray()
        while len(raw) < count:
            piece = self._socket.recv(count - len(raw))
            if not piece:
                raise RtmpError("the server closed the connection before the stream began")
            raw += piece
        return bytes(raw)


class Reader:
    """Puts the server's chunks together; the protocol's own settings are kept here."""

    def __init__(self) -> None:
        self.received = 0
        """Bytes so far."""
        self.window = 0
        """Bytes after which the server wants an acknowledgement; 0: never."""
        self._chunk_bytes = 128
        self._raw = bytearray()
        self._streams: dict[int, _Inbound] = {}

    def feed(self, raw: bytes) -> None:
        """Add what came over the wire."""
        self.received += len(raw)
        self._raw += raw

    def messages(self) -> list[Message]:
        """The messages that are complete now; raises `RtmpError` for what is not RTMP."""
        whole: list[Message] = []
        while (used := self._chunk(whole)) > 0:
            del self._raw[:used]
        return whole

    def _chunk(self, whole: list[Message]) -> int:
        """Read one chunk; returns its bytes, 0 when it is not all there."""
        raw = self._raw
        if len(raw) < 3:
            return 0
        form, lane, at = raw[0] >> 6, raw[0] & 0x3F, 1
        if lane < 2:
            lane, at = (64 + raw[1], 2) if lane == 0 else (64 + raw[1] + (raw[2] << 8), 3)
        head = bytes(raw[at : at + _HEADER_BYTES[form]])
        if len(head) < _HEADER_BYTES[form]:
            return 0
        at += len(head)
        stream = self._streams.get(lane) or _Inbound()
        if form > 1 and lane not in self._streams:
            raise RtmpError("the server at this address does not speak RTMP")
        length = int.from_bytes(head[3:6], "big") if form < 2 else stream.length
        long_time = int.from_bytes(head[:3], "big") == _LONG_TIME if form < 3 else stream.long_time
        if length > LONGEST_MESSAGE_BYTES or len(self._streams) > MOST_CHUNK_STREAMS:
            raise RtmpError("the server at this address does not speak RTMP")
        at += 4 if long_time else 0
        count = min(length - len(stream.body), self._chunk_bytes)
        if len(raw) < at + count:
            return 0
        self._streams[lane] = stream
        stream.length, stream.long_time = length, long_time
        stream.kind = head[6] if form < 2 else stream.kind
        stream.body += raw[at : at + count]
        if len(stream.body) == stream.length:
            self._obey(Message(stream.kind, bytes(stream.body)), whole)
            stream.body.clear()
        return at + count

    def _obey(self, message: Message, whole: list[Message]) -> None:
        if message.kind == _SET_CHUNK_SIZE and len(message.body) >= 4:
            self._chunk_bytes = max(1, int.from_bytes(message.body[:4], "big") & 0x7FFFFFFF)
        elif message.kind == _WINDOW and len(message.body) >= 4:
            self.window = int.from_bytes(message.body[:4], "big")
        whole.append(message)


def dial(address: Address, timeout_seconds: float) -> socket.socket:
    """A connected socket, through TLS where the address says so; raises `OSError`."""
    stream = socket.create_connection((address.host, address.port), timeout_seconds)
    try:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: a peer that is off the net is noticed as soon
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeout_seconds * 1000))
        if address.secure:
            return ssl.create_default_context().wrap_socket(stream, server_hostname=address.host)
        return stream
    except BaseException:
        stream.close()
        raise


def publish(url: str, timeout_seconds: float) -> Connection:
    """Connect and get leave to publish; no single wait is longer than `timeout_seconds`. Raises
    `ValueError` for an address that is none, `OSError` (`RtmpError` with the server's words)."""
    address = parse(url)
    connection = Connection(address, dial(address, timeout_seconds))
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection
