"""Logs: one line per entry, repeats folded, no secrets."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from doublure.log import FOLD_SECONDS, Folding, OneLine, get_log, hide, set_up, write_folded


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    text = io.StringIO()
    set_up("info", text)
    yield text
    set_up("warning")


def record(text: str, at: float, *values: object, level: int = logging.INFO) -> logging.LogRecord:
    made = logging.LogRecord("doublure.test", level, "", 0, text, values, None)
    made.created = at
    return made


def folding() -> tuple[Folding, io.StringIO]:
    text = io.StringIO()
    handler = Folding(text)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler, text


def test_a_line_says_when_who_and_what(stream: io.StringIO) -> None:
    get_log("doublure.test").info("on air after %d s", 3)
    line = stream.getvalue()
    at, level, name, rest = line.split(" ", 3)
    assert at.endswith("Z")
    assert (level, name, rest) == ("INFO", "doublure.test", "on air after 3 s\n")


def test_a_fault_stays_on_one_line_and_says_where(stream: io.StringIO) -> None:
    try:
        int("one\ntwo")
    except ValueError:
        get_log("doublure.test").exception("it failed\nbadly")
    assert stream.getvalue().count("\n") == 1
    assert "it failed badly fault=ValueError" in stream.getvalue()
    assert f"{__name__}:" in stream.getvalue()


def test_the_level_is_kept(stream: io.StringIO) -> None:
    get_log("doublure.test").debug("quiet")
    assert stream.getvalue() == ""
    set_up("debug", stream)
    get_log("doublure.test").debug("loud")
    assert "loud" in stream.getvalue()


def test_setting_up_twice_does_not_double_lines(stream: io.StringIO) -> None:
    set_up("info", stream)
    get_log("doublure.test").info("once")
    assert stream.getvalue().count("once") == 1


def test_like_lines_are_folded_to_one_a_second() -> None:
    handler, text = folding()
    for number in range(50):
        handler.handle(record("dropped a GOP of %s", 10 + number / 100, f"sink {number}"))
    assert text.getvalue() == "dropped a GOP of sink 0\n"
    handler.handle(record("something else", 11.2))
    assert text.getvalue().splitlines() == [
        "dropped a GOP of sink 0",
        "dropped a GOP of sink 49 (and 48 more like it)",
        "something else",
    ]


def test_the_first_after_a_quiet_second_comes_at_once() -> None:
    handler, text = folding()
    handler.handle(record("lost", 10.0))
    handler.handle(record("lost", 11.0))
    assert text.getvalue() == "lost\nlost\n"


def test_another_level_is_not_alike() -> None:
    handler, text = folding()
    handler.handle(record("lost", 10.0))
    handler.handle(record("lost", 10.1, level=logging.ERROR))
    assert text.getvalue() == "lost\nlost\n"


def test_what_is_folded_is_written_at_the_end() -> None:
    handler, text = folding()
    for number in range(3):
        handler.handle(record("lost %d", 10.0, number))
    handler.close()
    assert text.getvalue() == "lost 0\nlost 2 (and 1 more like it)\n"


def test_what_is_folded_is_written_after_its_time_without_another_line() -> None:
    handler, text = folding()
    for number in range(3):
        handler.handle(record("lost %d", 10.0, number))
    handler.write_folded(10.9)
    assert text.getvalue() == "lost 0\n"
    handler.write_folded(11.0)
    assert text.getvalue() == "lost 0\nlost 2 (and 1 more like it)\n"
    handler.write_folded(12.0)
    assert text.getvalue().count("\n") == 2


def test_every_handler_of_the_package_writes_what_it_folded(stream: io.StringIO) -> None:
    for number in range(3):
        get_log("doublure.test").info("lost %d", number)
    write_folded(datetime.now(UTC))
    assert stream.getvalue().count("\n") == 1
    write_folded(datetime.now(UTC) + timedelta(seconds=FOLD_SECONDS))
    assert "lost 2 (and 1 more like it)" in stream.getvalue()


@pytest.mark.parametrize("name", ["asyncio", "uvicorn.error"])
def test_libraries_are_folded_to_one_line_as_well(
    stream: io.StringIO, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET, name)  # servers of other tests silence uvicorn
    for _ in range(50):
        try:
            raise OSError(24, "Too many open files")
        except OSError:
            logging.getLogger(name).exception("out of system resource\nsocket: fd=6")
    logging.getLogger(name).info("finished")
    assert stream.getvalue().count("\n") == 1
    assert "Too many open files" in stream.getvalue()


def test_many_kinds_of_lines_are_bounded() -> None:
    handler, text = folding()
    for number in range(2000):
        handler.handle(record(f"kind {number}", 10.0))
    assert text.getvalue().count("\n") == 2000
    assert len(handler._since) <= 256


@pytest.mark.parametrize(
    "text",
    [
        "push to rtmp://push.example.com/live/SECRET?sign=SECRET failed",
        "rtmps://user:SECRET@push.example.com/live/SECRET",
        "password=SECRET",
        "stream_key: SECRET",
        "{'api_key': 'SECRET'}",
        "Authorization: Bearer SECRET",
        "token=SECRET&x=1",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert "SECRET" not in hide(text)


def test_secrets_in_values_and_faults_are_hidden(stream: io.StringIO) -> None:
    try:
        raise OSError("cannot open rtmp://a.example.com/live/SECRET")
    except OSError:
        get_log("doublure.test").exception("sink %s", "rtmp://a.example.com/live/SECRET")
    assert "SECRET" not in stream.getvalue()
    assert "rtmp://a.example.com/live/…" in stream.getvalue()


def test_plain_words_stay() -> None:
    assert hide("the password was wrong, the token too") == "the password was wrong, the token too"
    assert OneLine().format(record("a  b\n c", 0.0)).endswith("a b c")
