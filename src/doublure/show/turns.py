"""Turns: the speech of one cue each, on its way to air."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio

from doublure.cue import Clause, Cue, CueKind, Utterance

Fate = Literal["live", "heard", "stopped", "cut", "failed", "expired"]
"""On its way; heard to its end; stopped for another turn; cut by the operator; not made; too late."""


@dataclass(eq=False, slots=True)
class Turn:
    """The speech of one cue on its way to air. Only `Turns` and the floor change it."""

    cue: Cue
    place: int | None = None
    """Place in the rundown of a script line, else None."""
    closing: bool = False
    """Whether it is spoken at the end of the show, when no other turn may speak."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    fate: Fate = "live"
    offered: int = 0
    """Clauses given to the performer."""
    heard: int = 0
    """Clauses heard to their end."""
    begun: bool = False
    """Whether any of it had been heard when it was cut."""
    complete: bool = False
    """Whether its last clause was offered."""
    sentences: list[Utterance] = field(default_factory=list)
    """Sentences heard to their end, in order."""
    over: anyio.Event = field(default_factory=anyio.Event)
    """Set when its fate is known."""


class Turns:
    """The turns whose fate is not known yet. Calls `ended` once with each turn, when its fate is known."""

    def __init__(self, ended: Callable[[Turn], None]) -> None:
        self._ended = ended
        self._live: dict[str, Turn] = {}

    def add(self, turn: Turn) -> None:
        """Add a turn that is being made."""
        self._live[turn.cue.id] = turn

    def live(self) -> tuple[Turn, ...]:
        """All live turns, oldest first."""
        return tuple(self._live.values())

    def of(self, clause: Clause | None) -> Turn | None:
        """The turn a clause belongs to; None if its fate is already known."""
        return self._live.get(clause.utterance.cue) if clause is not None else None

    def making(self, kinds: frozenset[CueKind]) -> int:
        """Number of turns of these kinds that wait for their first clause or for the floor."""
        return sum(turn.cue.kind in kinds and not turn.offered for turn in self._live.values())

    def holds(self, kind: CueKind) -> bool:
        """Whether a turn of this kind is on its way."""
        return any(turn.cue.kind == kind for turn in self._live.values())

    def accept(self, turn: Turn, last: bool) -> bool:
        """Whether a clause of this turn may still be queued, and count it if so; `last` means that the turn
        has no more. Call it at the moment of queueing: a turn may be stopped while its clause waits."""
        if turn.fate != "live":
            return False
        turn.offered += 1
        turn.complete = turn.complete or last
        return True

    def heard(self, clause: Clause) -> None:
        """Note that a clause was heard to its end."""
        turn = self.of(clause)
        if turn is None:
            return
        turn.heard += 1
        if clause.speech.last:
            turn.sentences.append(clause.utterance)
        self._settle(turn)

    def complete(self, turn: Turn) -> None:
        """Note that no more clauses come; the turn ends when all of them were heard."""
        turn.complete = True
        self._settle(turn)

    def end(self, turn: Turn, fate: Fate) -> None:
        """Set the turn's fate, once; later calls do nothing. Unless it was heard, its scope is cancelled."""
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
