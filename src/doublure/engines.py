"""Finds engines. Third parties plug in by entry point, and so do the built-ins. What an engine must do
stands in its package: `chat.engine`, `conversation.engine`, `voice.engine`, `picture.engine`, `air.engine`.

An engine is found by its name in the entry-point group `doublure.<plural>` (`doublure.voices`,
`doublure.faces`, ...). The entry point is a callable that takes the engine's settings and
returns the engine: `make(settings)` for a sink, `make(settings, clock)` for a chat,
`make(settings, language)` for a voice, `make(settings, size)` for a face and
`make(settings, language, clock)` for a writer.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Literal, Protocol, runtime_checkable

from doublure.errors import EngineError

Kind = Literal["chats", "writers", "voices", "faces", "sinks"]


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
