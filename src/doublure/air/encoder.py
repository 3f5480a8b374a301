"""Encodes once for all sinks: H.264 (x264) and AAC-LC, with both time stamps from the frame's number.

Measured at 720x1280, 25 fps, 2.5 Mbit/s, one thread: superfast takes 8 ms per frame, AAC with resampling
0.5 ms. One thread costs no more than sliced threads and splits the picture into fewer slices.
"""

from __future__ import annotations

import uuid
from collections import deque
from fractions import Fraction

import av
import numpy as np

from doublure.air.settings import PictureSettings
from doublure.errors import EngineError
from doublure.media import (
    AIR_RATE,
    FPS,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    TICKS,
    Frame,
    Packet,
    Pcm,
    Picture,
    StreamHeader,
)
from doublure.trust.mark import ai_mark

AAC_SAMPLES = 1024
"""Samples of an AAC-LC frame (ISO/IEC 14496-3)."""
LEAD_TICKS = AAC_SAMPLES * TICKS // AIR_RATE
"""AAC begins with one frame of priming. All time stamps are shifted by its length (21.3 ms), so that none
is negative and no muxer shifts one stream against the other."""
FRAME_TICKS = TICKS // FPS
LONGEST_GAP_FRAMES = 2 * FPS
"""Up to this many missing frames are filled with silence; a longer gap is closed instead."""

_BT709 = 1
"""ITU-T H.273, tables 2 to 4."""
_LIMITED = 1
"""libavutil's number for 16..235."""
_GLOBAL_HEADER = 1 << 22
"""libavcodec's AV_CODEC_FLAG_GLOBAL_HEADER: parameter sets in the header, not in the stream."""


class Encoder:
    """Encodes frames to packets in the order of their decoding times. Synchronous: one lane calls it.

    There are no B frames and no look-ahead, and keyframes have a fixed distance. So a frame's packets are
    out before the next frame is due, except for up to 40 ms in which the last AAC frame fills up.
    """

    def __init__(self, settings: PictureSettings) -> None:
        """Raises `EngineError` if the codecs refuse the settings."""
        self._shape = (settings.height_pixels * 3 // 2, settings.width_pixels)
        self._number = 0
        self._shift = 0
        self._pictures: deque[Packet] = deque(maxlen=FPS)  # at most two wait for their sound
        try:
            self._video = _open_video(settings)
            self._audio = _open_audio(settings)
        except (av.FFmpegError, ValueError) as error:
            raise EngineError(f"the encoder refused these settings: {error}", where="picture") from error
        self.header = StreamHeader(
            size=settings.size,
            video_kbps=settings.video_kbps,
            audio_kbps=settings.audio_kbps,
            keyframe_seconds=settings.keyframe_seconds,
            avc_config=bytes(self._video.extradata),
            aac_config=bytes(self._audio.extradata),
            mark=ai_mark(uuid.uuid4().hex),
        )

    def encode(self, frame: Frame) -> list[Packet]:
        """The packets completed by this frame. Picture and sound stay in sync when `pts` jumps: missing
        frames become silence, and after a restart the stream continues where it ended. Raises `EngineError`
        for a picture or sound of another size."""
        if frame.picture.shape != self._shape or frame.pcm.shape != (SAMPLES_PER_FRAME,):
            raise EngineError(
                f"a frame with picture {frame.picture.shape} and sound {frame.pcm.shape} has the wrong size",
                where=f"frame {frame.pts}",
                remedy=f"frames must have {self._shape} and ({SAMPLES_PER_FRAME},)",
            )
        missing = frame.pts + self._shift - self._number
        if not 0 <= missing <= LONGEST_GAP_FRAMES:
            self._shift -= missing
            missing = 0
        packets: list[Packet] = []
        for _ in range(missing):
            packets += self._sound(np.zeros(SAMPLES_PER_FRAME, np.float32))
            self._number += 1
        self._pictures.extend(self._picture(frame.picture))
        packets += self._sound(frame.pcm)
        self._number += 1
        return packets

    def finish(self) -> list[Packet]:
        """Flush: the remaining packets. Nothing may be encoded afterwards."""
        packets = self._in_order(self._audio.encode(None))
        packets += self._pictures
        self._pictures.clear()
        return packets

    def _picture(self, picture: Picture) -> list[Packet]:
        # shares the picture's memory; safe because x264 copies it before it returns
        shared = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(picture), format="yuv420p")
        shared.pts = self._number
        shared.time_base = Fraction(1, FPS)
        return [
            Packet(
                kind="video",
                payload=bytes(packet),
                pts=packet.pts * FRAME_TICKS + LEAD_TICKS,
                dts=packet.dts * FRAME_TICKS + LEAD_TICKS,
                duration=FRAME_TICKS,
                keyframe=packet.is_keyframe,
            )
            for packet in self._video.encode(shared)
        ]

    def _sound(self, pcm: Pcm) -> list[Packet]:
        samples = np.ascontiguousarray(pcm, np.float32)[np.newaxis]
        sound = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        sound.sample_rate = SAMPLE_RATE
        sound.time_base = Fraction(1, SAMPLE_RATE)
        sound.pts = self._number * SAMPLES_PER_FRAME
        return self._in_order(self._audio.encode(sound))

    def _in_order(self, coded: list[av.Packet]) -> list[Packet]:
        """Sound packets, each preceded by the pictures that are not later."""
        packets: list[Packet] = []
        for packet in coded:
            ticks = packet.pts * TICKS // AIR_RATE + LEAD_TICKS
            while self._pictures and self._pictures[0].dts <= ticks:
                packets.append(self._pictures.popleft())
            packets.append(Packet("audio", bytes(packet), ticks, ticks, LEAD_TICKS, False))
        return packets


def _open_video(settings: PictureSettings) -> av.VideoCodecContext:
    distance = max(1, round(settings.keyframe_seconds * FPS))
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = settings.width_pixels, settings.height_pixels
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, FPS)
    codec.framerate = Fraction(FPS)
    codec.bit_rate = settings.video_kbps * 1000
    codec.gop_size = distance
    codec.max_b_frames = 0
    codec.thread_count = 1
    codec.color_range = _LIMITED
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.flags |= _GLOBAL_HEADER
    codec.options = {
        "preset": settings.preset,
        "tune": "zerolatency",
        # decoder buffer of one second: single keyframes may be large, the rate over a second is limited
        "maxrate": f"{settings.video_kbps}k",
        "bufsize": f"{settings.video_kbps}k",
        "x264-params": f"annexb=0:scenecut=0:keyint={distance}:min-keyint={distance}",
    }
    codec.open()
    return codec


def _open_audio(settings: PictureSettings) -> av.AudioCodecContext:
    codec = av.CodecContext.create("aac", "w")
    codec.sample_rate = AIR_RATE
    codec.layout = "stereo"
    codec.format = "fltp"
    codec.bit_rate = settings.audio_kbps * 1000
    codec.time_base = Fraction(1, AIR_RATE)
    codec.flags |= _GLOBAL_HEADER
    codec.open()
    return codec
