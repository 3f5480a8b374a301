"""The protocol of a writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from doublure.cue import Cue, Utterance
from doublure.shop.catalog import Catalog, Product


class Writer(Protocol):
    """Makes sentences for a cue out of the catalogue."""

    name: str

    def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """Yield each sentence as soon as it is written; raises `EngineError`."""
        ...
