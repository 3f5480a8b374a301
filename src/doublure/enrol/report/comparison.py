"""Host and double side by side, as stills and as a clip; the double's half is labelled as AI."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from doublure.enrol.footage import most_speech
from doublure.enrol.report.score import Polygon
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Language, Pcm, Picture, Size
from doublure.picture.overlay import Overlay, OverlayState
from doublure.picture.raster import planes
from doublure.trust.mark import ai_mark

STILL = Size(480, 480)
"""Size of each half of a still."""
STILL_REACH = 1.7
"""Half the side of a still, in widths of the rendered region: from hair to collar."""
ABOVE = 0.16
"""How far a still is centred above the rendered region, in its sides, so that the label covers no eye."""
STILL_QUALITY = 88
CLIP_SECONDS = 10
CLIP_HEIGHT = 720
"""Greatest height of the clip."""
CLIP_REACH = 3.6
"""Height of the clip's crop, in widths of the rendered region: head and shoulders."""
CLIP_SHAPE = 0.75
"""Width of a half, as a share of its height."""
CLIP_QUALITY = "21"
"""x264's constant rate factor."""
LOUD = 10 ** (-45 / 20)
"""Level from which a frame counts as speech: -45 dBFS."""
DIVIDER = 2
"""Width of the black line between the halves, pixels."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out stretch, ready to be shown; its pictures are read anew at every call."""

    truth: Callable[[], Iterator[Picture]]
    ours: Callable[[], Iterator[Picture]]
    """Pictures of the same size as `truth`, one per frame of `held`."""
    held: range
    """Frame numbers in the footage."""
    masks: Sequence[Polygon]
    """The rendered region of each held frame, pixels."""
    pcm: Pcm
    """The sound from the first held frame on."""


@dataclass(frozen=True, slots=True)
class Still:
    """The face in one frame as JPEGs, the host's and the double's."""

    second: float
    """Its time in the footage."""
    truth: bytes
    ours: bytes


