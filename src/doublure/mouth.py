"""How far a mouth opens and spreads while a clause is said: phones and their times become a track.

Shapes are relative to the host: 1 is as open, as spread or as round as that host gets while
talking. Neighbouring phones run into each other (each has a bell-shaped weight, as in Cohen and
Massaro's dominance model of 1993); lips that must meet (p b m) or nearly do (f v) are enforced on
top, because a viewer forgives a vowel and never a missed closure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from doublure.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Phone, Speech

STEPS = 4
"""Steps a frame: closures are shorter than a frame."""
LEAD_SECONDS = 0.02
"""Lips are ahead of the sound they make."""
BLEND_SECONDS = 0.03
CLOSURE_SECONDS = 0.028
"""Least half-width of a closure: 40 ms pictures would miss a shorter one."""
PAUSE_SECONDS = 0.06
"""A pause shorter than this does not close the mouth."""
QUIET_RMS = 0.008
LOUD_RMS = 0.16


class Viseme(NamedTuple):
    """Where a phone takes the mouth."""

    open: float
    """0 shut .. 1 wide."""
    spread: float
    """-1 round .. 0 neutral .. 1 spread."""


CLOSED = frozenset("pbm")
NEARLY_CLOSED = frozenset("fvɱ")
VISEMES: dict[str, Viseme] = {}
for _symbols, _open, _spread in (
    ("aɑæɐAIW", 0.95, 0.15),
    ("ʌᵊ", 0.7, 0.0),
    ("ɛeœEᵻ", 0.6, 0.35),
    ("ɔɒʊOYQ", 0.6, -0.45),
    ("o", 0.5, -0.65),
    ("uʉ", 0.26, -0.9),
    ("yøY", 0.28, -0.8),
    ("iɪ", 0.3, 0.6),
    ("ɨɯ", 0.24, 0.3),
    ("əɤɘ", 0.45, 0.0),
    ("ɜɚɝ", 0.42, -0.15),
    ("pbm", 0.0, 0.0),
    ("fvɱ", 0.08, 0.1),
    ("wʍ", 0.18, -0.9),
    ("ɥ", 0.2, -0.7),
    ("ʃʒʂʐʈɖꭧʧʤ", 0.26, -0.4),
    ("ɕʑʨʥ", 0.22, 0.35),
    ("szʦʣ", 0.16, 0.3),
    ("tdnlɾɬ", 0.26, 0.1),
    ("kgɡŋxhɣχʁcɟɲ", 0.32, 0.05),
    ("ɹɻr", 0.26, -0.35),
    ("j", 0.24, 0.5),
    ("θð", 0.26, 0.1),
):
    VISEMES |= dict.fromkeys(_symbols, Viseme(_open, _spread))


def frames(speech: Speech) -> int:
    """Frames a clause takes, the last one begun."""
    return -(-len(speech.pcm) // SAMPLES_PER_FRAME)


def track(speech: Speech) -> NDArray[np.float32]:
    """Opening (0..1) and spread (-1..1) of each frame, float32 [frames, 2]; from the sound's
    energy where the voice gives no phones."""
    if not speech.phones:
        return _from_energy(speech.pcm, frames(speech))
    steps = frames(speech) * STEPS
    at = (np.arange(steps) + 0.5) * (SAMPLES_PER_FRAME / STEPS / SAMPLE_RATE)
    total = np.zeros((steps, 2))
    weight = np.full(steps, 1e-9)
    closure = np.zeros(steps)
    for phone in speech.phones:
        middle = (phone.start + phone.end) / 2 / SAMPLE_RATE
        half = (phone.end - phone.start) / 2 / SAMPLE_RATE
        distance = at - middle + LEAD_SECONDS
        shape = _shape(phone)
        if shape is None:
            if 2 * half < PAUSE_SECONDS:
                continue
            bell = 1 / (1 + np.exp(-(distance + half) / 0.02)) / (1 + np.exp((distance - half) / 0.02))
            shape = Viseme(0.0, 0.0)
        else:
            bell = np.exp(-0.5 * (distance / (0.75 * half + BLEND_SECONDS)) ** 2)
        total += bell[:, None] * np.array(shape)
        weight += bell
        shut = _closure(phone)
        if shut:
            narrow = max(0.9 * half, CLOSURE_SECONDS)
            closure = np.maximum(closure, shut * np.exp(-0.5 * (distance / narrow) ** 2))
    shapes = (total / weight[:, None]).reshape(-1, STEPS, 2).mean(axis=1)
    # the frame that holds the tightest moment is shut, however short the moment was
    shapes[:, 0] *= 1.0 - closure.reshape(-1, STEPS).max(axis=1)
    return np.clip(shapes, (0, -1), (1, 1)).astype(np.float32)


def _shape(phone: Phone) -> Viseme | None:
    """Mean of the known symbols of a phone; None for a pause."""
    known = [VISEMES[symbol] for symbol in phone.symbol if symbol in VISEMES]
    if not known:
        return Viseme(0.3, 0.0) if phone.symbol.strip() else None
    return Viseme(sum(one.open for one in known) / len(known), sum(one.spread for one in known) / len(known))


def _closure(phone: Phone) -> float:
    if any(symbol in CLOSED for symbol in phone.symbol):
        return 1.0
    return 0.85 if any(symbol in NEARLY_CLOSED for symbol in phone.symbol) else 0.0


def _from_energy(pcm: Pcm, count: int) -> NDArray[np.float32]:
    padded = np.zeros(count * SAMPLES_PER_FRAME, np.float32)
    padded[: len(pcm)] = pcm
    rms = np.sqrt(np.mean(padded.reshape(count, SAMPLES_PER_FRAME) ** 2, axis=1) + 1e-12)
    level = np.clip(np.log(rms / QUIET_RMS) / np.log(LOUD_RMS / QUIET_RMS), 0, 1)
    return np.stack([0.9 * level, np.zeros(count)], axis=1).astype(np.float32)
