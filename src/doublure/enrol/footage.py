"""Reads footage in the form the chain needs: upright I420 pictures at 25 fps and 24 kHz sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from doublure.enrol.picture_form import Former, Turn, turn_of, upright_size
from doublure.errors import FootageError
from doublure.media import FPS, SAMPLE_RATE, Pcm, Picture, Size

LEAST_SPEECH_SECONDS = 15.0
GAP_SECONDS = 0.1
"""Longer gaps in the sound are filled with silence; shorter ones are rounding of the time stamps."""
JUMP_SECONDS = 5.0
"""A longer gap between two pictures is a jump of the time stamps: no camera pauses that long."""
MISSING_SECONDS = 1.0
"""A file that ends this much earlier than its header says is taken as cut off."""
LOOKED_AT_PACKETS = 300
"""Packets counted to tell a film from a cover picture."""
OPPOSITE = 0.1
"""If the sum of two channels is below this share of their difference, one has inverted polarity."""
WINDOW = SAMPLE_RATE * 30 // 1000
"""Window of the speech detector: 30 ms."""
PAUSE_WINDOWS = 17
"""Longest pause, in windows, that counts as part of the speech around it: half a second."""
FLOOR_DB = -50.0
ABOVE_NOISE_DB = 7.0
"""A window is speech if it is this much louder than the quietest tenth of the footage."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Format of a footage file."""

    size: Size
    """Upright, as enrolled."""
    turn: Turn
    """The turn that makes it upright."""
    seconds: float
    """Length of the picture, or of the stretch in use."""
    start: float | None = None
    """Second of the file at which the stretch begins; None for the whole file."""


def inspect(file: Path) -> Shape:
    """Size, orientation and length. Raises `FootageError` if there is no picture or no sound, if the file was
    cut off, or if its time stamps jump."""
    try:
        with opened(file) as container:
            stream = moving_picture(container, file)
            if not container.streams.audio:
                raise FootageError(
                    "this footage has no sound",
                    where=str(file),
                    remedy="record again with the microphone on; the mouth is learnt from speech",
                )
            seconds = _measured(container, stream, file)
            container.seek(0)
            frame = next(container.decode(stream), None)
            if frame is None:
                raise _no_picture(file)
            turn = turn_of(frame)
            return Shape(upright_size(frame, turn, stream.sample_aspect_ratio), turn, seconds)
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, 0.0, error) from error


def pictures(file: Path, shape: Shape) -> Iterator[Picture]:
    """Upright I420 pictures at exactly 25 fps, whatever the rate of the file. Raises `FootageError`, which
    names the second at which a damaged file fails."""
    made = 0
    last: Picture | None = None
    first: float | None = None
    second = 0.0
    form = Former(shape.size, shape.turn)
    try:
        with opened(file) as container:
            stream = moving_picture(container, file)
            stream.thread_type = "AUTO"
            if shape.start is not None:
                first = _begins(stream) + shape.start
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
                # each tick shows the nearest frame
                while last is not None and made / FPS < second - 0.5 / FPS:
                    yield last
                    made += 1
                last = form(frame)
        if last is not None:
            yield last
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, (shape.start or 0) + second, error) from error
    if second + MISSING_SECONDS < shape.seconds:
        raise _cut_off(file, (shape.start or 0) + second, (shape.start or 0) + shape.seconds)


def sound(file: Path) -> Pcm:
    """The sound from the first picture on, float32, mono, 24 kHz, placed by its time stamps; gaps are silent.
    Raises `FootageError`."""
    pieces: list[Pcm] = []
    second, lead, count = 0.0, 0, 0
    listener = _Listener()
    try:
        with opened(file) as container:
            begins = _begins(moving_picture(container, file))
            for frame in container.decode(audio=0):
                second = frame.time or second
                late = round((second - begins) * SAMPLE_RATE) - count
                if not pieces:
                    lead = late
                if not pieces or late > GAP_SECONDS * SAMPLE_RATE:
                    pieces += [*listener.run(), np.zeros(max(0, late), np.float32)]
                    count += late
                count += listener.hear(frame)
            pieces += listener.run()
    except (av.FFmpegError, OSError) as error:
        raise _broken(file, second, error) from error
    return np.concatenate(pieces)[max(0, -lead) :] if pieces else np.zeros(0, np.float32)


