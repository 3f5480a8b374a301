"""Writes the utterances of a cue and rejects answers that the catalogue does not support.

Scripts and the operator's lines pass unchanged. Answers come from the room's writer. If it fails, is slow or
uses a number that is not in the catalogue, the templates answer instead. Texts required by law (disclosures,
the answer to "are you real?") are never left to a language model.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import cache

from doublure import metrics
from doublure.clock import RealClock
from doublure.conversation import phrases
from doublure.conversation.engine import Warming, Writer, find_writer
from doublure.conversation.moderation import WordList
from doublure.conversation.phrases import OPENING
from doublure.conversation.settings import WriterSettings
from doublure.conversation.truth import refusal
from doublure.conversation.wording import intents
from doublure.cue import Cue, Utterance
from doublure.errors import EngineError
from doublure.log import get_log
from doublure.media import Language
from doublure.sentences import sentences
from doublure.shop.catalog import Catalog

SPARE = "templates"

log = get_log(__name__)


async def write(
    cue: Cue, writer: Writer, catalog: Catalog, own: WordList | None = None
) -> AsyncGenerator[Utterance, None]:
    """The sentences of a cue, each as soon as it is written. `own` is the room's list of banned words, which
    apply to answers too. Raises `EngineError` if even the templates fail."""
    if cue.kind in ("script", "operator"):
        for utterance in _as_given(cue, catalog.language):
            yield utterance
        return
    chosen = writer if _may_improvise(cue) or writer.name == SPARE else _spare(catalog.language)
    said = False
    try:
        async with aclosing(_checked(cue, chosen, catalog, own)) as utterances:
            async for utterance in utterances:
                said = True
                yield utterance
    except EngineError as error:
        if chosen.name == SPARE and not said:
            raise
        metrics.STAGE_FAULTS.labels("write").inc()
        log.warning("writer %s was left: %s", chosen.name, error)
    if said or chosen.name == SPARE:
        return
    async with aclosing(_checked(cue, _spare(catalog.language), catalog, own)) as utterances:
        async for utterance in utterances:
            yield utterance


async def warm(writer: Writer, catalog: Catalog) -> None:
    """Load the writer, and the templates that answer if it fails."""
    for one in (writer, *(() if writer.name == SPARE else (_spare(catalog.language),))):
        if isinstance(one, Warming):
            await one.warm(catalog)


def asked_colleagues(utterance: Utterance) -> bool:
    """Whether an answer says that the catalogue does not know and colleagues will be asked."""
    return utterance.kind == "answer" and not utterance.facts


def opening(cue: Cue, language: Language) -> Utterance | None:
    """The lead-in to an answer, synthesised ahead of time so that it is heard while the answer is still
    being made; None if the cue needs none."""
    if cue.kind != "answer" or cue.comment is None or "greeting" in intents(cue.comment.text):
        return None
    said = phrases.opening(cue.comment, language)
    return Utterance(
        f"{cue.id}.opening", cue.id, cue.kind, said.text, language, facts=said.facts, comment=cue.comment.id
    )


def opens(utterance: Utterance) -> bool:
    """Whether an utterance is only the lead-in to an answer."""
    return utterance.facts == (OPENING,)


async def _checked(
    cue: Cue, writer: Writer, catalog: Catalog, own: WordList | None
) -> AsyncGenerator[Utterance, None]:
    product = catalog.product(cue.product)
    stream = writer.write(cue, catalog, product)
    # third-party engines may return any iterator; ours are generators, which must be closed
    try:
        async for utterance in stream:
            reason = refusal(utterance.text, cue, catalog, own) if cue.kind == "answer" else ""
            if reason:
                raise EngineError(f"a sentence was not spoken: {reason}", where=writer.name)
            yield utterance
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def _may_improvise(cue: Cue) -> bool:
    return (
        cue.kind == "answer"
        and cue.comment is not None
        and not intents(cue.comment.text) & {"identity", "greeting"}
    )


def _as_given(cue: Cue, language: Language) -> Iterator[Utterance]:
    whole = Utterance(
        cue.id + ".0",
        cue.id,
        cue.kind,
        cue.text,
        language,
        cue.gesture,
        cue.product,
        delivery=cue.delivery,
    )
    if cue.kind == "script":
        yield whole
        return
    for number, text in enumerate(sentences(cue.text)):
        yield replace(whole, id=f"{cue.id}.{number}", text=text)


@cache
def _spare(language: Language) -> Writer:
    """The fallback templates writer; one per language, shared by all rooms."""
    return find_writer(SPARE)(WriterSettings(), language, RealClock())
