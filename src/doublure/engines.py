"""The engine protocols. Third parties plug in by entry point, and so do the built-ins.

An engine is found by its name in the entry-point group `doublure.<plural>` (`doublure.voices`,
`doublure.faces`, ...). The entry point is a callable that takes the engine's settings and
returns the engine: `make(settings)` for a sink, `make(settings, clock)` for a chat,
`make(settings, language)` for a voice, `make(settings, size)` for a face and
`make(settings, language, clock)` for a writer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from importlib.metadata import entry_points
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from doublure.cue import Comment, Cue, Utterance
from doublure.errors import EngineError
from doublure.media import Box, Language, Packet, Picture, Place, Size, Speech, StreamHeader
from doublure.shop.catalog import Catalog, Product
from doublure.voice.phones.symbols import Sounds

Kind = Literal["chats", "writers", "voices", "faces", "sinks"]
Mouth = NDArray[np.float32]
"""Mouth shape of consecutive frames, float32 [frames, shape]; what the columns mean is the
face's own affair."""


class Chat(Protocol):
    """Where comments come from."""

    name: str

    def comments(self) -> AsyncIterator[Comment]:
        """Yield comments until the chat ends; raises `EngineError` when it is lost."""
        ...


class Writer(Protocol):
    """Makes sentences for a cue out of the catalogue."""

    name: str

    def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """Yield sentences as they come; raises `EngineError`."""
        ...


class Voice(Protocol):
    """Speaks."""

    name: str
    """Engine and voice, e.g. `kokoro/zf_xiaoxiao`; part of the speech cache's key."""
    languages: frozenset[Language]

    def speak(self, spoken: str, language: Language) -> AsyncIterator[Speech]:
        """Yield the sound of one clause in spoken form (words only, see `spoken`), in one or more
        pieces as they are ready. Raises `EngineError`."""
        ...


@runtime_checkable
class Pronouncing(Protocol):
    """A voice that takes phones for words."""

    def pronouncing(self, sounds: Sounds) -> Voice:
        """The same voice, which says these words in their phones."""
        ...


class Face(Protocol):
    """Renders the host. Synchronous: it runs in the picture lane. State goes in and out, so one
    set of weights serves many rooms."""

    name: str
    size: Size
    takes: Mapping[str, int]
    """Frames in each take; "idle" is always there."""
    head: Box | None
    """Where the head is in any frame of any take, hair and all; None when that is not known. The AI
    label keeps off it."""

    def mouth(self, speech: Speech) -> Mouth:
        """The mouth shapes of a clause, one row for each of its ceil(samples / 960) frames."""
        ...

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The host at `place`, mouth as given (None: at rest). `state` is what the last call
        returned, None at first. The picture belongs to the caller, who may draw on it."""
        ...


class Sink(Protocol):
    """Takes packets out. Synchronous: each sink runs in a lane of its own, so it may block."""

    name: str

    def open(self, header: StreamHeader) -> None:
        """Connect; raises `SinkError`."""
        ...

    def write(self, packet: Packet) -> None:
        """Send one packet; the first one is a video keyframe. Raises `SinkError` when lost."""
        ...

    def close(self) -> None:
        """Finish the file or the connection; may be called twice. Never raises."""
        ...


@runtime_checkable
class Abortable(Protocol):
    """A sink whose waits can be ended from another thread. One that cannot holds up the end of the
    process until its own time limits are over."""

    def abort(self) -> None:
        """Let an `open` or `write` that is under way fail at once. Never waits, never raises."""
        ...


@runtime_checkable
class Redirectable(Protocol):
    """A sink whose server may send it on to another address."""

    def permit(self, permitted: Callable[[str], bool]) -> None:
        """Say which addresses it may follow to; none until this is called."""
        ...


@runtime_checkable
class Closable(Protocol):
    """A voice or writer that holds connections."""

    async def close(self) -> None:
        """Close them. Never raises."""
        ...


def engine_names(kind: Kind) -> list[str]:
    """Names of the engines of one kind that are installed."""
    return sorted(point.name for point in entry_points(group=f"doublure.{kind}"))


def find_engine(kind: Kind, name: str) -> Callable[..., object]:
    """The maker of an engine; raises `EngineError` when it cannot be loaded, and when there is none
    of that name, naming those that exist."""
    for point in entry_points(group=f"doublure.{kind}"):
        if point.name == name:
            try:
                maker: Callable[..., object] = point.load()
            except (ImportError, AttributeError) as error:
                raise EngineError(
                    f"the engine {name!r} in {kind} cannot be loaded: {error}",
                    remedy="install what it needs, or take another engine",
                ) from error
            return maker
    known = ", ".join(engine_names(kind)) or "none"
    raise EngineError(f"there is no engine {name!r} in {kind}", remedy=f"installed are: {known}")
