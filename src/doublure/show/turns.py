"""The speech of one cue on its way to air, and all of those that are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio

from doublure.cue import Clause, Cue, CueKind, Utterance

Fate = Literal["live", "heard", "stopped", "cut", "failed", "expired"]
"""On its way; heard to its end; gave way to another; cut by the operator; could not be made; came too late."""


@dataclass(eq=False, slots=True)
class Turn:
    """The speech of one cue on its way to air. `Turns` and the floor alone change it."""

    cue: Cue
    place: int | None = None
    """Position in the rundown, of a script."""
    closing: bool = False
    """Said at the end of the show, when nobody else may speak."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    fate: Fate = "live"
    offered: int = 0
    """Clauses given to the performer."""
    heard: int = 0
    """Clauses heard to their end."""
    begun: bool = False
    """Whether any of it was heard when it was cut."""
    complete: bool = False
    """Whether its last clause was offered."""
    sentences: list[Utterance] = field(default_factory=list)
    """Heard to their end, in their order."""
    over: anyio.Event = field(default_factory=anyio.Event)
    """Set when its fate is known."""


class Turns:
    """The turns whose fate is not known yet. `ended` is called once with each, when it is."""

    def __init__(self, ended: Callable[[Turn], None]) -> None:
        self._ended = ended
        self._live: dict[str, Turn] = {}

    def add(self, turn: Turn) -> None:
        """A turn is being made."""
        self._live[turn.cue.id] = turn

    def live(self) -> tuple[Turn, ...]:
        """All of them, the longest on its way first."""
        return tuple(self._live.values())

    def of(self, clause: Clause | None) -> Turn | None:
        """The turn that a clause belongs to; None when its fate is known already."""
        return self._live.get(clause.utterance.cue) if clause is not None else None

    def making(self, kinds: frozenset[CueKind]) -> int:
        """How many of these kinds wait for their first clause, or for the floor."""
        return sum(turn.cue.kind in kinds and not turn.offered for turn in self._live.values())

    def holds(self, kind: CueKind) -> bool:
        """Whether one of this kind is on its way."""
        return any(turn.cue.kind == kind for turn in self._live.values())

    def accept(self, turn: Turn, last: bool) -> bool:
        """Whether a clause of this turn may still be queued; `last` says that it has no more. To be asked at the very
        moment of queueing: a turn that was stopped while its clause waited is silent."""
        if turn.fate != "live":
            return False
        turn.offered += 1
        turn.complete = turn.complete or last
        return True

    def heard(self, clause: Clause) -> None:
        """A clause was heard to its end."""
        turn = self.of(clause)
        if turn is None:
            return
        turn.heard += 1
        if clause.speech.last:
            turn.sentences.append(clause.utterance)
        self._settle(turn)

    def complete(self, turn: Turn) -> None:
        """No more clauses come; the turn is over when all were heard."""
        turn.complete = True
        self._settle(turn)

    def end(self, turn: Turn, fate: Fate) -> None:
        """Its fate is known; the first one counts. Unless it was heard, whoever makes it is cancelled."""
        if turn.fate != "live":
            return
        turn.fate = fate
        self._live.pop(turn.cue.id, None)
        if fate != "heard":
            turn.scope.cancel()
        turn.over.set()
        self._ended(turn)

    def _settle(self, turn: Turn) -> None:
        if turn.complete and turn.heard >= turn.offered:
            self.end(turn, "heard")
