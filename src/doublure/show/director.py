"""Decides what the host does next: operator, disclosure, comment, rundown, in that order.

The programme speaks the rundown one sentence at a time. An answer or an operator's line makes its first
clause while the programme still speaks, and then takes the floor. The rules in `floor` say who may stop whom,
and where. "Said", "answered" and "disclosed" mean heard, not queued.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import anyio

from doublure import metrics
from doublure.conversation.answer import asked_colleagues, opens
from doublure.cue import Comment, CueKind
from doublure.errors import EngineError
from doublure.show.cues import Cues
from doublure.show.floor import PROGRAMME, Floor
from doublure.show.plan import Plan
from doublure.show.production import Production, ProductionParts, Unrecorded
from doublure.show.settings import RoomSettings
from doublure.show.turns import Turn
from doublure.trust.journal import Record

UNRECORDED_PAUSE_SECONDS = 1.0
"""Pause between attempts while the journal cannot be written, because nothing airs unrecorded."""
LONGEST_FAULT_PAUSE_SECONDS = 2.0
CLOSING_TRIES = 3
MOST_OPERATOR_LINES = 8
"""Operator's lines that may wait to be spoken."""
DRAINED_SECONDS = 1.0
"""Time from the end of the last word until its last packet has left the room."""
WAITED_FOR: frozenset[CueKind] = frozenset({"operator", "answer", "welcome"})
"""Kinds of speech that somebody waits for."""


@dataclass(frozen=True, slots=True)
class DirectorParts:
    """The parts the director works with."""

    settings: RoomSettings
    plan: Plan
    making: ProductionParts


