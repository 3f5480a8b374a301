"""Voice matching: finds the nearest Kokoro voice and fits a mixed timbre to the host's voice.

The prosody, which carries the tones of Mandarin, comes from a pack of the language, shifted to the host's
pitch. The timbre is fitted in rounds: the timbre space predicts which point sounds like the host, the point
is synthesised, and its voice print corrects the next prediction. The score uses sentences and host speech
that took no part in the fit. The result is called *matched*: another voice that resembles the host's.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doublure.enrol import timbres
from doublure.enrol.footage import WINDOW
from doublure.enrol.timbres import AXES, TIMBRE, Point, within
from doublure.enrol.voice_pitch import median_pitch
from doublure.enrol.voice_print import Print, likeness, spoken, voice_print
from doublure.errors import FootageError
from doublure.media import LANGUAGES, SAMPLE_RATE, Language, Pcm
from doublure.trust.persona import VoiceEntry
from doublure.voice.engines.kokoro.pack import VoicePack

THRESHOLD = 0.80
"""Voice prints at least this alike count as one person. Among 32 people, two stretches of one person were
always above it (mean 0.90), two different people in 1.5 % of all pairs (mean 0.63)."""
LEAST_SECONDS = 5.0
"""With less speech a voice print is unreliable."""
MOST_SECONDS = 120.0
"""Most speech used."""
BLOCK = 166 * WINDOW
"""About 5 s. Every other block is used for the fit, the rest for the score."""
ROUNDS = 24
"""Points synthesised and measured."""
STRAY, LAST_STRAY = 0.5, 0.1
"""Random deviation from the prediction along each axis in every second round, first and last: it explores
around the prediction."""
PITCHES = (0.7, 1.45)
"""Least and greatest factor on a pack's pitch."""
SENTENCES: dict[Language, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "zh": (
        ("大家好，今天给大家介绍一款保温杯。", "喜欢的朋友可以点一下购物车。"),
        ("这件外套面料很软，穿着很舒服。", "有什么问题都可以打在评论区里。"),
    ),
    "en": (
        ("Hello everyone, let me show you this bottle.", "Tap the basket if you like it."),
        ("This jacket is soft and warm to wear.", "Write your questions in the comments."),
    ),
    "fr": (
        ("Bonjour à tous, voici une belle bouteille.", "Touchez le panier si elle vous plaît."),
        ("Cette veste est douce et très chaude.", "Posez vos questions dans les commentaires."),
    ),
}
"""Sentences for the fit and for the score."""
FIT, SCORE = 0, 1
HEARD = "voice.npz"
"""File of the voice prints so far, in the folder of a persona being made."""


class Synthesis(Protocol):
    """Kokoro, as enrolment uses it."""

    def packs(self, language: Language | None = None) -> list[str]:
        """Names of the shipped packs, of one language or of all."""
        ...

    def shipped(self, name: str) -> VoicePack:
        """The pack of this name."""
        ...

    def say(self, spoken: str, language: Language, pack: VoicePack) -> Pcm:
        """The sound of a sentence."""
        ...


class Told(Protocol):
    """Callback for progress."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` steps are finished."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceOrder:
    """How to match the voice."""

    synthesis: Synthesis
    language: Language
    """The host's language, in which the timbre is fitted."""
    rounds: int = ROUNDS
    """0 takes the nearest pack of each language, without a fit."""


@dataclass(frozen=True, slots=True)
class _Host:
    """Measurements of the host's voice."""

    fit: Print
    score: Print
    pitch: float
    """Hz; 0 where nothing is voiced."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """Measurements of a synthesised pack."""

    print: Print
    pitch: float
    """Hz; 0 where nothing is voiced."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Starting point of a language."""

    nearest: str
    """The pack most like the host."""
    score: float
    """Likeness of the nearest pack."""
    prosody: VoicePack
    """The pack with the nearest pitch, shifted to the host's."""


def file_of(language: Language) -> str:
    """File name of the matched voice in a persona's folder."""
    return f"voice_{language}.bin"


def match(pcm: Pcm, wish: VoiceOrder, folder: Path, told: Told) -> dict[Language, VoiceEntry]:
    """Match the voice in the footage's sound and write a pack for each language into `folder`. Voice prints
    are kept there in the file `HEARD`, so a killed run resumes. Raises `FootageError` if there is too little
    speech."""
    host = _host(pcm, folder)
    ear = _Ear(wish, folder / HEARD, told)
    languages = (wish.language, *(one for one in LANGUAGES if one != wish.language))
    starts = {language: _start(host, ear, language) for language in languages}
    point = _fit(host, ear, starts[wish.language].prosody, wish.language) if wish.rounds else None
    entries: dict[Language, VoiceEntry] = {}
    for language, start in starts.items():
        pack, score = wish.synthesis.shipped(start.nearest), start.score
        prosody = pack.name
        if point is not None:
            fitted = _with_timbre(start.prosody, point)
            reached = likeness(host.score, ear.hear(fitted, language, SCORE).print)
            # keep the shipped pack unless the fit is nearer: a shipped pack is the safer voice
            if reached > score:
                pack, score, prosody = fitted, reached, start.prosody.name
        making = folder / f"making-{file_of(language)}"
        pack.rows.astype("<f4").tofile(making)
        os.replace(making, folder / file_of(language))
        entries[language] = VoiceEntry(
            file=file_of(language),
            prosody=prosody,
            pitch=round(pack.pitch, 4),
            nearest=start.nearest,
            nearest_score=round(start.score, 4),
            score=round(score, 4),
            threshold=THRESHOLD,
        )
    ear.finish()
    return entries


