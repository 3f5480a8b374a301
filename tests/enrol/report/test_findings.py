from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.observations import (
    GRID,
    Heard,
    Source,
    eye_distance,
    facing,
    head_angles,
    hear,
    observe,
    source,
)
from doublure.enrol.report import findings
from doublure.enrol.report.findings import Finding, find
from doublure.enrol.tracking import Tracked, track
from doublure.errors import FootageError
from doublure.media import FPS, SAMPLE_RATE, Pcm, Picture, Size
from doublure.picture.mouth.geometry import CONTROL, LIPS
from tests.clips import SIZE, placed, talking, voice, write_clip

SD = Source(8, 1)
FOOTAGE = Path("talk.mp4")
RANDOM = np.random.default_rng(2)


def spans(found: list[Finding]) -> list[tuple[float, float, str]]:
    return [(round(one.start, 2), round(one.end, 2), one.severity) for one in found]


@cache
def film() -> tuple[tuple[Picture, ...], Tracked]:
    """Four seconds of the rendered host, and her landmarks."""
    pictures = tuple(talking(4.0)[0])
    return pictures, track(iter(pictures), SIZE, FOOTAGE, lambda done: None)


def shown(change: Callable[[Picture, int], Picture]) -> list[Finding]:
    """What is found when the pictures are changed and enough is said."""
    pictures, tracked = film()
    changed = (change(picture.copy(), number) for number, picture in enumerate(pictures))
    return list(find(tracked, observe(changed, tracked), said(), SD))


@cache
def said() -> Heard:
    return hear(talk(90))


def kinds(found: list[Finding]) -> set[str]:
    return {one.kind for one in found}


# ---- the face in the picture ----------------------------------------------------------------------


def test_good_footage_is_left_alone() -> None:
    # the host has few pixels at the size of these tests
    assert kinds(shown(lambda picture, number: picture)) <= {"few_pixels"}


def test_a_face_in_the_dark_is_found_with_its_time() -> None:
    def dim(picture: Picture, number: int) -> Picture:
        if number >= 50:
            picture[: SIZE.height] = 16 + (picture[: SIZE.height] - 16.0) * 0.25
        return picture

    found = [one for one in shown(dim) if one.kind == "too_dark"]
    assert spans(found) == [(2.0, 4.0, "bad")]


def test_a_burnt_out_face_is_found() -> None:
    def glaring(picture: Picture, number: int) -> Picture:
        picture[: SIZE.height] = np.minimum(picture[: SIZE.height] * 1.6, 235)
        return picture

    assert "too_bright" in kinds(shown(glaring))


def test_a_skin_without_structure_is_found() -> None:
    even = np.full(20, 120.0)
    assert spans(findings.too_bright(np.zeros(20), even)) == []
    assert spans(findings.too_bright(np.zeros(20), even - 110.0)) == [(0, 4, "bad")]
    # two looks at it in a minute are less than a second
    blink = np.where(np.arange(300) % 150 == 0, 5.0, 120.0)
    assert findings.too_bright(np.zeros(300), blink) == []


@pytest.mark.parametrize("level", [60, 140])
def test_a_hand_before_the_mouth_is_found_and_speaking_is_not(level: int) -> None:
    _, tracked = film()

    def cover(picture: Picture, number: int) -> Picture:
        if 50 <= number < 70:
            lips = tracked.control[number, LIPS, :2]
            middle, wide = lips.mean(axis=0), np.ptp(lips[:, 0])
            oval = tuple((np.array([1.3, 0.9]) * wide).astype(int).tolist())
            cv2.ellipse(picture[: SIZE.height], middle.astype(int).tolist(), oval, 10, 0, 360, level, -1)
            for finger in range(-2, 3):
                x, y = int(middle[0] + 0.4 * finger * wide), int(middle[1])
                cv2.line(picture[: SIZE.height], (x, y - oval[1]), (x, y + oval[1]), level - 40, 3)
        return picture

    found = [one for one in shown(cover) if one.kind == "hand"]
    assert spans(found) == [(2.0, 2.8, "warn")]


