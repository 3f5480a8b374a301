"""The fallback: when a voice dies, stalls or sends rubbish, the embedded one speaks its clause, or
goes on in mid-clause where the other stopped.

The embedded voice reads every clause along, in the background and at low priority (`readings`). The
reading gives the times of words and phones to voices that have none (`align`), and is what is heard
when the voice fails: nothing has to be synthesised then.
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
"""A voice that failed is tried again after two seconds, then after twice as long each time."""
GOOD_CLAUSES = 3
"""Whole clauses after which a voice that came back is trusted as before."""
PROBE: dict[Language, str] = {"zh": "好的", "en": "okay", "fr": "d'accord"}
SILENCE = 1e-3
"""Highest sample that is silence still: -60 dB of full scale."""
LOUDEST = 4.0
"""Samples beyond this are no sound; full scale is 1."""
LONGEST_SILENCE = 1.5
"""Seconds of silence at a stretch that are a fault."""
HISS_CROSSINGS, HISS_LEVEL = 0.35, 0.2
"""Share of samples that change sign and RMS of bytes taken for sound: no voice hisses that loudly."""
LONGEST_RATIO, LONGEST_EXTRA = 3.0, 2.0
"""A clause may take this many times its usual length and seconds more; then the voice rambles."""
SHORT, TOLD = 0.75, 0.8
"""A clause shorter than this, against its reading, may have stopped before its end; it did when fewer
than this share of its words are found in it."""
SHOWN_CHARACTERS = 400
"""Of a voice's fault."""
MARGIN, PATIENCE = 0.3, 0.1
"""Seconds of sound that stay ahead of air while a reading is waited for and aligned; seconds that are
waited in any case."""

log = get_log(__name__)


class CheckedClause:
    """One clause of a voice: checked, timed, and what is left to say when it fails."""

    def __init__(
        self, voice: Voice, settings: VoiceSettings, clock: Clock, spoken: str, language: Language
    ) -> None:
        self.spoken = spoken
        self.language = language
        self.usual = by_text(spoken, language, settings.speed)
        """Words and phones at the usual pace."""
        self.sound: Pcm = np.zeros(0, np.float32)
        """All that was given on."""
        self.words = 0
        """Words given on, begun or whole."""
        self.own_times = False
        """Whether the voice told the times of its words itself."""
        self.rambled = False
        self.began = 0.0
        """Clock seconds of its first sound."""
        self._voice = voice
        self._settings = settings
        self._clock = clock

    async def pieces(self) -> AsyncGenerator[Speech, None]:
        """The voice's pieces without the silence before them. Raises `EngineError` for whatever is
        wrong with them."""
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
                    # all that was to be said was said; what follows is invention
                    self.rambled = True
                    raise self.fault("it does not stop")
                self.own_times |= bool(piece.words or piece.phones)
                self.words += len(piece.words)
                self.sound = np.concatenate([self.sound, piece.pcm])
                yield piece
        if not len(self.sound):
            raise self.fault("it sends no sound")

    def fault(self, why: str) -> EngineError:
        """The error that says what is wrong with this voice."""
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
    """A voice and the embedded one behind it, which speaks while `fault` says why."""

    def __init__(self, lead: Voice, embedded: Voice, settings: VoiceSettings, clock: Clock) -> None:
        self.name = lead.name
        """Of the voice that speaks now."""
        self.languages: frozenset[Language] = lead.languages | embedded.languages
        self.fault = ""
        """What went wrong with the voice that was chosen; "" while it speaks."""
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
        """Read clauses along, until cancelled. Raises `EngineError`."""
        (language, *_) = sorted(self._embedded.languages)
        await self._lane.run(by_text, PROBE[language], language, 1.0)
        await self._readings.read(PROBE[language], language)
        await self._readings.run()

    async def speak(self, spoken: str, language: Language) -> AsyncGenerator[Speech, None]:
        """The clause in pieces, each with the times of its words and the voice that spoke it. Raises
        `EngineError` only when the embedded voice fails as well."""
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
        except Exception as error:  # whatever an engine raises, the show goes on
            self._lose(error)
        rest = await self._rest(watched)
        if rest is not None:
            yield replace(rest, voice=self._embedded.name)

    async def lost(self) -> str:
        """Return why when the voice has failed."""
        while not self.fault:
            await self._changed.wait()
        return self.fault

    async def found(self) -> None:
        """Return when the voice speaks again: it is tried off air, after growing pauses."""
        while self.fault:
            await self._retry.wait()
            await self._probe()

    async def close(self) -> None:
        """Let go of the lane, and of the connections of the voices."""
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

    # ---- what the reading is for -------------------------------------------------------------------

    async def _timed(self, watched: CheckedClause, piece: Speech) -> Speech:
        """A piece with its words and phones: the voice's own, the reading's, or the text's."""
        if watched.own_times:
            return piece
        end = len(watched.sound)
        start = end - len(piece.pcm)
        if not start:
            watched.began = self._clock.now()
        # what was given on already is being heard: so long may be waited
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
        """A voice that ended in mid-clause without a word about it. Raises `EngineError`."""
        if watched.own_times:
            return
        reading = self._readings.ready(watched.spoken, watched.language)
        if reading is None or len(watched.sound) > SHORT * len(reading.pcm):
            return
        times = await self._lane.run(aligned, watched.sound, reading, whole=False)
        if times.said < TOLD * len(reading.words):
            raise watched.fault(f"it stopped after {times.said} of {len(reading.words)} words")

    async def _rest(self, watched: CheckedClause) -> Speech | None:
        """What of the clause was not heard, as loud as what was; None when all of it was."""
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
    """Why an array is no speech, "" when it may be."""
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
    """Whether nothing is heard."""
    return bool(np.abs(pcm).max(initial=0.0) < SILENCE)


def trimmed(piece: Speech) -> Speech:
    """A piece without the silence before its first sound, but for 20 ms; as it is when it has times."""
    if piece.words or piece.phones:
        return piece
    heard = np.flatnonzero(np.abs(piece.pcm) >= SILENCE)
    return replace(piece, pcm=piece.pcm[max(0, int(heard[0]) - SAMPLE_RATE // 50) :])
