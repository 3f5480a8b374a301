from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.report.score import Polygon, Score, lag, opening_ratio, score, ssim
from doublure.enrol.tracking import Tracked, track
from doublure.errors import EngineError, FootageError
from doublure.media import Picture, Size
from doublure.picture.mouth.geometry import LIPS, MOVING, NOSE_PLACES, Points
from tests.clips import SIZE, blank, talking

FRAMES = 40
HELD = range(100, 100 + FRAMES)
NONE = np.zeros(0, np.int64)
FOOTAGE = Path("talk.mp4")


@cache
def pictures() -> tuple[Picture, ...]:
    """A second and a half of the rendered host in the middle of her speech, with the grain of a camera."""
    noise = np.random.default_rng(7)
    drawn = talking(3.0)[0][20 : 20 + FRAMES]
    grain = [noise.normal(0, 2, (SIZE.height, SIZE.width)) for _ in drawn]
    return tuple(
        np.concatenate([np.clip(one[: SIZE.height] + rough, 16, 235).astype(np.uint8), one[SIZE.height :]])
        for one, rough in zip(drawn, grain, strict=True)
    )


@cache
def landmarks() -> Tracked:
    return track(iter(pictures()), SIZE, FOOTAGE, lambda done: None, smooth=False)


@cache
def masks() -> list[Polygon]:
    """An oval around the mouth in every frame."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    oval = np.stack([np.cos(turn), 0.8 * np.sin(turn)], axis=1)
    return [one[LIPS, :2].mean(axis=0) + 1.05 * np.ptp(one[LIPS, 0]) * oval for one in landmarks().control]


def compare(ours: Iterator[Picture]) -> Score:
    return score(iter(pictures()), ours, masks(), HELD, NONE, FOOTAGE)


def inside(number: int) -> NDArray[np.bool_]:
    """The mask's region, bool [height, width]."""
    region = np.zeros((SIZE.height, SIZE.width), np.uint8)
    cv2.fillPoly(region, [np.round(masks()[number]).astype(np.int32)], (1,))
    return region.astype(np.bool_)


def test_the_truth_itself_scores_full_marks() -> None:
    same = compare(iter(pictures()))
    assert same.opening_correlation == pytest.approx(1)
    assert same.width_correlation == pytest.approx(1)
    assert same.ssim == pytest.approx(1)
    assert same.lip_distance_percent == 0
    assert (same.sharpness_ratio, same.jitter_ratio, same.seam_ratio) == (1, 1, 1)
    assert same.offset_frames == 0
    assert (same.frames, same.unseen_frames) == (FRAMES, 0)
    assert len(same.worst) == len(same.typical) == 3
    assert {*same.worst, *same.typical} <= set(HELD)


@pytest.mark.parametrize(("everywhere", "most"), [(False, 0.85), (True, 0.2)])
def test_a_blurred_mouth_is_less_sharp_and_less_alike(everywhere: bool, most: float) -> None:
    def blurred() -> Iterator[Picture]:
        for number, picture in enumerate(pictures()):
            ours, soft = picture.copy(), cv2.GaussianBlur(picture[: SIZE.height], (0, 0), 2.5)
            where = inside(number) | everywhere
            ours[: SIZE.height][where] = soft[where]
            yield ours

    made = compare(blurred())
    assert 0 < made.sharpness_ratio < most
    assert 0.3 < made.ssim < 0.97
    assert made.opening_correlation > 0.8
    assert abs(made.offset_frames) <= 1


def test_only_the_mouth_and_what_is_around_it_is_compared() -> None:
    eyes = float(np.median(np.linalg.norm(landmarks().rigid[:, 3] - landmarks().rigid[:, 0], axis=1)))

    def spotted(away: float) -> Iterator[Picture]:
        """A dark spot beside the mouth, `away` eye distances from the lips' middle."""
        for number in range(3):
            picture = pictures()[number].copy()
            x, y = landmarks().control[number, LIPS, :2].mean(axis=0)
            cv2.circle(
                picture[: SIZE.height], (int(x + away * eyes), int(y)), max(2, int(0.06 * eyes)), 30, -1
            )
            yield picture

    def measured(away: float) -> float:
        few = HELD[:3]
        return score(iter(pictures()[:3]), spotted(away), masks()[:3], few, NONE, FOOTAGE).ssim

    assert measured(0.7) == pytest.approx(1)
    assert measured(0.45) < 0.99


def test_a_late_mouth_gives_its_lag_and_worse_lips() -> None:
    late = [pictures()[0]] * 3 + list(pictures())[:-3]
    made = compare(iter(late))
    assert made.offset_frames == 3
    assert made.opening_correlation < 0.9
    assert made.lip_distance_percent > 1


def test_a_mouth_in_another_light_shows_its_edge() -> None:
    def lit() -> Iterator[Picture]:
        for number, picture in enumerate(pictures()):
            ours = picture.copy()
            ours[: SIZE.height][inside(number)] = np.clip(
                ours[: SIZE.height][inside(number)].astype(int) + 12, 16, 235
            )
            yield ours

    made = compare(lit())
    assert made.seam_ratio > 1.2
    # the light is no lack of detail
    assert made.sharpness_ratio == pytest.approx(1, abs=0.1)


