"""What goes from the chat and the rundown to the host's mouth: comments, cues, utterances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from doublure.media import Language, Speech

Energy = Literal["calm", "normal", "lively"]
ENERGIES: tuple[Energy, ...] = ("calm", "normal", "lively")

SLOWEST, FASTEST = 0.5, 2.0
"""Paces that a voice is asked for."""
_PACE: dict[Energy, float] = {"calm": 0.94, "normal": 1.0, "lively": 1.07}
_DECIBELS: dict[Energy, float] = {"calm": -0.8, "normal": 0.0, "lively": 0.8}
"""Inside the tolerance of 1 LU that a show is held to."""
_PAUSE: dict[Energy, float] = {"calm": 1.3, "normal": 1.0, "lively": 0.8}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Of one sentence."""

    rate: float = 1.0
    """Speaking rate, ratio to the voice's own, 0.5..2."""
    energy: Energy = "normal"
    pauses: float = 1.0
    """Length of the pauses, ratio to the usual."""

    @property
    def pace(self) -> float:
        """What the voice is asked for: rate and energy together."""
        return round(min(FASTEST, max(SLOWEST, self.rate * _PACE[self.energy])), 3)

    @property
    def gain(self) -> float:
        """Factor beside the usual level."""
        return float(10 ** (_DECIBELS[self.energy] / 20))

    @property
    def pause(self) -> float:
        """Factor of the pauses."""
        return self.pauses * _PAUSE[self.energy]


PLAIN = Delivery()


EventKind = Literal["comment", "gift", "like", "follow", "enter", "viewers"]


@dataclass(frozen=True, slots=True)
class Comment:
    """One line from a chat, or an event of it."""

    id: str
    """Unique in the room; platforms may deliver twice, the id is what tells."""
    chat: str
    """Name of the chat engine it came from."""
    author: str
    text: str
    at: float
    """Clock seconds (monotonic) when it reached us."""
    kind: EventKind = "comment"
    count: int = 1
    """Gifts, likes or viewers; also how many like comments were merged into this one."""
    operator: bool = False


CueKind = Literal["operator", "disclosure", "answer", "script", "welcome", "filler", "goodbye"]


@dataclass(frozen=True, slots=True)
class Cue:
    """The one next thing the host is to do."""

    id: str
    kind: CueKind
    at: float
    """Clock seconds when it was made."""
    expires: float = math.inf
    """Clock seconds after which its first word is not said any more; it is dropped and counted. Never for the
    rundown and the operator."""
    text: str = ""
    """Operator's line or script sentence, as written; empty for an answer."""
    comment: Comment | None = None
    product: str = ""
    """Product id on air, "" for none."""
    gesture: str = ""
    delivery: Delivery = PLAIN
    """How a script's sentence is said."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speakable sentence with what it was based on."""

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
    """Ids of the catalogue facts it rests on, `product.key`."""
    comment: str = ""
    """Id of the comment it answers, "" for none."""
    delivery: Delivery = PLAIN


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of an utterance, ready for air."""

    utterance: Utterance
    speech: Speech