def test_a_palm_as_bright_as_the_skin_is_a_hand() -> None:
    random = np.random.default_rng(4)
    lower = np.full((40, GRID, GRID), 150, np.float32)
    lower[:, 11:13, 7:17] = 132  # lips: few points differ from skin
    lower += random.normal(scale=1.5, size=lower.shape).astype(np.float32)
    still = np.zeros(40, np.bool_)
    assert findings.hand(lower, still) == []
    lower[20:24] = 150 + random.normal(scale=1.5, size=(4, GRID, GRID))
    assert spans(findings.hand(lower, still)) == [(4.0, 4.8, "warn")]
    # an open mouth changes the lips' shape, and is the lips still
    lower[20:24] = lower[:4]
    lower[20:24, 10:15, 8:16] = 110
    assert findings.hand(lower, still) == []


def test_a_turned_head_is_not_a_hand() -> None:
    lower = np.tile(np.linspace(80, 180, GRID, dtype=np.float32), (40, GRID, 1))
    lower[20:24] = lower[20:24, :, ::-1]
    turned = np.zeros(40, np.bool_)
    assert spans(findings.hand(lower, turned)) == [(4.0, 4.8, "warn")]
    turned[20:24] = True
    assert findings.hand(lower, turned) == []
    # a cloud before the sun darkens everything alike
    lower[20:24] = 0.6 * lower[0]
    assert findings.hand(lower, np.zeros(40, np.bool_)) == []


def test_someone_who_walks_through_is_found_and_the_host_still_followed() -> None:
    pictures, alone = film()
    wide = Size(SIZE.width * 2, SIZE.height)

    def passing() -> Iterator[Picture]:
        for number, picture in enumerate(pictures):
            there = 30 <= number < 45
            yield (
                placed(picture, wide, [(0, 0), (SIZE.width, 0)]) if there else placed(picture, wide, [(0, 0)])
            )

    tracked = track(passing(), wide, FOOTAGE, lambda done: None)
    assert spans(findings.second_person(tracked.others)) == [(1.2, 1.8, "warn")]
    assert np.abs(tracked.rigid[30:45] - alone.rigid[30:45])[..., :2].max() < 6
    wrong = findings.spoilt(tracked, observe(passing(), tracked))
    # nothing of it is learnt or shown, nor just before and after
    assert np.flatnonzero(wrong).tolist() == list(range(25, 50))
    assert findings.whole_stretches(wrong, tracked.motion) == [(0, 25), (50, len(pictures))]


def test_another_face_is_worse_the_longer_it_stays() -> None:
    assert findings.second_person(np.repeat([0.0, 0.6, 0.0], [10, 5, 40])) == []
    assert spans(findings.second_person(np.repeat([0.0, 0.3, 0.0], [25, 50, 250]))) == [(1, 3, "warn")]
    assert spans(findings.second_person(np.repeat([0.0, 0.7, 0.0], [25, 50, 250]))) == [(1, 3, "bad")]


def test_a_cut_ends_a_stretch() -> None:
    motion = np.full(100, 0.3)
    motion[60] = 12.0
    assert findings.whole_stretches(np.zeros(100, np.bool_), motion) == [(0, 60), (60, 100)]


def test_beard_and_glasses_are_only_noted() -> None:
    _, tracked = film()

    def dressed(picture: Picture, number: int) -> Picture:
        luma = picture[: SIZE.height]
        left, right = tracked.rigid[number, 0, :2], tracked.rigid[number, 3, :2]
        apart = float(np.linalg.norm(right - left))
        for share in (0.22, 0.78):
            at = (left + share * (right - left)).astype(int).tolist()
            cv2.circle(luma, at, int(0.21 * apart), 25, max(2, int(0.03 * apart)))
        start, end = ((left + share * (right - left)).astype(int).tolist() for share in (0.42, 0.58))
        cv2.line(luma, start, end, 25, max(2, int(0.04 * apart)))
        x, y = tracked.control[number, LIPS, :2].mean(axis=0)
        chin = int(x), int(y + 0.33 * apart)
        cv2.ellipse(luma, chin, (int(0.4 * apart), int(0.17 * apart)), 0, 0, 360, 50, -1)
        return picture

    found = [one for one in shown(dressed) if one.kind in ("beard", "glasses")]
    assert kinds(found) == {"beard", "glasses"}
    assert {one.severity for one in found} == {"note"}


# ---- the head -------------------------------------------------------------------------------------


@cache
def skull() -> NDArray[np.float64]:
    return facing(film()[1])


def head(yaw: float, pitch: float) -> NDArray[np.float64]:
    """The skull's landmarks seen turned, [RIGID, 3] pixels."""
    across = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    down = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return np.asarray(skull() @ across.T @ down.T * 100 + (300, 300, 0))


