"""Answers from the catalogue with templates; every statement comes from the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator

from doublure.clock import Clock
from doublure.conversation.phrases import Phrases, Said
from doublure.conversation.retrieval import Finder, Found
from doublure.conversation.settings import WriterSettings
from doublure.cue import Comment, Cue, Utterance
from doublure.media import Language
from doublure.shop.catalog import Catalog, Product
from doublure.threads import Lane


class TemplatesWriter:
    """Finds the answer by meaning and words it with a template. The encoder loads in a lane of its own as
    soon as anything is written, so that it is ready before the first question."""

    name = "templates"

    def __init__(self, language: Language) -> None:
        self._language = language
        self._phrases = Phrases(language)
        self._lane = Lane("answers", nice=5)
        self._finder: tuple[Catalog, Finder] | None = None
        self._preparing: Catalog | None = None

    async def write(self, cue: Cue, catalog: Catalog, product: Product | None) -> AsyncIterator[Utterance]:
        """The sentences of a cue, all at once."""
        if self._preparing is not catalog:
            self._preparing = catalog
            self._lane.submit(self._prepare, catalog)
        if cue.kind == "answer" and cue.comment is not None:
            said = await self._answer(cue.comment, catalog, product)
        else:
            said = self._phrases.remark(cue)
        for number, sentence in enumerate(said):
            yield Utterance(
                id=f"{cue.id}.{number}",
                cue=cue.id,
                kind=cue.kind,
                text=sentence.text,
                language=self._language,
                gesture=sentence.gesture,
                product=sentence.product or cue.product,
                facts=sentence.facts,
                comment=cue.comment.id if cue.comment is not None else "",
            )

    async def warm(self, catalog: Catalog) -> None:
        """Load the sentence encoder and index the catalogue."""
        await self._lane.run(self._prepare, catalog)

    async def close(self) -> None:
        """Close the lane, once, when nothing more is written."""
        self._lane.close()

    async def _answer(self, comment: Comment, catalog: Catalog, product: Product | None) -> list[Said]:
        plain = self._phrases.plain(comment)
        if plain:
            return plain
        air = product.id if product is not None else ""
        found = await self._lane.run(self._find, catalog, comment.text, air)
        return self._phrases.answer(found, comment, catalog) if found else self._phrases.unknown(comment)

    # ---- in the lane ----------------------------------------------------------------------

    def _prepare(self, catalog: Catalog) -> Finder:
        if self._finder is None or self._finder[0] is not catalog:
            self._finder = (catalog, Finder(catalog))
        return self._finder[1]

    def _find(self, catalog: Catalog, text: str, air: str) -> Found | None:
        return self._prepare(catalog).find(text, air)


def make(settings: WriterSettings, language: Language, clock: Clock) -> TemplatesWriter:
    """The engine `templates`."""
    return TemplatesWriter(language)
