"""The command line, as an operator uses it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from doublure.cli import main
from doublure.errors import EngineError, SettingsError
from doublure.media import LANGUAGES
from tests.rooms import write_room

PROGRAM = [sys.executable, "-m", "doublure"]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    wrong: str


@pytest.fixture
def doublure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["doublure", *(str(word) for word in words)])
        with pytest.raises(SystemExit) as left:
            main.main()
        printed = capsys.readouterr()
        return Ran(int(left.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    file = tmp_path / "host.mp4"
    file.write_bytes(b"footage")
    return file


def new_consent(doublure: Callable[..., Ran], footage: Path, *more: object) -> Ran:
    return doublure(
        "consent", "new", "--who", "Li Hua", "--company", "Acme", "--purpose", "night show",
        "--from", "2020-01-01", "--until", "2090-12-31", "--footage", footage,
        "--key", footage.with_name("company.key"), *more,
    )  # fmt: skip


def test_a_consent_is_made_shown_and_revoked(
    doublure: Callable[..., Ran], footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = footage.with_name("li.json"), footage.with_name("company.key")
    made = new_consent(
        doublure, footage, "--platform", "douyin", "--platform", "a.example.com", "--out", file
    )
    assert made.code == 0, made.wrong
    assert "new private key" in made.out
    untrusted = doublure("consent", "show", file)
    assert untrusted.code == 2
    assert "DOUBLURE_TRUSTED_KEYS" in untrusted.wrong
    monkeypatch.setenv("DOUBLURE_TRUSTED_KEYS", made.out.strip().rpartition("=")[2])
    shown = doublure("consent", "show", file)
    assert shown.code == 0
    for word in (
        "Li Hua",
        "Acme",
        "night show",
        "douyin, a.example.com",
        "2090-12-31 (Asia/Shanghai)",
        "today",
    ):
        assert word in shown.out
    assert doublure("consent", "revoke", file, "--key", key).code == 0
    revoked = doublure("consent", "show", file)
    assert revoked.code == 2
    assert "revoked" in revoked.wrong
    assert "Li Hua" in revoked.out, "it is shown all the same"


def test_a_key_that_is_not_trusted_is_refused(
    doublure: Callable[..., Ran], footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = footage.with_name("li.json")
    key = new_consent(doublure, footage, "--scope", "local", "--out", file).out.strip().rpartition("=")[2]
    monkeypatch.setenv("DOUBLURE_TRUSTED_KEYS", f"{'0' * 64}, {key}")
    assert doublure("consent", "show", file).code == 0
    monkeypatch.setenv("DOUBLURE_TRUSTED_KEYS", "0" * 64)
    assert "not trusted here" in doublure("consent", "show", file).wrong


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--until", "31.12.2090"), "write it like 2026-12-31"),
        (("--scope", "everywhere"), "choose air or local"),
        (("--footage", "absent.mp4"), "absent.mp4"),
        ((), "at least one platform"),
        (("--platform", "toktik"), "toktik"),
    ],
)
def test_a_wrong_consent_is_one_line(
    doublure: Callable[..., Ran], footage: Path, more: tuple[str, ...], reason: str
) -> None:
    ran = new_consent(doublure, footage, "--out", footage.with_name("li.json"), *more)
    assert ran.code == 2
    assert reason in ran.wrong
    assert ran.wrong.startswith("doublure: ")
    assert ran.wrong.count("\n") == 1
    assert "Traceback" not in ran.wrong
    assert not footage.with_name("li.json").exists()


def test_check_prints_every_problem_on_its_line(doublure: Callable[..., Ran], tmp_path: Path) -> None:
    good = write_room(tmp_path)
    fine = doublure("check", good)
    assert (fine.code, fine.wrong) == (0, ""), fine.out
    assert "ready" in fine.out
    bad = write_room(tmp_path, "sinks:\n  - {engine: file}\n  - {engine: rtmp, url: http://x}\n")
    found = doublure("check", bad)
    assert found.code == 1
    assert len(found.out.splitlines()) == 2


def test_config_prints_every_setting(doublure: Callable[..., Ran]) -> None:
    ran = doublure("config")
    assert ran.code == 0
    assert re.search(r"^judge\.gap_seconds +s +6\.0 ", ran.out, re.MULTILINE)
    assert "DOUBLURE_CONSOLE_PORT" in ran.out
    assert doublure("config", "--markdown").out.count("\n| `") == ran.out.count("\n")


def test_a_wrong_room_file_is_one_line_and_code_2(doublure: Callable[..., Ran], tmp_path: Path) -> None:
    file = write_room(tmp_path, "colour: red\n")
    ran = doublure("air", file)
    assert ran.code == 2
    assert f"{file}:" in ran.wrong
    assert "colour" in ran.wrong
    assert "Traceback" not in ran.wrong


def test_a_wrong_level_and_a_wrong_environment(
    doublure: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--log-level" in doublure("--log-level", "loud", "config").wrong
    monkeypatch.setenv("DOUBLURE_LOG_LEVEL", "loud")
    ran = doublure("config")
    assert ran.code == 2
    assert "DOUBLURE_LOG_LEVEL" in ran.wrong


def test_errors_from_inside_a_room_are_plain_lines_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = ExceptionGroup("inner", [SettingsError("one", remedy="do this")])
    monkeypatch.setattr(main, "app", lambda: _raise(ExceptionGroup("outer", [inner, EngineError("two")])))
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 2
    assert capsys.readouterr().err == "doublure: one (do this)\ndoublure: two\n"


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = ExceptionGroup("outer", [SettingsError("one"), ZeroDivisionError()])
    monkeypatch.setattr(main, "app", lambda: _raise(mixed))
    with pytest.raises(ExceptionGroup):
        main.main()


def _raise(error: Exception) -> None:
    raise error


def test_a_journal_is_verified_and_a_missing_one_is_not_made(
    doublure: Callable[..., Ran], tmp_path: Path
) -> None:
    file = write_room(tmp_path)
    ran = doublure("journal", "verify", file)
    assert ran.code == 2
    assert "no journal yet" in ran.wrong
    assert not (tmp_path / "room").exists()


def test_say_refuses_without_words_or_consent(doublure: Callable[..., Ran], tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    assert "nothing to say" in doublure("say", "card", " ", "--out", out).wrong
    assert "add --consent" in doublure("say", tmp_path, "Hello.", "--out", out).wrong
    assert (
        "choose one of zh, en, fr"
        in doublure("say", "card", "Hallo.", "--language", "de", "--out", out).wrong
    )
    assert not out.exists()
    out.write_bytes(b"mine")
    assert "a file already" in doublure("say", "card", "Hello.", "--out", out).wrong
    assert out.read_bytes() == b"mine"


def test_say_renders_a_clip_with_picture_sound_and_length(
    doublure: Callable[..., Ran], tmp_path: Path
) -> None:
    out = tmp_path / "clip.mp4"
    ran = doublure("say", "card", "Hello there, and welcome.", "--voice", "tone/", "--out", out)
    assert ran.code == 0, ran.wrong
    with av.open(str(out)) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        pictures = sum(1 for _ in clip.decode(video))
        assert (video.width, video.height) == (720, 1280)
        assert audio.rate == 48000
    seconds = float(re.search(r"([\d.]+) s,", ran.out)[1])  # type: ignore[index]
    assert abs(pictures / 25 - seconds) < 0.1
    assert seconds > 1.5


def test_enrol_wants_the_footage_that_was_signed_for(doublure: Callable[..., Ran], footage: Path) -> None:
    file = footage.with_name("li.json")
    new_consent(doublure, footage, "--scope", "local", "--out", file)
    footage.write_bytes(b"other footage")
    ran = doublure("enrol", footage, "--consent", file, "--out", footage.with_name("persona"))
    assert ran.code == 2
    assert "not given for this footage" in ran.wrong
    assert not footage.with_name("persona").exists()


@pytest.mark.parametrize("speak", LANGUAGES)
def test_the_demo_finds_its_room(speak: str, tmp_path: Path) -> None:
    room = main._demo_room(speak, tmp_path)  # type: ignore[arg-type]
    assert room.language == speak
    assert room.catalog.exists()


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Run a command in a process of its own, which does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: object) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*PROGRAM, *(str(word) for word in words)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "DOUBLURE_LOG_LEVEL": "info"},
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


Start = Callable[..., subprocess.Popen[str]]


def on_air(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if "is on air" not in line:
        process.kill()
        pytest.fail(f"not on air: {line} {process.communicate()[1]}")


def recorded(folder: Path) -> None:
    """Return when the recording has grown."""
    deadline = time.monotonic() + 30
    file = folder / "show.mp4"
    while not file.exists() or file.stat().st_size < 20_000:
        assert time.monotonic() < deadline, "nothing was recorded"
        time.sleep(0.1)


RECORDING = "sinks:\n  - {engine: file, path: show.mp4}\n"


def recorded_seconds(file: Path) -> float:
    with av.open(str(file)) as clip:
        return sum(1 for _ in clip.decode(video=0)) / 25


def test_time_and_ctrl_c_end_the_sentence_and_close_the_recording(
    tmp_path: Path, doublure: Callable[..., Ran], start: Start
) -> None:
    timed, stopped = tmp_path / "timed", tmp_path / "stopped"
    timed.mkdir()
    stopped.mkdir()
    by_time = start("air", write_room(timed, RECORDING), "--seconds", 1)
    by_hand = start("air", write_room(stopped, RECORDING))
    on_air(by_time)
    on_air(by_hand)
    recorded(stopped)
    by_hand.send_signal(signal.SIGINT)
    for process, folder in ((by_time, timed), (by_hand, stopped)):
        _, wrong = process.communicate(timeout=90)
        assert process.returncode == 0, wrong
        assert "Traceback" not in wrong
        assert recorded_seconds(folder / "show.mp4") > 1
        verified = doublure("journal", "verify", folder / "room.yaml")
        assert verified.code == 0, verified.wrong
        assert int(verified.out.split()[0]) > 0


def test_ctrl_c_while_it_loads_is_no_traceback(tmp_path: Path, start: Start) -> None:
    process = start("air", write_room(tmp_path))
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _, wrong = process.communicate(timeout=30)
    assert "Traceback" not in wrong


def test_the_second_interrupt_stops_at_once(tmp_path: Path, start: Start) -> None:
    process = start("air", write_room(tmp_path, RECORDING))
    on_air(process)
    recorded(tmp_path)
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    while "Ctrl-C again" not in (line := process.stderr.readline()):
        assert line, "the process left without a word"
    process.send_signal(signal.SIGINT)
    _, wrong = process.communicate(timeout=20)
    assert process.returncode == 0, wrong
    assert "Traceback" not in wrong
    assert recorded_seconds(tmp_path / "show.mp4") > 0