def turning(yaws: NDArray[np.float64], pitches: NDArray[np.float64]) -> Tracked:
    rigid = np.array([head(yaw, pitch) for yaw, pitch in zip(yaws, pitches, strict=True)])
    count = len(rigid)
    return Tracked(np.zeros((count, len(CONTROL), 3)), rigid, np.ones(count, np.bool_), *np.zeros((2, count)))


def test_a_head_in_profile_is_found_even_when_the_footage_begins_with_it() -> None:
    yaws = np.zeros(250)
    yaws[:50] = 0.7
    tracked = turning(yaws, np.full(250, 0.2))
    angles = head_angles(tracked)
    # signs differ by the side; the pitch is measured from the host's own
    assert np.abs(angles[:50, 0]) == pytest.approx(np.full(50, np.sin(0.7)), abs=0.08)
    assert np.abs(angles[50:, 0]).max() < 0.05
    assert np.abs(angles[50:, 1]).max() < 0.05
    assert spans(findings.profile(angles)) == [(0, 2, "warn")]


def test_looking_down_at_the_text_is_found() -> None:
    pitches = np.zeros(250)
    pitches[100:220] = 0.6
    angles = head_angles(turning(np.zeros(250), pitches))
    assert spans(findings.profile(angles)) == [(4, 8.8, "bad")]


def test_a_glance_aside_is_no_finding() -> None:
    angles = np.zeros((250, 3))
    angles[20:26, 0] = 0.7
    assert findings.profile(angles) == []


def test_a_lost_face_is_found_with_its_time() -> None:
    seen = np.ones(500, np.bool_)
    seen[100:102] = False
    seen[200:220] = False
    assert spans(findings.face_lost(seen)) == [(8.0, 8.8, "warn")]


# ---- the footage ----------------------------------------------------------------------------------


def moved(seconds: float) -> NDArray[np.float64]:
    """Motion as of someone who speaks and gestures now and then."""
    at = np.arange(int(seconds * FPS))
    return np.asarray(0.4 + 2.5 * np.maximum(0, np.sin(at / 40)) ** 3 + RANDOM.normal(0, 0.05, len(at)))


def test_a_cut_is_found_and_a_wide_gesture_is_not() -> None:
    motion = moved(20)
    assert findings.cut(motion) == []
    motion[300] += 12
    # a swing of the arm takes several frames, and a start is only a little faster than what follows
    motion[400:406] += 12
    motion[63] *= 2.5
    assert spans(findings.cut(motion)) == [(12.0, 12.0, "warn")]


def test_a_cut_in_a_clip_is_found() -> None:
    pictures, _ = film()
    grain = [RANDOM.normal(0, 1.5, (SIZE.height, SIZE.width)) for _ in range(4)]

    def shot(number: int) -> Picture:
        picture = pictures[number].copy()
        if number >= 60:
            picture[: SIZE.height] = np.roll(picture[: SIZE.height], 30, axis=1)
        picture[: SIZE.height] = np.clip(picture[: SIZE.height] + grain[number % 4], 16, 235)
        return picture

    tracked = track((shot(number) for number in range(80)), SIZE, FOOTAGE, lambda done: None)
    assert spans(findings.cut(tracked.motion)) == [(2.4, 2.4, "warn")]


@pytest.mark.parametrize(("rate", "low"), [(15, True), (20, True), (24, False), (25, False)])
def test_a_low_frame_rate_is_found_by_the_pictures_shown_twice(rate: int, low: bool) -> None:
    ticks = np.arange(20 * FPS)
    fresh = np.diff(np.floor(ticks * rate / FPS), prepend=-1) > 0
    motion = np.where(fresh, np.maximum(moved(20), 0.3), 0.01)
    assert bool(findings.low_frame_rate(motion)) == low


def test_a_picture_that_stands_still_has_no_frame_rate() -> None:
    assert findings.low_frame_rate(np.zeros(500)) == []
    # nor does one that moves for a moment
    assert findings.low_frame_rate(np.where(np.arange(500) == 250, 3.0, 0.0)) == []


def test_a_small_face_is_found() -> None:
    assert findings.few_pixels(np.full(100, 170.0)) == []
    assert spans(findings.few_pixels(np.full(100, 80.0))) == [(0, 4, "warn")]
    assert spans(findings.few_pixels(np.full(100, 50.0))) == [(0, 4, "bad")]
    _, tracked = film()
    assert 40 < np.median(eye_distance(tracked)) < 100


