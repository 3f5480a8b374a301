"""Produces the speech of a turn: writes, checks, journals and speaks it, and offers it clause by clause."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import anyio

from doublure import metrics
from doublure.air.performer import Performer
from doublure.clock import Clock
from doublure.conversation.answer import opening, write
from doublure.conversation.engine import Writer
from doublure.conversation.judge import Judge
from doublure.conversation.moderation import WordList
from doublure.cue import Clause, Cue, Utterance
from doublure.errors import DoublureError, EngineError
from doublure.log import get_log
from doublure.shop.catalog import Catalog
from doublure.show.floor import Floor
from doublure.show.supervise import Watchdog
from doublure.show.turns import Turn
from doublure.trust.journal import Journal, Record, RecordKind
from doublure.voice.speaker import Speaker

CLAUSE_SECONDS = 20.0
"""Longest wait for the next clause of a cue. It only ends the wait for an engine that hangs: a slow machine
may take seconds per clause, and a cue that is given up is made again from its start. A voice on another
machine has its own limit, after which the embedded one speaks."""
SILENCE_SECONDS = 4.0
"""If more speech is queued for air, a clause may take until the host has been silent this long."""
LOADING_SECONDS = 60.0
"""Longest wait for the very first clause, which includes loading the voice's models."""
FAULT_ALARM_SECONDS = 60.0
"""How long the alarm about a dropped cue stands."""

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class ProductionParts:
    """The parts that produce speech."""

    catalog: Catalog
    judge: Judge
    writer: Writer
    speaker: Speaker
    performer: Performer
    journal: Journal
    clock: Clock
    watchdog: Watchdog
    words: WordList
    """Words this room may not say, in addition to the built-in lists."""


class Unrecorded(Exception):
    """The journal could not be written, so the sentence may not be spoken. The cue is kept."""


class Production:
    """Makes turns and offers them. Programme, answers and operator's lines each bring one at a time."""

    def __init__(self, parts: ProductionParts, floor: Floor) -> None:
        self.silenced = ""
        """Why nothing may be spoken; "" when the host speaks."""
        self._parts = parts
        self._floor = floor
        self._lines = anyio.Lock()
        self._loaded = False

    async def bring(self, turn: Turn, record: Record | None = None) -> None:
        """Make a turn and offer it. If anything fails, the cue is dropped, counted and shown to the operator.
        Only `Unrecorded` is raised; then nothing more of the cue was offered."""
        with self._floor.begin(turn):
            try:
                if record is not None:
                    await self._record(record.kind, record.ref, record.body)
                if turn.cue.kind == "operator":
                    async with self._lines:  # the operator's lines are spoken in their order
                        await self._offer(turn)
                else:
                    await self._offer(turn)
            except Unrecorded:
                raise
            except Exception as error:
                self._drop(turn, error)

    async def _offer(self, turn: Turn) -> None:
        async with aclosing(self._clauses(turn)) as clauses:
            clause = await self._within(clauses)
            if clause is None:
                raise EngineError("it has no sentence that can be spoken")
            async with self._floor.take(turn):
                if self._parts.clock.now() > turn.cue.expires:
                    self._floor.turns.end(turn, "expired")
                    return
                if turn.cue.comment is not None:
                    self._parts.judge.settle(turn.cue.comment.id, "answering", "")
                while clause is not None:
                    # a script line is one sentence, so its last clause completes it
                    last = clause.speech.last and turn.cue.kind == "script"
                    await self._floor.offer(turn, clause, last=last)
                    clause = await self._within(clauses)
                self._floor.turns.complete(turn)

    async def _within(self, clauses: AsyncGenerator[Clause, None]) -> Clause | None:
        """The next clause, None at the end. Raises `EngineError` if it takes too long (`CLAUSE_SECONDS`,
        `SILENCE_SECONDS`, `LOADING_SECONDS`)."""
        patience = LOADING_SECONDS
        if self._loaded:
            patience = max(CLAUSE_SECONDS, self._parts.performer.seconds_waiting + SILENCE_SECONDS)
        with self._parts.clock.timeout(patience) as limit:
            clause = await anext(clauses, None)
            self._loaded = True
            return clause
        assert limit.cancelled_caught
        raise EngineError(f"no speech was made within {patience:.0f} s")

    async def _clauses(self, turn: Turn) -> AsyncGenerator[Clause, None]:
        """The clauses of a cue; each sentence is journalled before it is spoken."""
        async with aclosing(self._utterances(turn.cue)) as utterances:
            async for utterance in utterances:
                await self._record("utterance", utterance.id, _journal_line(turn.cue, utterance))
                async with aclosing(self._parts.speaker.speak(utterance)) as clauses:
                    async for clause in clauses:
                        yield clause

    async def _utterances(self, cue: Cue) -> AsyncGenerator[Utterance, None]:
        """The sentences of a cue; an answer begins with its opening words."""
        first = opening(cue, self._parts.catalog.language)
        if first is not None:
            yield first
        async with aclosing(
            write(cue, self._parts.writer, self._parts.catalog, self._parts.words)
        ) as utterances:
            async for utterance in utterances:
                yield utterance

    async def _record(self, kind: RecordKind, ref: str, body: str) -> None:
        try:
            await self._parts.journal.record(kind, ref, body)
        except DoublureError as error:
            self.silenced = f"the host is silent, because nothing airs unrecorded: {error}"
            raise Unrecorded(str(error)) from error
        self.silenced = ""

    async def note(self, kind: RecordKind, ref: str, body: str) -> None:
        """Journal what already happened. If the journal cannot be written, raise an alarm, not an error."""
        try:
            await self._parts.journal.record(kind, ref, body)
        except DoublureError as error:
            log.error("not journalled: %s %s: %s", kind, ref, error)
            text = f"{kind} {ref} was not journalled: {error}"
            self._parts.watchdog.alarm("journal", text, seconds=FAULT_ALARM_SECONDS)

    def _drop(self, turn: Turn, error: Exception) -> None:
        metrics.STAGE_FAULTS.labels("direct").inc()
        why = str(error) or type(error).__name__
        log.error(
            "cue %s (%s) was dropped: %s",
            turn.cue.id,
            turn.cue.kind,
            why,
            exc_info=not isinstance(error, DoublureError),
        )
        subject = turn.cue.text or (turn.cue.comment.text if turn.cue.comment else turn.cue.kind)
        self._parts.watchdog.alarm("cue", f"not said: {subject[:60]!r}: {why}", seconds=FAULT_ALARM_SECONDS)
        if turn.offered and turn.cue.kind != "disclosure" and not turn.closing:
            # what was offered is heard; a disclosure counts only when it is whole
            self._floor.turns.complete(turn)
        else:
            self._floor.turns.end(turn, "failed")


def _journal_line(cue: Cue, utterance: Utterance) -> str:
    line = {
        "cue": cue.id,
        "kind": utterance.kind,
        "text": utterance.text,
        "product": utterance.product,
        "facts": list(utterance.facts),
        "comment": utterance.comment,
        "question": f"{cue.comment.author}: {cue.comment.text}" if cue.comment else "",
    }
    return json.dumps(line, ensure_ascii=False, sort_keys=True)
