"""Delivery: pace, liveliness and pauses."""

from __future__ import annotations

from functools import lru_cache

from doublure.cue import SLOWEST, Delivery
from doublure.media import Language
from doublure.voice.spoken.clauses import clauses, seconds
from doublure.voice.spoken.form import spoken

_PAUSES = (
    ("。！？!?.…\n", 0.35),
    ("；;：:—", 0.20),
    ("，,", 0.12),
    ("、", 0.08),
)
"""Last mark of a clause and the pause after it, seconds."""
_CLOSING = "”’\"'」』）)】》* "
DISCLOSED_A_MINUTE = 146
"""Pace of the spoken AI disclosure: characters a minute, or words in languages written with letters. GB
45438-2025 §5.3 calls 120 to 160 normal speed; this is near the middle, so a voice may deviate a little."""
DISCLOSED_PAUSES = 2.0


def disclosing(characters: int, speech: float, pauses: float) -> Delivery:
    """The delivery of a disclosure that usually takes `speech` seconds, plus `pauses` seconds of pauses."""
    wanted = 60 * characters / DISCLOSED_A_MINUTE - DISCLOSED_PAUSES * pauses
    rate = speech / wanted if wanted > 0 else SLOWEST
    return Delivery(rate=round(min(1.0, max(SLOWEST, rate)), 2), pauses=DISCLOSED_PAUSES)


def counted(said: str, language: Language) -> int:
    """Length of a text in spoken form, in the units of `DISCLOSED_A_MINUTE`: hanzi and spelled letters; words in
    English and French."""
    if language == "zh":
        return sum(character.isalnum() for character in said)
    return len(said.split())


def pause_seconds(written: str) -> float:
    """The pause after a clause, given by its last mark."""
    last = written.rstrip(_CLOSING)[-1:]
    return next((seconds for marks, seconds in _PAUSES if last and last in marks), 0.0)


@lru_cache(maxsize=64)
def disclosed(text: str, language: Language) -> Delivery:
    """The delivery of a disclosure: the pace that the law calls normal, slower than the show's. Cached because
    the room asks for the same few texts several times a second."""
    characters = counted(spoken(text, language), language)
    pauses = sum(pause_seconds(clause) for clause in clauses(text, language))
    return disclosing(characters, seconds(text, language), pauses)
