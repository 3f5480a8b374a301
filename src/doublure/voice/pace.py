"""Changes the pace of any voice: by the voice itself if it can, otherwise by FFmpeg's `atempo` (WSOLA: Verhelst
and Roelands 1993), which keeps the pitch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import av
import numpy as np
from av.filter import Graph

from doublure.media import SAMPLE_RATE, Language, Pcm, Phone, Speech, Word
from doublure.threads import Lane
from doublure.voice.engine import Paced, Voice


def at_pace(voice: Voice, pace: float, lane: Lane) -> Voice:
    """`voice` at another pace; any stretching runs in `lane`."""
    if pace == 1.0:
        return voice
    return voice.paced(pace) if isinstance(voice, Paced) else Stretched(voice, pace, lane)


class Stretched:
    """A voice whose pieces are stretched while they arrive."""

    def __init__(self, voice: Voice, pace: float, lane: Lane) -> None:
        self.name = f"{voice.name}~{pace:g}"
        self.languages = voice.languages
        self._voice = voice
        self._pace = pace
        self._lane = lane

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        """The voice's pieces, stretched. Stretching takes 1 ms per second of sound."""
        stream: AsyncIterator[Speech] = self._voice.speak(spoken, language)
        try:
            async for piece in stream:
                made = await self._lane.run(stretched, piece, self._pace)
                yield replace(made, voice=f"{made.voice}~{self._pace:g}" if made.voice else "")
        finally:
            if isinstance(stream, AsyncGenerator):
                async with aclosing(stream):
                    pass


def stretched(speech: Speech, pace: float) -> Speech:
    """Speech `pace` (0.5..100) times as fast, with its times adapted."""
    pcm = _tempo(speech.pcm, pace)
    count = len(pcm)

    def at(sample: int) -> int:
        return min(count, round(sample / pace))

    words = tuple(Word(word.text, at(word.start), at(word.end)) for word in speech.words)
    last = len(speech.phones) - 1
    phones = tuple(
        Phone(phone.symbol, at(phone.start), count if number == last else at(phone.end))
        for number, phone in enumerate(speech.phones)
    )
    return replace(speech, pcm=pcm, words=words, phones=phones)


def _tempo(pcm: Pcm, pace: float) -> Pcm:
    if not len(pcm):
        return pcm
    graph = Graph()
    source = graph.add_abuffer(format="flt", sample_rate=SAMPLE_RATE, layout="mono")
    tempo, sink = graph.add("atempo", str(pace)), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None], np.float32), "flt", "mono")
    frame.sample_rate = SAMPLE_RATE
    source.push(frame)
    source.push(None)
    pieces: list[Pcm] = []
    while True:
        try:
            made = sink.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            break
        assert isinstance(made, av.AudioFrame)
        pieces.append(np.asarray(made.to_ndarray()[0], np.float32))
    return np.concatenate(pieces) if pieces else pcm[:0]
