"""Counts packets and sends them nowhere: for rehearsals and measurements."""

from __future__ import annotations

from doublure.air.settings import SinkSettings
from doublure.media import Packet, StreamHeader


def make(settings: SinkSettings) -> NullSink:
    """The engine `null`."""
    return NullSink(settings.name or "null")


class NullSink:
    """Accepts and counts every packet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.packets = 0
        self.payload_bytes = 0

    def open(self, header: StreamHeader) -> None:
        """Nothing to connect to."""

    def write(self, packet: Packet) -> None:
        """Count one packet."""
        self.packets += 1
        self.payload_bytes += len(packet.payload)

    def close(self) -> None:
        """Nothing to finish."""
