"""The fallback: if a voice dies, stalls or sends rubbish, the embedded voice speaks the clause, or
continues it from the word where the other voice stopped.

The embedded voice also reads every clause, in the background and at low priority (`readings`). The
reading provides the times of words and phones for voices that report none (`align`). If the voice
fails, the reading is played, so nothing has to be synthesised then.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import anyio
import numpy as np

from doublure import metrics
from doublure.clock import Clock
from doublure.engines import Closable
from doublure.errors import EngineError
from doublure.excerpt import excerpt
from doublure.log import get_log
from doublure.media import SAMPLE_RATE, Language, Pcm, Speech
from doublure.retry import Retry
from doublure.threads import Lane
from doublure.voice import loudness
from doublure.voice.align import aligned, by_text, scaled
from doublure.voice.engine import Voice
from doublure.voice.readings import Readings, closing, piece_of, rest_of
from doublure.voice.settings import VoiceSettings

FIRST_PROBE_SECONDS, LONGEST_PROBE_SECONDS = 2.0, 60.0
"""A voice that failed is retried after two seconds; the pause then doubles each time, up to a minute."""
GOOD_CLAUSES = 3
"""After this many whole clauses from a voice that recovered, the retry pause is reset."""
PROBE: dict[Language, str] = {"zh": "好的", "en": "okay", "fr": "d'accord"}
SILENCE = 1e-3
"""Samples below this are silence: -60 dB of full scale."""
LOUDEST = 4.0
"""Samples above this are not sound; full scale is 1."""
LONGEST_SILENCE = 1.5
"""More seconds of continuous silence than this are a fault."""
HISS_CROSSINGS, HISS_LEVEL = 0.35, 0.2
"""Share of sign changes between samples, and RMS. Sound above both is noise (bytes in the wrong format): no
voice hisses that loudly."""
LONGEST_RATIO, LONGEST_EXTRA = 3.0, 2.0
"""A clause may take this many times its usual length plus this many seconds. Beyond that the voice rambles."""
SHORT, TOLD = 0.75, 0.8
"""A clause shorter than `SHORT` times its reading may have stopped early. It did if fewer than `TOLD` of the
reading's words are found in it."""
SHOWN_CHARACTERS = 400
"""Longest text of a voice's fault."""
MARGIN, PATIENCE = 0.3, 0.1
"""Waiting for a reading and aligning it must leave `MARGIN` seconds of sound ahead of air. The wait may always
last `PATIENCE` seconds."""

log = get_log(__name__)


class CheckedClause:
    """One clause of a voice, checked while it arrives; records how much was passed on."""

    def __init__(
        self, voice: Voice, settings: VoiceSettings, clock: Clock, spoken: str, language: Language
    ) -> None:
        self.spoken = spoken
        self.language = language
        self.usual = by_text(spoken, language, settings.speed)
        """Words and phones at the usual pace."""
        self.sound: Pcm = np.zeros(0, np.float32)
        """All sound passed on."""
        self.words = 0
        """Words passed on, the last perhaps only begun."""
        self.own_times = False
        """Whether the voice reported the times of its words."""
        self.rambled = False
        self.began = 0.0
        """Clock time of its first sound, seconds."""
        self._voice = voice
        self._settings = settings
        self._clock = clock

    async def pieces(self) -> AsyncGenerator[Speech, None]:
        """The voice's pieces without the leading silence. Raises `EngineError` if anything is wrong with
        them."""
        silent = 0
        async with closing(self._voice.speak(self.spoken, self.language)) as stream:
            while (piece := await self._next(stream)) is not None:
                silent = silent + len(piece.pcm) if quiet(piece.pcm) else 0
                if silent > LONGEST_SILENCE * SAMPLE_RATE:
                    raise self.fault("it sends silence")
                if not len(self.sound):
                    if silent:
                        continue
                    piece = trimmed(piece)
                most = LONGEST_RATIO * len(self.usual.pcm) + LONGEST_EXTRA * SAMPLE_RATE
                if len(self.sound) + len(piece.pcm) > most:
                    # the whole clause has been said; the rest is invented
                    self.rambled = True
                    raise self.fault("it does not stop")
                self.own_times |= bool(piece.words or piece.phones)
                self.words += len(piece.words)
                self.sound = np.concatenate([self.sound, piece.pcm])
                yield piece
        if not len(self.sound):
            raise self.fault("it sends no sound")

    def fault(self, why: str) -> EngineError:
        """The error for a fault of this voice."""
        return EngineError(f"the voice failed: {why}", where=self._voice.name)

    async def _next(self, stream: AsyncIterator[Speech]) -> Speech | None:
        seconds = self._settings.stall_seconds if len(self.sound) else self._settings.first_seconds
        piece: Speech | None = None
        with self._clock.timeout(seconds) as limit:
            piece = await anext(stream, None)
        if limit.cancelled_caught:
            raise self.fault(f"it was silent for {seconds:g} s")
        if piece is not None and (why := rubbish(piece.pcm)):
            raise self.fault(why)
        return piece


