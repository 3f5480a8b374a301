"""Decides who has the floor: whose speech goes to air, who may stop whom, and what was heard.

The speech of one cue is a `Turn`, from the start of its making until it was heard or stopped. The floor
holds every turn and its cancel scope. Its interface:

* `begin`: a turn is being made; from now on it can be stopped;
* `take`: it wants to speak; it waits for the turns that go first and stops those it may stop;
* `offer`: one clause goes to the performer, unless the turn was stopped in the meantime;
* `drop`, `cut`, `close`: stop some kinds, stop everything now, let only the closing words speak.

All of them except `take` and `offer` act at once and wait for nothing.
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
    """What a kind of speech may do.

    It stops others at the end of the sentence on air if that is at most `sentence_seconds` away, otherwise
    at the end of the clause. If the clause lasts longer than `phrase_seconds` more, it stops at the end of a
    phrase.
    """

    rank: int
    """Of the turns that wait, the one with the smallest rank goes first."""
    stops: frozenset[CueKind] = frozenset()
    """The kinds it stops instead of waiting for them."""
    sentence_seconds: float = 1.2
    phrase_seconds: float = 1.0
    expires_seconds: float = math.inf
    """Longest time from the making of the cue to its first word; after that it is dropped."""


PROGRAMME: frozenset[CueKind] = frozenset({"script", "filler"})
"""The rundown's speech. A script line that was stopped is said again from its start; a filler is not."""

RULES: dict[CueKind, Rule] = {
    "goodbye": Rule(0, PROGRAMME | {"operator", "answer", "welcome"}, sentence_seconds=8.0),
    "operator": Rule(1, PROGRAMME | {"answer", "welcome"}),
    # only a cut stops a disclosure, and then it is due again
    "disclosure": Rule(2),
    "answer": Rule(3, PROGRAMME, expires_seconds=40.0),
    "welcome": Rule(4, PROGRAMME, expires_seconds=15.0),
    "script": Rule(5),
    "filler": Rule(6),
}


class Stage(Protocol):
    """What the floor needs from the performer."""

    heard: Callable[[Clause], None]
    """Called with each clause that was heard to its end."""

    @property
    def current(self) -> Clause | None:
        """The clause being heard, if any."""
        ...

    async def offer(self, clause: Clause, wanted: Callable[[], bool]) -> None:
        """Wait until there is room, then queue the clause if it is still `wanted`."""
        ...

    def cut(self) -> list[Clause]:
        """Be silent now; returns the clauses that were not heard to their end."""
        ...

    def stop_within(self, making: Making) -> list[Clause]:
        """Stop some kinds of speech softly; returns the clauses that will not be heard to their end."""
        ...


class Floor:
    """Lets one turn at a time offer clauses. Calls `ended` once with each turn, when its fate is known."""

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
        """The turn being heard, if any."""
        return self.turns.of(self._stage.current)

    async def quiet(self) -> None:
        """Return when the silence after a cut is over."""
        while self._clock.now() < self._quiet_until:
            await self._clock.sleep_until(self._quiet_until)

    @contextmanager
    def begin(self, turn: Turn) -> Iterator[Turn]:
        """Register a turn while it is made and offered. If it was not offered whole, it ends as stopped."""
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
        """Hold the floor: wait for the turns that go first and stop those that may be stopped. Clauses that
        were offered before and may not be stopped are heard first."""
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
            await anyio.lowlevel.checkpoint()  # raises, because the turn's scope was cancelled
        self._owner = turn
        try:
            self._stop(rule, rule.stops)
            yield
        finally:
            self._owner = None
            self._touch()

    async def offer(self, turn: Turn, clause: Clause, *, last: bool = False) -> None:
        """Give one clause to the performer; `last` means that the turn has no more."""
        await self._stage.offer(clause, lambda: self.turns.accept(turn, last))

    def drop(self, kinds: frozenset[CueKind]) -> None:
        """Stop these kinds at the end of the clause on air."""
        if self._owner is not None and self._owner.cue.kind in kinds and not self._owner.complete:
            self.turns.end(self._owner, "stopped")
        self._stop(Rule(0, sentence_seconds=0.0, phrase_seconds=math.inf), kinds)

    def cut(self) -> None:
        """Stop everything now, heard or not, and keep silent for `QUIET_SECONDS`."""
        self._quiet_until = self._clock.now() + QUIET_SECONDS
        on_air = self.on_air
        self._stage.cut()
        for turn in self.turns.live():
            turn.begun = turn.heard > 0 or turn is on_air
            self.turns.end(turn, "cut")

    def close(self) -> None:
        """From now on let only closing words speak. The sentence on air and a disclosure are finished."""
        self.closed = True
        rule = RULES["goodbye"]
        for turn in self.turns.live():
            spoken = turn.complete or (turn is self._owner and turn.cue.kind not in rule.stops)
            if not spoken and not turn.closing:
                self.turns.end(turn, "stopped")
        self._stop(rule, rule.stops)

    # ---- internals -------------------------------------------------------------------------------

    def _stop(self, rule: Rule, kinds: frozenset[CueKind]) -> None:
        """Stop `kinds` where `rule` says. Programme turns that are still being made start over, because the
        dropped speech comes before them."""
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
