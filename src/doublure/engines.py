"""Finds engines. Built-in and third-party engines are both registered by entry points. Their protocols are in
`chat.engine`, `conversation.engine`, `voice.engine`, `picture.engine` and `air.engine`.

An engine is found by its name in the entry-point group `doublure.<plural>` (`doublure.voices`,
`doublure.faces`, ...). The entry point is a callable that takes the engine's settings and returns the engine:
`make(settings)` for a sink, `make(settings, clock)` for a chat, `make(settings, language)` for a voice,
`make(settings, size)` for a face and `make(settings, language, clock)` for a writer.
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
        """Close the connections. Never raises."""
        ...


def engine_names(kind: Kind) -> list[str]:
    """Names of the installed engines of one kind."""
    return sorted(point.name for point in entry_points(group=f"doublure.{kind}"))


def find_engine(kind: Kind, name: str) -> Callable[..., object]:
    """The maker of an engine. Raises `EngineError` if it cannot be loaded or if there is none of that name;
    the error then names those that exist."""
    for point in entry_points(group=f"doublure.{kind}"):
        if point.name == name:
            try:
                maker: Callable[..., object] = point.load()
            except (ImportError, AttributeError) as error:
                raise EngineError(
                    f"the engine {name!r} in {kind} cannot be loaded: {error}",
                    remedy="install what it needs, or use another engine",
                ) from error
            return maker
    known = ", ".join(engine_names(kind)) or "none"
    raise EngineError(f"there is no engine {name!r} in {kind}", remedy=f"installed are: {known}")
