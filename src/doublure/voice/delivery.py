"""How something is said: how fast, how lively, with what pauses."""

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
"""Characters a minute of the spoken AI disclosure, or words where words are spelled: in the middle of the
120 to 160 that GB 45438-2025 §5.3 calls normal speed, with what a voice may add or leave out."""
DISCLOSED_PAUSES = 2.0


def disclosing(characters: int, speech: float, pauses: float) -> Delivery:
    """How a disclosure is said that takes `speech` seconds and `pauses` seconds of pauses as usual."""
    wanted = 60 * characters / DISCLOSED_A_MINUTE - DISCLOSED_PAUSES * pauses
    rate = speech / wanted if wanted > 0 else SLOWEST
    return Delivery(rate=round(min(1.0, max(SLOWEST, rate)), 2), pauses=DISCLOSED_PAUSES)


def counted(said: str, language: Language) -> int:
    """Characters of a text in spoken form as the disclosure's pace counts them: hanzi and spelled letters;
    in English and French words."""
    if language == "zh":
        return sum(character.isalnum() for character in said)
    return len(said.split())


def pause_seconds(written: str) -> float:
    """The pause after a clause, by its last mark."""
    last = written.rstrip(_CLOSING)[-1:]
    return next((seconds for marks, seconds in _PAUSES if last and last in marks), 0.0)


@lru_cache(maxsize=64)
def disclosed(text: str, language: Language) -> Delivery:
    """How a disclosure is said: at the pace that the law calls normal, which is slower than a show's. Kept,
    because the room asks for the same few texts several times a second."""
    characters = counted(spoken(text, language), language)
    pauses = sum(pause_seconds(clause) for clause in clauses(text, language))
    return disclosing(characters, seconds(text, language), pauses)
