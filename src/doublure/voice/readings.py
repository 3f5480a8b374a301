"""Clauses read along by the embedded voice, whose times are exact: they time the voices that have
none, and are what is heard when such a voice fails."""

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
"""Clauses."""


class Readings:
    """Reads what is wanted, in the background, and keeps the last few clauses."""

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
        """Have a clause read soon; of more than two the oldest is forgotten."""
        if (spoken, language) not in self._made:
            self._wanted.offer((spoken, language))

    def ready(self, spoken: str, language: Language) -> Speech | None:
        """The reading of a clause if it is there."""
        return self._made.get((spoken, language))

    async def wait(self, spoken: str, language: Language) -> Speech:
        """The reading of a clause as soon as it is there."""
        while (reading := self.ready(spoken, language)) is None:
            await self._changed.wait()
        return reading

    async def read(self, spoken: str, language: Language) -> Speech:
        """The reading of a clause, made now unless it is there. Raises `EngineError`."""
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
    """A voice's pieces, closed at the end when they are a generator; an engine of a third party may
    give any iterator."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def joined(pieces: list[Speech]) -> Speech:
    """Pieces of one clause as one."""
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
    """A reading from its word number `said` on; None when there is none."""
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
    """Of a clause's times those of its samples `start` to `end`, counted from `start`. A word belongs
    to the piece it begins in and ends with it at the latest; the first `given` words belong to
    earlier pieces."""
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
