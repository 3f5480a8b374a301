"""The protocol of a sink, and of what one may do besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast, runtime_checkable

from doublure.air.settings import SinkSettings
from doublure.engines import find_engine
from doublure.media import Packet, StreamHeader


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


class SinkMaker(Protocol):
    """Makes a sink from its settings. Raises `SinkError`."""

    def __call__(self, settings: SinkSettings, /) -> Sink: ...


def find_sink(name: str) -> SinkMaker:
    """The maker of the sink `name`. Raises `EngineError` when there is none, or when it cannot be loaded."""
    # an entry point has no type: what it must be stands above
    return cast(SinkMaker, find_engine("sinks", name))
