"""The frame clock: combines sound, plate, mouth and overlay into frames of 40 ms.

Sound is never late, because it is read at its tick. Pictures are drawn in a lane, `LOOKAHEAD` frames
before they are due. A picture that is not ready in time is replaced by the last one and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import anyio
import numpy as np

from doublure import metrics
from doublure.air.playhead import Making, Part, Playhead
from doublure.channel import Channel
from doublure.clock import Clock
from doublure.cue import Clause, Utterance
from doublure.errors import EngineError
from doublure.log import get_log
from doublure.media import FPS, SAMPLES_PER_FRAME, Frame, Pcm, Picture, Speech
from doublure.picture.body.takes import Takes
from doublure.picture.engine import Face
from doublure.picture.mouth_lane import MouthLane
from doublure.picture.overlay import Overlay, OverlayState
from doublure.picture.painter import Painter, Shot
from doublure.shop.catalog import Catalog, Product
from doublure.threads import Lane

LOOKAHEAD = 4
"""Frames between planning a picture and needing it: 160 ms. After a cut, the lips stop this much later."""
FRAMES_AHEAD = 12
"""Frames that may wait for the encoder: half a second."""
HANGING_FRAMES = 50
"""Consecutive late pictures after which the face is reported as hanging: two seconds."""
LONGEST_CLAUSE_SECONDS = 60.0
"""Longest clause accepted; without this limit, a voice that does not stop would stay on air for ever."""

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Aired:
    """Event: the first or last frame of an utterance was passed to the encoder."""

    utterance: Utterance
    at: float
    """Clock seconds."""
    fate: Literal["begun", "heard", "cut"]
    """`begun`: its first frame; `heard`: its last frame; `cut`: stopped before its end."""


@dataclass(frozen=True, slots=True)
class _Planned:
    number: int
    pcm: Pcm
    clause: Clause | None
    picture: asyncio.Future[Picture] | None


class Performer:
    """Owns the frame clock and the playhead. Other components offer clauses or ask it to stop."""

    def __init__(self, face: Face, overlay: Overlay, catalog: Catalog, clock: Clock) -> None:
        self.frames: Channel[Frame] = Channel("frames", FRAMES_AHEAD)
        self.aired: Channel[Aired] = Channel("aired", 256, "drop_oldest")
        self.frames_made = 0
        self.frames_speaking = 0
        self.late_pictures = 0
        self.on_air: Clause | None = None
        self._face = face
        self._overlay = overlay
        self._catalog = catalog
        self._clock = clock
        self.heard: Callable[[Clause], None] = lambda clause: None
        """Called with each clause that was played to its end."""
        self._playhead = Playhead(lambda clause: self.heard(clause))
        self._planned: deque[_Planned] = deque(maxlen=LOOKAHEAD + 1)
        self._number = 0
        self._late_in_a_row = 0
        self._takes = Takes(face.takes)
        self._pictures = Lane("picture")
        self.mouths = MouthLane(face, clock)
        self._stopped: Clause | None = None
        self._open: Clause | None = None
        """The latest clause of the utterance that has begun and not ended."""
        self._painter: Painter | None = None
        self._product: Product | None = None
        self._drawing: deque[asyncio.Future[Picture]] = deque(maxlen=LOOKAHEAD * 2)

    async def offer(self, clause: Clause, wanted: Callable[[], bool] = lambda: True) -> None:
        """Queue a clause for air. Waits while the queue is full, then adds the clause only if it is still
        `wanted`. Raises `EngineError` for sound that cannot be aired. If the face gives no mouth shapes, the
        clause is heard with the lips at rest."""
        _check(clause.speech)
        await self._playhead.offer(Part(clause, await self.mouths.mouth(clause.speech)), wanted)

    def cut(self) -> list[Clause]:
        """Stop speaking now; returns the clauses that were not heard to their end. Frames not yet passed to
        the encoder (up to half a second) are silenced too."""
        self._stopped = self._playhead.current
        if self._stopped is None and self._open is not None and not self._open.speech.last:
            self._stopped = self._open  # between two pieces of its sound
        frames, planned = self.frames.clear(), list(self._planned)
        dropped = self._playhead.cut(fades=not frames and not planned)
        silence = iter(_faded([*(frame.pcm for frame in frames), *(plan.pcm for plan in planned)]))
        for frame in frames:
            self.frames.offer(replace(frame, pcm=next(silence), speaking=False, utterance=""))
        self._planned.clear()
        self._planned.extend(replace(plan, pcm=next(silence), clause=None) for plan in planned)
        return dropped

    def hold(self, why: str) -> None:
        """Show stand-by while `why` is set; "" ends it."""
        if self._painter is not None:
            self._painter.held = why

    def stop_within(self, making: Making) -> list[Clause]:
        """Stop some kinds of speech softly; returns the clauses that are not heard to their end."""
        return self._playhead.stop_within(making)

    @property
    def current(self) -> Clause | None:
        """The clause being played; it is on air 160 ms later."""
        return self._playhead.current

    @property
    def seconds_waiting(self) -> float:
        """Seconds of speech still to be heard."""
        return self._playhead.seconds_waiting

    @property
    def fault(self) -> str:
        """Why air shows stand-by, a frozen picture or resting lips; "" when all is well."""
        if self._late_in_a_row >= HANGING_FRAMES:
            return "the face does not answer: the picture stands still"
        painted = (self._painter.held or self._painter.fault) if self._painter else ""
        return painted or self.mouths.fault

    async def run(self) -> None:
        """Make frames until cancelled; the first picture is drawn before the clock starts."""
        painter = self._painter = await self._pictures.run(Painter, self._face, self._overlay)
        last = painter.standby_picture
        # after a restart the count continues, so that time stamps never go back
        start = self._clock.now() - self._number / FPS
        while True:
            await self._clock.sleep_until(start + self._number / FPS)
            self._planned.append(self._plan(painter, self._number))
            self._number += 1
            if len(self._planned) > LOOKAHEAD:
                # wait for room before taking the frame: a frame that still waits can be cut
                await self.frames.room()
                last = self._air(self._planned.popleft(), last)
                await anyio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close the lanes, after `run` has ended."""
        self._pictures.close()
        self.mouths.close()

    def _plan(self, painter: Painter, number: int) -> _Planned:
        step = self._playhead.step()
        if step.clause is not None and step.clause.utterance.product != (
            self._product.id if self._product else ""
        ):
            self._product = self._catalog.product(step.clause.utterance.product)
        caption = step.clause.speech.text if step.clause else ""
        shot = Shot(
            number,
            self._takes.step(step.clause is not None),
            step.mouth,
            OverlayState(caption, self._product),
        )
        while self._drawing and self._drawing[0].done():
            # marks the exception as retrieved; `paint` has logged it
            self._drawing.popleft().exception()
        picture = None
        if len(self._drawing) <= LOOKAHEAD:
            picture = self._pictures.submit(painter.paint, shot)
            self._drawing.append(picture)
        return _Planned(number, step.pcm, step.clause, picture)

    def _air(self, planned: _Planned, last: Picture) -> Picture:
        drawn = planned.picture
        late = drawn is None or not drawn.done() or drawn.exception() is not None
        picture = last if late or drawn is None else drawn.result()
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        if late:
            self.late_pictures += 1
            metrics.LATE_PICTURES.inc()
        self._note(planned.clause)
        utterance = planned.clause.utterance.id if planned.clause else ""
        self.frames.offer(
            Frame(planned.number, planned.pcm, picture, planned.clause is not None, utterance, late)
        )
        self.frames_made += 1
        self.frames_speaking += planned.clause is not None
        metrics.FRAMES.inc()
        return picture

    def _note(self, clause: Clause | None) -> None:
        """Report the first and the last frame of each utterance. Its sound may arrive in pieces; the silence
        before a late piece does not end the utterance."""
        if clause is not None and clause is self.on_air:
            return
        self.on_air = clause
        old, now = self._open, self._clock.now()
        if old is not None and clause is not None and clause.utterance.id == old.utterance.id:
            self._open = clause
            return
        if old is not None:
            stopped = self._stopped is not None and self._stopped.utterance.id == old.utterance.id
            if clause is None and not stopped and not old.speech.last:
                return
            whole = old.speech.last and old is not self._stopped
            self.aired.offer(Aired(old.utterance, now, "heard" if whole else "cut"))
        self._open = clause
        if clause is not None:
            self.aired.offer(Aired(clause.utterance, now, "begun"))


def _faded(sounds: list[Pcm]) -> list[Pcm]:
    """The sounds of consecutive frames, silenced: the first fades out, the others are zero."""
    ramp = np.linspace(1, 0, SAMPLES_PER_FRAME, dtype=np.float32)
    return [sound * (ramp if number == 0 else 0) for number, sound in enumerate(sounds)]


def _check(speech: Speech) -> None:
    """Last check before sound is aired. Raises `EngineError`."""
    pcm = speech.pcm
    if not isinstance(pcm, np.ndarray) or pcm.dtype != np.float32 or pcm.ndim != 1:
        raise EngineError("the voice gave sound that is not mono float32")
    if speech.seconds > LONGEST_CLAUSE_SECONDS:
        raise EngineError(f"the voice gave a clause of {speech.seconds:.0f} s, longer than allowed")
    if not bool(np.isfinite(pcm).all()):
        raise EngineError("the voice gave sound with infinite or NaN values")
