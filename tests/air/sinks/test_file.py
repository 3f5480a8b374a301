"""Recordings: playable after an ordinary end and after a crash, and never written over."""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from doublure.air.settings import SinkSettings
from doublure.air.sinks import file, new_file
from doublure.errors import SinkError
from doublure.media import TICKS
from tests.claps import packets


def pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_recording_is_whole_and_carries_the_mark(tmp_path: Path) -> None:
    encoder, coded = packets(60)
    sink = file.make(SinkSettings(engine="file", path=tmp_path / "deep" / "show.mp4"))
    sink.open(encoder.header)
    for packet in coded:
        sink.write(packet)
    sink.close()
    sink.close()
    path = tmp_path / "deep" / "show.mp4"
    assert pictures(path) == 60
    with av.open(str(path)) as container:
        assert json.loads(container.metadata["AIGC"])["Label"] == "1"
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.width, sound.codec_context.sample_rate) == (240, 48_000)
        stamps = [
            packet.pts * packet.time_base for packet in container.demux(picture) if packet.pts is not None
        ]
    gaps = {round(float(after - before), 3) for before, after in itertools.pairwise(stamps)}
    assert gaps == {0.04}


@pytest.mark.parametrize("first", [0, 1, 30])
def test_sound_and_picture_begin_as_far_apart_as_they_were_sent(tmp_path: Path, first: int) -> None:
    encoder, coded = packets(60)
    # a ring begins with a keyframe: whatever comes before it is not recorded
    keyframes = [place for place, packet in enumerate(coded) if packet.keyframe]
    coded = coded if first == 0 else coded[keyframes[first // 30] :]
    sink = file.make(SinkSettings(engine="file", path=tmp_path / "show.mp4"))
    sink.open(encoder.header)
    assert (tmp_path / "show.mp4").stat().st_size > 1000, "its head is there before the first packet"
    for packet in coded:
        sink.write(packet)
    sink.close()
    for kind in ("video", "audio"):
        sent = [(packet.pts - coded[0].dts) / TICKS for packet in coded if packet.kind == kind]
        with av.open(str(tmp_path / "show.mp4")) as container:
            (stream,) = container.streams.get({kind: 0})
            stamps = [
                float(one.pts * one.time_base) for one in container.demux(stream) if one.pts is not None
            ]
        assert stamps == pytest.approx(sent, abs=0.001)


def test_an_existing_recording_is_never_written_over(tmp_path: Path) -> None:
    encoder, coded = packets(30)
    path = tmp_path / "show.mp4"
    path.write_bytes(b"the host's wedding")
    sink = file.make(SinkSettings(engine="file", path=path))
    for _ in range(2):
        sink.open(encoder.header)
        for packet in coded:
            sink.write(packet)
        sink.close()
    assert path.read_bytes() == b"the host's wedding"
    assert pictures(tmp_path / "show-2.mp4") == pictures(tmp_path / "show-3.mp4") == 30


CRASH = """
import os, signal, sys
from pathlib import Path
from tests.claps import packets
from doublure.air.settings import SinkSettings
from doublure.air.sinks import {engine}
encoder, coded = packets({count})
sink = {engine}.make(SinkSettings(engine="{engine}", path=Path(sys.argv[1])))
sink.open(encoder.header)
for packet in coded:
    sink.write(packet)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("engine", "count", "least"), [("file", 90, 75), ("flv", 90, 90), ("file", 20, 12), ("flv", 20, 20)]
)
def test_a_recording_outlives_kill_9(tmp_path: Path, engine: str, count: int, least: int) -> None:
    path = tmp_path / "show.mp4"
    ended = subprocess.run(
        [sys.executable, "-c", CRASH.format(engine=engine, count=count), str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert pictures(path) >= least


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    encoder, _ = packets(1)
    (tmp_path / "taken").write_text("a file")
    sink = file.make(SinkSettings(engine="file", path=tmp_path / "taken" / "show.mp4"))
    with pytest.raises(SinkError, match=r"taken/show\.mp4"):
        sink.open(encoder.header)
    with pytest.raises(SinkError, match="not open"):
        sink.write(packets(1)[1][0])


def test_a_full_disk_is_a_clear_fault(tmp_path: Path) -> None:
    encoder, coded = packets(90)
    sink = file.make(SinkSettings(engine="file", path=tmp_path / "show.mp4"))

    def record() -> None:
        sink.open(encoder.header)
        for packet in coded:
            sink.write(packet)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    try:
        with pytest.raises(SinkError, match="broke off"):
            record()
        sink.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "show.mp4").stat().st_size == 4_000


def test_a_file_sink_needs_a_path() -> None:
    with pytest.raises(SinkError, match="path"):
        file.make(SinkSettings(engine="file"))


def test_a_full_disk_is_not_littered_with_empty_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=new_file.LEAST_FREE_BYTES - 1))
    for _ in range(3):
        with pytest.raises(SinkError, match="the disk is full: 63 MB"):
            new_file.create(tmp_path / "show.mp4")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    new_file.create(tmp_path / "show.mp4").close()
    assert [file.name for file in tmp_path.iterdir()] == ["show.mp4"]
