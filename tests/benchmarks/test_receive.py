"""The measuring receiver: it finds what is wrong with a stream, and is quiet about a good one."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from doublure.air.encoder import Encoder
from doublure.air.formats import flv
from doublure.media import SAMPLES_PER_FRAME, TICKS, Frame, Packet
from tests.claps import SMALL, packets

PLACE = Path(__file__).parents[2] / "benchmarks" / "receive.py"


@pytest.fixture(scope="module")
def receive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("receive", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["receive"] = module
    spec.loader.exec_module(module)
    return module


def write(path: Path, coded: list[Packet], encoder: Encoder) -> str:
    stamper = flv.Stamper()
    raw = flv.head(encoder.header) + b"".join(flv.framed(stamper.tag(packet)) for packet in coded)
    path.write_bytes(raw)
    return str(path)


def test_a_good_stream(receive: ModuleType, tmp_path: Path) -> None:
    encoder, coded = packets(100)
    report = receive.report(receive.receive(write(tmp_path / "a.flv", coded, encoder), 60, claps=True))
    assert report.claps == 5
    assert abs(report.av_offset_worst_ms) < 3
    assert report.av_offset_min_ms <= report.av_offset_mean_ms <= report.av_offset_max_ms
    assert (report.video_gap_pts_ms, report.keyframe_gap_ms) == (pytest.approx(40, abs=1.1), 1000)
    assert report.audio_gap_pts_ms == pytest.approx(21.3, abs=1.1)
    assert report.received_fps == pytest.approx(25, abs=0.1)
    assert (report.width_pixels, report.height_pixels, report.ai_mark) == (240, 320, 1)


def test_gaps_and_a_lost_second_are_found(receive: ModuleType, tmp_path: Path) -> None:
    encoder, coded = packets(100)
    holed = [
        packet
        for packet in coded
        if not (packet.kind == "audio" and 1.0 < packet.dts / TICKS < 1.2)
        and not (packet.kind == "video" and 2.1 < packet.dts / TICKS < 2.99)
    ]
    report = receive.report(receive.receive(write(tmp_path / "a.flv", holed, encoder), 60))
    assert report.audio_gap_pts_ms == pytest.approx(213, abs=22)
    assert report.video_gap_pts_ms == pytest.approx(920, abs=41)
    assert report.claps == 0
    assert report.av_offset_mean_ms is None


@pytest.mark.parametrize("late_frames", [2, -3])
def test_an_offset_is_measured_with_its_sign(receive: ModuleType, tmp_path: Path, late_frames: int) -> None:
    encoder = Encoder(SMALL)
    coded = []
    height = SMALL.height_pixels
    for pts in range(50):
        picture = np.full((height * 3 // 2, SMALL.width_pixels), 128, np.uint8)
        picture[:height] = 235 if pts == 20 else 60
        pcm = np.zeros(SAMPLES_PER_FRAME, np.float32)
        if pts == 20 + late_frames:
            pcm[:48] = 0.9
        coded += encoder.encode(Frame(pts, pcm, picture))
    coded += encoder.finish()
    report = receive.report(receive.receive(write(tmp_path / "a.flv", coded, encoder), 60, claps=True))
    assert report.claps == 1
    assert report.av_offset_mean_ms == pytest.approx(40 * late_frames, abs=3)


def test_a_muxed_offset_is_measured(receive: ModuleType, tmp_path: Path) -> None:
    encoder, coded = packets(100)
    shifted = [
        replace(packet, pts=packet.pts + 90 * 70, dts=packet.dts + 90 * 70)
        if packet.kind == "audio"
        else packet
        for packet in coded
    ]
    report = receive.report(receive.receive(write(tmp_path / "a.flv", shifted, encoder), 60, claps=True))
    assert report.av_offset_mean_ms == pytest.approx(70, abs=3)


def test_pairs_and_gaps(receive: ModuleType) -> None:
    assert receive.offsets([1.0, 3.0, 9.0], [1.02, 2.9]) == pytest.approx([0.02, -0.1])
    assert receive.offsets([1.0], []) == []
    assert receive.longest_gap([0, 5, 6, 8], since=5) == 2
    assert receive.longest_gap([1.0]) is None


def test_the_command_writes_flat_json(receive: ModuleType, tmp_path: Path) -> None:
    encoder, coded = packets(50)
    url = write(tmp_path / "a.flv", coded, encoder)
    out = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, str(PLACE), url, "--claps", "--json", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "A/V offset, mean" in done.stdout
    found = json.loads(out.read_text())
    assert set(found) == {name for name, _, _ in receive.EXTRA}
    assert found["claps"] == 2
    assert all(isinstance(value, int | float | None) for value in found.values())
    failed = subprocess.run(
        [sys.executable, str(PLACE), str(tmp_path / "none.flv")], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "cannot be received" in failed.stderr
