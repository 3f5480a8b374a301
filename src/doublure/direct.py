"""Decides what the host does next: operator, disclosure, comment, rundown, in that order.

One programme works through the rundown, a sentence at a time. Whoever interrupts it (an answer,
the operator) prepares its first clause while the programme still speaks, then takes the floor:
the programme stops at the sentence's end when that is near, else at the clause's or, in a long
clause, at a phrase's, and says the sentence it lost again afterwards. A disclosure is never stopped.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

import anyio

from doublure import metrics
from doublure.ahead import Ahead
from doublure.catalog import Catalog, Rundown
from doublure.clock import Clock
from doublure.cue import Clause, Comment, Cue, CueKind, Priority, Utterance
from doublure.engines import Writer
from doublure.errors import DoublureError
from doublure.journal import Journal
from doublure.judge import Judge
from doublure.log import get_log
from doublure.perform import Performer
from doublure.plan import Plan
from doublure.settings import RoomSettings
from doublure.speak import Speaker
from doublure.write import asked_colleagues, opening, opens, write

SENTENCE_SECONDS = 1.2
"""An interrupter waits for the end of the sentence when it is no further away than this."""
PHRASE_SECONDS = 1.0
"""Else for the end of the clause; and of a clause that goes on for longer, for the end of a phrase within this
time where it can stop without tearing what is claimed."""
AFTER_CUT_SECONDS = 1.0
"""Silence after a cut, so that it is seen to have worked."""
PRIORITY: dict[CueKind, Priority] = {
    "operator": Priority.OPERATOR,
    "disclosure": Priority.DISCLOSURE,
    "goodbye": Priority.DISCLOSURE,
    "answer": Priority.COMMENT,
    "welcome": Priority.AUDIENCE,
    "script": Priority.SLOT,
    "filler": Priority.FILLER,
}

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the director works with."""

    settings: RoomSettings
    catalog: Catalog
    rundown: Rundown
    judge: Judge
    writer: Writer
    speaker: Speaker
    performer: Performer
    journal: Journal
    clock: Clock


class Director:
    """Owns the order of the show."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.plan = Plan(desk.rundown)
        self.ahead = Ahead(self.plan, desk.speaker, desk.catalog.language)
        self.asked: deque[Comment] = deque(maxlen=64)
        """Comments that were answered, newest last."""
        self._numbers = itertools.count(1)
        self._floor = anyio.Lock()
        self._programme = anyio.CancelScope()
        self._answering = anyio.CancelScope()
        self._positions: deque[tuple[str, int]] = deque(maxlen=64)
        self._disclosed = -math.inf
        self._hold_until = 0.0
        self._last_answer = -math.inf
        self.urgent = 0
        """Interrupters whose first clause is being made: nothing else should use the voice."""
        self._ending = False

    # ---- the programme -----------------------------------------------------------------

    async def run(self) -> None:
        """Work through the rundown until wrapped or cancelled."""
        while not self._ending:
            await self.desk.clock.sleep_until(self._hold_until)
            with anyio.CancelScope() as self._programme:
                async with self._floor:
                    if self._ending:
                        return
                    await self._say_next()
            await anyio.lowlevel.checkpoint()

    async def _say_next(self) -> None:
        if self.desk.clock.now() - self._disclosed >= self.desk.settings.show.disclosure_minutes * 60:
            cue = self._cue("disclosure")
            # due again when it is lost on its way
            before, self._disclosed = self._disclosed, self.desk.clock.now()
            try:
                await self._say(cue)
            except BaseException:
                self._disclosed = before
                raise
            return
        if self.plan.empty:
            await self._say(self._cue("filler"))
            return
        text, gesture, product = self.plan.line()
        cue = replace(
            self._cue("script", text), gesture=gesture, product=product, delivery=self.plan.delivery()
        )
        self._positions.append((cue.id, self.plan.position))
        await self._say(cue)
        self.plan.position += 1

    # ---- comments ------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer comments, one at a time, with a gap between them."""
        settings = self.desk.settings.judge
        while not self._ending:
            await self.desk.clock.sleep_until(self._last_answer + settings.gap_seconds)
            comment = self.desk.judge.next(self.product)
            if comment is None:
                await self.desk.clock.sleep(0.05)
                continue
            kind: CueKind = "answer" if comment.kind == "comment" else "welcome"
            cue = replace(self._cue(kind), comment=comment, product=self.product)
            self.asked.append(comment)
            with anyio.CancelScope() as self._answering:
                await self._interject(cue)
            if self._answering.cancelled_caught:
                self.desk.judge.settle(comment.id, "expired", "")
            self._last_answer = self.desk.clock.now()

    # ---- the operator ----------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Override: the operator's line comes next, before answers and the rundown."""
        await self.desk.journal.record("operator", "say", text)
        self._answering.cancel()
        await self._interject(self._cue("operator", text))

    async def cut(self) -> None:
        """Stop now; the programme goes on with its next sentence."""
        await self.desk.journal.record("operator", "cut", "")
        self._hold_until = self.desk.clock.now() + AFTER_CUT_SECONDS
        self._answering.cancel()
        self._programme.cancel()
        dropped = self.desk.performer.cut()
        self._rewind(dropped)
        if dropped and dropped[0].utterance.kind == "script" and not self.plan.empty:
            # what was cut was cut on purpose: it is not said again
            self.plan.position += 1
        metrics.CUES.labels("operator", "cut").inc()

    async def skip(self) -> None:
        """Go to the next slot as soon as the clause on air ends."""
        await self.desk.journal.record("operator", "skip", self.product)
        self._programme.cancel()
        async with self._floor:
            self._rewind(self.desk.performer.make_way(0.0))
            if not self.plan.empty:
                self.plan.skip()

    async def wrap(self) -> None:
        """Finish the sentence, disclose once more, say goodbye, and be silent."""
        await self.desk.journal.record("operator", "wrap", "")
        self._ending = True
        self._programme.cancel()
        async with self._floor:
            self.desk.performer.make_way(30.0)
            for kind in ("disclosure", "goodbye"):
                await self._say(self._cue(kind))
        while not self.desk.performer.silent:
            await self.desk.clock.sleep(0.05)

    # ---- what the room shows ---------------------------------------------------------------

    @property
    def product(self) -> str:
        """Id of the product on air, "" for none."""
        clause = self.desk.performer.on_air
        if clause is not None and clause.utterance.product:
            return clause.utterance.product
        return "" if self.plan.empty else self.plan.line()[2]

    # ---- how a cue gets to air ---------------------------------------------------------------

    async def _interject(self, cue: Cue) -> None:
        self.urgent += 1
        try:
            async with aclosing(_clauses(self.desk, cue)) as clauses:
                first = await anext(clauses, None)
                if first is None:
                    _settle(self.desk.judge, cue, [])
                    return
                self._programme.cancel()
                async with self._floor:
                    self._rewind(self.desk.performer.make_way(SENTENCE_SECONDS, PHRASE_SECONDS))
                    said = [first.utterance]
                    await self.desk.performer.offer(first)
                    _settle(self.desk.judge, cue, said)
                    async for clause in clauses:
                        if clause.utterance.id != said[-1].id:
                            said.append(clause.utterance)
                            _settle(self.desk.judge, cue, said)
                        await self.desk.performer.offer(clause)
        finally:
            self.urgent -= 1

    async def _say(self, cue: Cue) -> None:
        async with aclosing(_clauses(self.desk, cue)) as clauses:
            async for clause in clauses:
                await self.desk.performer.offer(clause)
        metrics.CUES.labels(cue.kind, "said").inc()

    def _rewind(self, dropped: list[Clause]) -> None:
        lost = {clause.utterance.cue for clause in dropped}
        positions = [position for cue, position in self._positions if cue in lost]
        if positions:
            self.plan.position = min(self.plan.position, *positions)
        if any(clause.utterance.kind == "disclosure" for clause in dropped):
            self._disclosed = -math.inf

    def _cue(self, kind: CueKind, text: str = "") -> Cue:
        now = self.desk.clock.now()
        product = self.product if kind in ("operator", "filler") else ""
        return Cue(f"cue-{next(self._numbers)}", kind, PRIORITY[kind], now, math.inf, text, product=product)


