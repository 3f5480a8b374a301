"""Voice matching: the nearest of Kokoro's voices, and a timbre between them fitted to the host's.

The prosody, which carries the tones of Mandarin, stays that of a pack of the language; its pitch is brought
to the host's. The timbre is sought by ear: the space guesses where the host's voice print lies, the guess is
spoken and heard, what was heard corrects the next guess. The score is taken with sentences and with speech of
the host that took no part in it. What comes out is *matched*: another voice that resembles the host's.
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
"""Of 32 people, two stretches of one were above it always (mean 0.90), of two people in 1.5 % of all pairs
(mean 0.63)."""
LEAST_SECONDS = 5.0
"""Speech, below which a voice print says little."""
MOST_SECONDS = 120.0
"""Speech that is listened to."""
BLOCK = 166 * WINDOW
"""About 5 s: every other one is fitted to, the rest is for the score."""
ROUNDS = 24
"""Points that are spoken and heard."""
STRAY, LAST_STRAY = 0.5, 0.1
"""How far every second round strays from the guess along each axis, first and last: what lies beside a guess
is learnt so."""
PITCHES = (0.7, 1.45)
"""Least and most that a pack's pitch is multiplied by."""
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
"""What is said while fitting, and for the score."""
FIT, SCORE = 0, 1
HEARD = "voice.npz"
"""What was heard so far, in the folder of a persona that is being made."""


class Synthesis(Protocol):
    """Kokoro, as enrolment calls it; the module `voices.kokoro` is one."""

    def packs(self, language: Language | None = None) -> list[str]:
        """Names of the shipped packs, of one language or of all."""
        ...

    def shipped(self, name: str) -> VoicePack:
        """One of them."""
        ...

    def say(self, spoken: str, language: Language, pack: VoicePack) -> Pcm:
        """The sound of a sentence."""
        ...


class Told(Protocol):
    """Is told how far it is."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` sentences are heard."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceOrder:
    """How the voice is to be matched."""

    synthesis: Synthesis
    language: Language
    """Which the timbre is fitted in: the host's."""
    rounds: int = ROUNDS
    """0: only the nearest pack of each language."""


@dataclass(frozen=True, slots=True)
class _Host:
    """What is known of the host's voice."""

    fit: Print
    score: Print
    pitch: float
    """Hz; 0 where nothing is voiced."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was heard of a spoken pack."""

    print: Print
    pitch: float
    """Hz; 0 where nothing is voiced."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a language starts from."""

    nearest: str
    """The pack that is most like the host."""
    score: float
    """Of the nearest."""
    prosody: VoicePack
    """The pack whose pitch is nearest to the host's, brought to it."""


def file_of(language: Language) -> str:
    """Name of the matched voice's file in a persona's folder."""
    return f"voice_{language}.bin"


def match(pcm: Pcm, wish: VoiceOrder, folder: Path, told: Told) -> dict[Language, VoiceEntry]:
    """Match the voice in the footage's sound and write a pack for each language into `folder`. What was heard
    is kept there in the file `HEARD`, from which a killed run goes on. Raises `FootageError` when too little is
    said."""
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
            # a fit that did not come nearer than a pack that was made to be heard is not worth its risks
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
        # too short to hold some back in blocks: the halves
        blocks = [speech[: len(speech) // 2], speech[len(speech) // 2 :]]
    fit, score = (voice_print(np.concatenate(blocks[first::2])) for first in (FIT, SCORE))
    return _Host(fit, score, median_pitch(speech))


class _Ear:
    """Speaks a pack's sentences and hears them; remembers in a file what it heard."""

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
        """What the pack sounds like, with `FIT` or `SCORE` sentences."""
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
        """Tell that all is heard."""
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
    """The point whose voice was heard to be most like the host."""
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
    """A pack with another timbre, the same in all its rows."""
    rows = pack.rows.copy()
    rows[:, :TIMBRE] = timbres.load().timbre(point)
    return replace(pack, rows=rows)