class FallbackVoice:
    """A voice backed by the embedded one, which speaks while `fault` is set."""

    def __init__(self, lead: Voice, embedded: Voice, settings: VoiceSettings, clock: Clock) -> None:
        self.name = lead.name
        """Name of the voice that speaks now."""
        self.languages: frozenset[Language] = lead.languages | embedded.languages
        self.fault = ""
        """Why the chosen voice failed; "" while it speaks."""
        self._lead = lead
        self._embedded = embedded
        self._settings = settings
        self._clock = clock
        self._readings = Readings(embedded)
        self._lane = Lane("align", nice=10)
        self._changed = anyio.Event()
        self._retry = Retry(clock, FIRST_PROBE_SECONDS, LONGEST_PROBE_SECONDS)
        self._good = 0

    async def run(self) -> None:
        """Read clauses in the background until cancelled. Raises `EngineError`."""
        await self.warm()
        await self._readings.run()

    async def warm(self) -> None:
        """Load the embedded voice. Raises `EngineError`."""
        (language, *_) = sorted(self._embedded.languages)
        await self._lane.run(by_text, PROBE[language], language, 1.0)
        await self._readings.read(PROBE[language], language)

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        """The clause in pieces, each with the times of its words and the voice that spoke it. Raises
        `EngineError` only if the embedded voice fails as well."""
        if self.fault or language not in self._lead.languages:
            async with closing(self._embedded.speak(spoken, language)) as pieces:
                async for piece in pieces:
                    yield replace(piece, voice=self._embedded.name)
            return
        # the lexicons load at first use
        watched = await self._lane.run(
            CheckedClause, self._lead, self._settings, self._clock, spoken, language
        )
        if not watched.usual.words:
            return
        if self._settings.times == "reading":
            self._readings.want(spoken, language)
        try:
            async with aclosing(watched.pieces()) as led:
                async for piece in led:
                    yield replace(await self._timed(watched, piece), voice=self._lead.name)
            await self._check_end(watched)
            self._good += 1
            if self._good >= GOOD_CLAUSES:
                self._retry.reset()
            return
        except Exception as error:  # an engine may raise anything; the show goes on
            self._lose(error)
        rest = await self._rest(watched)
        if rest is not None:
            yield replace(rest, voice=self._embedded.name)

    async def lost(self) -> str:
        """Wait until the voice has failed; return why."""
        while not self.fault:
            await self._changed.wait()
        return self.fault

    async def found(self) -> None:
        """Wait until the voice speaks again. It is tried off air, after growing pauses."""
        while self.fault:
            await self._retry.wait()
            await self._probe()

    async def close(self) -> None:
        """Close the lane and the connections of the voices."""
        self._lane.close()
        for voice in (self._lead, self._embedded):
            if isinstance(voice, Closable):
                await voice.close()

    async def _probe(self) -> None:
        language = min(self._lead.languages & self._embedded.languages or self._lead.languages)
        watched = CheckedClause(self._lead, self._settings, self._clock, PROBE[language], language)
        try:
            async with aclosing(watched.pieces()) as led:
                async for _ in led:
                    pass
        except Exception as error:  # as in `speak`
            log.info("%s still fails: %s", self._lead.name, error)
            return
        log.warning("the voice %s speaks again", self._lead.name)
        self.fault, self.name = "", self._lead.name

    def _lose(self, error: Exception) -> None:
        metrics.VOICE_REPLACED.inc()
        self._good = 0
        self.fault = excerpt(str(error), SHOWN_CHARACTERS) or type(error).__name__
        self.name = self._embedded.name
        log.warning("%s speaks instead of %s: %s", self._embedded.name, self._lead.name, self.fault)
        self._changed.set()
        self._changed = anyio.Event()

    # ---- use of the reading ------------------------------------------------------------------------

    async def _timed(self, watched: CheckedClause, piece: Speech) -> Speech:
        """A piece with its words and phones, timed by the voice, by the reading, or by the text alone."""
        if watched.own_times:
            return piece
        end = len(watched.sound)
        start = end - len(piece.pcm)
        if not start:
            watched.began = self._clock.now()
        # the wait may last as long as the sound already passed on plays, less the margin
        ahead = start / SAMPLE_RATE - (self._clock.now() - watched.began) - MARGIN
        times = scaled(watched.usual, max(len(watched.usual.pcm), end), end)
        if self._settings.times == "reading":
            with self._clock.timeout(max(PATIENCE, ahead)):
                reading = await self._readings.wait(watched.spoken, watched.language)
                times = await self._lane.run(aligned, watched.sound, reading, whole=False)
        words, marks = piece_of(times, start, end, watched.words)
        watched.words += len(words)
        return replace(piece, words=words, phones=marks)

    async def _check_end(self, watched: CheckedClause) -> None:
        """Raise `EngineError` if the voice ended in mid-clause without reporting an error."""
        if watched.own_times:
            return
        reading = self._readings.ready(watched.spoken, watched.language)
        if reading is None or len(watched.sound) > SHORT * len(reading.pcm):
            return
        times = await self._lane.run(aligned, watched.sound, reading, whole=False)
        if times.said < TOLD * len(reading.words):
            raise watched.fault(f"it stopped after {times.said} of {len(reading.words)} words")

    async def _rest(self, watched: CheckedClause) -> Speech | None:
        """The part of the clause that was not heard, at the loudness of the part that was; None if all was
        heard."""
        if watched.rambled:
            return None
        reading = await self._readings.read(watched.spoken, watched.language)
        heard = np.flatnonzero(np.abs(watched.sound) >= SILENCE)
        if not len(heard):
            return reading
        sound = watched.sound[: int(heard[-1]) + 1]
        times = await self._lane.run(aligned, sound, reading, whole=False)
        rest = rest_of(reading, times.said)
        if rest is None:
            return None
        factor = await self._lane.run(loudness.gain, rest.pcm) / await self._lane.run(loudness.gain, sound)
        return replace(rest, pcm=(rest.pcm * np.float32(factor)).astype(np.float32))


