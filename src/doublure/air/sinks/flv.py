"""Records FLV, which may break off at any byte. (Viewers over HTTP-FLV are served by the console.)"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import BinaryIO

from doublure.air.formats import flv
from doublure.air.settings import SinkSettings
from doublure.air.sinks.new_file import create, disk_fault
from doublure.errors import SinkError
from doublure.media import Packet, StreamHeader


def make(settings: SinkSettings) -> FlvSink:
    """The engine `flv`. Raises `SinkError` if there is no path."""
    if settings.path is None:
        raise SinkError(
            "an flv sink needs a path",
            where=settings.name or "flv",
            remedy="add `path: show.flv`; to watch over HTTP-FLV open /live.flv of the console",
        )
    return FlvSink(settings.name or "flv", settings.path)


class FlvSink:
    """One recording; each `open` makes a new file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._file: BinaryIO | None = None
        self._stamper = flv.Stamper()

    def open(self, header: StreamHeader) -> None:
        """Make the file and write its header. Raises `SinkError`."""
        self.close()
        self._file = create(self._path)
        self._stamper = flv.Stamper()
        self._put(flv.head(header))

    def write(self, packet: Packet) -> None:
        """Add one packet. Raises `SinkError` if it cannot be written."""
        self._put(flv.framed(self._stamper.tag(packet)))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _put(self, raw: bytes) -> None:
        if self._file is None:
            raise SinkError("not open", where=str(self._path))
        try:
            self._file.write(raw)
        except OSError as error:
            raise disk_fault(self._file.name, error) from error
