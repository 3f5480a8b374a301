"""The problems that `doublure check` finds before a room goes on air."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from doublure.air.settings import SinkSettings
from doublure.clock import VirtualClock
from doublure.errors import SinkError
from doublure.show.assemble import check_address, make_sink
from doublure.show.check import problems
from doublure.trust import consent as consents
from doublure.trust.consent import Terms
from tests.rooms import CATALOG, RUNDOWN, write_room


def found(folder: Path, extra: str = "", **files: str) -> list[str]:
    return list(problems(write_room(folder, extra, **files), VirtualClock()))


def signed(folder: Path, scope: consents.Scope = "local", end: date = date(2030, 1, 1)) -> Path:
    """A consent for a persona in `folder`; the virtual clock begins on 2026-01-01."""
    terms = Terms("Li Hua", "Acme", "test", ("douyin",), scope, date(2025, 1, 1), end, ("0" * 64,))
    file = folder / "li.json"
    consents.issue(terms, folder / "company.key", file)
    return file


def test_a_good_room_has_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    assert not (tmp_path / "room").exists(), "checking makes nothing"


def test_the_demo_rooms_have_no_problem() -> None:
    for room in sorted((Path(__file__).parents[2] / "demo").glob("*/room.yaml")):
        assert list(problems(room, VirtualClock())) == []


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("sinks: [{engine: file}]\n", "add `path"),
        ("sinks: [{engine: file, path: room.yaml/out/show.mp4}]\n", "cannot be written"),
        ("sinks: [{engine: flv}]\n", "add `path"),
        ("sinks: [{engine: flv, path: room.yaml/out/show.flv}]\n", "cannot be written"),
        ("sinks: [{engine: rtmp}]\n", "not an RTMP address"),
        ("sinks: [{engine: rtmp, url: 'rtmp://a.example.com/live'}]\n", "no stream key"),
        ("sinks: [{engine: rtmp, url: 'rtmp://a.example.com:0/live/x'}]\n", "port"),
        ("chats: [{engine: replay, file: room.yaml}]\n", "room.yaml"),
        ("sinks: [{engine: rtmp, url: 'http://a.example.com/live/x'}]\n", "not an RTMP address"),
        ("sinks: [{engine: rtpm, url: 'rtmp://a.example.com/live/x'}]\n", "rtpm"),
        ("chats: [{engine: replay}]\n", "needs a file"),
        ("chats: [{engine: replay, file: none.yaml}]\n", "none.yaml"),
        ("chats: [{engine: telepathy}]\n", "telepathy"),
        ("writer: {engine: openai}\n", "needs base_url and model"),
        ("writer: {engine: openai, base_url: 'http://x', model: m, key_variable: NOT_SET_X}\n", "NOT_SET_X"),
        ("colour: red\n", "colour"),
    ],
)
def test_each_problem_says_where_and_what(tmp_path: Path, extra: str, problem: str) -> None:
    lines = found(tmp_path, extra)
    assert problem in "\n".join(lines)
    for line in lines:
        assert line.startswith(str(tmp_path)), "it says where"


@pytest.mark.parametrize(
    ("voice", "problem"),
    [
        ("{engine: kokoro, name: zf_xiaoxiao}", "take one of: af_bella, af_heart, am_michael"),
        ("{engine: openai}", "voice.base_url: the voice openai has no address"),
        ("{engine: openai, base_url: 'http://a.example.com/v1', key_variable: NOT_SET_X}", "NOT_SET_X"),
        ("{engine: clone, base_url: 'http://127.0.0.1:1'}", "no reference clip"),
        ("{engine: ventriloquist}", "ventriloquist"),
    ],
)
def test_each_problem_of_a_voice(tmp_path: Path, voice: str, problem: str) -> None:
    file = write_room(tmp_path)
    text = file.read_text("utf-8").replace("voice: {engine: tone}", f"voice: {voice}")
    file.write_text(text, "utf-8")
    [line] = problems(file, VirtualClock())
    assert line.startswith(str(tmp_path))
    assert problem in line


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    lines = found(
        tmp_path,
        "sinks: [{engine: file}, {engine: rtmp, url: x}]\nchats: [{engine: replay}]\nwriter: {engine: openai}\n",
        catalog=CATALOG.replace("name: Desk Lamp", "nmae: Desk Lamp"),
    )
    assert len(lines) >= 5
    assert [line for line in lines if "catalog.yaml:" in line and "nmae" in line]
    assert [line for line in lines if "sinks, entry 1" in line]
    assert [line for line in lines if "sinks, entry 2" in line]


def test_the_rundown_is_checked_against_the_catalogue(tmp_path: Path) -> None:
    lines = found(tmp_path, rundown=RUNDOWN.replace("product: lamp", "product: lmap"))
    assert len(lines) == 1
    assert "rundown.yaml:" in lines[0]
    assert "lmap" in lines[0]


def test_a_catalogue_in_another_language_is_a_problem(tmp_path: Path) -> None:
    lines = found(tmp_path, catalog=CATALOG.replace("language: en", "language: fr"))
    assert [line for line in lines if "'fr'" in line and "'en'" in line]


def face(persona: str, consent: str = "") -> str:
    block = f"face:\n  engine: patch\n  persona: {persona}\n"
    return block + (f"  consent: {consent}\n" if consent else "")


def with_face(folder: Path, block: str, extra: str = "") -> list[str]:
    file = write_room(folder, extra)
    file.write_text(file.read_text().replace("face: {engine: card}\n", block))
    return list(problems(file, VirtualClock()))


def test_patch_needs_a_persona(tmp_path: Path) -> None:
    lines = with_face(tmp_path, "face: {engine: patch}\n")
    assert [line for line in lines if "needs a persona" in line]


def test_a_persona_needs_a_consent(tmp_path: Path) -> None:
    lines = with_face(tmp_path, face("host"))
    assert [line for line in lines if "consent" in line]


def test_a_consent_that_ended_or_was_revoked(tmp_path: Path) -> None:
    signed(tmp_path, end=date(2025, 12, 31))
    assert [line for line in with_face(tmp_path, face("host", "li.json")) if "ended on 2025-12-31" in line]
    (tmp_path / "li.json").unlink()
    file = signed(tmp_path)
    consents.revoke(file, tmp_path / "company.key", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert [line for line in with_face(tmp_path, face("host", "li.json")) if "revoked" in line]


def test_an_output_the_consent_does_not_cover(tmp_path: Path) -> None:
    signed(tmp_path, "local")
    sink = "sinks: [{engine: rtmp, url: 'rtmp://push.douyincdn.com/live/SECRET'}]\n"
    lines = with_face(tmp_path, face("host", "li.json"), sink)
    assert [line for line in lines if "does not cover" in line]
    assert "SECRET" not in "\n".join(lines)


def test_a_persona_that_is_not_there(tmp_path: Path) -> None:
    signed(tmp_path)
    lines = with_face(tmp_path, face("host", "li.json"))
    assert [line for line in lines if str(tmp_path / "host") in line]


def test_a_consent_of_an_untrusted_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(tmp_path)
    monkeypatch.setenv("DOUBLURE_TRUSTED_KEYS", "0" * 64)
    assert [line for line in with_face(tmp_path, face("host", "li.json")) if "not trusted here" in line]


@pytest.mark.parametrize(
    "url",
    ["", "x", "rtmp://h", "rtmp://h/live", "rtmp://h:0/a/b", "rtmp://h/a/b", "rtmp://h/k?a=b", "rtmp://h//k"],
)
def test_an_address_is_ready_exactly_when_the_room_takes_it(tmp_path: Path, url: str) -> None:
    sink = SinkSettings(engine="rtmp", url=url)
    try:
        make_sink(sink, 1, None)
        check_address(url, None)
        taken = True
    except SinkError:
        taken = False
        with pytest.raises(SinkError):
            make_sink(sink, 1, None)
        with pytest.raises(SinkError):
            check_address(url, None)
    assert (found(tmp_path, f"sinks: [{{engine: rtmp, url: '{url}'}}]\n") == []) is taken
