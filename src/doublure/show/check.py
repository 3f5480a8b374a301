"""Checks a room before it goes on air and reports every problem, not only the first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from doublure.air.settings import SinkSettings
from doublure.chat.engine import find_chat
from doublure.chat.settings import ChatSettings
from doublure.clock import Clock
from doublure.conversation.settings import WriterSettings
from doublure.engines import Kind, engine_names, find_engine
from doublure.errors import DoublureError
from doublure.shop.catalog import load_catalog
from doublure.shop.rundown import load_rundown
from doublure.show import assemble
from doublure.show.settings import RoomSettings, load_room
from doublure.trust import persona
from doublure.voice.engine import Voice
from doublure.voice.spoken.lexicon import EMPTY, load_lexicon

FREE_BYTES = 1_000_000_000
"""Least free disk space: an hour of recording at 2.5 Mbit/s takes 1.1 GB."""


def problems(path: Path, clock: Clock) -> Iterator[str]:
    """The problems of the room in this file, one line each; none if it can go on air."""
    try:
        settings = load_room(path)
    except DoublureError as error:
        yield str(error)
        return
    where = str(path)
    yield from _documents(settings)
    yield from _engines(settings, where)
    yield from _face(settings, where, clock)
    yield from _voice(settings, where, clock)
    yield from _writer(settings.writer, where)
    for number, chat in enumerate(settings.chats, 1):
        yield from _chat(chat, f"{where}: chats, entry {number}", clock)
    for number, sink in enumerate(settings.sinks, 1):
        yield from _sink(sink, number, f"{where}: sinks, entry {number}")
    if settings.judge.words is not None:
        yield from _readable(settings.judge.words, "the list of banned words")
    yield from _folder(settings.folder)


def _documents(settings: RoomSettings) -> Iterator[str]:
    try:
        catalog = load_catalog(settings.catalog)
    except DoublureError as error:
        yield str(error)
        return
    if catalog.language != settings.language:
        yield (
            f"{settings.catalog}: the catalogue is in {catalog.language!r}, the room speaks "
            f"{settings.language!r} (give the room a catalogue in its language)"
        )
    yield from _tried(lambda: load_rundown(settings.rundown, catalog))
    lexicon = settings.lexicon
    if lexicon is not None:
        yield from _tried(lambda: load_lexicon(lexicon, settings.language))


def _engines(settings: RoomSettings, where: str) -> Iterator[str]:
    named: list[tuple[Kind, str]] = [
        ("voices", settings.voice.engine),
        ("faces", settings.face.engine),
        ("writers", settings.writer.engine),
        *(("chats", chat.engine) for chat in settings.chats),
        *(("sinks", sink.engine) for sink in settings.sinks),
    ]
    for kind, name in dict.fromkeys(named):
        for problem in _tried(partial(find_engine, kind, name)):
            yield f"{where}: {problem}"


def _face(settings: RoomSettings, where: str, clock: Clock) -> Iterator[str]:
    face = settings.face
    if face.engine == "patch" and face.persona is None:
        yield f"{where}: face: the engine patch needs a persona (name its folder, or take engine: card)"
    try:
        consent = assemble.verify_consent(settings, clock)
    except DoublureError as error:
        yield str(error)
        return
    if face.persona is not None and consent is not None:
        folder = face.persona
        yield from _tried(lambda: persona.load(folder, consent))


def _voice(settings: RoomSettings, where: str, clock: Clock) -> Iterator[str]:
    if settings.voice.engine not in engine_names("voices"):
        return  # already reported
    for problem in _tried(partial(_made_voice, settings, clock)):
        yield f"{where}: {problem}"


def _made_voice(settings: RoomSettings, clock: Clock) -> Voice:
    """The voice as the room makes it. A lexicon that cannot be read is reported elsewhere."""
    lexicon = EMPTY
    if settings.lexicon is not None:
        with suppress(DoublureError):
            lexicon = load_lexicon(settings.lexicon, settings.language)
    return assemble.make_voice(settings.voice, settings.language, clock, lexicon.sounds)


def _writer(writer: WriterSettings, where: str) -> Iterator[str]:
    if writer.engine != "openai":
        return
    if not writer.base_url or not writer.model:
        yield f"{where}: writer: openai needs base_url and model (or take engine: templates)"
    if not os.environ.get(writer.key_variable):
        yield (
            f"{where}: writer: the environment variable {writer.key_variable} is empty "
            "(set it to the model's key; any word where the address wants none)"
        )


def _chat(chat: ChatSettings, where: str, clock: Clock) -> Iterator[str]:
    if chat.engine not in engine_names("chats"):
        return  # already reported
    if chat.engine == "replay" and chat.file is None:
        yield f"{where}: replay needs a file (add `file: comments.yaml`)"
        return
    if chat.file is not None and (unreadable := [*_readable(chat.file, "the file of comments")]):
        yield from unreadable
        return
    # made exactly as the room makes it, so that what the room would refuse is found here
    for problem in _tried(lambda: find_chat(chat.engine)(chat, clock)):
        yield f"{where}: {problem}"


def _sink(sink: SinkSettings, number: int, where: str) -> Iterator[str]:
    if sink.engine not in engine_names("sinks"):
        return  # already reported
    for problem in _tried(lambda: assemble.make_sink(sink, number, None)):
        yield f"{where}: {problem}"
    if sink.path is not None:
        yield from _folder(sink.path.parent)


def _folder(folder: Path) -> Iterator[str]:
    """Check a folder that the room writes to. It may not exist yet; then its nearest parent is checked."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield f"{folder}: this folder cannot be written (choose another, or change its owner)"
    elif shutil.disk_usage(there).free < FREE_BYTES:
        yield f"{folder}: less than 1 GB is free on this disk (make room: recordings take about 1 GB an hour)"


def _readable(file: Path, what: str) -> Iterator[str]:
    if not file.is_file() or not os.access(file, os.R_OK):
        yield f"{file}: {what} cannot be read (check the path)"


def _tried(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except DoublureError as error:
        yield str(error)