@dataclass(frozen=True, slots=True)
class _Cut:
    """A rectangle of a picture; all numbers are even."""

    left: int
    top: int
    size: Size

    def of(self, picture: Picture, target: Size) -> Picture:
        """This part of an I420 picture, scaled to `target`."""
        whole = Size(picture.shape[1], picture.shape[0] * 2 // 3)
        parts = []
        for plane, half in zip(planes(np.ascontiguousarray(picture), whole), (1, 2, 2), strict=True):
            top, left = self.top // half, self.left // half
            part = plane[top : top + self.size.height // half, left : left + self.size.width // half]
            to = (target.width // half, target.height // half)
            smaller = to[0] < part.shape[1]
            scaled = cv2.resize(part, to, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
            parts.append(np.asarray(scaled, np.uint8).reshape(-1, target.width))
        return np.concatenate(parts)


def stills(shown: HeldOut, frames: Sequence[int], language: Language) -> tuple[Still, ...]:
    """Stills of held frames (numbers in the footage), in the given order."""
    wanted = {shown.held.index(frame) for frame in frames}
    label = Overlay(STILL, language)
    mark = ai_mark(uuid.uuid4().hex).encode()
    made: dict[int, Still] = {}
    for number, (truth, ours) in enumerate(zip(shown.truth(), shown.ours(), strict=True)):
        if number not in wanted:
            continue
        cut = _around(shown.masks[number], Size(truth.shape[1], truth.shape[0] * 2 // 3))
        double = cut.of(ours, STILL)
        label.draw(double, OverlayState("", None))
        frame = shown.held[number]
        made[frame] = Still(frame / FPS, _jpeg(cut.of(truth, STILL), b""), _jpeg(double, mark))
    return tuple(made[frame] for frame in frames)


def write_clip(shown: HeldOut, language: Language, out: Path) -> Size:
    """Write the clip as MP4 (H.264, AAC): the 10 s with the most speech, the truth on the left, ours on the
    right. Returns its size."""
    count = len(shown.held)
    loud = np.array([_loud(shown.pcm, number) for number in range(count)], np.float64)
    start, end = most_speech(loud, CLIP_SECONDS * FPS)
    mark = ai_mark(uuid.uuid4().hex)
    label: Overlay | None = None
    with av.open(str(out), "w", format="mp4", options={"movflags": "faststart+use_metadata_tags"}) as file:
        file.metadata["AIGC"] = mark
        video = file.add_stream("libx264", rate=FPS)
        video.pix_fmt = "yuv420p"
        video.options = {"crf": CLIP_QUALITY, "preset": "veryfast", "g": str(2 * FPS)}
        # one thread: enrolment may run beside a room that is on air
        video.codec_context.thread_count = 1
        video.codec_context.colorspace = video.codec_context.color_range = 1  # BT.709, limited
        audio = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        size = Size(2, 2)
        for number, (truth, ours) in enumerate(zip(shown.truth(), shown.ours(), strict=True)):
            if not start <= number < end:
                continue
            if label is None:
                cut, half = _halves(shown.masks, Size(truth.shape[1], truth.shape[0] * 2 // 3))
                label, size = Overlay(half, language), Size(2 * half.width, half.height)
                video.width, video.height = size.width, size.height
            double = cut.of(ours, half)
            label.draw(double, OverlayState("", None))
            frame = av.VideoFrame.from_ndarray(_joined(cut.of(truth, half), double, half), format="yuv420p")
            frame.pts, frame.time_base = number - start, Fraction(1, FPS)
            file.mux(video.encode(frame))
            file.mux(audio.encode(_sound(shown.pcm, number, number - start)))
        file.mux(video.encode(None))
        file.mux(audio.encode(None))
    return size


def _around(mask: Polygon, size: Size) -> _Cut:
    """The square around a face, inside the picture."""
    low, high = mask.min(axis=0), mask.max(axis=0)
    side = min(2 * STILL_REACH * float(high[0] - low[0]), size.width, size.height) // 2 * 2
    middle = (low + high) / 2
    return _cut(middle - (0, ABOVE * side), Size(int(side), int(side)), size)


def _halves(masks: Sequence[Polygon], size: Size) -> tuple[_Cut, Size]:
    """The crop that each half of the clip shows, and the size of a half."""
    low, high = (np.median([end(mask, axis=0) for mask in masks], axis=0) for end in (np.min, np.max))
    tall = int(min(CLIP_REACH * (high[0] - low[0]), size.height, size.width / CLIP_SHAPE)) // 2 * 2
    cut = _cut((low + high) / 2 - (0, 0.12 * tall), Size(int(CLIP_SHAPE * tall) // 2 * 2, tall), size)
    scale = min(1.0, CLIP_HEIGHT / tall)
    # a height divisible by four makes each chroma plane a whole number of picture rows
    return cut, Size(round(cut.size.width * scale / 2) * 2, round(tall * scale / 4) * 4)


def _cut(middle: NDArray[np.float64], part: Size, whole: Size) -> _Cut:
    most = (whole.width - part.width, whole.height - part.height)
    left, top = np.clip(middle - (part.width / 2, part.height / 2), 0, most)
    return _Cut(int(left) // 2 * 2, int(top) // 2 * 2, part)


def _joined(truth: Picture, double: Picture, half: Size) -> Picture:
    parts = []
    for plane, (left, right) in enumerate(zip(planes(truth, half), planes(double, half), strict=True)):
        pair = np.hstack([left, right])
        line = DIVIDER // (2 if plane else 1)
        pair[:, left.shape[1] - line : left.shape[1] + line] = 128 if plane else 16
        parts.append(pair.reshape(-1, 2 * half.width))
    return np.concatenate(parts)


def _piece(pcm: Pcm, number: int) -> Pcm:
    """The samples of a frame, padded with silence past the end."""
    piece = np.zeros(SAMPLES_PER_FRAME, np.float32)
    there = pcm[number * SAMPLES_PER_FRAME : (number + 1) * SAMPLES_PER_FRAME]
    piece[: len(there)] = there
    return piece


def _loud(pcm: Pcm, number: int) -> bool:
    return bool(np.sqrt(np.mean(_piece(pcm, number) ** 2)) > LOUD)


def _sound(pcm: Pcm, number: int, at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(_piece(pcm, number)[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE, at * SAMPLES_PER_FRAME
    frame.time_base = Fraction(1, SAMPLE_RATE)
    return frame


def _jpeg(picture: Picture, comment: bytes) -> bytes:
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    rgb = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=STILL_QUALITY, comment=comment)
    return file.getvalue()
