"""Decides what the host does next: operator, disclosure, comment, rundown, in that order.

The programme works through the rundown, a sentence at a time. Whoever interrupts it (an answer, the operator)
makes its first clause while the programme still speaks, and then takes the floor. Who may stop whom, and where,
stands in `floor`. "Said", "answered" and "disclosed" are told of what was heard, not of what was queued.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import anyio

from doublure import metrics
from doublure.catalog import Catalog
from doublure.clock import Clock, stamp
from doublure.cue import Clause, Comment, Cue, CueKind, Utterance
from doublure.delivery import PLAIN, Delivery
from doublure.engines import Writer
from doublure.errors import DoublureError, EngineError
from doublure.floor import PROGRAMME, RULES, Floor, Turn
from doublure.journal import Journal
from doublure.judge import Judge
from doublure.log import get_log
from doublure.perform import Performer
from doublure.plan import Plan
from doublure.settings import RoomSettings
from doublure.speak import Speaker
from doublure.supervise import Watchdog
from doublure.write import asked_colleagues, opening, opens, write

CLAUSE_SECONDS = 8.0
"""Longest wait for the next clause of a cue, when less than half of it is still to be heard."""
SILENCE_SECONDS = 4.0
"""With more waiting for air, a clause may take until the host has been silent this long."""
UNRECORDED_PAUSE_SECONDS = 1.0
"""Between two tries while the journal cannot be written: nothing airs unrecorded."""
LONGEST_FAULT_PAUSE_SECONDS = 2.0
FAULT_ALARM_SECONDS = 60.0
"""How long the operator is shown a cue that was dropped."""
CLOSING_TRIES = 3
MOST_OPERATOR_LINES = 8
"""Lines of the operator that may wait to be spoken."""
DRAINED_SECONDS = 1.0
"""From the end of the last word until its last packet has left the room."""
ASKED = 128
"""Answered comments whose time is remembered."""

WAITED_FOR: frozenset[CueKind] = frozenset({"operator", "answer", "welcome"})

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class DirectorParts:
    """What the director works with."""

    settings: RoomSettings
    catalog: Catalog
    plan: Plan
    judge: Judge
    writer: Writer
    speaker: Speaker
    performer: Performer
    journal: Journal
    clock: Clock
    watchdog: Watchdog


class Unrecorded(Exception):
    """The journal could not be written, so the sentence may not be spoken. The cue is kept."""


class Director:
    """Owns the order of the show."""

    def __init__(self, parts: DirectorParts) -> None:
        self.parts = parts
        self.plan = parts.plan
        self.floor = Floor(parts.performer, parts.clock, self._ended)
        self.silenced = ""
        """Why nothing may be spoken; "" when the host speaks."""
        self._show = stamp(parts.clock)
        self._numbers = itertools.count(1)
        self._lines = anyio.Lock()
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._disclosed = -math.inf
        self._place = 0
        self._faults = 0
        self._disclosure_failed = False

    # ---- the programme -----------------------------------------------------------------

    async def run(self) -> None:
        """Work through the rundown until wrapped or cancelled."""
        while not self.floor.closed:
            await self.floor.quiet()
            turn = self._next()
            try:
                await self._bring(turn)
            except Unrecorded:
                await self.parts.clock.sleep(UNRECORDED_PAUSE_SECONDS)
                continue
            self._faults = self._faults + 1 if turn.fate == "failed" else 0
            if self._faults > 1:
                pause = min(LONGEST_FAULT_PAUSE_SECONDS, 0.1 * 2.0 ** min(self._faults, 8))
                await self.parts.clock.sleep(pause)
            await anyio.lowlevel.checkpoint()

    def _next(self) -> Turn:
        due = self._disclosed + self.parts.settings.show.disclosure_minutes * 60
        # one that failed is tried again before every sentence, but does not keep the show from going on
        if (
            self.parts.clock.now() >= due
            and not self.floor.holds("disclosure")
            and not self._disclosure_failed
        ):
            return Turn(self._cue("disclosure"))
        self._disclosure_failed = False
        if self.plan.empty:
            return Turn(self._cue("filler"))
        place = self.plan.position
        self.plan.position += 1
        return Turn(self._script(place), place)

    # ---- comments ------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer comments, one at a time, with a gap from the end of one to the next."""
        clock, gap = self.parts.clock, self.parts.settings.judge.gap_seconds
        while not self.floor.closed:
            comment = self.parts.judge.next(self.product)
            if comment is None:
                await clock.sleep(0.05)
                continue
            turn = Turn(self._cue("answer" if comment.kind == "comment" else "welcome", comment=comment))
            try:
                await self._bring(turn)
            except Unrecorded:
                await clock.sleep(UNRECORDED_PAUSE_SECONDS)
                continue
            await turn.over.wait()
            if turn.offered:
                await clock.sleep(gap)
            await anyio.lowlevel.checkpoint()

    def asked_at(self, comment: str) -> float | None:
        """Clock seconds when a comment came that was answered lately; None when it is not known."""
        return self._asked.get(comment)

    # ---- the operator ----------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Override: the operator's line comes next, before answers and the rundown. Raises `DoublureError` when
        it is not spoken: too many wait, it cannot be journalled, or it cannot be made."""
        if self.floor.making(frozenset({"operator"})) >= MOST_OPERATOR_LINES:
            raise EngineError(
                f"{MOST_OPERATOR_LINES} lines wait to be spoken", remedy="wait until one was, or cut them all"
            )
        turn = Turn(self._cue("operator", text))
        try:
            await self._bring(turn, record=("operator", "say", text))
        except Unrecorded as error:
            raise EngineError(f"the line was not spoken: {error}", where=text[:40]) from error
        if turn.fate == "failed":
            raise EngineError("the line could not be spoken", where=text[:40])

    async def cut(self) -> None:
        """Stop now; the programme goes on with its next sentence. Acts first and is journalled after."""
        self.floor.cut()
        metrics.CUES.labels("operator", "cut").inc()
        await self.note("operator", "cut", "")

    async def skip(self, product: str | None = None) -> None:
        """Go to the next slot as soon as the clause on air ends. With `product`, only when that is still the one on
        air: two operators who press at once skip once."""
        place = self._on_air_place()
        left = "" if self.plan.empty else self.plan.line_at(place)[2]
        if product is not None and product != left:
            return
        self.floor.drop(PROGRAMME)
        if not self.plan.empty:
            self.plan.position = self._place = self.plan.after_slot(place)
        await self.note("operator", "skip", left)

    async def wrap(self) -> None:
        """Finish the sentence, disclose once more, say goodbye, and be silent. Acts first, is journalled after."""
        self.floor.close()
        await self.note("operator", "wrap", "")
        kinds: tuple[CueKind, ...] = ("disclosure", "goodbye")
        for kind in kinds:
            for _ in range(CLOSING_TRIES):
                turn = Turn(self._cue(kind), closing=True)
                try:
                    await self._bring(turn)
                except Unrecorded:
                    await self.parts.clock.sleep(UNRECORDED_PAUSE_SECONDS)
                    continue
                if turn.fate != "failed":
                    await turn.over.wait()
                    break
            if turn.fate == "cut":
                return
        await self.parts.clock.sleep(DRAINED_SECONDS)

    async def note(self, kind: str, ref: str, body: str) -> None:
        """Journal what was done already; a journal that cannot be written raises an alarm, not an error."""
        try:
            await self.parts.journal.record(kind, ref, body)
        except DoublureError as error:
            log.error("not journalled: %s %s: %s", kind, ref, error)
            text = f"{kind} {ref} was not journalled: {error}"
            self.parts.watchdog.alarm("journal", text, seconds=FAULT_ALARM_SECONDS)

    # ---- what the room shows ---------------------------------------------------------------

    @property
    def product(self) -> str:
        """Id of the product on air, "" for none."""
        clause = self.parts.performer.on_air
        if clause is not None and clause.utterance.product:
            return clause.utterance.product
        return "" if self.plan.empty else self.plan.line_at(self._on_air_place())[2]

    def urgent(self) -> bool:
        """Whether somebody waits for a first clause: nothing else should use the voice."""
        return self.floor.making(WAITED_FOR) > 0

    def _on_air_place(self) -> int:
        """Place of the script that is being heard, or was last, or that was skipped to."""
        turn = self.floor.on_air
        return max(self._place, turn.place or 0) if turn is not None else self._place

    # ---- how a cue gets to air ---------------------------------------------------------------

    async def _bring(self, turn: Turn, record: tuple[str, str, str] | None = None) -> None:
        """Make a turn and offer it. A cue that cannot be digested is dropped, counted and shown, whatever went
        wrong. Only `Unrecorded` is raised; then nothing more of the cue was offered."""
        with self.floor.begin(turn):
            try:
                if record is not None:
                    await self._record(*record)
                if turn.cue.kind == "operator":
                    async with self._lines:  # spoken in the order in which they were ordered
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
                raise EngineError("nothing of it can be said")
            async with self.floor.take(turn):
                if self.parts.clock.now() > turn.cue.expires:
                    self.floor.fail(turn, "expired")
                    return
                if turn.cue.comment is not None:
                    self.parts.judge.settle(turn.cue.comment.id, "answering", "")
                while clause is not None:
                    # a script is one sentence: with its last clause it is whole
                    last = clause.speech.last and turn.cue.kind == "script"
                    await self.floor.offer(turn, clause, last=last)
                    clause = await self._within(clauses)
                self.floor.complete(turn)

    async def _within(self, clauses: AsyncGenerator[Clause, None]) -> Clause | None:
        """The next clause, None at the end. Raises `EngineError` when it takes so long that the host falls
        silent."""
        patience = max(CLAUSE_SECONDS, self.parts.performer.seconds_waiting + SILENCE_SECONDS)
        with self.parts.clock.timeout(patience) as limit:
            return await anext(clauses, None)
        assert limit.cancelled_caught
        raise EngineError(f"nothing came for {patience:.0f} s")

    async def _clauses(self, turn: Turn) -> AsyncGenerator[Clause, None]:
        """The clauses of a cue, journalled before they are spoken."""
        async with aclosing(self._utterances(turn.cue)) as utterances:
            async for utterance in utterances:
                await self._record("utterance", utterance.id, _journal_line(turn.cue, utterance))
                async with aclosing(self.parts.speaker.speak(utterance)) as clauses:
                    async for clause in clauses:
                        yield clause

    async def _utterances(self, cue: Cue) -> AsyncGenerator[Utterance, None]:
        """The sentences of a cue; an answer's after the words that lead up to it."""
        first = opening(cue, self.parts.catalog.language)
        if first is not None:
            yield first
        async with aclosing(write(cue, self.parts.writer, self.parts.catalog)) as utterances:
            async for utterance in utterances:
                yield utterance

    async def _record(self, kind: str, ref: str, body: str) -> None:
        try:
            await self.parts.journal.record(kind, ref, body)
        except DoublureError as error:
            self.silenced = f"the host is silent, because nothing airs unrecorded: {error}"
            raise Unrecorded(str(error)) from error
        self.silenced = ""

    def _drop(self, turn: Turn, error: Exception) -> None:
        metrics.STAGE_FAULTS.labels("direct").inc()
        why = str(error) or type(error).__name__
        log.error("cue %s (%s) was dropped: %s", turn.cue.id, turn.cue.kind, why, exc_info=not _ours(error))
        subject = turn.cue.text or (turn.cue.comment.text if turn.cue.comment else turn.cue.kind)
        self.parts.watchdog.alarm("cue", f"not said: {subject[:60]!r}: {why}", seconds=FAULT_ALARM_SECONDS)
        if turn.offered and turn.cue.kind != "disclosure" and not turn.closing:
            self.floor.complete(turn)  # what was offered is heard; but a disclosure is whole, or it is none
        else:
            self.floor.fail(turn, "failed")

    # ---- what became of it ---------------------------------------------------------------------

    def _ended(self, turn: Turn) -> None:
        """Told once of each turn, when its fate is known."""
        kind, fate = turn.cue.kind, turn.fate
        metrics.CUES.labels(kind, "said" if fate == "heard" else fate).inc()
        if turn.place is not None:
            if fate == "stopped" or (fate == "cut" and not turn.begun):
                self.plan.position = min(self.plan.position, turn.place)  # it is said again
            else:
                self._place = max(self._place, turn.place)
        if kind == "disclosure":
            self._disclosure_failed = fate == "failed"
            if fate == "heard":
                self._disclosed = self.parts.clock.now()
        if turn.cue.comment is not None:
            self._settle(turn, turn.cue.comment)

    def _settle(self, turn: Turn, comment: Comment) -> None:
        """Tell the judge what became of a comment. It waits again when another took the floor before any of its
        answer was heard."""
        answer = [utterance for utterance in turn.sentences if not opens(utterance)]
        text = " ".join(utterance.text for utterance in answer)
        if turn.fate == "heard" or answer:
            unknown = any(asked_colleagues(utterance) for utterance in answer)
            self.parts.judge.settle(comment.id, "asked_colleagues" if unknown else "answered", text)
        elif turn.fate == "stopped":
            self.parts.judge.settle(comment.id, "waiting", "")
        else:
            self.parts.judge.settle(comment.id, "cut" if turn.fate == "cut" else "expired", "")

    # ---- cues ------------------------------------------------------------------------------------

    def _script(self, place: int) -> Cue:
        text, gesture, product = self.plan.line_at(place)
        return self._cue("script", text, product, gesture=gesture, delivery=self.plan.delivery_at(place))

    def _cue(
        self,
        kind: CueKind,
        text: str = "",
        product: str | None = None,
        *,
        comment: Comment | None = None,
        gesture: str = "",
        delivery: Delivery = PLAIN,
    ) -> Cue:
        now = self.parts.clock.now()
        if comment is not None:
            self._asked[comment.id] = comment.at
            while len(self._asked) > ASKED:
                self._asked.popitem(last=False)
        if product is None:
            product = "" if kind in ("disclosure", "goodbye") else self.product
        return Cue(
            f"cue-{self._show}-{next(self._numbers)}",
            kind,
            now,
            now + RULES[kind].expires_seconds,
            text,
            comment,
            product,
            gesture,
            delivery,
        )


def _ours(error: Exception) -> bool:
    """Whether an error says all there is to say, without a traceback."""
    return isinstance(error, DoublureError)


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
