from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from doublure.enrol import footage as reading
from doublure.enrol.enrol import STAGES, Order, enrol
from doublure.enrol.scan import watch
from doublure.enrol.tracking import track
from doublure.errors import ConsentError, FootageError
from doublure.media import FPS, SAMPLE_RATE, Pcm, Size
from doublure.picture.body.plates import decode_take
from doublure.picture.mouth.geometry import opening
from doublure.picture.mouth.track import load_track
from tests.clips import (
    SIZE,
    blank,
    consent_for,
    correlation,
    lying,
    placed,
    talking,
    turned,
    voice,
    write_clip,
)
from tests.enrolled import SECONDS, Enrolled


def ignore(stage: str, done: int, total: int) -> None:
    """No progress wanted."""


@pytest.fixture(scope="module")
def clip(enrolled: Enrolled) -> Path:
    """17 s of the rendered host, with enough speech."""
    return enrolled.clip


def test_footage_becomes_a_persona_whose_mouth_is_the_footages(enrolled: Enrolled) -> None:
    persona = enrolled.persona
    assert persona.manifest.takes.keys() == {"idle", "talk"}
    assert persona.size == SIZE
    face = load_track(persona)
    for take, frames in face.takes.items():
        assert len(frames) == persona.manifest.takes[take].frames
        # a loop: the last frame's neighbour is the first
        assert abs(int(frames[-1]) - int(frames[0])) == 1
    _, _, truth = talking(SECONDS)
    count = min(len(truth), len(face.opening))
    assert correlation(face.opening[:count], truth[:count]) > 0.9
    # nothing half-made is left beside it
    there = {path.name for path in enrolled.folder.iterdir()}
    assert there == {"talk.mp4", "persona", "key", "consent-0.json"}
    assert next(decode_take(persona.folder / "talk.mp4")).shape == (SIZE.height * 3 // 2, SIZE.width)
    with pytest.raises(FootageError, match="something here already"):
        enrol(Order(enrolled.clip, enrolled.consent, persona.folder), ignore)


def test_a_killed_enrolment_goes_on_where_it_was(enrolled: Enrolled) -> None:
    assert list(dict.fromkeys(stage for stage, _, _ in enrolled.told)) == list(STAGES[:5])
    assert all(0 <= done <= total for _, done, total in (*enrolled.told, *enrolled.told_again))
    # landmarks, takes and mouths were kept: each is told of at most once
    assert sum(stage in ("face", "takes", "mouths") for stage, _, _ in enrolled.told_again) <= 3
    assert enrolled.told_again[-1][0] == "lips"


def test_a_first_look_sees_only_a_stretch_and_its_own_sound(tmp_path: Path) -> None:
    pictures, _, _ = talking(17)
    file = write_clip(tmp_path / "late.mp4", pictures, voice(17))
    whole = reading.inspect(file)
    stretch = replace(whole, start=9.0, seconds=3.0)
    seen = list(reading.pictures(file, stretch))
    assert len(seen) == 75
    known = list(reading.pictures(file, whole))
    for number in (0, 40, 74):
        assert np.abs(seen[number].astype(int) - known[225 + number]).max() <= 1

    watched = watch(file, ignore, None, 6.0)
    assert watched.frames in range(150, 277)
    assert abs(len(watched.pcm) / SAMPLE_RATE - watched.shape.seconds) < 0.05
    first = round((watched.shape.start or 0) * FPS)
    assert np.abs(next(watched.pictures()).astype(int) - known[first]).max() <= 1


def _with_sound_later(
    source: Path, file: Path, seconds: float, gap: tuple[float, float] | None = None
) -> Path:
    """A copy whose sound has later time stamps; packets within `gap` (seconds of the copy) are left out."""
    with av.open(str(source)) as clip, av.open(str(file), "w") as copy:
        streams = {one.index: copy.add_stream_from_template(one) for one in clip.streams}
        for packet in clip.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                late = round(seconds / packet.time_base)
                packet.pts += late
                packet.dts += late
                if gap is not None and gap[0] <= packet.pts * packet.time_base < gap[1]:
                    continue
            packet.stream = streams[packet.stream.index]
            copy.mux(packet)
    return file


def _onset(pcm: Pcm) -> float:
    return float(np.flatnonzero(np.abs(pcm) > 0.05)[0]) / SAMPLE_RATE


def test_sound_begins_where_the_first_picture_does_whatever_the_recorder_started_first(
    tmp_path: Path,
) -> None:
    pictures, pcm, _ = talking(17)
    clip = write_clip(tmp_path / "clip.mp4", pictures, pcm)
    whole = reading.sound(clip)
    for late in (0.2, -0.12):
        moved = _with_sound_later(clip, tmp_path / f"{late}.mkv", late)
        assert _onset(reading.sound(moved)) == pytest.approx(_onset(whole) + late, abs=0.03)
    # the microphone dropped out: what comes after lies where it was said
    torn = reading.sound(_with_sound_later(clip, tmp_path / "torn.mkv", 0.0, (4.0, 6.0)))
    assert len(torn) == pytest.approx(len(whole), abs=0.03 * SAMPLE_RATE)
    assert not torn[round(4.2 * SAMPLE_RATE) : round(5.8 * SAMPLE_RATE)].any()
    assert (
        np.corrcoef(np.abs(torn[7 * SAMPLE_RATE :]), np.abs(whole[7 * SAMPLE_RATE : len(torn)]))[0, 1] > 0.9
    )


@pytest.mark.parametrize(
    ("speech", "length", "expected"),
    [
        ([(0, 100, 1.0)], 100, (0, 100)),
        ([(300, 420, 1.0)], 120, (300, 420)),
        ([(50, 80, 1.0), (200, 320, 0.9)], 100, (200, 300)),
        ([], 60, (0, 60)),
        ([(10, 20, 1.0)], 900, (0, 500)),
    ],
)
def test_the_talk_take_is_where_most_is_said(
    speech: list[tuple[int, int, float]], length: int, expected: tuple[int, int]
) -> None:
    talking_share = np.zeros(500)
    for start, end, share in speech:
        talking_share[start:end] = share
    assert reading.most_speech(talking_share, length) == expected


def test_footage_without_its_consent_is_not_read(clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(b"another film")
    with pytest.raises(ConsentError):
        enrol(Order(clip, consent_for(tmp_path, other), tmp_path / "persona"), ignore)
    assert not (tmp_path / "persona").exists()


def refused(file: Path, folder: Path) -> FootageError:
    with pytest.raises(FootageError) as caught:
        enrol(Order(file, consent_for(folder, file), folder / "persona"), ignore)
    assert str(file) in caught.value.where
    assert caught.value.remedy
    assert not (folder / "persona").exists()
    assert not list(folder.glob(".persona*"))
    return caught.value


def test_silent_footage_is_refused(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "mute.mp4", [blank(SIZE)] * 30, None)
    assert "no sound" in refused(file, tmp_path).what


def test_too_little_speech_is_refused_with_its_length(tmp_path: Path) -> None:
    pcm = voice(9)
    file = write_clip(tmp_path / "short.mp4", [blank(SIZE)] * 225, pcm)
    assert "s of speech, at least 15 s" in refused(file, tmp_path).what


def test_footage_without_a_face_names_the_second(tmp_path: Path) -> None:
    pictures, _, _ = talking(3)
    pcm = voice(17)
    file = write_clip(tmp_path / "empty.mp4", [*pictures, *[blank(SIZE)] * (17 * FPS - 75)], pcm)
    error = refused(file, tmp_path)
    assert error.what == "no face is found"
    assert error.where.endswith("second 3.0")


def test_two_faces_are_refused(tmp_path: Path) -> None:
    pictures, _, _ = talking(2)
    both = [placed(picture, Size(896, 768), [(0, 0), (448, 0)]) for picture in pictures]
    file = write_clip(tmp_path / "two.mp4", (both * 9)[: 17 * FPS], voice(17))
    assert refused(file, tmp_path).what == "there are two faces"


def test_a_small_face_is_refused_with_its_size(tmp_path: Path) -> None:
    small = Size(240, 426)
    pictures, _, _ = talking(2, small)
    file = write_clip(tmp_path / "far.mp4", (pictures * 9)[: 17 * FPS], voice(17))
    assert "pixels high, at least 100" in refused(file, tmp_path).what


def test_a_file_that_was_cut_off_is_refused(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:20_000])
    assert "cannot be read" in refused(broken, tmp_path).what
    text = tmp_path / "letter.mp4"
    text.write_text("this is no film")
    assert "cannot be read" in refused(text, tmp_path).what


def test_a_rotated_phone_clip_is_set_upright(tmp_path: Path) -> None:
    pictures, pcm, _ = talking(1)
    flat = write_clip(tmp_path / "flat.mp4", list(lying(pictures)), pcm)
    phone = turned(flat, tmp_path / "phone.mp4")
    shape = reading.inspect(phone)
    assert shape.size == SIZE
    upright = next(reading.pictures(phone, shape))
    lies = reading.inspect(flat)
    assert lies.size == Size(SIZE.height, SIZE.width)
    assert np.abs(upright.astype(int) - pictures[0].astype(int)).mean() < 4


def test_a_variable_frame_rate_becomes_25_frames_a_second(tmp_path: Path) -> None:
    levels = [40 + 3 * number for number in range(50)]
    # 50 pictures in 2 s, but every fifth comes 30 ms late and one second has half of them
    times = [number / 25 + (0.03 if number % 5 == 0 else 0) for number in range(25)]
    times += [1 + number / 12.5 for number in range(13)]
    file = write_clip(
        tmp_path / "vfr.mp4",
        [blank(Size(64, 64), level) for level in levels[: len(times)]],
        voice(2),
        times=times,
    )
    shape = reading.inspect(file)
    made = list(reading.pictures(file, shape))
    assert abs(len(made) - 2 * FPS) <= 1
    shown = [round((float(picture[:64].mean()) - 40) / 3) for picture in made]
    assert shown == sorted(shown)
    # in the slow second each picture is shown twice
    assert max(np.bincount(shown)[25:37]) <= 3
    assert min(np.bincount(shown)[26:36]) >= 1


def test_sixty_frames_a_second_keep_their_speed(tmp_path: Path) -> None:
    pictures = [blank(Size(64, 64), 20 + number) for number in range(120)]
    file = write_clip(tmp_path / "fast.mp4", pictures, voice(2), rate=60)
    made = list(reading.pictures(file, reading.inspect(file)))
    assert abs(len(made) - 50) <= 1
    assert abs(float(made[25][:64].mean()) - (20 + 60)) < 4


def test_speech_is_told_from_silence() -> None:
    pcm = np.zeros(10 * SAMPLE_RATE, np.float32)
    pcm += np.random.default_rng(1).normal(0, 0.001, len(pcm)).astype(np.float32)
    pcm[3 * SAMPLE_RATE : 6 * SAMPLE_RATE] += voice(4)[SAMPLE_RATE // 2 :][: 3 * SAMPLE_RATE]
    windows = reading.speech_windows(pcm)
    speech = windows.sum() * 0.03
    assert 2.7 < speech < 3.6
    assert not windows[: int(2.8 / 0.03)].any()


def test_landmarks_follow_the_mouth(clip: Path) -> None:
    shape = reading.inspect(clip)
    pictures = (picture for _, picture in zip(range(60), reading.pictures(clip, shape), strict=False))
    done: list[int] = []
    tracked = track(pictures, shape.size, clip, done.append)
    assert done == list(range(1, 61))
    assert tracked.seen.all()
    _, _, truth = talking(17)
    assert correlation(opening(tracked.control), truth[:60]) > 0.85


def test_a_persona_for_air_is_not_begun_without_the_companys_key(tmp_path: Path) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(b"film")
    consent = replace(consent_for(tmp_path, footage), scope="air")
    with pytest.raises(ConsentError, match="signed with the company's key"):
        enrol(Order(footage, consent, tmp_path / "out"), lambda *_: None)
    assert not list(tmp_path.glob("*out*"))
