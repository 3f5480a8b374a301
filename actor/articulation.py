"""Mouth targets of each phone in Kokoro's vocabulary, and their dominance.

Targets follow phonetics: sibilants and palatals fix the jaw, labials the lips, velars and glottals nothing
visible; /u y w/ are fully rounded, /ʃ ɹ ʂ/ partly.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """Target of a phone for the blended controls (press and bite are contacts). Units of `Controls`."""

    jaw: float
    wide: float = 0.0
    round: float = 0.0
    upper: float = 0.0
    lower: float = 0.0
    tip: float = 0.0
    out: float = 0.0
    back: float = 0.0


@dataclass(frozen=True, slots=True)
class Grip:
    """Dominance of a phone over jaw, corners, rounding, visible teeth and tongue."""

    jaw: float
    wide: float
    round: float
    show: float
    tongue: float


_LOW = Grip(2.4, 1.0, 4.0, 1.0, 0.5)
_OPEN = Grip(1.3, 1.0, 4.0, 0.8, 0.5)
DULL = Grip(0.7, 0.5, 0.8, 0.5, 0.4)
_ROUNDED = Grip(1.0, 1.6, 1.6, 0.8, 0.5)
_WIDE_ROUNDED = Grip(2.0, 1.6, 1.6, 1.0, 0.5)
_GLIDE = Grip(1.3, 2.2, 2.4, 1.0, 0.5)
_PALATAL = Grip(1.0, 0.6, 0.25, 0.5, 0.8)
_LABIAL = Grip(1.6, 0.08, 0.06, 0.3, 0.1)
_DENTAL = Grip(1.3, 0.25, 0.4, 1.2, 0.3)
_PLOSIVE = Grip(1.3, 0.08, 0.06, 0.3, 1.6)
_LATERAL = Grip(0.45, 0.08, 0.06, 0.3, 1.6)
_SIBILANT = Grip(2.6, 0.35, 0.22, 0.9, 1.0)
_HUSH = Grip(2.6, 0.6, 0.8, 1.0, 1.0)
_CURL = Grip(2.2, 0.3, 0.4, 0.8, 1.0)
_LIQUID = Grip(0.8, 0.5, 0.7, 0.4, 0.8)
_INTERDENTAL = Grip(1.3, 0.15, 0.15, 0.6, 5.0)
_VELAR = Grip(0.28, 0.03, 0.03, 0.06, 1.4)
_THROAT = Grip(0.12, 0.02, 0.02, 0.04, 0.15)

_A = Aim(0.70, 0.12, 0.0, 0.18, 0.36)
_E = Aim(0.33, 0.52, 0.0, 0.26, 0.28)
_IH = Aim(0.24, 0.42, 0.0, 0.22, 0.24)
_SCHWA = Aim(0.28, 0.06, 0.0, 0.12, 0.18)
_AW = Aim(0.54, -0.35, 0.42, 0.12, 0.26)
_UH = Aim(0.22, -0.5, 0.62, 0.06, 0.12)
_U = Aim(0.15, -0.8, 0.95, 0.05, 0.10, back=0.4)
_Y = Aim(0.13, -0.66, 0.92, 0.08, 0.10)
_LIPS_SHUT = Aim(0.07)
_TEETH_ON_LIP = Aim(0.12, 0.12, 0.0, 0.32, 0.0)
_HISS = Aim(0.08, 0.3, 0.0, 0.32, 0.42, tip=0.65)
_FLAT = Aim(0.10, 0.36, 0.0, 0.26, 0.36, tip=0.25)
_FLAP = Aim(0.24, 0.1, 0.0, 0.12, 0.18, tip=0.8)

_ALIKE: tuple[tuple[str, Grip, tuple[Aim, ...]], ...] = (
    ("a", _LOW, (_A,)),
    ("ɑ", _LOW, (Aim(0.74, 0.0, 0.0, 0.12, 0.36, back=0.2),)),
    ("ɐʌ", _LOW, (Aim(0.50, 0.06, 0.0, 0.14, 0.28),)),
    ("æ", _LOW, (Aim(0.62, 0.42, 0.0, 0.28, 0.36),)),
    ("ɛ", _LOW, (Aim(0.46, 0.36, 0.0, 0.25, 0.32),)),
    ("e", _OPEN, (_E,)),
    ("i", _OPEN, (Aim(0.17, 0.78, 0.0, 0.30, 0.30),)),
    ("ɪᵻ", _OPEN, (_IH,)),
    ("əᵊ", DULL, (_SCHWA,)),
    ("ɜɚ", DULL, (Aim(0.28, -0.15, 0.25, 0.10, 0.16, tip=0.2),)),
    ("ɤ", _OPEN, (Aim(0.36, 0.10, 0.0, 0.14, 0.22, back=0.4),)),
    ("ɯɰ", _OPEN, (Aim(0.20, 0.25, 0.0, 0.14, 0.20, back=0.5),)),
    # the apical vowel of zi and shi keeps the teeth together as in its consonant
    ("ɨ", _OPEN, (Aim(0.13, 0.32, 0.0, 0.28, 0.36, tip=0.45),)),
    ("ɔɒ", _WIDE_ROUNDED, (_AW,)),
    ("o", _ROUNDED, (Aim(0.38, -0.58, 0.70, 0.08, 0.18),)),
    ("u", _ROUNDED, (_U,)),
    ("ʊ", _ROUNDED, (_UH,)),
    ("y", _ROUNDED, (_Y,)),
    ("ø", _ROUNDED, (Aim(0.24, -0.45, 0.76, 0.10, 0.16),)),
    ("œ", _ROUNDED, (Aim(0.40, -0.30, 0.55, 0.12, 0.22),)),
    ("A", _OPEN, (Aim(0.40, 0.45, 0.0, 0.26, 0.30), Aim(0.20, 0.60, 0.0, 0.26, 0.28))),
    ("I", _LOW, (_A, Aim(0.24, 0.55, 0.0, 0.24, 0.28))),
    ("W", _LOW, (_A, _UH)),
    ("Y", _WIDE_ROUNDED, (_AW, _IH)),
    ("O", _ROUNDED, (Aim(0.42, -0.35, 0.48, 0.10, 0.22), Aim(0.20, -0.66, 0.82, 0.06, 0.12))),
    ("Q", _ROUNDED, (_SCHWA, _UH)),
    ("pbm", _LABIAL, (_LIPS_SHUT,)),
    ("ɸβ", _LABIAL, (Aim(0.08, 0.0, 0.2),)),
    ("fvʋ", _DENTAL, (_TEETH_ON_LIP,)),
    ("tdnɖɳ", _PLOSIVE, (Aim(0.16, 0.1, 0.0, 0.14, 0.20, tip=0.85),)),
    ("ɾɽTr", _LATERAL, (_FLAP,)),
    ("lʎ", _LATERAL, (Aim(0.26, 0.1, 0.0, 0.14, 0.20, tip=1.0),)),
    ("szʦʣS", _SIBILANT, (_HISS,)),
    ("ʃʒʧʤ", _HUSH, (Aim(0.11, -0.3, 0.62, 0.32, 0.42, tip=0.4),)),
    ("ɕʑʨʥçʝ", _SIBILANT, (_FLAT,)),
    ("ʂʐꭧʈ", _CURL, (Aim(0.13, -0.1, 0.32, 0.22, 0.34, tip=0.55),)),
    ("ɻ", _LIQUID, (Aim(0.19, -0.15, 0.36, 0.14, 0.22, tip=0.5),)),
    ("ɹ", _LIQUID, (Aim(0.19, -0.3, 0.58, 0.12, 0.22, tip=0.3),)),
    ("θð", _INTERDENTAL, (Aim(0.16, 0.12, 0.0, 0.20, 0.24, out=1.0),)),
    ("w", _GLIDE, (Aim(0.12, -0.85, 1.0, 0.04, 0.06, back=0.4),)),
    ("ɥ", _GLIDE, (_Y,)),
    ("j", _PALATAL, (Aim(0.15, 0.55, 0.0, 0.24, 0.26),)),
    ("ɲcɟ", _PALATAL, (Aim(0.18, 0.3, 0.0, 0.16, 0.20, back=0.3),)),
    ("kɡgŋqɴ", _VELAR, (Aim(0.24, 0.05, 0.0, 0.12, 0.16, back=0.95),)),
    ("xɣχʁ", _VELAR, (Aim(0.30, 0.05, 0.0, 0.12, 0.18, back=0.65),)),
    ("hʔ", _THROAT, (Aim(0.34, 0.05, 0.0, 0.12, 0.18),)),
)


@dataclass(frozen=True, slots=True)
class Demand:
    """Targets of a phone: one or more aims in sequence, with the same grip."""

    grip: Grip
    aims: tuple[Aim, ...]


DEMANDS = {mark: Demand(grip, aims) for marks, grip, aims in _ALIKE for mark in marks}
"""By symbol; "" (not included) is a pause."""
VOWELS = frozenset("aɑɐʌæɛeiɪᵻəᵊɜɚɤɯɰɨɔɒouʊyøœAIWYOQ")
CLOSURES = frozenset("pbm")
BITES = frozenset("fvʋ")