def test_a_trembling_mouth_trembles_and_its_worst_frame_is_named() -> None:
    def trembling() -> Iterator[Picture]:
        for number, picture in enumerate(pictures()):
            low = masks()[number].min(axis=0).astype(int) // 2 * 2
            high = masks()[number].max(axis=0).astype(int) // 2 * 2
            step = 24 if number == 31 else 4 * (number % 2)
            ours = picture.copy()
            rows = slice(low[1], high[1])
            ours[rows, low[0] : high[0]] = picture[rows, low[0] - step : high[0] - step]
            yield ours

    made = compare(trembling())
    assert made.jitter_ratio > 1.5
    assert made.worst[0] == HELD[31]
    assert HELD[31] not in made.typical


def test_what_was_learnt_is_not_scored() -> None:
    learnt = np.array([20, 139, 130, 700], np.int64)
    with pytest.raises(ValueError, match="frame 130 was learnt from"):
        score(iter(pictures()), iter(pictures()), masks(), HELD, learnt, FOOTAGE)
    with pytest.raises(ValueError, match="no frames"):
        score(iter(()), iter(()), [], range(0), NONE, FOOTAGE)


def test_pictures_masks_and_frames_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="39 pictures for 40"):
        score(iter(pictures()[:-1]), iter(pictures()), masks(), HELD, NONE, FOOTAGE)
    with pytest.raises(ValueError, match="40 masks for 39"):
        score(iter(pictures()), iter(pictures()), masks(), HELD[:-1], NONE, FOOTAGE)
    with pytest.raises(ValueError, match="more pictures than the 26"):
        score(iter(pictures()), iter(pictures()), masks()[:26], HELD[:26], NONE, FOOTAGE)
    few = pictures()[:3]
    with pytest.raises(ValueError, match="ours are"):
        score(iter(few), iter([blank(Size(64, 64))] * 3), masks()[:3], HELD[:3], NONE, FOOTAGE)
    beside = [one - one.min(axis=0) + (SIZE.width - 40, 0.0) for one in masks()[:3]]
    with pytest.raises(ValueError, match="not at the mouth"):
        score(iter(few), iter(few), beside, HELD[:3], NONE, FOOTAGE)


def test_a_face_lost_by_us_is_not_blamed_on_the_footage() -> None:
    few = pictures()[:3]
    with pytest.raises(EngineError, match="the rebuilt face is not found"):
        score(iter(few), iter([blank(SIZE)] * 3), masks()[:3], HELD[:3], NONE, FOOTAGE)
    with pytest.raises(FootageError):
        score(iter([blank(SIZE)] * 3), iter(few), masks()[:3], HELD[:3], NONE, FOOTAGE)


def test_landmarks_can_be_had_as_they_were_found() -> None:
    calm = track(iter(pictures()), SIZE, FOOTAGE, lambda done: None)
    found = landmarks()

    def tremble(points: Points) -> float:
        return float(np.abs(np.diff(points, n=2, axis=0)).mean())

    assert tremble(calm.rigid) < 0.6 * tremble(found.rigid)
    assert tremble(calm.control[:, NOSE_PLACES]) < 0.6 * tremble(found.control[:, NOSE_PLACES])
    # the mouth is left where it was found
    np.testing.assert_array_equal(calm.control[:, MOVING], found.control[:, MOVING])


def test_structural_similarity_is_the_one_of_its_paper() -> None:
    """Where both pictures are flat only the term of luminance is left, which can be worked out."""
    dark, light = (np.full((32, 40), level, np.uint8) for level in (100, 150))
    steady = (2 * 100 * 150 + 6.5025) / (100**2 + 150**2 + 6.5025)
    assert ssim(dark, light) == pytest.approx(steady, abs=1e-4)
    noise = np.random.default_rng(3)
    rough = noise.integers(0, 255, (64, 64), np.uint8)
    assert ssim(rough, rough) == pytest.approx(1)
    assert abs(ssim(rough, noise.integers(0, 255, (64, 64), np.uint8))) < 0.1
    # a negative has the opposite structure
    assert ssim(rough, np.invert(rough)) < -0.8


@pytest.mark.parametrize("late", [-8, -2, 0, 1, 8])
def test_the_lag_is_signed(late: int) -> None:
    truth = np.convolve(np.random.default_rng(5).normal(size=200), np.ones(4), mode="same")
    ours = np.roll(truth, late)
    assert lag(truth, 0.5 * ours + 3) == late


def test_a_mouth_that_does_not_move_has_no_lag() -> None:
    moving = np.sin(np.arange(100))
    assert lag(moving, np.ones(100)) == 0
    assert lag(moving[:3], moving[:3]) == 0


def test_the_mouth_in_silence_is_held_against_the_host_at_rest() -> None:
    assert opening_ratio(np.full(125, 0.03), 0.02) == pytest.approx(1.5)
    # shut lips do not divide by nothing
    assert opening_ratio(np.full(125, 0.005), 0.0) == pytest.approx(1)
