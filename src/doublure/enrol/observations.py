"""Measurements for the findings about footage: light and look of the face, head angles, sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.enrol.footage import WINDOW, moving_picture, opened, speech_windows
from doublure.enrol.tracking import Tracked
from doublure.errors import FootageError
from doublure.media import SAMPLE_RATE, Pcm, Picture
from doublure.picture.mouth.geometry import LEFT_EYE, LIPS, RIGHT_EYE, Points, fit_pose, make_template

LOOK_FRAMES = 5
"""Frames between two measurements of the face; a passing hand takes longer than that."""
GRID = 24
"""Sampling points along each side of a face patch."""
WHITE = 233
"""Luma from which white counts as burnt out (235 is full white)."""
TONE_WINDOW = 4 * WINDOW
"""120 ms: long enough to tell a tone from noise."""
QUIET_FLOOR_DB = -120.0
HALF_PATCH = 0.6
"""Half the width of a patch, in distances of the outer eye corners."""


@dataclass(frozen=True, slots=True)
class Source:
    """How the file stores its pictures."""

    bits: int
    """Bits per colour, usually 8."""
    transfer: int
    """Transfer characteristics by ITU-T H.273: 16 is PQ, 18 is HLG."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The face on every fifth frame, mapped to a frontal view."""

    frames: NDArray[np.int64]
    """[m], frame numbers in the footage."""
    lower: NDArray[np.float32]
    """[m, GRID, GRID], luma 0..255 from the middle of the nose to the chin."""
    upper: NDArray[np.float32]
    """[m, GRID, GRID], luma 0..255 from the brows to below the eyes."""

    @property
    def bright(self) -> NDArray[np.float64]:
        """[m], the 95th percentile of the face's luma."""
        return np.asarray(np.quantile(self._face, 0.95, axis=1))

    @property
    def contrast(self) -> NDArray[np.float64]:
        """[m], difference of the 95th and 5th percentile of luma around the mouth."""
        flat = self.lower.reshape(len(self.lower), -1)
        return np.asarray(np.quantile(flat, 0.95, axis=1) - np.quantile(flat, 0.05, axis=1))

    @property
    def burnt(self) -> NDArray[np.float64]:
        """[m], share of the face that is burnt out, 0..1."""
        return np.asarray((self._face >= WHITE).mean(axis=1))

    @property
    def _face(self) -> NDArray[np.float32]:
        count = len(self.frames)
        return np.concatenate([self.lower.reshape(count, -1), self.upper.reshape(count, -1)], axis=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound in windows of 30 ms."""

    levels: NDArray[np.float64]
    """[w], dBFS."""
    tones: NDArray[np.float64]
    """[w], share of tones in the energy between 100 Hz and 6 kHz, 0..1: below 0.2 for noise, above 0.5 for a
    voice or an instrument."""
    speech: NDArray[np.bool_]
    """[w], True where the window holds speech."""


def source(file: Path) -> Source:
    """How the file stores its pictures. Raises `FootageError`."""
    try:
        with opened(file) as container:
            codec = moving_picture(container, file).codec_context
            parts = codec.format.components if codec.format is not None else ()
            return Source(max((part.bits for part in parts), default=8), int(codec.color_trc))
    except (av.FFmpegError, OSError, IndexError) as error:
        raise FootageError(
            f"this file cannot be read: {error}", where=str(file), remedy="copy it again from the camera"
        ) from error


def observe(pictures: Iterator[Picture], tracked: Tracked) -> Observed:
    """Measure the face in the pictures that `tracked` describes."""
    template = facing(tracked)
    grids = _grids(tracked, template)
    frames: list[int] = []
    patches: tuple[list[NDArray[np.float32]], ...] = ([], [])
    for number, picture in zip(range(len(tracked.seen)), pictures, strict=False):
        if number % LOOK_FRAMES:
            continue
        pose = fit_pose(template, tracked.rigid[number])
        frames.append(number)
        for grid, seen in zip(grids, patches, strict=True):
            seen.append(_patch(picture, pose.place(grid)))
    lower, upper = (np.array(seen, np.float32).reshape(-1, GRID, GRID) for seen in patches)
    return Observed(np.array(frames, np.int64), lower, upper)


def facing(tracked: Tracked) -> Points:
    """The shape of the skull, [RIGID, 3], turned so that the eyes are level and equally far away. Unturned, a
    template faces as in its first frame."""
    known = tracked.rigid[tracked.seen] if tracked.seen.any() else tracked.rigid
    template = make_template(known[::LOOK_FRAMES])
    across = template[RIGHT_EYE] - template[LEFT_EYE]
    across = across / np.linalg.norm(across)
    ahead = np.array([0.0, 0.0, 1.0]) - across[2] * across
    ahead = ahead / np.linalg.norm(ahead)
    return np.asarray(template @ np.stack([across, np.cross(ahead, across), ahead]).T)


def head_angles(tracked: Tracked) -> NDArray[np.float64]:
    """Yaw, pitch, roll of every frame, [n, 3] radians. Yaw and roll are relative to the camera's axis, pitch
    to the host's median, because a camera may stand high or low."""
    template = facing(tracked)
    angles = np.array([fit_pose(template, points).angles for points in tracked.rigid])
    angles[:, 1] -= np.median(angles[:, 1])
    return angles


def eye_distance(tracked: Tracked) -> NDArray[np.float64]:
    """Distance between the outer eye corners, [n], pixels."""
    apart = tracked.rigid[:, RIGHT_EYE] - tracked.rigid[:, LEFT_EYE]
    return np.asarray(np.linalg.norm(apart, axis=-1))


def hear(pcm: Pcm) -> Heard:
    """Levels, tones and speech of a sound."""
    count = len(pcm) // WINDOW
    cut = pcm[: count * WINDOW].reshape(count, WINDOW).astype(np.float64)
    levels = 10 * np.log10(np.mean(cut**2, axis=1) + 10 ** (QUIET_FLOOR_DB / 10)) if count else np.zeros(0)
    tones = np.array([_tones(pcm, number * WINDOW) for number in range(count)])
    return Heard(levels, tones, speech_windows(pcm))


def _tones(pcm: Pcm, start: int) -> float:
    cut = np.zeros(TONE_WINDOW)
    piece = pcm[start : start + TONE_WINDOW]
    cut[: len(piece)] = piece
    power = np.abs(np.fft.rfft(cut * np.hanning(TONE_WINDOW))) ** 2
    low, high = (round(hertz * TONE_WINDOW / SAMPLE_RATE) for hertz in (100, 6000))
    power = power[low:high]
    # noise exceeds ten times its median in only one bin of a thousand; local medians follow coloured noise
    around = np.median(power[: len(power) // 32 * 32].reshape(-1, 32), axis=1).repeat(32)
    stands_out = power[: len(around)] > 10 * around
    return float(power[: len(around)][stands_out].sum() / max(power.sum(), 1e-12))


def _grids(tracked: Tracked, template: Points) -> tuple[Points, Points]:
    """Sampling points of the lower and upper patch, [GRID * GRID, 3] in the template's units."""
    lips = [
        fit_pose(template, points).unplace(control[LIPS]).mean(axis=0)
        for points, control in zip(tracked.rigid[::LOOK_FRAMES], tracked.control[::LOOK_FRAMES], strict=True)
    ]
    mouth, eyes = np.median(lips, axis=0), template[[LEFT_EYE, RIGHT_EYE]].mean(axis=0)
    side = np.linspace(-HALF_PATCH, HALF_PATCH, GRID)
    across, down = (axis.ravel() for axis in np.meshgrid(side, side))

    def grid(middle: Points, tall: float) -> Points:
        return np.stack([middle[0] + across, middle[1] + tall * down, np.full(GRID**2, middle[2])], axis=1)

    return grid(mouth, 0.75), grid(eyes, 0.6)


def _patch(picture: Picture, places: Points) -> NDArray[np.float32]:
    luma = picture[: picture.shape[0] * 2 // 3]
    at = places[:, :2].astype(np.float32).reshape(GRID, GRID, 2)
    # average over a cell, because noise would look like structure
    spread = max(1, round(float(np.linalg.norm(at[0, -1] - at[0, 0])) / GRID))
    low = np.maximum(at.reshape(-1, 2).min(axis=0).astype(int) - spread, 0)
    high = at.reshape(-1, 2).max(axis=0).astype(int) + spread + 1
    cut = luma[low[1] : high[1], low[0] : high[0]]
    if not cut.size:
        return np.zeros((GRID, GRID), np.float32)
    calm = cv2.blur(cut, (spread, spread))
    return np.asarray(
        cv2.remap(calm, at - low.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
