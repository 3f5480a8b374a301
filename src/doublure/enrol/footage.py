"""Reads footage as the chain wants it: upright, 25 frames a second, I420, and 24 kHz sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from doublure.errors import FootageError
from doublure.media import FPS, SAMPLE_RATE, Pcm, Picture, Size

LEAST_SPEECH_SECONDS = 15.0
LONGEST_SIDE = 1920
"""Larger footage is scaled down to this."""
GAP_SECONDS = 0.1
"""Sound that is missing for longer was not recorded; shorter differences are the time stamps' rounding."""
WINDOW = SAMPLE_RATE * 30 // 1000
"""30 ms: a window of the speech detector."""
PAUSE_WINDOWS = 17
"""A pause of up to half a second is part of the speech around it."""
FLOOR_DB = -50.0
ABOVE_NOISE_DB = 7.0
"""A window is speech when it is this much louder than the quietest tenth of the footage."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file of footage holds."""

    size: Size
    """Upright, as it is enrolled."""
    turns: int
    """Quarter turns, anticlockwise, that make it upright."""
    seconds: float
    """Of the file, or of the stretch that is looked at."""
    start: float | None = None
    """Second of the file at which that stretch begins; None for the whole file."""


def inspect(file: Path) -> Shape:
    """Size, rotation and length. Raises `FootageError` when there is no picture or no sound."""
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise FootageError("there is no picture in this file", where=str(file), remedy="name a video")
            if not container.streams.audio:
                raise FootageError(
                    "there is no sound in this footage",
                    where=str(file),
                    remedy="record again with the microphone on: the mouth is learnt from speech",
                )
            frame = next(container.decode(video=0), None)
            if frame is None:
                raise FootageError("there is no picture in this file", where=str(file), remedy="name a video")
            turns = round(frame.rotation / 90) % 4
            size = _upright(frame.width, frame.height, turns)
            seconds = float(container.duration or 0) / av.time_base
            return Shape(size, turns, seconds)
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, 0.0, error) from error


def pictures(file: Path, shape: Shape) -> Iterator[Picture]:
    """Upright pictures, I420, at exactly 25 a second whatever the file's rate is. Raises
    `FootageError` naming the second at which a broken file broke."""
    made = 0
    last: Picture | None = None
    first: float | None = None
    second = 0.0
    try:
        with av.open(str(file)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if shape.start is not None:
                first = _first_picture(container) + shape.start
                container.seek(int(first * av.time_base))
            for frame in container.decode(stream):
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                second = frame.time - first
                if second < -0.5 / FPS:
                    continue
                if shape.start is not None and second >= shape.seconds:
                    break
                # the tick belongs to the frame that is nearest to it
                while last is not None and made / FPS < second - 0.5 / FPS:
                    yield last
                    made += 1
                last = _turn(frame, shape)
        if last is not None:
            yield last
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, (shape.start or 0) + second, error) from error
    if second + 1.0 < shape.seconds:
        raise FootageError(
            f"the picture ends after {second:.1f} of {shape.seconds:.1f} s",
            where=f"{file}, second {(shape.start or 0) + second:.1f}",
            remedy="copy the file again from the camera; it was cut off",
        )


