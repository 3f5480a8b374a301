"""Scores a rebuilt mouth against the host's own, on frames that training never saw.

The evaluator shares nothing with the system it judges: it detects the landmarks in both pictures anew.
Everything is measured at the size of the footage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.enrol.tracking import Tracked, track
from doublure.errors import EngineError, FootageError
from doublure.media import Picture, Size
from doublure.picture.mouth.geometry import LEFT_EYE, LIPS, RIGHT_EYE, opening, width

CROP_SIDE = 1.1
"""Side of the mouth crop, in outer-eye distances."""
LAG_FRAMES = 8
"""Largest lag tried in either direction, in frames."""
SEAM_PIXELS = 2
"""Half the width of the band along the edge of the mask."""
WORST_SHARE = 0.01
LEAST_SHOWN = 3
"""Least number of worst frames; number of typical frames."""
LEAST_OPENING = 0.005
"""Opening in eye distances below which the mesh cannot distinguish degrees of closure."""
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5
SSIM_C1, SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment" (2004): window, spread, constants."""

Luma = NDArray[np.uint8]
Polygon = NDArray[np.float64]
"""Corners of a region, float [m, 2], x and y in pixels, m >= 3."""


@dataclass(frozen=True, slots=True)
class Score:
    """Measurements of the rebuilt mouth against the host's own, over the held-back frames."""

    opening_correlation: float
    """Pearson correlation, -1..1, of our inner-lip opening (in eye distances) with the truth's."""
    width_correlation: float
    """The same for the mouth's width."""
    lip_distance_percent: float
    """Mean distance of the 40 lip landmarks in the picture, % of the truth's outer-eye distance."""
    ssim: float
    """-1..1, 1 for identical pictures: mean over the luma of the mouth crop (Wang et al. 2004)."""
    sharpness_ratio: float
    """Sum of the squared Laplacian in the mouth crop, ours / truth; below 1 ours is blurred."""
    jitter_ratio: float
    """Mean length of the lip landmarks' second difference in time, ours / truth; above 1 ours jitters."""
    seam_ratio: float
    """Mean luma gradient along the edge of the mask, ours / truth; above 1 the edge is visible."""
    offset_frames: int
    """Shift in frames at which our openings fit the truth's best; positive: ours are late."""
    frames: int
    """Frames compared."""
    unseen_frames: int
    """Frames of ours in which the tracker finds no face."""
    worst: tuple[int, ...]
    """Frames of the footage, the worst 1 % and at least three, worst first. Ranked by lip distance (in eye
    distances) + (1 - SSIM), plus 1 if no face was found."""
    typical: tuple[int, ...]
    """Three frames of the footage from the middle of that ranking."""


def score(
    truth: Iterator[Picture],
    ours: Iterator[Picture],
    masks: Sequence[Polygon],
    held: range,
    learnt: NDArray[np.int64],
    footage: Path,
) -> Score:
    """Compare `ours` with `truth`: pictures of the same size, one per frame in `held`.

    `masks` are the rendered regions, one per frame. `held` and `learnt` are frame numbers of `footage`
    (whose name is used only in errors). `truth` is read to its end before `ours` is started.

    Raises `ValueError` if a held frame was learnt from, if the number of pictures or masks differs from
    that of the frames, or if a mask is not at the mouth; `FootageError` if the truth has no face,
    `EngineError` if ours has none.
    """
    _check_held(held, learnt)
    if len(masks) != len(held):
        raise ValueError(f"{len(masks)} masks for {len(held)} frames")
    with TemporaryFile() as of_truth, TemporaryFile() as of_ours:
        true = _Kept(truth, masks, of_truth)
        known = track(true.passing(), true.size, footage, _unheard, smooth=False)
        made = _Kept(ours, masks, of_ours)
        if made.size != true.size:
            raise ValueError(f"ours are {made.size}, the truth is {true.size}")
        try:
            found = track(made.passing(), made.size, footage, _unheard, smooth=False)
        except FootageError as error:
            raise EngineError(
                f"the rebuilt face is not found: {error.what}", where=error.where, remedy=error.remedy
            ) from error
        pixels = _compare_pixels(true, made, known, masks)
    return _gather(known, found, pixels, held)


def opening_ratio(openings_when_silent: NDArray[np.float64], rest: float) -> float:
    """How far silence leaves the mouth open: its mean opening / the host's opening at rest, both in eye
    distances. 1 is the host's rest."""
    return float(np.mean(openings_when_silent) / max(rest, LEAST_OPENING))


