"""Media values and their units, used in the whole chain.

Time is counted in samples (24 kHz) or frames (25 per second), never in float seconds. A frame carries
exactly 960 samples, so picture and sound cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
"""Samples per second inside the chain (Hz, mono)."""
FPS = 25
"""Frames per second."""
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
"""960 samples: the sound of one frame."""

TICKS = 90_000
"""Packet ticks per second: 3,600 per frame and 1,920 per AAC frame at 48 kHz, both exact."""
AIR_RATE = 48_000
"""Samples per second of the sound that leaves the room (Hz, stereo): the rate every platform accepts."""

Pcm = NDArray[np.float32]
"""Mono sound, float32 [samples], full scale -1..1, 24 kHz."""
Picture = NDArray[np.uint8]
"""I420 (YUV 4:2:0 planar, BT.709 limited range): uint8 [height * 3 // 2, width], contiguous;
rows 0..h-1 are Y, then U and V, each h/2 rows of w/2, packed two rows of chroma per array row."""
Language = Literal["zh", "en", "fr"]
LANGUAGES: tuple[Language, ...] = ("zh", "en", "fr")


@dataclass(frozen=True, slots=True)
class Size:
    """Picture size in pixels; both are even, because chroma has half the resolution."""

    width: int
    height: int

    @property
    def short_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in a picture, in pixels. Parts of it may lie outside the picture."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone with its time inside its `Speech`."""

    symbol: str
    """IPA in the notation of Kokoro's vocabulary; "" is a pause."""
    start: int
    """First sample."""
    end: int
    """One past the last sample."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word (a hanzi run or a Latin word) with its time inside its `Speech`."""

    text: str
    start: int
    """First sample."""
    end: int
    """One past the last sample."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One spoken clause: sound with the times of its words and phones."""

    pcm: Pcm
    words: tuple[Word, ...] = ()
    phones: tuple[Phone, ...] = ()
    text: str = ""
    """The clause as written, as subtitles show it."""
    last: bool = True
    """True on the last clause of its sentence."""
    voice: str = ""
    """Name of the voice that spoke, if it was not the one asked."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Frame:
    """The sound and the picture of one 40 ms step, in one object."""

    pts: int
    """Frames since the room went on air."""
    pcm: Pcm
    """float32 [960]."""
    picture: Picture
    speaking: bool = False
    utterance: str = ""
    """Id of the utterance being heard; "" in silence."""
    late: bool = False
    """True if the last picture is repeated because the new one was not ready."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded packet, shared read-only by every sink."""

    kind: Literal["video", "audio"]
    payload: bytes
    """H.264 with four-byte lengths before each NAL unit (no start codes), or one raw AAC frame."""
    pts: int
    """Presentation time in ticks of 1/90000 s since the room went on air."""
    dts: int
    """Decoding time in ticks; equal to pts, because there are no B frames."""
    duration: int
    """Ticks."""
    keyframe: bool
    """True for a video keyframe, where a sink may begin or resume; False for sound."""


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What a sink must know before the first packet. The encoder makes it."""

    size: Size
    video_kbps: int
    audio_kbps: int
    keyframe_seconds: float
    """Seconds from one keyframe to the next."""
    avc_config: bytes
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    aac_config: bytes
    """AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
    mark: str
    """The AI mark of GB 45438-2025, appendix E, as JSON; written under the key `AIGC`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A frame of a take, onto which the mouth is rendered."""

    take: str
    index: int
    """Frame of the take at 25 fps, from 0."""