async def _utterances(desk: Desk, cue: Cue) -> AsyncGenerator[Utterance]:
    """The sentences of a cue; an answer's after the words that lead up to it."""
    first = opening(cue, desk.catalog.language)
    if first is not None:
        yield first
    async with aclosing(write(cue, desk.writer, desk.catalog)) as utterances:
        async for utterance in utterances:
            yield utterance


async def _clauses(desk: Desk, cue: Cue) -> AsyncGenerator[Clause]:
    """The clauses of a cue, journalled before they are spoken."""
    try:
        async with aclosing(_utterances(desk, cue)) as utterances:
            async for utterance in utterances:
                await desk.journal.record("utterance", utterance.id, _journal_line(cue, utterance))
                async with aclosing(desk.speaker.speak(utterance)) as clauses:
                    async for clause in clauses:
                        yield clause
    except DoublureError as error:
        # the cue is lost, the show is not
        metrics.CUES.labels(cue.kind, "failed").inc()
        metrics.STAGE_FAULTS.labels("direct").inc()
        log.error("cue %s (%s) was dropped: %s", cue.id, cue.kind, error)


def _settle(judge: Judge, cue: Cue, said: list[Utterance]) -> None:
    """Tell the judge what became of the cue's comment."""
    if cue.comment is None:
        return
    answer = [utterance for utterance in said if not opens(utterance)]
    fate = "answered"
    if not said:
        fate = "expired"
    elif any(asked_colleagues(utterance) for utterance in answer):
        fate = "asked_colleagues"
    judge.settle(cue.comment.id, fate, " ".join(utterance.text for utterance in answer))


def _journal_line(cue: Cue, utterance: Utterance) -> str:
    line = {
        "cue": cue.id,
        "kind": utterance.kind,
        "text": utterance.text,
        "product": utterance.product,
        "facts": list(utterance.facts),
        "comment": utterance.comment,
        "question": _question(cue.comment),
    }
    return json.dumps(line, ensure_ascii=False, sort_keys=True)


def _question(comment: Comment | None) -> str:
    return f"{comment.author}: {comment.text}" if comment else ""
