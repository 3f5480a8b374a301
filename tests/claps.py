"""A synthetic stream for tests: grey pictures and silence. Some frames hold a clap, a white picture with
a click in the frame's first samples."""

from __future__ import annotations

import time
from collections.abc import Iterator

import anyio
import numpy as np

from doublure.air.encoder import Encoder
from doublure.air.publisher import Publisher
from doublure.air.settings import PictureSettings
from doublure.media import FPS, SAMPLES_PER_FRAME, Frame, Packet

SMALL = PictureSettings(width_pixels=240, height_pixels=320, video_kbps=300, keyframe_seconds=1.0)
CLAP_FRAMES = 20
"""One clap per this many frames, in their middle."""


def frames(count: int, settings: PictureSettings = SMALL, first: int = 0) -> Iterator[Frame]:
    """`count` frames with claps; a moving bar makes the pictures differ."""
    height, width = settings.height_pixels, settings.width_pixels
    for pts in range(first, first + count):
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = 70
        picture[(pts * 7) % (height - 8) :][:8] = 150
        pcm = np.zeros(SAMPLES_PER_FRAME, np.float32)
        if pts % CLAP_FRAMES == CLAP_FRAMES // 2:
            picture[:height] = 235
            pcm[:48] = 0.9
        yield Frame(pts, pcm, picture)


def packets(count: int, settings: PictureSettings = SMALL) -> tuple[Encoder, list[Packet]]:
    """The packets of `count` frames, and their encoder, which has the header."""
    encoder = Encoder(settings)
    coded = [packet for frame in frames(count, settings) for packet in encoder.encode(frame)]
    return encoder, coded + encoder.finish()


async def play(
    publisher: Publisher, seconds: float, settings: PictureSettings = SMALL, first: int = 0
) -> int:
    """Publish claps in real time; returns the number of the next frame."""
    start = time.monotonic()
    count = round(seconds * FPS)
    for number, frame in enumerate(frames(count, settings, first)):
        await anyio.sleep(max(0.0, start + number / FPS - time.monotonic()))
        await publisher.publish(frame)
    return first + count