def sound(file: Path) -> Pcm:
    """The sound from the first picture on, float32, mono, 24 kHz; pieces lie where their time stamps say, with
    silence where there is none. Raises `FootageError`."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces: list[NDArray[np.float32]] = []
    second, lead, count = 0.0, 0, 0
    try:
        with av.open(str(file)) as container:
            begins = _first_picture(container)
            for frame in container.decode(audio=0):
                second = frame.time or second
                late = round((second - begins) * SAMPLE_RATE) - count
                if not pieces:
                    lead = late
                if not pieces or late > GAP_SECONDS * SAMPLE_RATE:
                    pieces.append(np.zeros(max(0, late), np.float32))
                    count += late
                made = [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
                pieces += made
                count += sum(map(len, made))
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, second, error) from error
    return np.concatenate(pieces)[max(0, -lead) :] if pieces else np.zeros(0, np.float32)


def _first_picture(container: InputContainer) -> float:
    """When the first picture is shown, seconds of the file's own clock: cameras may start sound and picture at
    different times."""
    stream = container.streams.video[0]
    return float((stream.start_time or 0) * (stream.time_base or 0))


def speech_windows(pcm: Pcm) -> NDArray[np.bool_]:
    """Which 30 ms windows hold speech, by their energy above the quietest tenth; short pauses
    inside it included."""
    count = len(pcm) // WINDOW
    if not count:
        return np.zeros(0, np.bool_)
    energy = np.mean(pcm[: count * WINDOW].reshape(count, WINDOW).astype(np.float64) ** 2, axis=1)
    level = 10 * np.log10(energy + 1e-12)
    # continuous speech has no quiet tenth: its floor is then taken from its loud windows
    floor = min(float(np.quantile(level, 0.1)), float(np.quantile(level, 0.9)) - 2.5 * ABOVE_NOISE_DB)
    speech = level > max(FLOOR_DB, floor + ABOVE_NOISE_DB)
    # the stops and breaths inside a sentence belong to it
    edges = np.flatnonzero(np.diff(speech.astype(np.int8), prepend=0, append=0))
    for end, start in zip(edges[1::2], edges[2::2], strict=False):
        if start - end <= PAUSE_WINDOWS:
            speech[end:start] = True
    return np.asarray(speech)


def speech_share(pcm: Pcm, frames: int) -> NDArray[np.float64]:
    """How much of each frame's neighbourhood (half a second) is speech: [frames], 0..1."""
    windows = speech_windows(pcm)
    if not len(windows):
        return np.zeros(frames)
    at = np.minimum((np.arange(frames) / FPS * SAMPLE_RATE / WINDOW).astype(int), len(windows) - 1)
    return np.convolve(windows[at].astype(np.float64), np.ones(13) / 13, mode="same")


def most_speech(talking: NDArray[np.float64], length: int) -> tuple[int, int]:
    """First frame and one past the last of the stretch of `length` that holds most speech, the first of
    equals: footage may begin with gestures. `talking` is the share of speech in each frame, 0..1."""
    length = min(length, len(talking))
    # rounded: equal stretches differ by the rounding of their sums
    sums = np.round(np.convolve(talking, np.ones(length), mode="valid"), 6)
    start = int(np.argmax(sums))
    return start, start + length


def check_speech(file: Path, pcm: Pcm) -> None:
    """Raise `FootageError` when there is too little speech to learn from."""
    seconds = float(speech_windows(pcm).sum()) * WINDOW / SAMPLE_RATE
    if seconds < LEAST_SPEECH_SECONDS:
        raise FootageError(
            f"there are {seconds:.1f} s of speech, at least {LEAST_SPEECH_SECONDS:.0f} s are needed",
            where=str(file),
            remedy="record a longer talk, nearer to the microphone",
        )


def _upright(width: int, height: int, turns: int) -> Size:
    if turns % 2:
        width, height = height, width
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return Size(round(width * scale / 2) * 2, round(height * scale / 2) * 2)


def _turn(frame: av.VideoFrame, shape: Shape) -> Picture:
    size = shape.size
    width, height = (size.height, size.width) if shape.turns % 2 else (size.width, size.height)
    flat = frame.reformat(width, height, "yuv420p", interpolation="AREA").to_ndarray()
    if not shape.turns:
        return np.asarray(flat, np.uint8)
    luma, chroma = flat[:height], flat[height:].reshape(2, height // 2, width // 2)
    planes = [np.rot90(plane, shape.turns) for plane in (luma, *chroma)]
    return np.concatenate([np.ascontiguousarray(plane).reshape(-1, size.width) for plane in planes])


def _broken(file: Path, second: float, error: Exception) -> FootageError:
    return FootageError(
        f"this file cannot be read: {getattr(error, 'strerror', None) or error}",
        where=f"{file}, second {second:.1f}",
        remedy="copy it again from the camera, or convert it to MP4",
    )
