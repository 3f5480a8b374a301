"""Readings: clauses spoken in the background by the embedded voice, with exact times. They time voices that
report no times, and are played if such a voice fails."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import numpy as np

from doublure.channel import Channel
from doublure.media import Language, Phone, Speech, Word
from doublure.voice.align import Times
from doublure.voice.engine import Voice

KEPT, AHEAD = 8, 2
"""Clauses kept after reading, and clauses queued for it."""


class Readings:
    """Reads requested clauses in the background and keeps the last few."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self._made: OrderedDict[tuple[str, Language], Speech] = OrderedDict()
        self._wanted: Channel[tuple[str, Language]] = Channel("readings", AHEAD, "drop_oldest")
        self._lock = anyio.Lock()
        self._changed = anyio.Event()

    async def run(self) -> None:
        """Read until cancelled. Raises `EngineError`."""
        async for spoken, language in self._wanted:
            await self.read(spoken, language)

    def want(self, spoken: str, language: Language) -> None:
        """Queue a clause for reading. The queue holds two; the oldest is dropped."""
        if (spoken, language) not in self._made:
            self._wanted.offer((spoken, language))

    def ready(self, spoken: str, language: Language) -> Speech | None:
        """The reading of a clause, or None if it is not made yet."""
        return self._made.get((spoken, language))

    async def wait(self, spoken: str, language: Language) -> Speech:
        """Wait for the reading of a clause."""
        while (reading := self.ready(spoken, language)) is None:
            await self._changed.wait()
        return reading

    async def read(self, spoken: str, language: Language) -> Speech:
        """The reading of a clause, synthesised now if it is not kept. Raises `EngineError`."""
        async with self._lock:
            made = self._made.get((spoken, language))
            if made is None:
                async with closing(self.voice.speak(spoken, language)) as pieces:
                    made = joined([piece async for piece in pieces])
                self._made[spoken, language] = made
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
                self._changed.set()
                self._changed = anyio.Event()
        return made


@asynccontextmanager
async def closing(pieces: AsyncIterator[Speech]) -> AsyncGenerator[AsyncIterator[Speech], None]:
    """A voice's pieces, closed at the end if they are a generator. A third-party engine may return any
    iterator."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def joined(pieces: list[Speech]) -> Speech:
    """The pieces of a clause joined into one."""
    at = 0
    words: list[Word] = []
    found: list[Phone] = []
    for piece in pieces:
        words += [Word(word.text, word.start + at, word.end + at) for word in piece.words]
        found += [Phone(phone.symbol, phone.start + at, phone.end + at) for phone in piece.phones]
        at += len(piece.pcm)
    pcm = np.concatenate([np.zeros(0, np.float32), *(piece.pcm for piece in pieces)])
    return Speech(pcm, tuple(words), tuple(found))


def rest_of(reading: Speech, said: int) -> Speech | None:
    """The part of a reading from word number `said` on; None if no word is left."""
    if said >= len(reading.words):
        return None
    start = reading.words[said].start if said else 0
    words = tuple(Word(word.text, word.start - start, word.end - start) for word in reading.words[said:])
    marks = tuple(
        Phone(phone.symbol, max(0, phone.start - start), phone.end - start)
        for phone in reading.phones
        if phone.end > start
    )
    return Speech(reading.pcm[start:].copy(), words, marks)


def piece_of(times: Times, start: int, end: int, given: int) -> tuple[tuple[Word, ...], tuple[Phone, ...]]:
    """The times within samples `start` to `end` of a clause, counted from `start`. A word belongs to the piece
    in which it begins, and is cut at the end of that piece. The first `given` words belong to earlier
    pieces."""
    words = tuple(
        Word(word.text, max(word.start, start) - start, max(min(word.end, end), start) - start)
        for word in times.words[given:]
        if word.start < end
    )
    marks = tuple(
        Phone(phone.symbol, max(phone.start, start) - start, min(phone.end, end) - start)
        for phone in times.phones
        if phone.start < end and phone.end > start
    )
    return words, marks
