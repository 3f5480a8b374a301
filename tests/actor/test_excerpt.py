"""Excerpts of the footage and of its truth."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from actor import truth
from actor.excerpt import apexes, cut, pictures, write_excerpt
from actor.script import Section
from actor.truth import NAMES, Truth
from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Phone

FRAMES = 50
SIZE = (64, 112)


def known() -> Truth:
    """Two seconds: a talk of one, then a greeting that is high in frames 35 to 39."""
    count = np.arange(FRAMES, dtype=np.float32)
    stroke = np.zeros(FRAMES, np.float32)
    stroke[30:45] = [0.2, 0.4, 0.6, 0.8, 0.9, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.1]
    phase = np.full(FRAMES, "", "<U11")
    phase[30:35], phase[35:40], phase[40:45] = "preparation", "hold", "retraction"
    gesture = np.full(FRAMES, "", "<U11")
    gesture[30:45] = "greet"
    return Truth(
        presenter="woman",
        size=SIZE,
        sections=(Section("talk", "talk", "en", 0.0, 1.0), Section("gesture", "greet", "", 1.0, 2.0)),
        phones=(Phone("m", 0, 4800), Phone("a", 4800, 24000)),
        phone=np.array(["m"] * 5 + ["a"] * 20 + [""] * 25),
        controls=np.zeros((FRAMES, 11), np.float32),
        points=np.tile(count[:, None, None], (1, len(NAMES), 2)),
        opening=count,
        width=count,
        head=np.zeros((FRAMES, 3), np.float32),
        blink=np.zeros(FRAMES, np.float32),
        gaze=np.zeros((FRAMES, 2), np.float32),
        wrists=np.tile(count[:, None, None], (1, 2, 2)),
        gesture=gesture,
        phase=phase,
        stroke=stroke,
    )


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Frame n is grey of level 4 n; a tone sounds in the second second."""
    file = tmp_path / "whole.mp4"
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "8"})
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        for number in range(FRAMES):
            grey = np.full((SIZE[1], SIZE[0], 3), 4 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(video.encode(None))
        at = np.arange(FRAMES * SAMPLES_PER_FRAME) / SAMPLE_RATE
        pcm = (0.4 * np.sin(2 * np.pi * 440 * at) * (at >= 1.0)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        for packet in [*sound.encode(frame), *sound.encode(None)]:
            container.mux(packet)
    return file


def test_a_cut_truth_starts_anew_and_is_scaled() -> None:
    piece = cut(known(), 10, 40, (32, 56))
    assert piece.size == (32, 56)
    assert len(piece.phone) == len(piece.points) == 30
    assert piece.opening.tolist() == [n / 2 for n in range(10, 40)]
    assert [(one.kind, one.name, one.language) for one in piece.sections] == [
        ("talk", "talk", "en"),
        ("gesture", "greet", ""),
    ]
    assert [(one.start, one.end) for one in piece.sections] == [
        (0.0, pytest.approx(0.6)),
        pytest.approx((0.6, 1.2)),
    ]
    # the m was over before it, the a is cut
    assert piece.phones == (Phone("a", 0, 24000 - 10 * SAMPLES_PER_FRAME),)
    assert piece.gesture[25] == "greet"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    truth.write(known(), tmp_path / "truth.npz")
    again = truth.read(tmp_path / "truth.npz")
    assert again.sections == known().sections
    assert again.phones == known().phones
    assert (again.points == known().points).all()
    assert (again.phase == known().phase).all()


def test_a_gesture_is_pictured_at_its_height() -> None:
    found = apexes(known())
    assert found.keys() == {"greet"}
    assert 35 <= found["greet"] < 40


def test_frames_are_found_by_number(footage: Path) -> None:
    found = dict(pictures(footage, (40, 3)))
    assert list(found) == [3, 40]
    assert found[40].mean() == pytest.approx(160, abs=4)


def test_an_excerpt_has_its_own_pictures_and_sound(footage: Path, tmp_path: Path) -> None:
    out = tmp_path / "piece.mp4"
    write_excerpt(footage, out, 20, 40, (32, 56))
    with av.open(str(out)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 20
    assert frames[0].shape == (56, 32, 3)
    assert frames[0].mean() == pytest.approx(80, abs=4)
    assert frames[-1].mean() == pytest.approx(156, abs=4)
    with av.open(str(out)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    middle = 5 * SAMPLES_PER_FRAME
    assert np.abs(sound[: middle - 2000]).max() < 0.05
    assert np.abs(sound[middle + 2000 : middle + 12000]).max() > 0.3