def test_pictures_for_bright_screens_are_found() -> None:
    assert findings.high_range(SD, 9) == []
    assert spans(findings.high_range(Source(10, 1), 9)) == [(0, 9, "note")]
    assert spans(findings.high_range(Source(10, 18), 9)) == [(0, 9, "warn")]
    assert spans(findings.high_range(Source(10, 16), 9)) == [(0, 9, "warn")]


def test_how_a_file_keeps_its_pictures_is_read(tmp_path: Path) -> None:
    pictures, _ = film()
    assert source(write_clip(tmp_path / "a.mp4", list(pictures[:3]), None)).bits == 8
    with av.open(str(tmp_path / "hlg.mp4"), "w") as clip:
        video = clip.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p10le"
        video.codec_context.color_trc = 18
        clip.mux(
            video.encode(av.VideoFrame.from_ndarray(pictures[0], "yuv420p").reformat(64, 64, "yuv420p10le"))
        )
        clip.mux(video.encode(None))
    assert source(tmp_path / "hlg.mp4") == Source(10, 18)
    letter = tmp_path / "letter.mp4"
    letter.write_text("this is no film")
    with pytest.raises(FootageError, match="cannot be read"):
        source(letter)


# ---- the sound ------------------------------------------------------------------------------------


def talk(seconds: int) -> Pcm:
    """Syllables, with a pause of a second after every two."""
    return np.concatenate([voice(3.0)] * (seconds // 3) + [voice(seconds % 3 + 1e-9)])


def heard(background: Pcm) -> list[Finding]:
    """Findings about half a minute of talk in a quiet room, with a background from 10 to 20 s."""
    pcm = 0.6 * talk(30) + RANDOM.normal(0, 2e-4, 30 * SAMPLE_RATE).astype(np.float32)
    pcm[10 * SAMPLE_RATE : 20 * SAMPLE_RATE] += background
    return findings.sound(hear(pcm))


def music(level: float) -> Pcm:
    at = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    notes = 220 * 2 ** (np.array([0, 4, 7, 12])[(at * 2).astype(int) % 4] / 12)
    phase = 2 * np.pi * np.cumsum(notes) / SAMPLE_RATE
    return np.asarray(level * (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)), np.float32)


def noise(level: float) -> Pcm:
    return RANDOM.normal(0, level, 10 * SAMPLE_RATE).astype(np.float32)


def test_a_quiet_room_is_left_alone() -> None:
    assert heard(noise(1e-4)) == []


@pytest.mark.parametrize(("level", "severity"), [(0.02, "warn"), (0.08, "bad")])
def test_noise_in_the_pauses_is_found_where_it_is(level: float, severity: str) -> None:
    found = heard(noise(level))
    assert kinds(found) == {"noise"}
    assert [one.severity for one in found] == [severity]
    assert abs(found[0].start - 10) < 0.1
    assert abs(found[0].end - 20) < 0.1


def test_music_under_the_speech_is_not_called_noise() -> None:
    found = heard(music(0.012))
    assert kinds(found) == {"music"}
    assert abs(found[0].start - 10) < 0.1
    assert abs(found[0].end - 20) < 0.1


def test_a_stretch_in_which_nothing_is_said_is_no_noise() -> None:
    pcm = np.concatenate([talk(20), np.zeros(20 * SAMPLE_RATE, np.float32)])
    assert findings.sound(hear(pcm + RANDOM.normal(0, 2e-3, len(pcm)).astype(np.float32))) == []


def test_no_sound_at_all_is_no_noise() -> None:
    assert findings.sound(hear(np.zeros(5 * SAMPLE_RATE, np.float32))) == []
    assert findings.sound(hear(np.zeros(0, np.float32))) == []


@pytest.mark.parametrize(("said", "severity"), [(10, "bad"), (40, "warn"), (70, None)])
def test_too_little_speech_is_found(said: int, severity: str | None) -> None:
    found = findings.too_short(hear(voice(said)).speech, said)
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_the_gravest_comes_first() -> None:
    pictures, tracked = film()
    found = find(tracked, observe(iter(pictures), tracked), hear(voice(20)), Source(10, 1))
    order = ["bad", "warn", "note"]
    assert [one.severity for one in found] == sorted((one.severity for one in found), key=order.index)
    assert kinds(list(found)) >= {"too_short", "high_range"}