# ---- sound -----------------------------------------------------------------------------------------


def rubbish(pcm: Pcm) -> str:
    """Why an array cannot be speech; "" if it may be."""
    if pcm.ndim != 1 or pcm.dtype != np.float32:
        return f"it sends {pcm.dtype} of {pcm.ndim} dimensions instead of float32 samples"
    if not np.isfinite(pcm).all():
        return "it sends numbers that are no sound"
    if np.abs(pcm).max(initial=0.0) > LOUDEST:
        return "it sends samples far above full scale"
    if len(pcm) > SAMPLE_RATE // 10:
        crossings = float(np.mean(np.signbit(pcm[1:]) != np.signbit(pcm[:-1])))
        if crossings > HISS_CROSSINGS and float(np.sqrt(np.mean(pcm**2))) > HISS_LEVEL:
            return "it sends noise"
    return ""


def quiet(pcm: Pcm) -> bool:
    """Whether the sound is silence."""
    return bool(np.abs(pcm).max(initial=0.0) < SILENCE)


def trimmed(piece: Speech) -> Speech:
    """A piece without its leading silence, except the last 20 ms of it. A piece with times stays unchanged."""
    if piece.words or piece.phones:
        return piece
    heard = np.flatnonzero(np.abs(piece.pcm) >= SILENCE)
    return replace(piece, pcm=piece.pcm[max(0, int(heard[0]) - SAMPLE_RATE // 50) :])