def _host(pcm: Pcm, folder: Path) -> _Host:
    speech = spoken(pcm)[: int(MOST_SECONDS * SAMPLE_RATE)]
    seconds = len(speech) / SAMPLE_RATE
    if seconds < LEAST_SECONDS:
        raise FootageError(
            f"there are {seconds:.1f} s of speech, a voice is matched from {LEAST_SECONDS:.0f} s on",
            where=str(folder),
            remedy="record a longer talk, nearer to the microphone and without music",
        )
    blocks = [speech[start : start + BLOCK] for start in range(0, len(speech), BLOCK)]
    if len(blocks) < 4:
        # too short for alternating blocks: one half each for fit and score
        blocks = [speech[: len(speech) // 2], speech[len(speech) // 2 :]]
    fit, score = (voice_print(np.concatenate(blocks[first::2])) for first in (FIT, SCORE))
    return _Host(fit, score, median_pitch(speech))


class _Ear:
    """Synthesises sentences with a pack and measures them; keeps the measurements in a file."""

    def __init__(self, wish: VoiceOrder, file: Path, told: Told) -> None:
        self.synthesis = wish.synthesis
        self.rounds = wish.rounds
        self._file = file
        self._told = told
        self._known: dict[str, NDArray[np.float32]] = {}
        self._count = 0
        packs = len(wish.synthesis.packs())
        fitted = wish.rounds + len(LANGUAGES) if wish.rounds else 0
        self._total = packs + len(LANGUAGES) + fitted
        if file.exists():
            with np.load(file, allow_pickle=False) as kept:
                self._known = {name: kept[name] for name in kept.files}

    def hear(self, pack: VoicePack, language: Language, sentences: int) -> _Heard:
        """Measurements of the pack on the `FIT` or `SCORE` sentences."""
        whole = hashlib.sha256(pack.rows.tobytes() + f"{pack.pitch} {language} {sentences}".encode())
        key = whole.hexdigest()
        if key not in self._known:
            pieces = [self.synthesis.say(text, language, pack) for text in SENTENCES[language][sentences]]
            sound = spoken(np.concatenate(pieces))
            self._known[key] = np.append(voice_print(sound), median_pitch(sound)).astype(np.float32)
            making = self._file.with_name(f"making-{self._file.name}")
            np.savez(making, **self._known)
            os.replace(making, self._file)
        self._count += 1
        self._told(min(self._count, self._total), self._total)
        return _Heard(self._known[key][:-1], float(self._known[key][-1]))

    def finish(self) -> None:
        """Report that everything is done."""
        self._told(self._total, self._total)


def _start(host: _Host, ear: _Ear, language: Language) -> _Start:
    packs = [ear.synthesis.shipped(name) for name in ear.synthesis.packs(language)]
    heard = [ear.hear(pack, language, FIT) for pack in packs]
    nearest = packs[int(np.argmax([likeness(host.fit, one.print) for one in heard]))]
    ratios = [host.pitch / one.pitch if host.pitch and one.pitch else 1.0 for one in heard]
    prosody = int(np.argmin(np.abs(np.log(ratios))))
    pitch = float(np.clip(ratios[prosody], *PITCHES))
    score = likeness(host.score, ear.hear(nearest, language, SCORE).print)
    return _Start(nearest.name, score, replace(packs[prosody], pitch=pitch))


def _fit(host: _Host, ear: _Ear, prosody: VoicePack, language: Language) -> Point:
    """The point whose synthesised voice was most like the host."""
    space = timbres.load()
    chance = np.random.default_rng(1)
    best, best_score = np.zeros(AXES), -1.0
    for number in range(ear.rounds):
        point = space.likest(host.fit, host.pitch, language, best)
        if number % 2:
            share = number / ear.rounds
            point = within(point + chance.normal(0, STRAY + (LAST_STRAY - STRAY) * share, AXES))
        heard = ear.hear(_with_timbre(prosody, point), language, FIT)
        score = likeness(host.fit, heard.print)
        if score > best_score:
            best, best_score = point, score
        space = space.heard(point, host.pitch, language, heard.print)
    return best


def _with_timbre(pack: VoicePack, point: Point) -> VoicePack:
    """The pack with its timbre replaced by the point's in all rows."""
    rows = pack.rows.copy()
    rows[:, :TIMBRE] = timbres.load().timbre(point)
    return replace(pack, rows=rows)