def ssim(one: Luma, other: Luma) -> float:
    """Mean structural similarity of two luma pictures, [h, w] each, at least 11 pixels per side; only windows
    entirely inside count."""
    a, b = one.astype(np.float32), other.astype(np.float32)

    def local(values: NDArray[np.float32]) -> NDArray[np.float64]:
        blurred = cv2.GaussianBlur(values, (SSIM_WINDOW, SSIM_WINDOW), SSIM_SIGMA)
        edge = SSIM_WINDOW // 2
        return np.asarray(blurred[edge:-edge, edge:-edge], np.float64)

    mean_a, mean_b = local(a), local(b)
    spread_a, spread_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    joint = local(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + SSIM_C1) * (2 * joint + SSIM_C2)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + SSIM_C1) * (spread_a + spread_b + SSIM_C2))))


def lag(truth: NDArray[np.float64], ours: NDArray[np.float64]) -> int:
    """Lag of `ours` behind `truth` ([frames] each) with the best correlation, within +-8 frames; the smallest
    of equals."""

    def together(late: int) -> float:
        count = len(truth) - abs(late)
        return _correlation(truth[max(0, -late) :][:count], ours[max(0, late) :][:count])

    # a correlation over less than a second of frames is meaningless
    most = min(LAG_FRAMES, max(0, len(truth) - 25))
    return max(sorted(range(-most, most + 1), key=abs), key=lambda late: round(together(late), 9))


def _check_held(held: range, learnt: NDArray[np.int64]) -> None:
    if not held:
        raise ValueError("no frames are held back")
    both = learnt[np.isin(learnt, np.asarray(held))]
    if len(both):
        raise ValueError(f"frame {both.min()} was learnt from and cannot be scored")


def _unheard(done: int) -> None:
    """Ignore progress; callers can count the pictures they supply."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A rectangle of a picture, pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, low: NDArray[np.float64], high: NDArray[np.float64], size: Size) -> _Window:
        left, top = np.clip(np.floor(low), 0, (size.width, size.height)).astype(int).tolist()
        right, bottom = np.clip(np.ceil(high), 0, (size.width, size.height)).astype(int).tolist()
        return cls(left, top, right, bottom)

    def of(self, luma: Luma, outer: _Window) -> Luma:
        """This window cut from `luma`, which is itself the part `outer` of the whole picture."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        return luma[rows, self.left - outer.left : self.right - outer.left]

    def within(self, outer: _Window) -> bool:
        inside = outer.left <= self.left and outer.top <= self.top
        return inside and self.right <= outer.right and self.bottom <= outer.bottom


class _Kept:
    """Passes pictures on and saves the luma around each mask to a file: the place of the mouth is known only
    after the last picture has been tracked, and the pictures are too many for memory."""

    def __init__(self, pictures: Iterator[Picture], masks: Sequence[Polygon], file: IO[bytes]) -> None:
        first = next(pictures, None)
        if first is None:
            raise ValueError(f"no pictures for {len(masks)} frames")
        self._first = first
        self._pictures = pictures
        self._masks = masks
        self._windows: list[_Window] = []
        self._file = file
        self.size = Size(first.shape[1], first.shape[0] * 2 // 3)

    def passing(self) -> Iterator[Picture]:
        """Every picture, once. Raises `ValueError` if their number differs from that of the masks."""
        picture: Picture | None = self._first
        for mask in self._masks:
            if picture is None:
                raise ValueError(f"{len(self._windows)} pictures for {len(self._masks)} frames")
            low, high = mask.min(axis=0), mask.max(axis=0)
            reach = float((high - low).max())
            window = _Window.around(low - reach, high + reach, self.size)
            self._windows.append(window)
            whole = _Window(0, 0, self.size.width, self.size.height)
            self._file.write(np.ascontiguousarray(window.of(picture, whole)).tobytes())
            yield picture
            picture = next(self._pictures, None)
        if picture is not None:
            raise ValueError(f"more pictures than the {len(self._masks)} frames")

    def again(self) -> Iterator[tuple[_Window, Luma]]:
        """The saved part of each picture, with its place."""
        self._file.seek(0)
        for window in self._windows:
            shape = window.bottom - window.top, window.right - window.left
            flat = np.frombuffer(self._file.read(shape[0] * shape[1]), np.uint8)
            yield window, flat.reshape(shape)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Measurements on the pixels, one per frame."""

    ssim: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    """[frames, 2], truth and ours: sum of squared Laplacians."""
    seam: NDArray[np.float64]
    """[frames, 2]: mean gradient along the edge of the mask, luma levels per pixel."""


def _compare_pixels(true: _Kept, made: _Kept, known: Tracked, masks: Sequence[Polygon]) -> _Pixels:
    middles = known.control[:, LIPS, :2].mean(axis=1)
    reach = CROP_SIDE / 2 * _eyes(known)
    alike: list[float] = []
    sharpness: list[tuple[float, float]] = []
    seam: list[tuple[float, float]] = []
    for number, ((window, one), (_, other)) in enumerate(zip(true.again(), made.again(), strict=True)):
        crop = _Window.around(middles[number] - reach[number], middles[number] + reach[number], true.size)
        if not crop.within(window):
            raise ValueError(f"the mask of held-back frame {number} is not at the mouth")
        mouth, rebuilt = crop.of(one, window), crop.of(other, window)
        alike.append(ssim(mouth, rebuilt))
        sharpness.append((_sharpness(mouth), _sharpness(rebuilt)))
        band = _edge(masks[number], window)
        seam.append((_gradient(one, band), _gradient(other, band)))
    return _Pixels(np.array(alike), np.array(sharpness), np.array(seam))


def _sharpness(luma: Luma) -> float:
    return float((cv2.Laplacian(luma, cv2.CV_64F) ** 2).sum())


def _edge(mask: Polygon, window: _Window) -> NDArray[np.bool_]:
    """The band along the edge of the region, as a mask of the window's pixels."""
    region = np.zeros((window.bottom - window.top, window.right - window.left), np.uint8)
    corners = np.round(mask - (window.left, window.top)).astype(np.int32)
    cv2.fillPoly(region, [corners], 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * SEAM_PIXELS + 1, 2 * SEAM_PIXELS + 1))
    return np.asarray(cv2.dilate(region, disc) != cv2.erode(region, disc))


