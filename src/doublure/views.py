"""The room's state for display: frozen values that the console and the CLI read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from doublure.cue import CueKind
from doublure.media import Language

CommentFate = Literal[
    "waiting", "answering", "answered", "asked_colleagues", "moderated", "merged", "noted", "expired", "cut"
]
RoomState = Literal["off", "on_air", "standby", "stopping"]
SinkState = Literal["connecting", "live", "reconnecting", "stopped"]


@dataclass(frozen=True, slots=True)
class LineView:
    """A sentence that is, was or will be spoken."""

    kind: CueKind
    text: str
    product: str = ""
    """Name of the product."""


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment and its outcome."""

    id: str
    author: str
    text: str
    fate: CommentFate
    """"answered" and "asked_colleagues" are set only when the answer was heard, "cut" if not to its end."""
    age_seconds: int
    answer: str = ""


@dataclass(frozen=True, slots=True)
class SinkView:
    """One output."""

    name: str
    address: str
    """Without the stream key."""
    state: SinkState
    sent_kbps: int
    dropped_gops: int
    reconnects: int
    fault: str = ""
    """Message for the operator while it is not live."""
    removable: bool = False


@dataclass(frozen=True, slots=True)
class ProductView:
    """The product on air."""

    id: str
    name: str
    price: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class RoomView:
    """The whole room at one moment."""

    name: str
    state: RoomState
    on_air_seconds: int
    now: LineView | None = None
    next: tuple[LineView, ...] = ()
    lines_ready: int = 0
    """Lines of the rundown whose speech is already made."""
    lines: int = 0
    """Different lines of the rundown."""
    said: tuple[LineView, ...] = ()
    """The last sentences, newest first."""
    product: ProductView | None = None
    comments: tuple[CommentView, ...] = ()
    """Newest first, bounded."""
    unknown: tuple[str, ...] = ()
    """Questions that the catalogue could not answer, for the operator."""
    sinks: tuple[SinkView, ...] = ()
    late_pictures: int = 0
    alarms: tuple[str, ...] = ()
    language: Language = "zh"
    """The show's language; the console uses it until the operator chooses another."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures of a room for benchmarks."""

    frames: int
    """Frames put on air."""
    speaking_frames: int
    """Those with speech in them."""
    late_pictures: int
    """Frames that repeated the last picture."""
    answer_seconds: tuple[float, ...]
    """Seconds from a comment to the first frame of its answer: the last 100, oldest first."""