class _Listener:
    """Resamples to 24 kHz mono, run by run: the sound format may change within a file."""

    def __init__(self) -> None:
        self._format: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None
        self._heard: list[NDArray[np.float32]] = []
        self._runs: list[Pcm] = []

    def hear(self, frame: av.AudioFrame) -> int:
        """Take a frame; returns the number of samples it produced."""
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        count = 0
        if key != self._format:
            count += self._end()
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE)
            self._format = key
        return count + self._resample(frame)

    def run(self) -> list[Pcm]:
        """Everything heard since the last call, as one channel per run."""
        self._end()
        self._format = None
        runs, self._runs = self._runs, []
        return runs

    def _end(self) -> int:
        count = self._resample(None) if self._format is not None else 0
        if self._heard:
            self._runs.append(_mono(np.concatenate(self._heard, axis=1)))
            self._heard = []
        return count

    def _resample(self, frame: av.AudioFrame | None) -> int:
        assert self._resampler is not None
        # mono is copied into both channels
        made = [
            np.broadcast_to(one.to_ndarray(), (2, one.samples)) for one in self._resampler.resample(frame)
        ]
        self._heard += made
        return sum(piece.shape[1] for piece in made)


def _mono(channels: NDArray[np.float32]) -> Pcm:
    """Both channels as one. If one is the other with inverted polarity (a wrongly wired plug), their sum is
    silence, so their difference is used."""
    together, apart = (channels[0] + channels[1]) / 2, (channels[0] - channels[1]) / 2
    opposite = float(np.square(together).mean()) < OPPOSITE**2 * float(np.square(apart).mean())
    return np.ascontiguousarray(apart if opposite else together, np.float32)


def opened(file: Path) -> InputContainer:
    """The file, opened for reading. Raises `av.FFmpegError` and `OSError`."""
    # FFmpeg would take `take:1.mp4` for a protocol; it never does with an absolute path
    container: InputContainer = av.open(str(file.absolute()))
    return container


def moving_picture(container: InputContainer, file: Path) -> VideoStream:
    """The film's stream, not a cover picture, whatever their order in the file. Raises `FootageError`."""
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        raise _no_picture(file)
    if len(streams) == 1:
        return streams[0]
    counts = dict.fromkeys((one.index for one in streams), 0)
    for packet in islice(container.demux(streams), LOOKED_AT_PACKETS):
        counts[packet.stream.index] += packet.size > 0
    container.seek(0)
    return max(streams, key=lambda one: counts[one.index])


def _measured(container: InputContainer, stream: VideoStream, file: Path) -> float:
    """Length of the picture in seconds, from its packets: a header may omit it or count a longer sound track.
    Raises `FootageError` if the file was cut off, or if the time stamps of picture or sound jump."""
    begins = _begins(stream)
    followed = (stream.index, container.streams.audio[0].index)
    at: dict[int, float] = {}
    gaps: list[tuple[float, float]] = []
    end = latest = 0.0
    for packet in container.demux():
        if packet.dts is None or packet.pts is None or packet.time_base is None:
            continue
        now = float(packet.dts * packet.time_base) - begins
        latest = max(latest, now)
        if packet.stream.index not in followed:
            continue  # other tracks count only towards the length of the file
        before = at.get(packet.stream.index, now)
        picture = packet.stream.index == stream.index
        if now < before - MISSING_SECONDS or (picture and now - before > JUMP_SECONDS):
            raise _jump(file, before, now)
        if now - before > JUMP_SECONDS:
            gaps.append((before, now))
        at[packet.stream.index] = max(before, now)
        if picture:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base) - begins)
    # sound may pause during the picture, but must not return after the picture has ended
    for before, now in gaps:
        if now > end:
            raise _jump(file, before, now)
    # the header counts from the earliest stream, which may be the sound
    said = float((container.start_time or 0) + (container.duration or 0)) / av.time_base - begins
    latest = max(end, latest)
    if latest + MISSING_SECONDS < said:
        raise _cut_off(file, latest, said)
    return end


