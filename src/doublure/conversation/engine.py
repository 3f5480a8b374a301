"""The protocol of a writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast

from doublure.clock import Clock
from doublure.conversation.settings import WriterSettings
from doublure.cue import Cue, Utterance
from doublure.engines import find_engine
from doublure.media import Language
from doublure.shop.catalog import Catalog, Product


class Writer(Protocol):
    """Makes sentences for a cue out of the catalogue."""

    name: str

    def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """Yield each sentence as soon as it is written; raises `EngineError`."""
        ...


class WriterMaker(Protocol):
    """Makes a writer from its settings. Raises `SettingsError`."""

    def __call__(self, settings: WriterSettings, language: Language, clock: Clock, /) -> Writer: ...


def find_writer(name: str) -> WriterMaker:
    """The maker of the writer `name`. Raises `EngineError` when there is none, or when it cannot be loaded."""
    # an entry point has no type: what it must be stands above
    return cast(WriterMaker, find_engine("writers", name))
