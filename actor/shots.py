"""Makes a presenter's script: the shot list, spoken by Kokoro.

The talk alternates between the three languages in half blocks, so that any fifth of it has more than one
language, and no language occurs only in the last fifth.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import numpy as np

from actor.gestures import GESTURES
from actor.script import Script, Section
from doublure.cue import Utterance
from doublure.enrol.shotlist import Permission, ShotList, consent_statement, load
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Language, Pcm, Phone
from doublure.voice.engines.kokoro.voice import Kokoro
from doublure.voice.speaker import Speaker

VOICES: dict[str, dict[Language, str]] = {
    "woman": {"zh": "zf_xiaoxiao", "en": "af_heart", "fr": "ff_siwis"},
    "man": {"zh": "zm_yunxi", "en": "am_michael", "fr": "am_fenrir"},
}
"""Voice packs by presenter. There is no male French pack, so an American style speaks French phones."""
PERMISSIONS = {
    "woman": Permission(who="林晓", company="双影公司", until="二零九九年十二月三十一日"),
    "man": Permission(who="周明", company="双影公司", until="二零九九年十二月三十一日"),
}
"""Consents of the presenters, who depict nobody."""
LANGUAGES: tuple[Language, ...] = ("zh", "en", "fr")
IDLE_SECONDS = 20.0
PAUSE_SECONDS = 8.0
"""A second stretch of listening right before the talk, so that one excerpt has both."""
BREATH_SECONDS = 0.35
"""Added between sentences, besides the pause at the full stop."""
APART_SECONDS = 1.6
"""Rest between two shots."""
TIMES = 2
"""Repetitions of each gesture."""
GESTURE_SECONDS = 4.2
"""From the start of one gesture to the next."""


class _Reel:
    """Sound and phones in sequence."""

    def __init__(self) -> None:
        self._pieces: list[Pcm] = []
        self.phones: list[Phone] = []
        self.length = 0

    def silence(self, seconds: float) -> None:
        """Add silence in whole frames."""
        self.add(np.zeros(round(seconds * FPS) * SAMPLES_PER_FRAME, np.float32), ())

    def add(self, pcm: Pcm, phones: Sequence[Phone]) -> None:
        """Add sound and its phones."""
        self.phones += [Phone(one.symbol, one.start + self.length, one.end + self.length) for one in phones]
        self._pieces.append(pcm)
        self.length += len(pcm)

    @property
    def seconds(self) -> float:
        return self.length / SAMPLE_RATE

    def pcm(self) -> Pcm:
        """All sound, padded to whole frames."""
        short = -self.length % SAMPLES_PER_FRAME
        return np.concatenate([*self._pieces, np.zeros(short, np.float32)])


def performed(
    presenter: str, *, names: Sequence[str] = (), voices: dict[Language, str] | None = None
) -> Script:
    """The shot list spoken by this presenter. `names` selects shots; `voices` replaces the presenter's packs.
    Raises `ValueError` for an unknown name. Synthesis takes about two thirds of the speech's length."""
    packs = voices or VOICES[presenter]
    lists = {language: load(language) for language in LANGUAGES}
    reel = _Reel()
    sections: list[Section] = []
    wanted = set(names)
    talks = [f"talk_{language}_{half}" for half in (1, 2) for language in LANGUAGES]
    known = ["idle", *GESTURES, "pause", *talks, "consent"]
    if wanted - set(known):
        raise ValueError(f"no shot {', '.join(sorted(wanted - set(known)))}; choose from {', '.join(known)}")

    def keep(name: str) -> bool:
        return not wanted or name in wanted

    reel.silence(1.0)
    if keep("idle"):
        sections.append(_silent(reel, "idle", IDLE_SECONDS))
    for gesture in GESTURES:
        for _ in range(TIMES if keep(gesture) else 0):
            start = reel.seconds
            reel.silence(GESTURE_SECONDS)
            sections.append(Section("gesture", gesture, "", start, reel.seconds))
    if keep("pause"):
        sections.append(_silent(reel, "pause", PAUSE_SECONDS))
    for half in (0, 1):
        for language in LANGUAGES:
            name = f"talk_{language}_{half + 1}"
            if keep(name):
                sections.append(
                    _spoken(reel, "talk", name, language, _half(lists[language], half), packs[language])
                )
    if keep("consent"):
        said = consent_statement("zh", PERMISSIONS[presenter], WORDS)
        sections.append(_spoken(reel, "consent", "consent", "zh", [said], packs["zh"]))
    reel.silence(1.0)
    return Script(presenter, tuple(sections), reel.pcm(), tuple(reel.phones))


WORDS = ("苹果", "月亮", "火车", "雨伞")
"""Words of the day for the consent: fixed, so that every run is the same; the presenters depict nobody."""


def _silent(reel: _Reel, name: str, seconds: float) -> Section:
    start = reel.seconds
    reel.silence(seconds)
    return Section("idle", name, "", start, reel.seconds)


def _half(shots: ShotList, half: int) -> list[str]:
    block = next(shot for shot in shots.shots if shot.kind == "talk")
    middle = (len(block.text) + 1) // 2
    return list(block.text[:middle] if half == 0 else block.text[middle:])


def _spoken(reel: _Reel, kind: str, name: str, language: Language, text: list[str], pack: str) -> Section:
    start = reel.seconds
    for sentence in text:
        for pcm, phones in anyio.run(_sentence, sentence, language, pack):
            reel.add(pcm, phones)
        reel.silence(BREATH_SECONDS)
    end = reel.seconds
    reel.silence(APART_SECONDS)
    return Section(kind, name, language, start, end)


async def _sentence(text: str, language: Language, pack: str) -> list[tuple[Pcm, tuple[Phone, ...]]]:
    speaker = Speaker(Kokoro(pack, language, 1.0), language)
    clauses = [
        clause
        async for clause in speaker.speak(
            Utterance(id="", cue="", kind="script", text=text, language=language)
        )
    ]
    return [(clause.speech.pcm, clause.speech.phones) for clause in clauses]
