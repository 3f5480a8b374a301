"""Plates: the pictures of the takes, decoded in sequence at the room's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from doublure.errors import FootageError
from doublure.media import FPS, Picture, Place, Size
from doublure.picture.body.scaled import copy_of

KEYFRAME_FRAMES = 25
"""Distance between keyframes in a take: a jump costs at most one second of decoded frames."""
SKIP_FRAMES = 12
"""A forward jump of at most this many frames decodes the frames between; a longer one seeks."""
QUALITY = "17"
"""x264's constant rate factor for takes: no visible loss."""
SCALED = "scaled"
"""Folder beside the takes in which earlier versions kept copies; no longer read."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the footage fills the room's picture: scaled to cover it and cropped equally on opposite sides."""

    scale: float
    left: float
    """Pixels cropped at the left, at the room's scale."""
    top: float

    @classmethod
    def cover(cls, source: Size, target: Size) -> Fit:
        """The smallest scale at which `source` covers `target`."""
        scale = max(target.width / source.width, target.height / source.height)
        return cls(
            scale, (source.width * scale - target.width) / 2, (source.height * scale - target.height) / 2
        )


def encode_take(pictures: Iterator[Picture], size: Size, out: Path) -> int:
    """Write pictures (I420) as a take; returns their number."""
    count = 0
    with av.open(str(out), "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        stream.options = {"crf": QUALITY, "preset": "veryfast", "g": str(KEYFRAME_FRAMES), "bf": "0"}
        stream.codec_context.thread_count = 2
        stream.codec_context.color_range = 1
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="yuv420p")
            frame.pts = count
            file.mux(stream.encode(frame))
            count += 1
        file.mux(stream.encode(None))
    return count


def decode_take(file: Path, start: int = 0) -> Iterator[Picture]:
    """The pictures of a take, from frame `start`. Raises `FootageError`."""
    try:
        with av.open(str(file)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            if start:
                assert stream.time_base is not None
                container.seek(round(start / FPS / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if round(float(frame.time or 0.0) * FPS) >= start:
                    yield frame.to_ndarray(format="yuv420p")
    except (av.FFmpegError, OSError) as error:
        raise FootageError(
            f"a take cannot be decoded: {error}", where=str(file), remedy="enrol the host again"
        ) from error


def fitted(pictures: Iterator[Picture], source: Size, target: Size) -> Iterator[Picture]:
    """The pictures, scaled and cropped to the room's size."""
    fit = Fit.cover(source, target)
    wide, high = round(source.width * fit.scale / 2) * 2, round(source.height * fit.scale / 2) * 2
    left, top = (wide - target.width) // 4 * 2, (high - target.height) // 4 * 2
    for picture in pictures:
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p").reformat(
            wide, high, interpolation="AREA"
        )
        whole = frame.to_ndarray()
        if (wide, high) == (target.width, target.height):
            yield whole
            continue
        luma = whole[:high]
        chroma = whole[high:].reshape(2, high // 2, wide // 2)
        cut = chroma[:, top // 2 : (top + target.height) // 2, left // 2 : (left + target.width) // 2]
        yield np.concatenate(
            [
                luma[top : top + target.height, left : left + target.width],
                np.ascontiguousarray(cut).reshape(-1, target.width),
            ]
        )


def at_size(file: Path, source: Size, target: Size) -> Path:
    """The take at the room's size: the file itself, or a verified copy made once. Raises `FootageError`."""
    if source == target:
        return file
    return copy_of(
        file, target, lambda part: encode_take(fitted(decode_take(file), source, target), target, part)
    )


class Plates:
    """Reads frames of takes, which are loops. Fast for forward playback; a jump back seeks."""

    def __init__(self, files: Mapping[str, Path], lengths: Mapping[str, int]) -> None:
        self._files = dict(files)
        self._lengths = dict(lengths)
        self._running: dict[str, tuple[int, Iterator[Picture]]] = {}

    def read(self, place: Place) -> Picture:
        """The plate at a place; the caller owns it."""
        index = place.index % self._lengths[place.take]
        position, pictures = self._running.get(place.take, (-1, iter(())))
        if not 0 <= index - position <= SKIP_FRAMES or position < 0:
            pictures, position = decode_take(self._files[place.take], index), index
        for picture in pictures:
            position += 1
            if position > index:
                self._running[place.take] = (position, pictures)
                return picture
        raise FootageError(
            f"take {place.take} ends before its frame {index}",
            where=str(self._files[place.take]),
            remedy="enrol the host again",
        )
