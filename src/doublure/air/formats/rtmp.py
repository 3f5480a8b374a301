"""An RTMP 1.0 publisher (Adobe, 2012), over TCP or TLS.

FFmpeg's own client is not used: through PyAV 18 it opens and closes connections without releasing the GIL
and without a time-out. A server that accepts and then stays silent would stop the whole room (measured:
every other thread stood still until the process was killed). Here every wait has a limit, and `abort` ends
it from another thread.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from doublure.address import HIDDEN, RtmpAddress
from doublure.air.formats import amf
from doublure.air.formats.chunks import (
    ACKNOWLEDGE,
    MOST_MESSAGES,
    SET_CHUNK_SIZE,
    USER_CONTROL,
    ChunkError,
    Message,
    Reader,
)
from doublure.air.formats.flv import SCRIPT, VIDEO, Tag
from doublure.air.formats.link import Link
from doublure.clock import Clock
from doublure.excerpt import excerpt

CHUNK_BYTES = 60_000
"""Chunk size for sending: most pictures fit in one chunk, as with FFmpeg's client."""
HEARD_BYTES, HEARD_SHARE = 256 * 1024, 16
"""A server may send this many bytes plus a sixteenth of what we send; acknowledgements and pings are about a
thousandth. A server that sends more is flooding us, and the connection is ended."""
GOODBYE_SECONDS = 1.0
"""Longest wait for a server to accept our goodbye."""
SHORTEST_SECRET = 6
"""Shortest value in the key's query, in characters, that is hidden in a server's texts; shorter ones are
words such as `true`."""

_HANDSHAKE_BYTES = 1536
_COMMAND_AMF3, _COMMAND = 17, 20
_PING, _PONG = 6, 7
_ON_CONTROL, _ON_COMMAND, _ON_SOUND, _ON_SCRIPT, _ON_PICTURE, _ON_STREAM = 2, 3, 4, 5, 6, 8
"""Numbers of the chunk streams we send on."""
_LONGEST_TIME = 0xFFFFFE
"""Most milliseconds between two messages of a chunk stream; the next number marks an extended timestamp."""
_MOVED = 302
"""Code of a redirection to another address."""


class RtmpError(OSError):
    """The server refused; in its own words, without the stream key."""


class UnrulyError(RtmpError):
    """The server violates the protocol."""


class Redirected(RtmpError):
    """The server redirects the publisher to another address."""

    def __init__(self, url: str) -> None:
        super().__init__("the server sends the stream to another address")
        self.url = url
        """As sent by the server; up to a message long."""


