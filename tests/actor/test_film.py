"""The actor's film: detectors find what its truth file says, and a killed run goes on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from mediapipe.python.solutions import face_mesh, hands, pose
from numpy.typing import NDArray

from actor import truth
from actor.film import Film, Set, finish, render
from actor.script import Script, Section
from actor.truth import NAMES, POINTS
from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Phone
from tests.actor.test_figure import FIGURES

SIZE = (450, 800)
SAID = "m a m i | p u f a t o s i b e w a m a | v i l a m u"


def speech(words: str, at: float = 0.4) -> tuple[NDArray[np.float32], tuple[Phone, ...]]:
    """Phones of a tenth of a second, a bar being a pause, and a tone that sounds with them."""
    found, now = [], round(at * SAMPLE_RATE)
    for symbol in words.split():
        length = SAMPLE_RATE // 4 if symbol == "|" else SAMPLE_RATE * (13 if symbol in "aeiou" else 8) // 100
        found.append(Phone("" if symbol == "|" else symbol, now, now + length))
        now += length
    frames = -(-(now + SAMPLE_RATE // 2) // SAMPLES_PER_FRAME)
    pcm = np.zeros(frames * SAMPLES_PER_FRAME, np.float32)
    for phone in found:
        if phone.symbol:
            loud = 0.3 if phone.symbol in "aeiou" else 0.08
            span = np.arange(phone.start, phone.end)
            pcm[span] = loud * np.sin(2 * np.pi * 180 * span / SAMPLE_RATE)
    return pcm, tuple(found)


def script(presenter: str = "woman", gesture: str = "") -> Script:
    pcm, phones = speech(SAID)
    seconds = len(pcm) / SAMPLE_RATE
    sections = [Section("talk", "talk", "en", 0.0, seconds)]
    if gesture:
        pcm = np.concatenate([pcm, np.zeros(3 * SAMPLE_RATE, np.float32)])
        sections.append(Section("gesture", gesture, "", seconds, seconds + 3.0))
    return Script(presenter, tuple(sections), pcm, phones)


@cache
def stage(presenter: str, gesture: str = "") -> Set:
    return Set(Film(script(presenter, gesture), FIGURES, Path("unused"), SIZE, seed=7, sky=24))


@pytest.mark.parametrize("presenter", ["woman", "man"])
def test_the_face_is_found_where_the_truth_says(presenter: str) -> None:
    made = stage(presenter)
    found, true = [], []
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        for number in range(4, made.film.script.frames, 6):
            picture, row = made.frame(number)
            side = SIZE[0]
            crop = cv2.resize(picture[:side], (2 * side, 2 * side), interpolation=cv2.INTER_CUBIC)
            faces = mesh.process(crop).multi_face_landmarks
            assert faces, f"no face in frame {number}"
            marks = faces[0].landmark
            found.append(
                [(marks[POINTS[name][1]].x * side, marks[POINTS[name][1]].y * side) for name in NAMES]
            )
            true.append(row.points)
    seen, known = np.array(found), np.array(true)
    eyes = np.linalg.norm(
        known[:, NAMES.index("left_eye_outer")] - known[:, NAMES.index("right_eye_outer")], axis=1
    )
    error = np.linalg.norm(seen - known, axis=2) / eyes[:, None] * 100
    assert error.mean() < 3.0, "% of the distance of the outer eye corners"

    def opening(points: NDArray[np.float64]) -> NDArray[np.float64]:
        upper, lower = (points[:, NAMES.index(f"{lip}_lip_inner")] for lip in ("upper", "lower"))
        return np.asarray(np.linalg.norm(upper - lower, axis=1))

    assert np.corrcoef(opening(seen), opening(known))[0, 1] > 0.9


def test_body_and_hands_are_found_where_the_truth_says() -> None:
    made = stage("woman", "open_palms")
    last = made.film.script.frames
    with pose.Pose(static_image_mode=True) as body, hands.Hands(static_image_mode=True) as fingers:
        handed = 0
        numbers = [
            number for number in range(last - 75, last, 5) if made.movement.moment(number).stroke > 0.9
        ]
        assert len(numbers) >= 4
        for number in numbers:
            picture, row = made.frame(number)
            marks = body.process(picture).pose_landmarks
            assert marks, f"no body in frame {number}"
            for side, joint in enumerate((15, 16)):
                at = np.array([marks.landmark[joint].x * SIZE[0], marks.landmark[joint].y * SIZE[1]])
                assert np.linalg.norm(at - row.wrists[side]) < 0.06 * SIZE[1]
            handed += bool(fingers.process(cv2.resize(picture, None, fx=2, fy=2)).multi_hand_landmarks)
    assert handed >= 0.7 * len(numbers)


def test_a_killed_run_goes_on_and_the_same_seed_is_the_same_film(tmp_path: Path) -> None:
    pcm, phones = speech("m a p", at=0.1)
    small = Script("woman", (Section("talk", "talk", "en", 0.0, 1.0),), pcm[: 6 * SAMPLES_PER_FRAME], phones)
    film = Film(small, FIGURES, tmp_path / "one", (90, 160), seed=3, part_frames=3, sky=8)
    first = render(film)
    assert next(first) == 0
    first.close()
    written = film.part(0).read_bytes()
    assert list(render(film)) == [1]
    assert film.part(0).read_bytes() == written
    footage, beside = finish(film)

    again = replace(film, out=tmp_path / "two")
    assert list(render(again)) == [0, 1]
    # one thread encodes, so the same frames are the same bytes
    assert [again.part(number).read_bytes() for number in (0, 1)] == [
        film.part(number).read_bytes() for number in (0, 1)
    ]

    known = truth.read(beside)
    assert known.points.shape == (6, len(NAMES), 2)
    assert known.size == (90, 160)
    assert known.phones == phones
    with av.open(str(footage)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / 25 for number in range(6)])

    with pytest.raises(ValueError, match="parts of another film"):
        list(render(replace(film, seed=4)))
