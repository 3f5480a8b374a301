"""Turns utterances into sound clause by clause: spoken form, synthesis or cache, levelling, joins without
clicks."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

import anyio
import numpy as np

from doublure.cue import PLAIN, Clause, Delivery, Utterance
from doublure.media import SAMPLE_RATE, Language, Pcm, Phone, Speech
from doublure.threads import Lane
from doublure.voice import loudness
from doublure.voice.breath import breath, is_due
from doublure.voice.cache import SpeechCache
from doublure.voice.delivery import disclosed, pause_seconds
from doublure.voice.engine import Voice, Warming
from doublure.voice.pace import at_pace
from doublure.voice.spoken.clauses import clauses
from doublure.voice.spoken.form import spoken
from doublure.voice.spoken.lexicon import EMPTY, Lexicon

VERSION = 4
"""Version of the processing of a voice's sound; part of the cache's key."""
AWAITED = frozenset({"answer", "operator", "welcome"})
"""Kinds of utterances that somebody waits for. If they must be synthesised, their first clause is cut shorter so
that it is ready sooner."""
KEPT_TEXTS = 512
"""Number of texts whose clauses are kept: a rundown of a few hours; about 1 MB."""
FADE = SAMPLE_RATE // 200
"""Fade of 5 ms at both ends of a clause, so that joins do not click."""


@dataclass(frozen=True, slots=True)
class Part:
    """A clause ready for synthesis."""

    written: str
    said: str
    """Spoken form; never empty."""
    delivery: Delivery
    key: str


Parts = tuple[Part, ...]


class Speaker:
    """Speaks with one voice. Speech needed on air pre-empts speech synthesised ahead of time, which is cancelled
    and made again later."""

    def __init__(
        self,
        voice: Voice,
        language: Language,
        cache: SpeechCache | None = None,
        *,
        lexicon: Lexicon = EMPTY,
        breathes: bool = False,
    ) -> None:
        self.voice = voice
        self.language = language
        self._cache = cache
        self._lexicon = lexicon
        self._breathes = breathes
        self._paced: dict[float, Voice] = {1.0: voice}
        self._gains: dict[str, float] = {}
        """Gains of voices that stream in pieces, measured on their last whole clause."""
        self._lane = Lane("speech")
        self._kept_parts: OrderedDict[tuple[str, Language, Delivery, bool, str], Parts] = OrderedDict()
        self._wanted = 0
        self._ahead: tuple[str, anyio.CancelScope, anyio.Event] | None = None

    def close(self) -> None:
        """Close the lane and the cache. Call it once, after the last speech."""
        self._lane.close()
        if self._cache is not None:
            self._cache.close()

    async def warm(self) -> None:
        """Load the voice and open the cache. Raises `EngineError`."""
        if self._cache is not None:
            await self._cache.open()
        if isinstance(self.voice, Warming):
            await self.voice.warm()

    async def speak(self, utterance: Utterance) -> AsyncGenerator[Clause, None]:
        """The clauses of an utterance as they become ready, each with its pause at the end. Yields nothing if
        the text has no words. Raises `EngineError`."""
        language = utterance.language if utterance.language in self.voice.languages else self.language
        delivery = utterance.delivery
        if utterance.kind == "disclosure":  # the law requires normal speed, slower than the show's
            delivery = disclosed(utterance.text, language)
        parts = self._parts(utterance.text, language, delivery)
        if utterance.kind in AWAITED and not self._all_cached(parts):
            parts = self._parts(utterance.text, language, delivery, soon=True)
        for part in parts:
            held: Speech | None = None
            async with aclosing(self._sound(part, language)) as pieces:
                async for piece in pieces:
                    if held is not None:
                        yield Clause(utterance, replace(held, text=part.written, last=False))
                    held = piece
            if held is not None:
                ended = paused(replace(held, text=part.written, last=part is parts[-1]), part.delivery)
                if self._breathes and utterance.kind == "script":
                    ended = breathed(ended, part.delivery)
                yield Clause(utterance, ended)

    async def prepare(self, text: str, delivery: Delivery = PLAIN) -> None:
        """Synthesise ahead of time into the cache; gives up if speech is needed on air. Raises `EngineError`."""
        if self._cache is None:
            return
        for part in self._parts(text, self.language, delivery):
            if await self._cache.get(part.key) is not None:
                continue
            if self._wanted or self._ahead is not None:
                return
            done = anyio.Event()
            with anyio.CancelScope() as scope:
                self._ahead = (part.key, scope, done)
                try:
                    async with aclosing(self._synthesised(part, self.language)) as pieces:
                        async for _ in pieces:
                            pass
                finally:
                    self._ahead = None
                    done.set()
            if scope.cancelled_caught:
                return

    def cached(self, text: str, delivery: Delivery = PLAIN) -> bool:
        """Whether a whole text can be spoken without synthesis."""
        return self._all_cached(self._parts(text, self.language, delivery))

    def _all_cached(self, parts: Parts) -> bool:
        return self._cache is not None and all(self._cache.holds(part.key) for part in parts)

    def _parts(self, text: str, language: Language, delivery: Delivery, *, soon: bool = False) -> Parts:
        """The clauses of a text. The most recent results are kept: the room asks for the same few dozen texts
        several times a second, and each takes about a millisecond to split and put into spoken form."""
        # a voice with a fallback changes its name, and so the keys
        voice = self._voice(delivery.pace).name
        asked = (text, language, delivery, soon, voice)
        parts = self._kept_parts.pop(asked, None)
        if parts is None:
            parts = tuple(
                Part(written, said, delivery, self._key(said, language, voice, delivery))
                for written in clauses(text, language, soon=soon)
                if (said := spoken(written, language, self._lexicon))
            )
        self._kept_parts[asked] = parts
        if len(self._kept_parts) > KEPT_TEXTS:
            self._kept_parts.popitem(last=False)
        return parts

    def _voice(self, pace: float) -> Voice:
        if pace not in self._paced:
            self._paced[pace] = at_pace(self.voice, pace, self._lane)
        return self._paced[pace]

    def _key(self, said: str, language: Language, voice: str, delivery: Delivery) -> str:
        # the voice's name includes the pace; the spoken form includes the lexicon's words but not its phones
        sounds = self._lexicon.sounds
        phones = [sounds.symbols[one.lower()] for one in sounds.pattern.findall(said)] if sounds else []
        whole = "\0".join((str(VERSION), voice, language, f"{delivery.gain:.3f}", said, *phones))
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()

    async def _sound(self, part: Part, language: Language) -> AsyncGenerator[Speech, None]:
        """The pieces of a clause for air, from the cache or synthesised now."""
        self._wanted += 1
        try:
            if self._ahead is not None:
                key, scope, done = self._ahead
                if key != part.key:
                    scope.cancel()
                await done.wait()
            cached = await self._cache.get(part.key) if self._cache is not None else None
            if cached is not None:
                for piece in cached:
                    yield piece
                return
            async with aclosing(self._synthesised(part, language)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._wanted -= 1

    async def _synthesised(self, part: Part, language: Language) -> AsyncGenerator[Speech, None]:
        """The pieces of a clause as the voice makes them, levelled; cached once complete."""
        made: list[Speech] = []
        raw: list[Pcm] = []
        factor: float | None = None
        voice = self._voice(part.delivery.pace)
        asked = voice.name
        stream = voice.speak(part.said, language)
        try:
            async for piece in stream:
                if factor is None:
                    # one gain for the whole clause, so that the level does not jump between pieces
                    factor = self._gains.get(asked)
                    if factor is None:
                        factor = await self._lane.run(loudness.gain, piece.pcm)
                    factor *= part.delivery.gain
                raw.append(piece.pcm)
                pcm = await self._lane.run(_finished, piece.pcm, factor)
                made.append(replace(piece, pcm=pcm))
                yield made[-1]
        finally:
            # a third-party engine may return any iterator; generators must be closed
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        if len(raw) > 1:
            # the first piece of a clause is too short to measure the voice's loudness
            self._gains[asked] = await self._lane.run(loudness.gain, np.concatenate(raw))
        # another voice may have taken over: a clause of two voices is not kept
        spoke = {piece.voice or asked for piece in made}
        if self._cache is not None and len(spoke) == 1:
            await self._cache.put(self._key(part.said, language, spoke.pop(), part.delivery), tuple(made))


def _finished(pcm: Pcm, factor: float) -> Pcm:
    """Levelled and faded at both ends."""
    louder = loudness.levelled(pcm, factor)
    count = min(FADE, len(louder) // 2)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    louder[:count] *= ramp
    louder[len(louder) - count :] *= ramp[::-1]
    return louder


def pause_samples(written: str, delivery: Delivery) -> int:
    """The pause after a clause in this delivery, samples at 24 kHz."""
    return int(delivery.pause * pause_seconds(written) * SAMPLE_RATE)


def paused(speech: Speech, delivery: Delivery = PLAIN) -> Speech:
    """The clause with the pause given by its last mark."""
    pause = pause_samples(speech.text, delivery)
    if not pause:
        return speech
    length = len(speech.pcm)
    pcm = np.concatenate([speech.pcm, np.zeros(pause, np.float32)])
    phones = speech.phones
    if phones and not phones[-1].symbol:
        phones = (*phones[:-1], Phone("", phones[-1].start, len(pcm)))
    elif phones:
        phones = (*phones, Phone("", length, len(pcm)))
    return replace(speech, pcm=pcm, phones=phones)


BREATH_AFTER = SAMPLE_RATE // 20
"""A breath begins 50 ms after the last sound."""
BREATH_PAUSE = 0.3
"""Least usual pause for a breath, seconds: the pause at the end of a sentence. If a lively delivery shortened
it, the breath extends it again."""


def breathed(speech: Speech, delivery: Delivery = PLAIN) -> Speech:
    """A sentence with a breath in its pause, if one is due. `paused` must have added the pause, with the same
    `delivery`."""
    if pause_seconds(speech.text) < BREATH_PAUSE or not speech.last or not is_due(speech.text):
        return speech
    spoken_samples = len(speech.pcm) - pause_samples(speech.text, delivery)
    silence = np.zeros(BREATH_AFTER, np.float32)
    pcm = np.concatenate([speech.pcm[:spoken_samples], silence, breath(speech.text)])
    missing = len(speech.pcm) - len(pcm)
    if missing > 0:
        pcm = np.concatenate([pcm, np.zeros(missing, np.float32)])
    phones = speech.phones
    if phones and phones[-1].symbol:
        phones = (*phones, Phone("", spoken_samples, len(pcm)))
    elif phones:
        phones = (*phones[:-1], Phone("", phones[-1].start, len(pcm)))
    return replace(speech, pcm=pcm, phones=phones)
