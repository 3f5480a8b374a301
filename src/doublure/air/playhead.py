"""Plays queued clauses frame by frame, and stops them early where that is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio
import numpy as np
from numpy.typing import NDArray

from doublure.air.phrase_ends import phrase_end
from doublure.channel import Channel
from doublure.cue import Clause, CueKind
from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm
from doublure.picture.engine import Mouth

CLAUSES_AHEAD = 4
"""Clauses waiting behind the one on air: about eight seconds."""
FADE_SAMPLES = SAMPLE_RATE // 50
"""Length of a fade-out, 20 ms; a shorter one clicks."""
STOPPABLE: frozenset[CueKind] = frozenset({"script", "filler"})
"""Kinds of speech that may stop inside a clause: they are said again later, or may be left out."""
STOPPED_PAUSE = SAMPLE_RATE // 8
"""Silence after a clause that stops early, because another sentence follows."""
DYING_AWAY = SAMPLE_RATE // 20
"""50 ms in which sound may still decay after the last phone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A clause with its mouth shapes."""

    clause: Clause
    mouth: Mouth


@dataclass(frozen=True, slots=True)
class Making:
    """How speech makes way for other speech: which kinds stop, and where."""

    kinds: frozenset[CueKind]
    """The kinds that stop; others are heard to their end and keep their order."""
    sentence_seconds: float
    """If the sentence on air ends within this time, it is heard to its end, otherwise only its clause is."""
    phrase_seconds: float = np.inf
    """A clause with more than this left stops at the end of a phrase, if it may."""


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of sound, with its mouth shape and clause."""

    pcm: Pcm
    """float32 [960]."""
    mouth: NDArray[np.float32] | None = None
    """float32 [shape]; None in silence."""
    clause: Clause | None = None