def _jump(file: Path, before: float, now: float) -> FootageError:
    return FootageError(
        f"the time stamps jump from {before:.1f} to {now:.1f} s",
        where=f"{file}, second {before:.1f}",
        remedy="convert the file once more, or cut it there and enrol one part",
    )


def _begins(stream: VideoStream) -> float:
    """Time of the first picture on the file's clock, seconds; sound and picture may start at different
    times."""
    return float((stream.start_time or 0) * (stream.time_base or 0))


def speech_windows(pcm: Pcm) -> NDArray[np.bool_]:
    """Which 30 ms windows hold speech: those louder than the quietest tenth, and short pauses between
    them."""
    count = len(pcm) // WINDOW
    if not count:
        return np.zeros(0, np.bool_)
    energy = np.mean(pcm[: count * WINDOW].reshape(count, WINDOW).astype(np.float64) ** 2, axis=1)
    level = 10 * np.log10(energy + 1e-12)
    # continuous speech has no quiet tenth, so its floor is derived from the loud windows
    floor = min(float(np.quantile(level, 0.1)), float(np.quantile(level, 0.9)) - 2.5 * ABOVE_NOISE_DB)
    speech = level > max(FLOOR_DB, floor + ABOVE_NOISE_DB)
    edges = np.flatnonzero(np.diff(speech.astype(np.int8), prepend=0, append=0))
    for end, start in zip(edges[1::2], edges[2::2], strict=False):
        if start - end <= PAUSE_WINDOWS:
            speech[end:start] = True
    return np.asarray(speech)


def speech_share(pcm: Pcm, frames: int) -> NDArray[np.float64]:
    """Share of speech in the half second around each frame: [frames], 0..1."""
    windows = speech_windows(pcm)
    if not len(windows):
        return np.zeros(frames)
    at = np.minimum((np.arange(frames) / FPS * SAMPLE_RATE / WINDOW).astype(int), len(windows) - 1)
    return np.convolve(windows[at].astype(np.float64), np.ones(13) / 13, mode="same")


def most_speech(talking: NDArray[np.float64], length: int) -> tuple[int, int]:
    """First frame and one past the last of the stretch of `length` frames with the most speech; the earliest
    if several are equal. `talking` is the share of speech in each frame, 0..1."""
    length = min(length, len(talking))
    # rounded because the sums of equal stretches differ by rounding errors
    sums = np.round(np.convolve(talking, np.ones(length), mode="valid"), 6)
    start = int(np.argmax(sums))
    return start, start + length


def check_speech(file: Path, pcm: Pcm) -> None:
    """Raise `FootageError` if there is too little speech to learn from."""
    seconds = float(speech_windows(pcm).sum()) * WINDOW / SAMPLE_RATE
    if seconds < LEAST_SPEECH_SECONDS:
        raise FootageError(
            f"there are {seconds:.1f} s of speech, at least {LEAST_SPEECH_SECONDS:.0f} s are needed",
            where=str(file),
            remedy="record a longer talk, nearer to the microphone",
        )


def _no_picture(file: Path) -> FootageError:
    return FootageError("there is no picture in this file", where=str(file), remedy="name a video")


def _cut_off(file: Path, second: float, whole: float) -> FootageError:
    return FootageError(
        f"the picture ends after {second:.1f} of {whole:.1f} s",
        where=f"{file}, second {second:.1f}",
        remedy="copy the file again from the camera; it was cut off",
    )


def _broken(file: Path, second: float, error: Exception) -> FootageError:
    return FootageError(
        f"this file cannot be read: {getattr(error, 'strerror', None) or error}",
        where=f"{file}, second {second:.1f}",
        remedy="copy it again from the camera, or convert it to MP4",
    )
