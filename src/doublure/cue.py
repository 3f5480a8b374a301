"""Values on the way from chat and rundown to the host's mouth: comments, cues, utterances, clauses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from doublure.media import Language, Speech

Energy = Literal["calm", "normal", "lively"]
ENERGIES: tuple[Energy, ...] = ("calm", "normal", "lively")

SLOWEST, FASTEST = 0.5, 2.0
"""Limits of the pace that a voice is asked for, ratio to its own."""
_PACE: dict[Energy, float] = {"calm": 0.94, "normal": 1.0, "lively": 1.07}
_DECIBELS: dict[Energy, float] = {"calm": -0.8, "normal": 0.0, "lively": 0.8}
"""Within the loudness tolerance of a show, 1 LU."""
_PAUSE: dict[Energy, float] = {"calm": 1.3, "normal": 1.0, "lively": 0.8}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one sentence is spoken."""

    rate: float = 1.0
    """Speaking rate, ratio to the voice's own, 0.5..2."""
    energy: Energy = "normal"
    pauses: float = 1.0
    """Length of the pauses, ratio to the usual length."""

    @property
    def pace(self) -> float:
        """Pace that the voice is asked for: rate and energy combined."""
        return round(min(FASTEST, max(SLOWEST, self.rate * _PACE[self.energy])), 3)

    @property
    def gain(self) -> float:
        """Factor on the usual level."""
        return float(10 ** (_DECIBELS[self.energy] / 20))

    @property
    def pause(self) -> float:
        """Factor on the usual pauses."""
        return self.pauses * _PAUSE[self.energy]


PLAIN = Delivery()


EventKind = Literal["comment", "gift", "like", "follow", "enter", "viewers"]


@dataclass(frozen=True, slots=True)
class Comment:
    """One line from a chat, or one of its events."""

    id: str
    """Unique in the room. It reveals a comment that a platform delivers twice."""
    chat: str
    """Name of the chat engine it came from."""
    author: str
    text: str
    at: float
    """Clock seconds (monotonic) when it arrived."""
    kind: EventKind = "comment"
    count: int = 1
    """Number of gifts, likes or viewers; also the number of similar comments merged into this one."""
    operator: bool = False


CueKind = Literal["operator", "disclosure", "answer", "script", "welcome", "filler", "goodbye"]


@dataclass(frozen=True, slots=True)
class Cue:
    """The next thing the host is to say."""

    id: str
    kind: CueKind
    at: float
    """Clock seconds when it was made."""
    expires: float = math.inf
    """Clock seconds after which it is dropped and counted unless its first word was said. Infinite for the
    rundown and the operator."""
    text: str = ""
    """Operator's line or script sentence, as written; empty for an answer."""
    comment: Comment | None = None
    product: str = ""
    """Product id on air, "" for none."""
    gesture: str = ""
    delivery: Delivery = PLAIN
    """How a script's sentence is spoken."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence to speak, with the facts it is based on."""

    id: str
    cue: str
    """Id of the cue."""
    kind: CueKind
    text: str
    """As written: shown in subtitles and kept in the journal."""
    language: Language
    gesture: str = ""
    product: str = ""
    facts: tuple[str, ...] = ()
    """Ids (`product.key`) of the catalogue facts it is based on."""
    comment: str = ""
    """Id of the comment it answers, "" for none."""
    delivery: Delivery = PLAIN


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of an utterance, ready for air."""

    utterance: Utterance
    speech: Speech
