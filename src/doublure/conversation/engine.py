"""The protocol of a writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast, runtime_checkable

from doublure.clock import Clock
from doublure.conversation.settings import WriterSettings
from doublure.cue import Cue, Utterance
from doublure.engines import find_engine
from doublure.media import Language
from doublure.shop.catalog import Catalog, Product


class Writer(Protocol):
    """Writes the sentences of a cue from the catalogue."""

    name: str

    def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """Yield each sentence as soon as it is written. Raises `EngineError`."""
        ...


@runtime_checkable
class Warming(Protocol):
    """A writer that can load before its first use."""

    async def warm(self, catalog: Catalog) -> None:
        """Load what answers from this catalogue need. Raises `EngineError`."""
        ...


class WriterMaker(Protocol):
    """Makes a writer from its settings. Raises `SettingsError`."""

    def __call__(self, settings: WriterSettings, language: Language, clock: Clock, /) -> Writer: ...


def find_writer(name: str) -> WriterMaker:
    """The maker of the writer `name`. Raises `EngineError` if there is none or it cannot be loaded."""
    # entry points are untyped; `WriterMaker` is their contract
    return cast(WriterMaker, find_engine("writers", name))
