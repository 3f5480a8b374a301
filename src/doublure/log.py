"""One-line logs on stderr. Similar lines within a second are folded into one with a count, and no line
contains a stream key.

This module has no timer: folded lines are written when another line comes, at the end, and when
`write_folded` is called, which a running show does every second.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

from doublure.address import redact_text

FOLD_SECONDS = 1.0
"""Similar lines within this time are folded into one."""
LOGGERS = ("doublure", "asyncio", "uvicorn")
"""Loggers whose lines are written. The event loop and the web server may log a lot under attack."""
LIKE_LINES = 256
"""Most kinds of lines remembered at once; the oldest is forgotten first."""
SECRET = re.compile(
    r"(?i)(bearer\s+|(?:password|passwd|secret|token|stream_?key|api_?key|authorization)['\"]?\s*[=:]\s*['\"]?)"
    r"(?!bearer\b)[^\s'\",;&]+"
)
"""What follows these words is not shown."""

Likeness = tuple[str, int, str]
"""Logger, level and the line before its values are filled in."""


class OneLine(logging.Formatter):
    """Formats `2026-01-01T12:00:00.000Z INFO doublure.show.room on air`. An exception's type, text and place
    follow on the same line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at.removesuffix('+00:00')}Z {record.levelname} {record.name} {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f" fault={_fault(record.exc_info[1])}"
        return hide(" ".join(line.split()))


class Folding(logging.StreamHandler[TextIO]):
    """Writes the first of several similar lines at once and the last after `FOLD_SECONDS`, with the number of
    lines left out. Lines are similar if logger, level and text are the same."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream or sys.stderr)
        self._since: dict[Likeness, float] = {}
        self._folded: dict[Likeness, int] = {}
        self._last: dict[Likeness, logging.LogRecord] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self._release(record.created)
        like = (record.name, record.levelno, str(record.msg))
        if like in self._since:
            self._folded[like] = self._folded.get(like, 0) + 1
            self._last[like] = record
            return
        if len(self._since) >= LIKE_LINES:
            self._write(next(iter(self._since)))
        self._since[like] = record.created
        super().emit(record)

    def close(self) -> None:
        """Write what is still folded, then close."""
        for like in list(self._since):
            self._write(like)
        super().close()

    def write_folded(self, now: float) -> None:
        """Write the lines folded at least `FOLD_SECONDS` before `now` (seconds since 1970)."""
        self.acquire()
        try:
            self._release(now)
        finally:
            self.release()

    def _release(self, now: float) -> None:
        for like, since in list(self._since.items()):
            if now - since >= FOLD_SECONDS or now < since:
                self._write(like)

    def _write(self, like: Likeness) -> None:
        del self._since[like]
        record = self._last.pop(like, None)
        count = self._folded.pop(like, 0)
        if record is None:
            return
        if count > 1:
            record.msg = f"{record.getMessage()} (and {count - 1} more like it)"
            record.args = None
        super().emit(record)


def get_log(name: str) -> logging.Logger:
    """The logger of a module: `log = get_log(__name__)`."""
    return logging.getLogger(name)


def set_up(level: str = "info", stream: TextIO | None = None) -> None:
    """Send the package's logs from `level` on to `stream` (default stderr), and from warnings on those of the
    libraries in `LOGGERS`. The CLI calls this once."""
    lines = Folding(stream)
    lines.setFormatter(OneLine())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for old in list(logger.handlers):
            logger.removeHandler(old)
            old.close()
        logger.addHandler(lines)
        logger.setLevel(level.upper() if name == "doublure" else logging.WARNING)
        logger.propagate = False


def write_folded(now: datetime) -> None:
    """Write the lines whose folding time is over. Call it about once a second."""
    for lines in logging.getLogger("doublure").handlers:
        if isinstance(lines, Folding):
            lines.write_folded(now.timestamp())


def hide(text: str) -> str:
    """A line without stream keys, passwords and tokens."""
    return SECRET.sub(lambda found: f"{found.group(1)}…", redact_text(text))


def _fault(error: BaseException) -> str:
    place = ""
    trace = error.__traceback__
    while trace is not None:
        place = f" at {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}{place}"
