"""Reads RTMP's chunk stream as sent by a server (Adobe, "RTMP 1.0", 2012, section 5.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST_MESSAGE_BYTES = 1 << 16
"""Longest message accepted; servers send only short commands."""
MOST_MESSAGES = 1024
"""Most messages read at once; servers send a few per second."""
MOST_CHUNK_STREAMS = 64
"""Most chunk streams of one server; servers use two or three."""

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGE, USER_CONTROL, WINDOW = 1, 2, 3, 4, 5
"""Types of protocol control messages."""
_HEADER_BYTES = (11, 7, 3, 0)
"""Length of the message header in the four chunk formats."""
_LONG_TIME = 0xFFFFFF


class ChunkError(ValueError):
    """Bytes that are not RTMP."""


@dataclass(frozen=True, slots=True)
class Message:
    """A complete message from the server."""

    kind: int
    """Message type, 0 to 255."""
    body: bytes


@dataclass(slots=True)
class _Inbound:
    """State of one chunk stream of the server."""

    kind: int = 0
    length: int = 0
    long_time: bool = False
    body: bytearray = field(default_factory=bytearray)


class Reader:
    """Assembles the server's chunks into messages and applies protocol control messages. Holds at most one
    unfinished message per chunk stream and one unfinished chunk."""

    def __init__(self) -> None:
        self.received = 0
        """Bytes received so far."""
        self.window = 0
        """Bytes after which the server wants an acknowledgement; 0: never."""
        self._chunk_bytes = 128
        self._raw = bytearray()
        self._streams: dict[int, _Inbound] = {}

    def feed(self, raw: bytes) -> None:
        """Add received bytes."""
        self.received += len(raw)
        self._raw += raw

    def messages(self) -> list[Message]:
        """The messages that are now complete, at most `MOST_MESSAGES`. Raises `ChunkError` if the bytes are
        not RTMP."""
        whole: list[Message] = []
        while len(whole) < MOST_MESSAGES and (used := self._chunk(whole)) > 0:
            del self._raw[:used]
        return whole

    def _chunk(self, whole: list[Message]) -> int:
        """Read one chunk; returns its length in bytes, 0 if it is incomplete."""
        raw = self._raw
        if not raw:
            return 0
        # the basic header: one byte, or one or two more for a higher number
        form, lane, at = raw[0] >> 6, raw[0] & 0x3F, 1
        if lane < 2:
            at = 2 + lane
            if len(raw) < at:
                return 0
            lane = 64 + int.from_bytes(raw[1:at], "little")
        head = bytes(raw[at : at + _HEADER_BYTES[form]])
        if len(head) < _HEADER_BYTES[form]:
            return 0
        at += len(head)
        stream = self._streams.get(lane)
        if stream is None:
            if form > 1:
                raise ChunkError("a chunk stream begins without a full header")
            if len(self._streams) >= MOST_CHUNK_STREAMS:
                raise ChunkError(f"there are more than {MOST_CHUNK_STREAMS} chunk streams")
            stream = _Inbound()
        length = int.from_bytes(head[3:6], "big") if form < 2 else stream.length
        long_time = int.from_bytes(head[:3], "big") == _LONG_TIME if form < 3 else stream.long_time
        if length > LONGEST_MESSAGE_BYTES:
            raise ChunkError(f"a message of {length} bytes is longer than {LONGEST_MESSAGE_BYTES}")
        if stream.body and length != stream.length:
            raise ChunkError(f"a message of {stream.length} bytes changes its length to {length}")
        at += 4 if long_time else 0
        count = min(length - len(stream.body), self._chunk_bytes)
        if len(raw) < at + count:
            return 0
        self._streams[lane] = stream
        stream.length, stream.long_time = length, long_time
        stream.kind = head[6] if form < 2 else stream.kind
        stream.body += raw[at : at + count]
        if len(stream.body) == stream.length:
            message = Message(stream.kind, bytes(stream.body))
            stream.body.clear()
            self._obey(message)
            whole.append(message)
        return at + count

    def _obey(self, message: Message) -> None:
        if len(message.body) < 4:
            return
        number = int.from_bytes(message.body[:4], "big")
        if message.kind == SET_CHUNK_SIZE:
            self._chunk_bytes = max(1, number & 0x7FFFFFFF)
        elif message.kind == WINDOW:
            self.window = number
        elif message.kind == ABORT and number in self._streams:
            self._streams[number].body.clear()
