"""FLV tags and the sink that records them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import pytest

from doublure.air.formats import amf, flv
from doublure.air.settings import SinkSettings
from doublure.air.sinks import flv as flv_sink
from doublure.errors import SinkError
from doublure.media import TICKS, Packet
from tests.claps import packets


def test_an_ordinary_player_reads_the_stream() -> None:
    encoder, coded = packets(50)
    stamper = flv.Stamper()
    raw = flv.head(encoder.header) + b"".join(flv.framed(stamper.tag(packet)) for packet in coded)
    with av.open(io.BytesIO(raw), format="flv") as container:
        assert json.loads(container.metadata["AIGC"])["Label"] == "1"
        assert sum(1 for _ in container.decode(video=0)) == 50


def test_time_begins_at_nought_wherever_a_viewer_joins() -> None:
    stamper = flv.Stamper()
    start = 9 * 3600 * TICKS
    first = stamper.tag(Packet("video", b"x", start, start, 3600, True))
    later = stamper.tag(Packet("audio", b"y", start + 1920, start + 1920, 1920, False))
    assert (first.milliseconds, later.milliseconds) == (0, 21)
    assert (first.kind, later.kind) == (flv.VIDEO, flv.AUDIO)
    assert first.body[:5] == b"\x17\x01\x00\x00\x00"
    assert later.body[:2] == b"\xaf\x01"


def test_time_stamps_do_not_drift_in_a_day() -> None:
    stamper = flv.Stamper()
    stamper.tag(Packet("audio", b"", 0, 0, 1920, False))
    day = 24 * 3600 * TICKS
    tag = stamper.tag(Packet("audio", b"", day, day, 1920, False))
    assert tag.milliseconds == 24 * 3600 * 1000
    # the extended byte comes after the lower three
    assert flv.framed(tag)[4:8] == bytes.fromhex("265c0005")


def test_amf_goes_both_ways() -> None:
    values: list[amf.Value] = [
        "connect",
        1.0,
        None,
        {"app": "live", "ok": True, "inner": {"深": "x" * 70_000}},
    ]
    assert amf.decode(amf.encode(*values)) == values
    assert amf.decode(amf.ecma_array({"width": 720}))[0] == {"width": 720.0}
    assert amf.decode(bytes.fromhex("0a00000002010105")) == [[True, None]]


@pytest.mark.parametrize(
    "raw", [b"\x02\x00\x09abc", b"\x00\x01", b"\x03\x00\x01a", b"\x2a", b"\x0a\xff\xff\xff\xff"]
)
def test_broken_amf_is_refused(raw: bytes) -> None:
    with pytest.raises(amf.AmfError):
        amf.decode(raw)


def test_the_flv_sink_records(tmp_path: Path) -> None:
    encoder, coded = packets(30)
    sink = flv_sink.make(SinkSettings(engine="flv", path=tmp_path / "show.flv"))
    sink.open(encoder.header)
    for packet in coded:
        sink.write(packet)
    sink.close()
    with av.open(str(tmp_path / "show.flv")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30
    with pytest.raises(SinkError, match=r"live\.flv"):
        flv_sink.make(SinkSettings(engine="flv"))
