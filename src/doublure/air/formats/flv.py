"""FLV tags (Adobe, "Video File Format 10.1", annex E): the contents of RTMP messages and of HTTP-FLV.

FFmpeg's muxer is not used here: it holds each packet until the other stream has one too, so sound would be
sent in pairs, 43 ms apart instead of 21.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

from doublure.air.formats import amf
from doublure.media import AIR_RATE, FPS, TICKS, Packet, StreamHeader

AUDIO: Final = 8
VIDEO: Final = 9
SCRIPT: Final = 18
"""Tag types, which are also RTMP message types."""

_KEYFRAME, _INTER, _AVC = 0x10, 0x20, 7
_AAC = 0xAF
"""AAC, 44 kHz, 16 bit, stereo; for AAC the last three are fixed and have no meaning."""
_CONFIG, _CODED = 0, 1


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, not yet serialised with type, length and time."""

    kind: Literal[8, 9, 18]
    body: bytes
    milliseconds: int
    """Since the first packet of the stream."""


def opening(header: StreamHeader) -> tuple[Tag, Tag, Tag]:
    """The tags before the first packet: metadata (with the AI mark), parameters of H.264 and AAC."""
    metadata = amf.ecma_array(
        {
            "width": header.size.width,
            "height": header.size.height,
            "framerate": FPS,
            "videocodecid": _AVC,
            "videodatarate": header.video_kbps,
            "audiocodecid": _AAC >> 4,
            "audiodatarate": header.audio_kbps,
            "audiosamplerate": AIR_RATE,
            "audiosamplesize": 16,
            "stereo": True,
            "encoder": "Doublure",
            "AIGC": header.mark,
        }
    )
    return (
        Tag(SCRIPT, amf.encode("onMetaData") + metadata, 0),
        Tag(VIDEO, bytes((_KEYFRAME | _AVC, _CONFIG, 0, 0, 0)) + header.avc_config, 0),
        Tag(AUDIO, bytes((_AAC, _CONFIG)) + header.aac_config, 0),
    )


class Stamper:
    """Turns packets into tags with times relative to the first packet."""

    def __init__(self) -> None:
        self._origin: int | None = None

    def tag(self, packet: Packet) -> Tag:
        """The tag of a packet; call in the order of decoding times."""
        if self._origin is None:
            self._origin = packet.dts
        at = max(0, _milliseconds(packet.dts - self._origin))
        if packet.kind == "audio":
            return Tag(AUDIO, bytes((_AAC, _CODED)) + packet.payload, at)
        kind = (_KEYFRAME if packet.keyframe else _INTER) | _AVC
        delay = _milliseconds(packet.pts - packet.dts).to_bytes(3, "big")
        return Tag(VIDEO, bytes((kind, _CODED)) + delay + packet.payload, at)


def file_header() -> bytes:
    """The first bytes of a file or an HTTP response: FLV, version 1, with sound and picture."""
    return b"FLV\x01\x05" + struct.pack(">II", 9, 0)


def framed(tag: Tag) -> bytes:
    """A tag, serialised as in a file. Times beyond 32 bits of milliseconds (49 days) wrap."""
    at = tag.milliseconds & 0xFFFFFFFF
    return b"".join(
        (
            bytes((tag.kind,)),
            len(tag.body).to_bytes(3, "big"),
            (at & 0xFFFFFF).to_bytes(3, "big"),
            bytes((at >> 24, 0, 0, 0)),
            tag.body,
            (len(tag.body) + 11).to_bytes(4, "big"),
        )
    )


def head(header: StreamHeader) -> bytes:
    """Everything before the first packet."""
    return file_header() + b"".join(framed(tag) for tag in opening(header))


def _milliseconds(ticks: int) -> int:
    return (ticks * 1000 + TICKS // 2) // TICKS
