"""The protocol of a sink."""

from __future__ import annotations

from typing import Protocol

from doublure.media import Packet, StreamHeader


class Sink(Protocol):
    """Takes packets out. Synchronous: each sink runs in a lane of its own, so it may block."""

    name: str

    def open(self, header: StreamHeader) -> None:
        """Connect; raises `SinkError`."""
        ...

    def write(self, packet: Packet) -> None:
        """Send one packet; the first one is a video keyframe. Raises `SinkError` when lost."""
        ...

    def close(self) -> None:
        """Finish the file or the connection; may be called twice. Never raises."""
        ...
