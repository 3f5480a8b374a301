"""The protocol of a sink and its optional extensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast, runtime_checkable

from doublure.air.settings import SinkSettings
from doublure.engines import find_engine
from doublure.media import Packet, StreamHeader


class Sink(Protocol):
    """Sends packets out. Synchronous: each sink runs in a lane of its own, so it may block."""

    name: str

    def open(self, header: StreamHeader) -> None:
        """Connect; raises `SinkError`."""
        ...

    def write(self, packet: Packet) -> None:
        """Send one packet; the first one is a video keyframe. Raises `SinkError` if the sink is lost."""
        ...

    def close(self) -> None:
        """Finish the file or the connection; may be called twice. Never raises."""
        ...


@runtime_checkable
class Abortable(Protocol):
    """A sink whose waits can be ended from another thread. Any other sink delays the end of the process
    until its own time limits are over."""

    def abort(self) -> None:
        """Make a running `open` or `write` fail at once. Never waits, never raises."""
        ...


@runtime_checkable
class Redirectable(Protocol):
    """A sink whose server may redirect it to another address."""

    def permit(self, permitted: Callable[[str], bool]) -> None:
        """Set which addresses it may be redirected to; none until this is called."""
        ...


class SinkMaker(Protocol):
    """Makes a sink from its settings. Raises `SinkError`."""

    def __call__(self, settings: SinkSettings, /) -> Sink: ...


def find_sink(name: str) -> SinkMaker:
    """The maker of the sink `name`. Raises `EngineError` if there is none or it cannot be loaded."""
    # entry points are untyped; `SinkMaker` is their contract
    return cast(SinkMaker, find_engine("sinks", name))
