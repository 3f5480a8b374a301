"""Footage as cameras, phones and editors write it: every kind comes out upright, in one colour space, whole."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol import footage, picture_form
from doublure.enrol.footage import inspect, pictures, sound
from doublure.enrol.observations import source
from doublure.enrol.picture_form import HLG, PQ, Former, Turn, to_sdr
from doublure.errors import FootageError
from doublure.media import FPS, SAMPLE_RATE, Size

WIDTH, HEIGHT = 96, 160
SKIN, RED, WHITE = (224, 168, 144), (192, 32, 32), (240, 240, 240)
RATE = 48_000
Rgb = NDArray[np.uint8]


def board() -> Rgb:
    """Skin on top, red at the left below, white at the right below."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 2] = SKIN
    picture[HEIGHT // 2 :, : WIDTH // 2] = RED
    picture[HEIGHT // 2 :, WIDTH // 2 :] = WHITE
    return picture


def tone(seconds: float, channels: int = 1, opposite: bool = False) -> NDArray[np.float32]:
    """[channels, n] of 48 kHz."""
    at = np.arange(int(seconds * RATE)) / RATE
    one = (0.3 * np.sin(2 * np.pi * 220 * at)).astype(np.float32)
    return np.stack([one, -one] if opposite else [one] * channels)


def write(
    file: Path,
    seconds: float = 2.0,
    *,
    heard: NDArray[np.float32] | None = None,
    aspect: Fraction = Fraction(1),
    full: bool = False,
    cover: bool = False,
    start: float = 0.0,
) -> Path:
    """A clip of the board with a tone."""
    heard = tone(seconds) if heard is None else heard
    options = {"live": "1"} if file.suffix == ".mkv" and file.stem == "live" else {}
    with av.open(str(file.absolute()), "w", options=options) as out:
        if cover:
            picture = out.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
        stream = out.add_stream("libx264", rate=FPS, options={"crf": "10", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        if full:
            stream.codec_context.color_range = 2
        voice = out.add_stream("aac", rate=RATE, layout="stereo" if len(heard) == 2 else "mono")
        if cover:
            still = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            for packet in picture.encode(still.reformat(format="yuvj420p")):
                out.mux(packet)
        for number in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(board(), format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="JPEG" if full else "MPEG"
            )
            frame.pts, frame.time_base = number + round(start * FPS), Fraction(1, FPS)
            out.mux(stream.encode(frame))
        for first in range(0, heard.shape[1], 1024):
            block = np.ascontiguousarray(heard[:, first : first + 1024])
            samples = av.AudioFrame.from_ndarray(
                block, format="fltp", layout="stereo" if len(heard) == 2 else "mono"
            )
            samples.sample_rate, samples.pts, samples.time_base = (
                RATE,
                first + round(start * RATE),
                Fraction(1, RATE),
            )
            out.mux(voice.encode(samples))
        out.mux(stream.encode(None))
        out.mux(voice.encode(None))
    return file


def seen(file: Path) -> Rgb:
    """The first picture, RGB."""
    shape = inspect(file)
    picture = next(pictures(file, shape))
    return rgb_of(picture, shape.size)


def rgb_of(picture: NDArray[np.uint8], size: Size) -> Rgb:
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    assert (frame.width, frame.height) == (size.width, size.height)
    shown = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG")
    return np.asarray(shown.to_ndarray(), np.uint8)


def near(one: NDArray[np.uint8], other: tuple[int, int, int], steps: int = 6) -> bool:
    return bool(np.abs(one.astype(int) - np.array(other)).max() <= steps)


def is_board(shown: Rgb, steps: int = 6) -> bool:
    high, wide = shown.shape[:2]
    return (
        near(shown[high // 4, wide // 2], SKIN, steps)
        and near(shown[3 * high // 4, wide // 4], RED, steps)
        and near(shown[3 * high // 4, 3 * wide // 4], WHITE, steps)
    )


def loudness(pcm: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(pcm[SAMPLE_RATE // 4 : -SAMPLE_RATE // 4]).mean()))


def test_an_ordinary_clip_is_read_as_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "clip.mp4")
    assert is_board(seen(file))
    assert inspect(file).seconds == pytest.approx(2.0, abs=0.1)
    assert len(list(pictures(file, inspect(file)))) == 50
    assert loudness(sound(file)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_full_range_is_scaled_to_limited(tmp_path: Path) -> None:
    file = write(tmp_path / "full.mp4", full=True)
    assert is_board(seen(file))


def test_pixels_are_made_square(tmp_path: Path) -> None:
    file = write(tmp_path / "sar.mp4", aspect=Fraction(4, 3))
    assert inspect(file).size == Size(128, HEIGHT)
    assert is_board(seen(file))


def matrix(file: Path, *numbers: int) -> Path:
    """Write a display matrix into the first track's head (ISO/IEC 14496-12, 8.3.2)."""
    raw = bytearray(file.read_bytes())
    at = raw.index(b"tkhd") + 4 + 40
    a, b, c, d = numbers
    raw[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    file.write_bytes(raw)
    return file


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((1, 0, 0, 1), lambda one: one),
        ((-1, 0, 0, 1), lambda one: one[:, ::-1]),
        ((1, 0, 0, -1), lambda one: one[::-1]),
        ((-1, 0, 0, -1), lambda one: one[::-1, ::-1]),
        ((0, 1, -1, 0), lambda one: np.rot90(one, -1)),
        ((0, -1, 1, 0), lambda one: np.rot90(one, 1)),
        ((0, 1, 1, 0), lambda one: one.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda one: np.rot90(one, 2).transpose(1, 0, 2)),
    ],
)
def test_a_display_matrix_turns_and_mirrors(
    tmp_path: Path, numbers: tuple[int, int, int, int], shown: Callable[[Rgb], Rgb]
) -> None:
    file = matrix(write(tmp_path / "turned.mp4", 0.4), *numbers)
    wanted, found = shown(board()), seen(file)
    assert found.shape == wanted.shape
    middle = np.abs(found.astype(int) - wanted)[8:-8, 8:-8]
    assert np.quantile(middle, 0.9) <= 6


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_comes_out_as_the_sdr_it_was_made_of(transfer: int) -> None:
    colours = np.array([SKIN, RED, (16, 16, 16), (128, 128, 128)]) / 255
    nits = 203.0 * (colours**2.4) @ np.linalg.inv(picture_form.TO_709).T
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        power = (np.maximum(nits, 0) / 10_000) ** m1
        signal = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
    else:
        luma = (np.maximum(nits @ picture_form.LUMA_2020, 1e-6) / 1000) ** (1 / 1.2)
        scene = nits / 1000 * (luma ** (1 - 1.2))[:, None]
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.maximum(scene, 0)
        signal = np.where(
            scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
        )
    assert np.abs(to_sdr(signal, transfer) - colours).max() < 0.01
    rgb = np.broadcast_to((signal[0] * 65535).astype(np.uint16), (64, 64, 3))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb48le").reformat(
        format="yuv420p10le", dst_colorspace="BT2020", dst_color_range="MPEG"
    )
    frame.colorspace, frame.color_trc, frame.color_range, frame.pts = 9, transfer, 1, 0
    shown = rgb_of(Former(Size(64, 64), Turn())(frame), Size(64, 64))
    assert near(shown[32, 32], SKIN, 6)


def test_what_is_brighter_than_white_keeps_its_order() -> None:
    signal = np.linspace(0, 1, 200)[:, None].repeat(3, axis=1)
    for transfer in (PQ, HLG):
        grey = to_sdr(signal, transfer)[:, 0]
        assert np.all(np.diff(grey) >= 0)
        assert grey.max() <= 1.0


def test_sound_that_ends_after_the_picture_is_no_broken_copy(tmp_path: Path) -> None:
    for name in ("longer.mp4", "longer.mkv"):
        file = write(tmp_path / name, 3.0, heard=tone(6.0))
        shape = inspect(file)
        assert shape.seconds == pytest.approx(3.0, abs=0.1)
        assert len(list(pictures(file, shape))) == 75


@pytest.mark.parametrize("name", ["early.mp4", "early.mkv"])
def test_sound_that_starts_long_before_the_picture_is_no_broken_copy(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "clip.mkv", 4.0, heard=tone(7.0))
    early = tmp_path / name
    with av.open(str(file)) as given, av.open(str(early), "w") as out:
        streams = {one.index: out.add_stream_from_template(one) for one in given.streams}
        for packet in given.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            if packet.stream.type == "video":
                late = round(3.0 / packet.time_base)
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    assert inspect(early).seconds == pytest.approx(4.0, abs=0.1)


def test_rgb_becomes_bt709() -> None:
    frame = av.VideoFrame.from_ndarray(board(), format="rgb24")
    frame.pts = 0
    assert is_board(rgb_of(Former(Size(WIDTH, HEIGHT), Turn())(frame), Size(WIDTH, HEIGHT)))


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "whole.mkv", 8.0)
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(FootageError, match="it was cut off"):
        inspect(file)


def test_a_cover_is_not_the_film(tmp_path: Path) -> None:
    file = write(tmp_path / "cover.mkv", cover=True)
    assert inspect(file).size == Size(WIDTH, HEIGHT)
    assert len(list(pictures(file, inspect(file)))) == 50


def test_two_opposite_channels_are_heard(tmp_path: Path) -> None:
    file = write(tmp_path / "anti.mp4", heard=tone(2.0, opposite=True))
    assert loudness(sound(file)) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)
    file = write(tmp_path / "stereo.mp4", heard=tone(2.0, channels=2))
    assert loudness(sound(file)) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)


def test_sound_whose_format_changes_is_heard_to_its_end(tmp_path: Path) -> None:
    one = write(tmp_path / "one.ts", 2.0)
    two = write(tmp_path / "two.ts", 2.0, heard=tone(2.0, channels=2), start=2.0)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    pcm = sound(both)
    assert len(pcm) / SAMPLE_RATE == pytest.approx(4.0, abs=0.2)
    assert loudness(pcm[: 2 * SAMPLE_RATE]) == pytest.approx(loudness(pcm[-2 * SAMPLE_RATE :]), rel=0.2)


def test_a_jump_of_the_time_stamps_is_refused_with_its_second(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.ts", 2.0), write(tmp_path / "two.ts", 2.0, start=3600.0)
    both = tmp_path / "jump.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(FootageError, match=r"the time stamps jump from [12]\.\d to 36\d\d\.\d s"):
        inspect(both)


def test_a_clock_that_goes_back_is_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "one.ts", 4.0)
    both = tmp_path / "twice.ts"
    both.write_bytes(one.read_bytes() * 2)
    with pytest.raises(FootageError, match="the time stamps jump"):
        inspect(both)


def test_sound_alone_that_jumps_is_refused(tmp_path: Path) -> None:
    file = write(
        tmp_path / "sound.mkv", 4.0, heard=np.concatenate([tone(2.0), tone(60.0) * 0, tone(2.0)], axis=1)
    )
    assert inspect(file).seconds == pytest.approx(4.0, abs=0.1)  # sound that is only longer is fine
    gap = tmp_path / "gap.mkv"
    with av.open(str(file)) as given, av.open(str(gap), "w") as out:
        streams = {one.index: out.add_stream_from_template(one) for one in given.streams}
        for packet in given.demux():
            at = float(packet.pts * packet.time_base) if packet.pts is not None else 0.0
            if packet.dts is None or (packet.stream.type == "audio" and 2.0 < at < 62.0):
                continue
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    with pytest.raises(FootageError, match=r"jump from [12]\.\d to 62\.\d s"):
        inspect(gap)


def test_opposite_channels_after_a_single_one_are_heard(tmp_path: Path) -> None:
    one = write(tmp_path / "one.ts", 2.0)
    two = write(tmp_path / "two.ts", 2.0, heard=tone(2.0, opposite=True), start=2.0)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    pcm = sound(both)
    assert loudness(pcm[-2 * SAMPLE_RATE :]) == pytest.approx(0.3 / np.sqrt(2), rel=0.2)


def test_the_finding_of_hdr_looks_at_the_film_and_not_at_its_cover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "take:1.mkv", cover=True)
    monkeypatch.chdir(tmp_path)
    assert source(Path("take:1.mkv")).bits == 8


def test_footage_without_a_length_in_its_head_is_measured(tmp_path: Path) -> None:
    file = write(tmp_path / "live.mkv", 3.0)
    with av.open(str(file)) as container:
        assert not container.duration
    assert inspect(file).seconds == pytest.approx(3.0, abs=0.1)


def test_a_colon_in_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "take:1.mp4")
    monkeypatch.chdir(tmp_path)
    assert is_board(seen(Path("take:1.mp4")))
    assert len(sound(Path("take:1.mp4")))


def test_a_file_without_picture_or_sound_is_refused(tmp_path: Path) -> None:
    silent = tmp_path / "text.mp4"
    silent.write_text("this is no film")
    with pytest.raises(FootageError, match="cannot be read"):
        footage.inspect(silent)
