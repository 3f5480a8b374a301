"""Who has the floor: whose speech is on its way to air, who may stop whom, and what was heard.

The speech of one cue is a `Turn`, from the moment it is being made until it was heard or stopped. The floor
holds every turn and its cancel scope. It has few doors:

* `begin`: a turn is being made; it can be stopped from now on;
* `take`: it wants to speak; it waits for those who go first, and stops those whom it may stop;
* `offer`: one clause goes to the performer, unless the turn was stopped meanwhile;
* `drop`, `cut`, `close`: stop some kinds, stop everything now, let only the closing words speak.

All of them but `take` and `offer` act at once, without waiting for anything.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import anyio

from doublure.air.playhead import Making
from doublure.clock import Clock
from doublure.cue import Clause, CueKind
from doublure.show.turns import Turn, Turns

QUIET_SECONDS = 1.0
"""Silence after a cut, so that the operator sees that it worked."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of speech may do. How it stops others: at the end of the sentence on air when that is no
    further than `sentence_seconds`; otherwise at the end of the clause; and in a clause that goes on for longer
    than `phrase_seconds`, at the end of a phrase."""

    rank: int
    """Of those who wait, the smallest goes first."""
    stops: frozenset[CueKind] = frozenset()
    """Whom it does not wait for."""
    sentence_seconds: float = 1.2
    phrase_seconds: float = 1.0
    expires_seconds: float = math.inf
    """From the making of the cue to its first word; later it is not said any more."""


PROGRAMME: frozenset[CueKind] = frozenset({"script", "filler"})
"""The rundown's speech. A script that was stopped is said again from its start; a filler is not."""

RULES: dict[CueKind, Rule] = {
    "goodbye": Rule(0, PROGRAMME | {"operator", "answer", "welcome"}, sentence_seconds=8.0),
    "operator": Rule(1, PROGRAMME | {"answer", "welcome"}),
    # nobody stops a disclosure but a cut, and then it is due again
    "disclosure": Rule(2),
    "answer": Rule(3, PROGRAMME, expires_seconds=40.0),
    "welcome": Rule(4, PROGRAMME, expires_seconds=15.0),
    "script": Rule(5),
    "filler": Rule(6),
}


class Stage(Protocol):
    """What the floor needs of the performer."""

    heard: Callable[[Clause], None]
    """Told of each clause that was read out to its end."""

    @property
    def current(self) -> Clause | None:
        """The clause that is being read out."""
        ...

    async def offer(self, clause: Clause, wanted: Callable[[], bool]) -> None:
        """Queue a clause when there is room, if it is `wanted` then."""
        ...

    def cut(self) -> list[Clause]:
        """Be silent now; returns what was not heard to its end."""
        ...

    def stop_within(self, making: Making) -> list[Clause]:
        """Stop some kinds of speech softly; returns what will not be heard to its end."""
        ...


class Floor:
    """One turn at a time offers clauses. `ended` is called once with each turn, when its fate is known."""

    def __init__(self, stage: Stage, clock: Clock, ended: Callable[[Turn], None]) -> None:
        self.closed = False
        self._stage = stage
        self._clock = clock
        self.turns = Turns(ended)
        self._owner: Turn | None = None
        self._claims: list[tuple[int, int, Turn]] = []
        self._numbers = itertools.count()
        self._changed = anyio.Event()
        self._quiet_until = -math.inf
        stage.heard = self.turns.heard

    @property
    def on_air(self) -> Turn | None:
        """The turn that is being heard."""
        return self.turns.of(self._stage.current)

    async def quiet(self) -> None:
        """Return when the silence after a cut is over."""
        while self._clock.now() < self._quiet_until:
            await self._clock.sleep_until(self._quiet_until)

    @contextmanager
    def begin(self, turn: Turn) -> Iterator[Turn]:
        """Hold a turn while it is made and offered. What was not offered whole in the end was stopped."""
        self.turns.add(turn)
        if self.closed and not turn.closing:
            self.turns.end(turn, "stopped")
        try:
            with turn.scope:
                yield turn
        finally:
            if not turn.complete:
                self.turns.end(turn, "stopped")

    @asynccontextmanager
    async def take(self, turn: Turn) -> AsyncIterator[None]:
        """Have the floor: after those who go first, and before those who may be stopped. One turn at a time
        offers clauses; what was offered before and may not be stopped is heard first."""
        rule = RULES[turn.cue.kind]
        claim = (rule.rank, next(self._numbers), turn)
        self._claims.append(claim)
        try:
            if self._owner is not None and self._owner.cue.kind in rule.stops and not self._owner.complete:
                self.turns.end(self._owner, "stopped")
            while True:
                if self._owner is not None or min(self._claims) is not claim:
                    await self._changed.wait()
                elif self._clock.now() < self._quiet_until:
                    await self._clock.sleep_until(self._quiet_until)
                else:
                    break
        finally:
            self._claims.remove(claim)
            self._touch()
        if turn.fate != "live":
            await anyio.lowlevel.checkpoint()  # raises: whoever stopped it cancelled its scope
        self._owner = turn
        try:
            self._stop(rule, rule.stops)
            yield
        finally:
            self._owner = None
            self._touch()

    async def offer(self, turn: Turn, clause: Clause, *, last: bool = False) -> None:
        """Give one clause to the performer; `last` says that the turn has no more."""
        await self._stage.offer(clause, lambda: self.turns.accept(turn, last))

    def drop(self, kinds: frozenset[CueKind]) -> None:
        """Stop these kinds at the end of the clause on air."""
        if self._owner is not None and self._owner.cue.kind in kinds and not self._owner.complete:
            self.turns.end(self._owner, "stopped")
        self._stop(Rule(0, sentence_seconds=0.0, phrase_seconds=math.inf), kinds)

    def cut(self) -> None:
        """Stop everything now, heard or not, and let nobody speak for a moment."""
        self._quiet_until = self._clock.now() + QUIET_SECONDS
        on_air = self.on_air
        self._stage.cut()
        for turn in self.turns.live():
            turn.begun = turn.heard > 0 or turn is on_air
            self.turns.end(turn, "cut")

    def close(self) -> None:
        """From now on only closing words speak. The sentence on air ends; a disclosure ends whole."""
        self.closed = True
        rule = RULES["goodbye"]
        for turn in self.turns.live():
            spoken = turn.complete or (turn is self._owner and turn.cue.kind not in rule.stops)
            if not spoken and not turn.closing:
                self.turns.end(turn, "stopped")
        self._stop(rule, rule.stops)

    # ---- what happens inside ---------------------------------------------------------------------

    def _stop(self, rule: Rule, kinds: frozenset[CueKind]) -> None:
        """Stop `kinds` where `rule` says; turns of the programme that are still being made begin again, because
        what was dropped comes before them."""
        if not kinds:
            return
        dropped = self._stage.stop_within(Making(kinds, rule.sentence_seconds, rule.phrase_seconds))
        lost = {clause.utterance.cue for clause in dropped}
        for turn in self.turns.live():
            unspoken = not turn.offered and turn.cue.kind in kinds & PROGRAMME
            if turn.cue.id in lost or unspoken:
                self.turns.end(turn, "stopped")

    def _touch(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