def _gradient(luma: Luma, band: NDArray[np.bool_]) -> float:
    across, down = (cv2.Sobel(luma, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return float(np.hypot(across, down)[band].mean())


def _eyes(tracked: Tracked) -> NDArray[np.float64]:
    """Distance of the outer eye corners in 3D, [frames], pixels; head turns do not change it."""
    apart = tracked.rigid[:, RIGHT_EYE] - tracked.rigid[:, LEFT_EYE]
    return np.asarray(np.linalg.norm(apart, axis=-1))


def _gather(known: Tracked, found: Tracked, pixels: _Pixels, held: range) -> Score:
    eyes, both = _eyes(known), known.seen & found.seen
    openings = opening(known.control) / eyes, opening(found.control) / _eyes(found)
    widths = width(known.control) / eyes, width(found.control) / _eyes(found)
    lips, rebuilt = known.control[:, LIPS, :2], found.control[:, LIPS, :2]
    distance = np.linalg.norm(lips - rebuilt, axis=-1).mean(axis=1) / eyes
    # jitter is measured on three consecutive frames, none of them interpolated
    steady = both[:-2] & both[1:-1] & both[2:]
    order = np.argsort(-(distance + 1 - pixels.ssim + ~found.seen), kind="stable")
    middle = max(0, len(order) // 2 - LEAST_SHOWN // 2)
    worst = max(LEAST_SHOWN, round(WORST_SHARE * len(order)))
    return Score(
        opening_correlation=_correlation(openings[0][both], openings[1][both]),
        width_correlation=_correlation(widths[0][both], widths[1][both]),
        lip_distance_percent=float(100 * distance[both].mean()),
        ssim=float(pixels.ssim.mean()),
        sharpness_ratio=_ratio(*pixels.sharpness.sum(axis=0)),
        jitter_ratio=_ratio(_jitter(lips, steady), _jitter(rebuilt, steady)),
        seam_ratio=_ratio(*pixels.seam.mean(axis=0)),
        offset_frames=lag(*openings),
        frames=len(held),
        unseen_frames=int((~found.seen).sum()),
        worst=tuple(held[int(one)] for one in order[:worst]),
        typical=tuple(held[int(one)] for one in order[middle : middle + LEAST_SHOWN]),
    )


def _jitter(lips: NDArray[np.float64], steady: NDArray[np.bool_]) -> float:
    return float(np.linalg.norm(np.diff(lips, n=2, axis=0)[steady], axis=-1).mean()) if steady.any() else 0.0


def _ratio(truth: float, ours: float) -> float:
    """Ours / truth; 1 if both are 0."""
    return float(ours / truth) if truth else (1.0 if not ours else float("inf"))


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson correlation; 0 if one of them is constant."""
    if len(one) < 2 or not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