class Connection:
    """One push: connected by `begin`, fed by `send`, ended by `close`."""

    def __init__(self, address: RtmpAddress, clock: Clock, wait_seconds: float) -> None:
        """`wait_seconds`: longest single wait for the server."""
        self.greeted = False
        """Whether the server has answered the handshake, so it speaks RTMP."""
        self._address = address
        self._link = Link(clock, wait_seconds)
        self._wait = wait_seconds
        self._reader = Reader()
        self._unread: Iterator[Message] = iter(())
        self._stream_id = 0
        self._transaction = 0
        self._sent_at: dict[int, int] = {}
        self._acknowledged = 0

    def begin(self, until: float) -> None:
        """Connect, shake hands and ask to publish, all before the deadline `until` (clock seconds). Only the
        name lookup has another time limit, the system's. Raises `OSError`; `RtmpError` if refused."""
        self._link.until = until
        self._link.dial(self._address.host, self._address.port, secure=self._address.secure)
        self._shake_hands()
        self.greeted = True
        self._message(_ON_CONTROL, SET_CHUNK_SIZE, struct.pack(">I", CHUNK_BYTES))
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
        self._stream_id = _whole(self._answer(self._transaction), 1)
        self._command("publish", None, key, "live", lane=_ON_STREAM)
        self._answer(None)

    def send(self, tag: Tag) -> None:
        """Send one tag, then handle the server's messages. Raises `OSError`, `RtmpError`."""
        self._link.allow(self._wait)
        if tag.kind == SCRIPT:
            self._message(_ON_SCRIPT, SCRIPT, amf.encode("@setDataFrame") + tag.body, tag.milliseconds)
        else:
            lane = _ON_PICTURE if tag.kind == VIDEO else _ON_SOUND
            self._message(lane, tag.kind, tag.body, tag.milliseconds)
        for message in self._unread:  # messages received with the last answer
            self._take(message)
        if (raw := self._link.poll()) is not None:
            self._read(raw)
            for message in self._unread:
                self._take(message)

    def close(self) -> None:
        """Say goodbye if the server listens, and close the connection. Never raises."""
        if self._stream_id:
            with contextlib.suppress(OSError):
                self._link.allow(GOODBYE_SECONDS)
                self._command("FCUnpublish", None, self._address.key)
                self._command("deleteStream", None, float(self._stream_id))
                self._link.finish()
        self._link.close()

    def abort(self) -> None:
        """Make a call that waits in another thread fail at once. Never waits, never raises."""
        self._link.abort()

    # ---- the protocol ----------------------------------------------------------------------------

    def _read(self, raw: bytes) -> None:
        """Assemble the server's bytes into messages."""
        if not raw:
            raise RtmpError("the server closed the connection")
        self._reader.feed(raw)
        try:
            messages = self._reader.messages()
        except ChunkError as error:
            raise UnrulyError("the server at this address does not speak RTMP") from error
        most = HEARD_BYTES + self._link.sent // HEARD_SHARE
        if len(messages) == MOST_MESSAGES or self._reader.received > most:
            raise UnrulyError("the server sends more than an RTMP server has to say")
        self._unread = iter(messages)

    def _exactly(self, count: int) -> bytes:
        raw = bytearray()
        while len(raw) < count:
            piece = self._link.receive(count - len(raw))
            if not piece:
                raise RtmpError("the server closed the connection before the stream began")
            raw += piece
        return bytes(raw)

    # ---- sending ---------------------------------------------------------------------------------

    def _shake_hands(self) -> None:
        challenge = bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8)
        self._link.send(b"\x03" + challenge)
        answer = self._exactly(1 + _HANDSHAKE_BYTES)
        if answer[0] != 3:
            raise UnrulyError("the server at this address does not speak RTMP")
        self._link.send(answer[1:])
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
        """Send one message in chunks. Times after the first are sent as differences, which stay short
        however long the room is on air."""
        before = None if fresh else self._sent_at.get(lane)
        whole = before is None
        at = min(milliseconds - (before or 0), _LONGEST_TIME)
        head = bytes((lane if whole else 1 << 6 | lane,)) + at.to_bytes(3, "big")
        head += len(body).to_bytes(3, "big") + bytes((kind,))
        if whole:
            head += struct.pack("<I", 0 if lane in (_ON_CONTROL, _ON_COMMAND) else self._stream_id)
        self._sent_at[lane] = milliseconds
        pieces = [head, body[:CHUNK_BYTES]]
        for at in range(CHUNK_BYTES, len(body), CHUNK_BYTES):
            pieces += (bytes((3 << 6 | lane,)), body[at : at + CHUNK_BYTES])
        self._link.send(b"".join(pieces))

    # ---- receiving -------------------------------------------------------------------------------

    def _answer(self, transaction: int | None) -> amf.Value:
        """Wait for the result of a command, or (None) for permission to publish."""
        while True:
            for message in self._unread:
                if (said := self._take(message)) is None:
                    continue
                name, number, value = said
                if transaction is None and name == "onStatus":
                    return None
                if transaction is not None and name == "_result" and number == transaction:
                    return value
            self._read(self._link.receive())

    def _take(self, message: Message) -> tuple[str, int, amf.Value] | None:
        """Handle a control message; for a command, return its name, number and last value."""
        heard = self._reader.received
        if message.kind == USER_CONTROL and message.body[:2] == struct.pack(">H", _PING):
            pong = struct.pack(">H", _PONG) + message.body[2:6]
            self._message(_ON_CONTROL, USER_CONTROL, pong, fresh=True)
        if self._reader.window and heard - self._acknowledged >= self._reader.window:
            self._acknowledged = heard
            self._message(_ON_CONTROL, ACKNOWLEDGE, struct.pack(">I", heard & 0xFFFFFFFF), fresh=True)
        if message.kind not in (_COMMAND, _COMMAND_AMF3):
            return None
        try:
            values = amf.decode(message.body[message.kind == _COMMAND_AMF3 :])
        except amf.AmfError as error:
            raise UnrulyError("the server's answer cannot be read") from error
        if len(values) < 2 or not isinstance(values[0], str):
            return None
        self._complain(values[0], values[-1])
        return values[0], _whole(values[1], 0), values[-1]

    def _complain(self, name: str, about: amf.Value) -> None:
        """Raise `RtmpError` or `Redirected` if a status is a refusal."""
        status = about if isinstance(about, Mapping) else {}
        code = _text(status.get("code"))
        refused = name == "_error" and bool(code)
        if not refused and status.get("level") != "error" and code != "NetConnection.Connect.Closed":
            return
        moved = status.get("ex")
        if isinstance(moved, Mapping) and _whole(moved.get("code"), 0) == _MOVED:
            raise Redirected(_text(moved.get("redirect")))
        words = f"{_text(status.get('description'))} {code}".strip()
        for secret in _secrets(self._address.key):
            words = words.replace(secret, HIDDEN)
        raise RtmpError(f"the server refused the stream: {excerpt(words) or 'no reason given'}")


def _text(value: amf.Value) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: amf.Value, otherwise: int) -> int:
    """A protocol number, 0 to 2^32 - 1; `otherwise` for anything else."""
    if isinstance(value, float) and math.isfinite(value) and 0 <= value < 1 << 32:
        return int(value)
    return otherwise


def _secrets(key: str) -> list[str]:
    """The parts of a stream key that a server may repeat, the longest first: the key, its name and the values
    of its query, each as written and unquoted."""
    name, _, query = key.partition("?")
    values = [pair.partition("=")[2] for pair in query.split("&")]
    values = [value for value in values if len(value) >= SHORTEST_SECRET]
    parts = {key, name, *values}
    return sorted({one for part in parts for one in (part, unquote(part)) if one}, key=len, reverse=True)
