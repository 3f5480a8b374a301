"""Records fragmented MP4: wherever it breaks off, it can be played up to its last whole fragment."""

from __future__ import annotations

import contextlib
import io
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av

from doublure.air.formats import flv
from doublure.air.settings import SinkSettings
from doublure.air.sinks.new_file import create, disk_fault
from doublure.errors import SinkError
from doublure.media import AIR_RATE, TICKS, Packet, StreamHeader

_OPTIONS = {
    # the header is written at once, then a fragment per group of pictures and per half second, so that a
    # killed room loses no more than that; without use_metadata_tags FFmpeg drops unknown keys such as the
    # AI mark
    "movflags": "frag_keyframe+empty_moov+default_base_moof+frag_discont+use_metadata_tags",
    "frag_duration": str(500_000),  # microseconds
    # sound and picture do not begin together: with these options each fragment has its own time, and the
    # header need not wait for the first packets to record the difference
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
    "flush_packets": "1",
}

_FAULTS = (OSError, av.FFmpegError)
"""Errors of a full or failing disk, raised by PyAV or directly."""


def make(settings: SinkSettings) -> FileSink:
    """The engine `file`. Raises `SinkError` if there is no path."""
    if settings.path is None:
        raise SinkError(
            "a file sink needs a path", where=settings.name or "file", remedy="add `path: show.mp4`"
        )
    return FileSink(settings.name or "file", settings.path)


class FileSink:
    """One recording; each `open` makes a new file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._file: BinaryIO | None = None
        self._container: av.container.OutputContainer | None = None
        self._origin: int | None = None

    def open(self, header: StreamHeader) -> None:
        """Make the file and write its header. Raises `SinkError`."""
        self.close()
        self._file = create(self._path)
        self._origin = None
        try:
            self._container = av.open(self._file, "w", format="mp4", container_options=_OPTIONS)
            _add_streams(self._container, header)
            self._container.metadata["AIGC"] = header.mark
            self._container.start_encoding()
        except _FAULTS as error:
            raise disk_fault(self._file.name, error) from error

    def write(self, packet: Packet) -> None:
        """Add one packet. Raises `SinkError` if it cannot be written."""
        if self._container is None or self._file is None:
            raise SinkError("not open", where=str(self._path))
        if self._origin is None:
            self._origin = packet.dts
        coded = av.Packet(packet.payload)
        coded.stream = self._container.streams[0 if packet.kind == "video" else 1]
        coded.time_base = Fraction(1, TICKS)
        coded.pts = packet.pts - self._origin
        coded.dts = packet.dts - self._origin
        coded.duration = packet.duration
        coded.is_keyframe = packet.keyframe or packet.kind == "audio"
        try:
            self._container.mux(coded)
        except _FAULTS as error:
            raise disk_fault(self._file.name, error) from error

    def close(self) -> None:
        """Write the last fragment and close the file."""
        if self._container is not None:
            with contextlib.suppress(*_FAULTS):
                self._container.close()
            self._container = None
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def _add_streams(container: av.container.OutputContainer, header: StreamHeader) -> None:
    # the opening of an FLV stream contains the parameter sets of both codecs; FFmpeg would learn size and
    # sample rate only from packets, so they are set here
    with av.open(io.BytesIO(flv.head(header)), format="flv") as template:
        picture = container.add_stream_from_template(template.streams.video[0])
        sound = container.add_stream_from_template(template.streams.audio[0])
    picture.codec_context.width, picture.codec_context.height = header.size.width, header.size.height
    sound.codec_context.sample_rate = AIR_RATE
    picture.time_base = sound.time_base = Fraction(1, TICKS)