class Playhead:
    """Plays clauses. One producer offers them; the frame clock calls `step`. `heard` is called with each
    clause that was played to its end (or to where it was shortened)."""

    def __init__(self, heard: Callable[[Clause], None] = lambda clause: None) -> None:
        self.heard = heard
        self._waiting: Channel[Part] = Channel("playlist", CLAUSES_AHEAD)
        self._current: Part | None = None
        self._cursor = 0
        self._fading: Pcm | None = None

    async def offer(self, part: Part, wanted: Callable[[], bool] = lambda: True) -> None:
        """Add a clause. Waits while the queue is full, then adds the clause only if it is still `wanted`."""
        await self._waiting.room()
        # no await between the check and the offer, so that a clause that was cut is never queued
        if wanted():
            self._waiting.offer(part)
        await anyio.lowlevel.checkpoint()

    def step(self) -> Step:
        """The next 960 samples: silence when nothing is waiting."""
        pcm = np.zeros(SAMPLES_PER_FRAME, np.float32)
        filled = 0
        if self._fading is not None:
            filled = len(self._fading)
            pcm[:filled] = self._fading
            self._fading = None
        mouth: NDArray[np.float32] | None = None
        clause: Clause | None = None
        while filled < SAMPLES_PER_FRAME and self._load():
            assert self._current is not None
            part = self._current
            sound = part.clause.speech.pcm
            count = min(SAMPLES_PER_FRAME - filled, len(sound) - self._cursor)
            pcm[filled : filled + count] = sound[self._cursor : self._cursor + count]
            if clause is None:
                clause = part.clause
                row = (self._cursor + count // 2) // SAMPLES_PER_FRAME
                if len(part.mouth):
                    mouth = part.mouth[min(row, len(part.mouth) - 1)]
            self._cursor += count
            filled += count
            if self._cursor >= len(sound):
                self._current = None
                self.heard(part.clause)
        return Step(pcm, mouth, clause)

    def cut(self, *, fades: bool = True) -> list[Clause]:
        """Stop now; returns the clauses that were not heard to their end, the one on air first. With `fades`,
        the sound fades out; without, it ends at once because the sound before it is already silenced."""
        dropped = [part.clause for part in self._waiting.clear()]
        if self._current is not None:
            sound = self._current.clause.speech.pcm[self._cursor : self._cursor + FADE_SAMPLES]
            if fades:
                self._fading = (sound * np.linspace(1, 0, len(sound), dtype=np.float32)).astype(np.float32)
            dropped.insert(0, self._current.clause)
            self._current = None
        return dropped

    def stop_within(self, making: Making) -> list[Clause]:
        """Stop the kinds of speech named by `making`, with a short pause after the last sound. Returns the
        clauses that are not heard to their end, in order."""
        waiting = self._waiting.clear()
        stopping = self._current is not None and self._current.clause.utterance.kind in making.kinds
        rest = self._rest_of_sentence(waiting) if stopping else []
        if self.seconds_left + sum(part.clause.speech.seconds for part in rest) > making.sentence_seconds:
            rest = []
        others = waiting[len(rest) :]
        dropped = [part.clause for part in others if part.clause.utterance.kind in making.kinds]
        kept = [*rest, *(part for part in others if part.clause.utterance.kind not in making.kinds)]
        for part in [*kept[:-1], *(_without_pause(part) for part in kept[-1:])]:
            self._waiting.offer(part)
        if rest or self._current is None:
            return dropped
        stopped = self._current.clause
        long = self.seconds_left > max(making.phrase_seconds, making.sentence_seconds)
        if stopping and long and self._stop_at_phrase(making.phrase_seconds):
            return [stopped, *dropped]
        if not kept:
            self._current = _without_pause(self._current, self._cursor)
        return dropped

    @property
    def current(self) -> Clause | None:
        """The clause on air."""
        return self._current.clause if self._current else None

    @property
    def waiting(self) -> int:
        """Clauses behind the one on air."""
        return len(self._waiting)

    @property
    def seconds_waiting(self) -> float:
        """Seconds of speech on air and behind it."""
        return self.seconds_left + sum(part.clause.speech.seconds for part in self._waiting.values())

    @property
    def seconds_left(self) -> float:
        """Seconds until the clause on air ends."""
        if self._current is None:
            return 0.0
        return (len(self._current.clause.speech.pcm) - self._cursor) / SAMPLE_RATE

    @property
    def idle(self) -> bool:
        """True if nothing is on air and nothing waits."""
        return self._current is None and len(self._waiting) == 0

    def _load(self) -> bool:
        while self._current is None:
            part = self._waiting.poll()
            if part is None:
                return False
            if len(part.clause.speech.pcm):
                self._current, self._cursor = part, 0
            else:
                self.heard(part.clause)
        return True

    def _stop_at_phrase(self, seconds: float) -> bool:
        """Shorten the clause on air to a phrase that ends within `seconds`; False if there is none."""
        assert self._current is not None
        part, speech = self._current, self._current.clause.speech
        if part.clause.utterance.kind not in STOPPABLE:
            return False
        end = phrase_end(speech, self._cursor, self._cursor + int(seconds * SAMPLE_RATE))
        if end is None:
            return False
        pcm = np.concatenate([speech.pcm[:end], np.zeros(STOPPED_PAUSE, np.float32)])
        count = min(FADE_SAMPLES, end - self._cursor)
        pcm[end - count : end] *= np.linspace(1, 0, count, dtype=np.float32)
        shortened = replace(part.clause, speech=replace(speech, pcm=pcm, last=False))
        self._current = Part(shortened, part.mouth[: -(-end // SAMPLES_PER_FRAME)])
        return True

    def _rest_of_sentence(self, waiting: list[Part]) -> list[Part]:
        if self._current is None or self._current.clause.speech.last:
            return []
        sentence = self._current.clause.utterance.id
        rest: list[Part] = []
        for part in waiting:
            if part.clause.utterance.id != sentence:
                break
            rest.append(part)
            if part.clause.speech.last:
                return rest
        # the end is not synthesised yet, so its length is unknown
        return []


def _without_pause(part: Part, heard: int = 0) -> Part:
    """The clause with only a short pause after its last sound; `heard` samples of it were on air."""
    speech = part.clause.speech
    spoken = [phone.end for phone in speech.phones if phone.symbol]
    if not spoken:
        return part
    end = max(spoken[-1] + DYING_AWAY, heard)
    length = max(spoken[-1] + STOPPED_PAUSE, heard)
    if length >= len(speech.pcm):
        return part
    pcm = speech.pcm[:length].copy()
    fade = pcm[end : end + FADE_SAMPLES]
    fade *= np.linspace(1, 0, len(fade), dtype=np.float32)
    pcm[end + FADE_SAMPLES :] = 0
    mouth = part.mouth[: -(-length // SAMPLES_PER_FRAME)]
    return Part(replace(part.clause, speech=replace(speech, pcm=pcm)), mouth)
