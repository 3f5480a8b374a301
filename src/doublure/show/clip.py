"""Renders one line into a clip, faster than real time.

It uses the stages of a room without the frame clock. The AI label is drawn as it is on air.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import anyio
import numpy as np

from doublure.air.encoder import Encoder
from doublure.air.engine import find_sink
from doublure.air.settings import PictureSettings, SinkSettings
from doublure.channel import Channel
from doublure.cue import Clause, Utterance
from doublure.errors import EngineError
from doublure.media import FPS, SAMPLES_PER_FRAME, Frame, Language, Pcm
from doublure.picture.body.takes import Takes
from doublure.picture.engine import Mouth, find_face
from doublure.picture.overlay import Overlay, OverlayState
from doublure.picture.painter import Painter, Shot
from doublure.picture.settings import FaceSettings
from doublure.threads import Lane
from doublure.voice.engine import find_voice
from doublure.voice.settings import VoiceSettings
from doublure.voice.speaker import Speaker

REST_FRAMES = 12
"""Frames without speech before and after the line: half a second."""
CLAUSES_AHEAD = 8
"""Clauses that may wait to be drawn: about twenty seconds of speech."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to render."""

    text: str
    language: Language
    out: Path
    face: FaceSettings
    voice: VoiceSettings
    picture: PictureSettings


class Studio:
    """Turns clauses into frames of a file. Synchronous; runs in one lane."""

    def __init__(self, order: Order) -> None:
        """Load the face and open the file, which takes seconds. Raises `EngineError`, `FootageError`,
        `SinkError`."""
        size = order.picture.size
        self.frames = 0
        self._face = find_face(order.face.engine)(order.face, size)
        self._painter = Painter(self._face, Overlay(size, order.language, self._face.head))
        self._takes = Takes(self._face.takes)
        self._encoder = Encoder(order.picture)
        self._sink = find_sink("file")(SinkSettings(engine="file", name="clip", path=order.out))
        self._sink.open(self._encoder.header)

    def rest(self) -> None:
        """Add half a second without speech."""
        for _ in range(REST_FRAMES):
            self._shoot(np.zeros(SAMPLES_PER_FRAME, np.float32), None, 0)

    def shoot(self, clause: Clause) -> None:
        """Add the frames of a clause; the last one is padded with silence."""
        sound = clause.speech.pcm
        count = math.ceil(len(sound) / SAMPLES_PER_FRAME)
        padded = np.zeros(count * SAMPLES_PER_FRAME, np.float32)
        padded[: len(sound)] = sound
        mouth = self._face.mouth(clause.speech)
        for row, pcm in enumerate(padded.reshape(count, SAMPLES_PER_FRAME)):
            self._shoot(pcm, (clause, mouth), row)

    def finish(self) -> float:
        """Close the file and return the clip's length in seconds."""
        try:
            for packet in self._encoder.finish():
                self._sink.write(packet)
        finally:
            self._sink.close()
        return self.frames / FPS

    def _shoot(self, pcm: Pcm, heard: tuple[Clause, Mouth] | None, row: int) -> None:
        caption = heard[0].speech.text if heard else ""
        mouth = heard[1][row] if heard and row < len(heard[1]) else None
        shot = Shot(self.frames, self._takes.step(heard is not None), mouth, OverlayState(caption, None))
        picture = self._painter.paint(shot)
        if self._painter.fault:
            raise EngineError(self._painter.fault, where=self._face.name)
        utterance = heard[0].utterance.id if heard else ""
        for packet in self._encoder.encode(Frame(self.frames, pcm, picture, heard is not None, utterance)):
            self._sink.write(packet)
        self.frames += 1


async def render(order: Order) -> float:
    """Render the line into `order.out` (MP4), which must not exist; returns the clip's length in seconds.

    Speech is synthesised while the face loads and draws. Raises `EngineError`, `FootageError`,
    `SinkError`, also inside an exception group.
    """
    clauses: Channel[Clause] = Channel("say", CLAUSES_AHEAD)
    lane = Lane("studio")
    try:
        async with anyio.create_task_group() as speaking:
            speaking.start_soon(_speak, order, clauses)
            studio = await lane.run(Studio, order)
            try:
                await lane.run(studio.rest)
                async for clause in clauses:
                    await lane.run(studio.shoot, clause)
                await lane.run(studio.rest)
            finally:
                with anyio.CancelScope(shield=True):
                    seconds = await lane.run(studio.finish)
    except BaseException:
        order.out.unlink(missing_ok=True)  # leave no incomplete clip
        raise
    finally:
        lane.close()
    return seconds


async def _speak(order: Order, clauses: Channel[Clause]) -> None:
    voice = find_voice(order.voice.engine)(order.voice, order.language)
    utterance = Utterance("say-1", "say-1", "operator", order.text, order.language)
    async for clause in Speaker(voice, order.language, None).speak(utterance):
        await clauses.put(clause)
    clauses.close()