class Director:
    """Decides the order of speech in a show."""

    def __init__(self, parts: DirectorParts) -> None:
        self.parts = parts
        self.plan = parts.plan
        self.cues = Cues(parts.plan, parts.making.clock)
        self.floor = Floor(parts.making.performer, parts.making.clock, self._ended)
        self.production = Production(parts.making, self.floor)
        self._clock = parts.making.clock
        self._disclosed = -math.inf
        self._place = 0
        self._faults = 0
        self._disclosure_failed = False

    # ---- the programme -----------------------------------------------------------------

    async def run(self) -> None:
        """Speak the rundown until wrapped or cancelled."""
        while not self.floor.closed:
            await self.floor.quiet()
            turn = self._next()
            try:
                await self.production.bring(turn)
            except Unrecorded:
                await self._clock.sleep(UNRECORDED_PAUSE_SECONDS)
                continue
            self._faults = self._faults + 1 if turn.fate == "failed" else 0
            if self._faults > 1:
                pause = min(LONGEST_FAULT_PAUSE_SECONDS, 0.1 * 2.0 ** min(self._faults, 8))
                await self._clock.sleep(pause)
            await anyio.lowlevel.checkpoint()

    def _next(self) -> Turn:
        due = self._disclosed + self.parts.settings.show.disclosure_minutes * 60
        # a disclosure that failed is retried before every sentence; the sentences still air in between
        if (
            self._clock.now() >= due
            and not self.floor.turns.holds("disclosure")
            and not self._disclosure_failed
        ):
            return Turn(self.cues.make("disclosure"))
        self._disclosure_failed = False
        if self.plan.empty:
            return Turn(self.cues.make("filler", product=self.product))
        place = self.plan.position
        self.plan.position += 1
        return Turn(self.cues.script(place), place)

    # ---- comments ------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer comments one at a time, with a gap after each answer."""
        clock, gap = self._clock, self.parts.settings.judge.gap_seconds
        while not self.floor.closed:
            comment = self.parts.making.judge.next(self.product)
            if comment is None:
                await clock.sleep(0.05)
                continue
            kind: CueKind = "answer" if comment.kind == "comment" else "welcome"
            turn = Turn(self.cues.make(kind, product=self.product, comment=comment))
            try:
                await self.production.bring(turn)
            except Unrecorded:
                await clock.sleep(UNRECORDED_PAUSE_SECONDS)
                continue
            await turn.over.wait()
            if turn.offered:
                await clock.sleep(gap)
            await anyio.lowlevel.checkpoint()

    # ---- the operator ----------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Speak the operator's line next, before answers and the rundown. Raises `DoublureError` if it is not
        spoken, because too many lines wait or because it cannot be journalled or made."""
        if self.floor.closed:
            raise EngineError("the show is ending: no further line is spoken", where=text[:40])
        if self.floor.turns.making(frozenset({"operator"})) >= MOST_OPERATOR_LINES:
            raise EngineError(
                f"{MOST_OPERATOR_LINES} lines are waiting already", remedy="wait for one, or cut them all"
            )
        turn = Turn(self.cues.make("operator", text, self.product))
        try:
            await self.production.bring(turn, record=Record("operator", "say", text))
        except Unrecorded as error:
            raise EngineError(f"the line was not spoken: {error}", where=text[:40]) from error
        if turn.fate == "failed":
            raise EngineError("the line could not be spoken", where=text[:40])

    async def cut(self) -> None:
        """Stop now; the programme then goes on with its next sentence. Acts before it is journalled."""
        self.floor.cut()
        metrics.CUES.labels("operator", "cut").inc()
        await self.production.note("operator", "cut", "")

    async def skip(self, product: str | None = None) -> None:
        """Go to the next slot when the clause on air ends. With `product`, only if that one is still on air:
        two operators who press at the same time skip once."""
        place = self._on_air_place()
        left = "" if self.plan.empty else self.plan.line_at(place)[2]
        if product is not None and product != left:
            return
        self.floor.drop(PROGRAMME)
        if not self.plan.empty:
            self.plan.position = self._place = self.plan.after_slot(place)
        await self.production.note("operator", "skip", left)

    async def wrap(self) -> None:
        """Finish the sentence, disclose once more, say goodbye, be silent. Acts before it is journalled."""
        self.floor.close()
        await self.production.note("operator", "wrap", "")
        kinds: tuple[CueKind, ...] = ("disclosure", "goodbye")
        for kind in kinds:
            for _ in range(CLOSING_TRIES):
                turn = Turn(self.cues.make(kind), closing=True)
                try:
                    await self.production.bring(turn)
                except Unrecorded:
                    await self._clock.sleep(UNRECORDED_PAUSE_SECONDS)
                    continue
                if turn.fate != "failed":
                    await turn.over.wait()
                    break
            if turn.fate == "cut":
                return
        await self._clock.sleep(DRAINED_SECONDS)

    # ---- what the room shows ---------------------------------------------------------------

    @property
    def product(self) -> str:
        """Id of the product on air, "" for none."""
        clause = self.parts.making.performer.on_air
        if clause is not None and clause.utterance.product:
            return clause.utterance.product
        return "" if self.plan.empty else self.plan.line_at(self._on_air_place())[2]

    def urgent(self) -> bool:
        """Whether somebody waits for a first clause; then nothing else should use the voice."""
        return self.floor.turns.making(WAITED_FOR) > 0

    def _on_air_place(self) -> int:
        """Place of the script line being heard, else of the last one heard or skipped to."""
        turn = self.floor.on_air
        return max(self._place, turn.place or 0) if turn is not None else self._place

    # ---- what became of it ---------------------------------------------------------------------

    def _ended(self, turn: Turn) -> None:
        """Called once for each turn, when its fate is known."""
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
                self._disclosed = self._clock.now()
        if turn.cue.comment is not None:
            self._settle(turn, turn.cue.comment)

    def _settle(self, turn: Turn, comment: Comment) -> None:
        """Tell the judge the outcome of a comment. If another turn took the floor before any of the answer
        was heard, the comment waits again."""
        answer = [utterance for utterance in turn.sentences if not opens(utterance)]
        text = " ".join(utterance.text for utterance in answer)
        if turn.fate == "cut":
            self.parts.making.judge.settle(comment.id, "cut", text)
        elif answer:
            unknown = any(asked_colleagues(utterance) for utterance in answer)
            self.parts.making.judge.settle(comment.id, "asked_colleagues" if unknown else "answered", text)
        elif turn.fate == "stopped":
            self.parts.making.judge.settle(comment.id, "waiting", "")
        else:
            self.parts.making.judge.settle(comment.id, "expired", "")
