"""Frames in, packets out: order, time stamps, keyframes, and A/V alignment."""

from __future__ import annotations

import io
import json

import av
import numpy as np
import pytest

from doublure.air.encoder import FRAME_TICKS, LEAD_TICKS, LONGEST_GAP_FRAMES, Encoder
from doublure.air.formats import flv
from doublure.air.settings import PictureSettings
from doublure.errors import EngineError
from doublure.media import FPS, SAMPLES_PER_FRAME, TICKS, Frame, Packet, StreamHeader
from tests.claps import CLAP_FRAMES, SMALL, frames, packets


def decode(header: StreamHeader, coded: list[Packet]) -> tuple[list[float], list[float], int]:
    """Times of the flashes and clicks, and the number of pictures, from an ordinary decoder."""
    stamper = flv.Stamper()
    raw = flv.head(header) + b"".join(flv.framed(stamper.tag(packet)) for packet in coded)
    flashes, clicks, pictures = [], [], 0
    with av.open(io.BytesIO(raw), format="flv") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                pictures += 1
                if frame.to_ndarray()[: frame.height].mean() > 200:
                    flashes.append(frame.time)
            else:
                loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.3)
                if loud.size:
                    clicks.append(frame.time + loud[0] / frame.sample_rate)
    return flashes, clicks, pictures


def test_flash_and_click_stay_together_through_a_decoder() -> None:
    encoder, coded = packets(100)
    flashes, clicks, pictures = decode(encoder.header, coded)
    assert pictures == 100
    assert len(flashes) == len(clicks) == 100 // CLAP_FRAMES
    for flash, click in zip(flashes, clicks, strict=True):
        assert abs(click - flash) < 0.005
    # the first clap is in frame 10, and the whole stream is 21.3 ms late
    assert flashes[0] == pytest.approx(CLAP_FRAMES / 2 / FPS + LEAD_TICKS / TICKS, abs=0.002)


def test_packets_come_in_order_and_without_holes() -> None:
    _, coded = packets(75)
    times = [packet.dts for packet in coded]
    assert times == sorted(times)
    assert times[0] == 0
    pictures = [packet for packet in coded if packet.kind == "video"]
    sounds = [packet for packet in coded if packet.kind == "audio"]
    assert [packet.pts for packet in pictures] == [n * FRAME_TICKS + LEAD_TICKS for n in range(75)]
    assert [packet.pts for packet in sounds] == [n * LEAD_TICKS for n in range(len(sounds))]
    assert all(packet.pts == packet.dts for packet in coded)
    assert len(sounds) >= 75 * SAMPLES_PER_FRAME * 2 / 1024


def test_keyframes_stand_at_their_distance_whatever_the_picture_does() -> None:
    encoder = Encoder(SMALL)
    noise = np.random.default_rng(1)
    coded = []
    for pts in range(80):
        picture = noise.integers(16, 235, (SMALL.height_pixels * 3 // 2, SMALL.width_pixels), np.uint8)
        coded += encoder.encode(Frame(pts, np.zeros(SAMPLES_PER_FRAME, np.float32), picture))
    coded += encoder.finish()
    keys = [number for number, packet in enumerate(p for p in coded if p.kind == "video") if packet.keyframe]
    assert keys == [0, 25, 50, 75]


def test_a_frame_is_out_before_the_one_after_the_next() -> None:
    encoder = Encoder(SMALL)
    seen = []
    for frame in frames(20):
        seen += [packet for packet in encoder.encode(frame) if packet.kind == "video"]
        assert len(seen) >= frame.pts - 1


def test_missing_frames_are_silence_and_a_second_start_goes_on() -> None:
    encoder = Encoder(SMALL)
    coded = [packet for frame in frames(20) for packet in encoder.encode(frame)]
    coded += [packet for frame in frames(40, first=25) for packet in encoder.encode(frame)]
    coded += [packet for frame in frames(40, first=0) for packet in encoder.encode(frame)]
    coded += [packet for frame in frames(40, first=5000) for packet in encoder.encode(frame)]
    coded += encoder.finish()
    times = [packet.dts for packet in coded]
    assert times == sorted(times)
    flashes, clicks, pictures = decode(encoder.header, coded)
    assert pictures == 140
    assert times[-1] / TICKS == pytest.approx((140 + 5) / FPS, abs=0.1)
    assert len(flashes) == len(clicks) == 7
    for flash, click in zip(flashes, clicks, strict=True):
        assert abs(click - flash) < 0.005
    assert LONGEST_GAP_FRAMES < 5000


def test_a_frame_of_another_size_is_refused() -> None:
    encoder = Encoder(SMALL)
    with pytest.raises(EngineError, match="has the wrong size"):
        encoder.encode(Frame(0, np.zeros(SAMPLES_PER_FRAME, np.float32), np.zeros((30, 20), np.uint8)))
    picture = np.zeros((SMALL.height_pixels * 3 // 2, SMALL.width_pixels), np.uint8)
    with pytest.raises(EngineError, match="has the wrong size"):
        encoder.encode(Frame(0, np.zeros(100, np.float32), picture))
    # the next valid frame is encoded
    assert [packet for frame in frames(5) for packet in encoder.encode(frame)]


def test_finish_without_a_frame() -> None:
    assert all(packet.kind == "audio" for packet in Encoder(SMALL).finish())


def test_the_stream_says_bt709_limited_and_its_rates() -> None:
    settings = PictureSettings(width_pixels=720, height_pixels=1280)
    encoder, coded = packets(3, settings)
    stamper = flv.Stamper()
    raw = flv.head(encoder.header) + b"".join(flv.framed(stamper.tag(packet)) for packet in coded)
    with av.open(io.BytesIO(raw), format="flv") as container:
        picture, sound = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (picture.width, picture.height) == (720, 1280)
        assert (picture.color_range, picture.colorspace, picture.color_primaries, picture.color_trc) == (
            1,
            1,
            1,
            1,
        )
        assert (sound.sample_rate, sound.layout.name, sound.profile) == (48_000, "stereo", "LC")
    mark = json.loads(encoder.header.mark)
    assert mark["Label"] == "1"
    assert mark["ProduceID"] == mark["PropagateID"] != json.loads(Encoder(SMALL).header.mark)["ProduceID"]


def test_bit_rate_is_held_on_a_busy_picture() -> None:
    settings = PictureSettings(width_pixels=360, height_pixels=640, video_kbps=800, preset="ultrafast")
    encoder = Encoder(settings)
    noise = np.random.default_rng(2)
    total = 0
    for pts in range(100):
        picture = noise.integers(60, 190, (960, 360), np.uint8)
        coded = encoder.encode(Frame(pts, np.zeros(SAMPLES_PER_FRAME, np.float32), picture))
        total += sum(len(packet.payload) for packet in coded if packet.kind == "video")
    assert total * 8 / 4 / 1000 < 1.5 * settings.video_kbps
