"""Replays a file of comments, each at its time, for demos and tests.

The file is YAML (`comments:`, a list of `at_seconds`, `author`, `text`, and for events `kind` and `count`)
or CSV with those columns.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from doublure.chat.settings import ChatSettings
from doublure.clock import Clock, stamp
from doublure.cue import Comment, EventKind
from doublure.document import Document
from doublure.errors import SettingsError
from doublure.files import contents

MOST_BYTES = 4_000_000
"""Most bytes of a file of comments: tens of thousands of comments."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Line(_Entry):
    at_seconds: float = Field(ge=0)
    author: str = ""
    text: str = ""
    kind: EventKind = "comment"
    count: int = Field(1, ge=1)


class _Script(_Entry):
    repeat_seconds: float | None = Field(None, gt=0)
    """Start again after this time; None plays the file once."""
    comments: Annotated[tuple[_Line, ...], Field(min_length=1)]


class ReplayChat:
    """A chat that replays the comments of a file."""

    name = "replay"

    def __init__(self, script: _Script, clock: Clock) -> None:
        self._lines = sorted(script.comments, key=lambda line: line.at_seconds)
        self._period = script.repeat_seconds
        self._clock = clock
        self._show = stamp(clock)

    async def comments(self) -> AsyncIterator[Comment]:
        """Yield the comments at their times, counted from now."""
        began = self._clock.now()
        for round_number in itertools.count() if self._period is not None else range(1):
            start = began + round_number * (self._period or 0.0)
            for number, line in enumerate(self._lines):
                await self._clock.sleep_until(start + line.at_seconds)
                id = f"{self.name}-{self._show}-{round_number}-{number}"
                yield Comment(id, self.name, line.author, line.text, self._clock.now(), line.kind, line.count)


def make(settings: ChatSettings, clock: Clock) -> ReplayChat:
    """The engine `replay`. Raises `SettingsError`."""
    if settings.file is None:
        raise SettingsError("the replay chat has no file", where="chats", remedy="name one with `file:`")
    return ReplayChat(_script(settings.file), clock)


def _script(path: Path) -> _Script:
    if path.suffix.lower() == ".csv":
        return _table(path)
    document = Document(path)
    script = document.check(_Script)
    last = max(line.at_seconds for line in script.comments)
    if script.repeat_seconds is not None and script.repeat_seconds < last:
        what = f"`repeat_seconds` is shorter than the file, whose last comment is at {last:g}"
        raise document.error([document.problem(what, ("repeat_seconds",), f"write at least {last:g}")])
    return script


def _table(path: Path) -> _Script:
    try:
        text = contents(path, MOST_BYTES).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            f"cannot be read: {error}", where=str(path), remedy="save it as UTF-8 CSV"
        ) from error
    lines: list[_Line] = []
    for number, row in enumerate(rows, 2):
        try:
            lines.append(_Line.model_validate({name: cell for name, cell in row.items() if cell}))
        except ValidationError as error:
            first = error.errors()[0]
            what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            remedy = "the columns are at_seconds, author, text, kind, count"
            raise SettingsError(what, where=f"{path}:{number}", remedy=remedy) from error
    if not lines:
        raise SettingsError("the file holds no comments", where=str(path))
    return _Script(comments=tuple(lines))
