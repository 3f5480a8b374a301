"""Gestures: movements of hands, head and face, from rest to rest.

A gesture is a sequence of holds, each with the seconds it takes to reach it. Between two holds the hand
follows an arc with the speed profile of a reaching arm (minimum jerk, Flash and Hogan 1985). Right and left
are the presenter's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actor.arms import Hand

_REST = (0.15, 0.24, 0.28, 0.32, 0.36)
REST_LEFT = Hand((0.80, 1.60, 1.92), (-1.0, -0.24, 0.12), (-0.10, 0.15, -1.0), _REST, 0.0, (0.8, -0.8, -0.5))
REST_RIGHT = Hand((-0.86, 1.74, 2.24), (1.0, -0.32, 0.08), (0.10, 0.15, -1.0), _REST, 0.0, (0.8, -0.8, -0.5))
_FLAT = (0.02, 0.06, 0.07, 0.08, 0.12)
_RELAXED = (0.12, 0.22, 0.28, 0.33, 0.38)
_FIST = (0.75, 1.0, 1.0, 1.0, 1.0)
_INDEX = (0.80, 0.0, 0.95, 1.0, 1.0)
_TWO = (0.95, 0.0, 0.0, 1.0, 1.0)
_THREE = (0.95, 0.0, 0.0, 0.0, 1.0)
_THUMB = (-1.0, 1.0, 1.0, 1.0, 1.0)


TRAIL = 0.16
"""Seconds by which the last fingers lag the leading hand."""
SETTLING = 0.06
"""Time constant in seconds with which an overshooting hand returns."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One station of a gesture."""

    seconds: float
    """Seconds from the previous station to this one."""
    stay: float = 0.0
    """Seconds at this station."""
    left: Hand | None = None
    """None: at rest."""
    right: Hand | None = None
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Yaw, pitch and roll, degrees; left, down and towards the left shoulder positive."""
    lean: float = 0.0
    """Forward lean of the chest, degrees."""
    apart: float = 0.0
    """Decimetres by which the hands avoid each other on the way here."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """Stations from rest; the way back to rest is implied."""

    holds: tuple[Hold, ...]
    back: float = 0.75
    """Seconds of the way back to rest."""
    smile: float = 0.45

    @property
    def seconds(self) -> float:
        return sum(hold.seconds + hold.stay for hold in self.holds) + self.back + TRAIL


def _wave(x: float, tilt: float) -> Hand:
    return Hand((x, 4.50, 1.85), (tilt, 1.0, 0.12), (0.12, -0.05, 1.0), _FLAT, 5.0, (0.30, -1.0, 0.15))


def _count(curls: tuple[float, float, float, float, float], spread: float) -> Gesture:
    hand = Hand((-1.35, 4.45, 1.85), (0.06, 1.0, 0.10), (0.15, -0.05, 1.0), curls, spread, (0.45, -1.0, -0.1))
    pushed = replace(hand, wrist=(-1.33, 4.40, 2.10))
    return Gesture(
        (
            Hold(0.65, 0.15, right=hand, head=(-2.0, 0.0, 2.0)),
            Hold(0.22, 0.95, right=pushed, head=(-2.0, 3.0, 2.0)),
        )
    )


_SIDE = Hand((1.00, 2.50, 2.35), (0.50, 0.05, 0.85), (-0.25, 1.0, 0.25), _RELAXED, 2.0, (0.8, -0.9, -0.6))
_SHOWN = replace(_SIDE, wrist=(1.08, 2.78, 2.42), fingers=(0.42, 0.20, 0.86), curls=_FLAT)
_OPEN = Hand((0.90, 2.30, 2.40), (0.25, 0.02, 0.92), (-0.35, 1.0, 0.15), _RELAXED, 3.0, (0.9, -0.8, -0.6))
_WIDE = replace(_OPEN, wrist=(1.08, 2.50, 2.45), fingers=(0.34, 0.10, 0.92), curls=_FLAT)
_UP = Hand((-1.45, 5.00, 1.85), (0.05, 1.0, 0.10), (0.25, 0.0, 1.0), _INDEX, 0.0, (0.30, -1.0, 0.30))
_HIGHER = replace(_UP, wrist=(-1.43, 5.35, 1.90))
_DOWN = Hand((-1.45, 2.95, 2.85), (0.12, -0.92, 0.40), (0.30, -0.40, -0.90), _INDEX, 0.0, (0.8, -0.7, -0.6))
_LOWER = replace(_DOWN, wrist=(-1.43, 2.55, 2.98))
_ASIDE = Hand((-0.85, 2.75, 2.70), (-0.66, -0.52, 0.42), (0.20, -0.75, -0.55), _INDEX, 0.0, (0.9, -0.3, -0.7))
_FURTHER = replace(_ASIDE, wrist=(-0.98, 2.50, 2.85))
_CHOP = Hand((0.62, 3.05, 2.75), (-0.12, 0.25, 1.0), (-1.0, 0.1, 0.0), _FLAT, 1.0, (0.8, -0.8, -0.5))
_CHOPPED = replace(_CHOP, wrist=(0.66, 2.35, 2.90), fingers=(-0.12, 0.02, 1.0))
_LIKE = Hand((-1.15, 3.35, 2.45), (0.45, 0.38, 0.82), (0.86, 0.0, -0.45), _THUMB, 0.0, (0.6, -1.0, -0.2))
_LIKED = replace(_LIKE, wrist=(-1.10, 3.55, 2.68))
_PRAYER = Hand(
    (0.21, 2.85, 2.45),
    (-0.05, 1.0, 0.30),
    (-1.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0),
    0.0,
    (0.9, -0.6, -0.4),
)


def _both(hand: Hand) -> tuple[Hand, Hand]:
    return hand, hand.mirrored()


def _two(
    seconds: float,
    stay: float,
    hand: Hand,
    head: tuple[float, float, float] = (0.0, 0.0, 0.0),
    lean: float = 0.0,
) -> Hold:
    left, right = _both(hand)
    return Hold(seconds, stay, left, right, head, lean)


GESTURES: dict[str, Gesture] = {
    "greet": Gesture(
        (
            Hold(0.70, 0.05, right=_wave(-1.42, -0.05), head=(-3.0, -2.0, 3.0)),
            Hold(0.24, 0.02, right=_wave(-1.48, -0.36), head=(-3.0, 0.0, 4.0)),
            Hold(0.30, 0.02, right=_wave(-1.32, 0.26), head=(-2.0, 1.0, 4.0)),
            Hold(0.30, 0.02, right=_wave(-1.48, -0.34), head=(-3.0, 0.0, 4.0)),
            Hold(0.28, 0.12, right=_wave(-1.34, 0.16), head=(-2.0, 2.0, 3.0)),
        ),
        smile=0.75,
    ),
    "point_up": Gesture(
        (Hold(0.70, 0.05, right=_UP, head=(-4.0, -3.0, 0.0)), Hold(0.22, 0.12, right=_HIGHER, head=(-5.0, -5.0, 0.0)),
         Hold(0.20, 0.04, right=_UP, head=(-3.0, -3.0, 0.0)), Hold(0.22, 0.65, right=_HIGHER, head=(-2.0, -1.0, 2.0))),
    ),
    "point_down": Gesture(
        (Hold(0.62, 0.05, right=_DOWN, head=(-1.0, 4.0, 0.0)), Hold(0.20, 0.10, right=_LOWER, head=(-2.0, 7.0, 0.0)),
         Hold(0.20, 0.04, right=_DOWN, head=(-1.0, 3.0, 0.0)), Hold(0.20, 0.62, right=_LOWER, head=(0.0, 4.0, 2.0))),
    ),
    "point_side": Gesture(
        (Hold(0.62, 0.05, right=_ASIDE, head=(-7.0, 3.0, -2.0)), Hold(0.30, 0.95, right=_FURTHER, head=(-9.0, 4.0, -3.0))),
    ),
    "present": Gesture(
        (Hold(0.70, 0.05, left=_SIDE, head=(6.0, 3.0, 2.0), apart=0.6), Hold(0.40, 1.05, left=_SHOWN, head=(4.0, 2.0, 3.0))),
    ),
    "open_palms": Gesture((replace(_two(0.60, 0.04, _OPEN), apart=0.5), _two(0.35, 0.95, _WIDE, (0.0, -1.0, 3.0)))),
    "count_1": _count(_INDEX, 0.0),
    "count_2": _count(_TWO, 11.0),
    "count_3": _count(_THREE, 10.0),
    "emphasise": Gesture(
        (replace(_two(0.55, 0.04, _CHOP, (0.0, -2.0, 0.0)), apart=0.5), _two(0.20, 0.18, _CHOPPED, (0.0, 5.0, 0.0), 1.5),
         _two(0.30, 0.03, _CHOP, (0.0, -1.0, 0.0)), _two(0.20, 0.40, _CHOPPED, (0.0, 5.0, 0.0), 1.5)),
        smile=0.2,
    ),
    "thumbs_up": Gesture(
        (Hold(0.62, 0.04, right=_LIKE, head=(-2.0, -1.0, 2.0)), Hold(0.24, 1.05, right=_LIKED, head=(-2.0, 4.0, 3.0))),
        smile=0.7,
    ),
    "thank": Gesture(
        (replace(_two(0.70, 0.12, _PRAYER), apart=1.1), _two(0.45, 0.45, _PRAYER, (0.0, 13.0, 0.0), 7.0), _two(0.50, 0.25, _PRAYER)),
        back=0.85,
        smile=0.55,
    ),
    "nod": Gesture(
        (Hold(0.28, 0.02, head=(0.0, 9.0, 0.0)), Hold(0.28, 0.02, head=(0.0, -1.0, 0.0)), Hold(0.26, 0.02, head=(0.0, 8.0, 0.0)),
         Hold(0.28, 0.02, head=(0.0, -1.0, 0.0)), Hold(0.26, 0.02, head=(0.0, 5.0, 0.0))),
        back=0.45,
    ),
    "shake": Gesture(
        (Hold(0.30, 0.02, head=(9.0, 2.0, 0.0)), Hold(0.38, 0.02, head=(-9.0, 2.0, 0.0)), Hold(0.38, 0.02, head=(8.0, 2.0, 0.0)),
         Hold(0.36, 0.02, head=(-6.0, 2.0, 0.0))),
        back=0.45,
        smile=0.15,
    ),
}  # fmt: skip

_OUT = replace(_OPEN, wrist=(1.25, 2.48, 2.72), fingers=(0.50, 0.08, 0.85), curls=_FLAT)
AWAY = (_OUT, _OUT.mirrored())
"""Left and right hand, away from the body and from each other."""

_EASED = Hand(
    (0.95, 2.05, 2.35), (-0.45, 0.05, 0.90), (-0.55, 0.80, -0.25), _RELAXED, 2.0, (0.85, -0.9, -0.5)
)
_OFFERED = Hand((1.05, 2.45, 2.60), (0.10, 0.10, 1.0), (-0.45, 0.95, 0.0), _RELAXED, 2.5, (0.85, -0.9, -0.5))
_PINCHED = Hand(
    (-0.75, 2.75, 2.55),
    (0.35, 0.45, 0.82),
    (0.75, -0.25, -0.45),
    (0.55, 0.55, 0.5, 0.45, 0.45),
    0.0,
    (0.85, -0.9, -0.5),
)
_TURNED = Hand((-1.00, 2.30, 2.50), (0.25, 0.10, 0.95), (0.50, 0.85, 0.0), _RELAXED, 3.0, (0.85, -0.9, -0.5))
BEATS: tuple[Gesture, ...] = (
    Gesture((Hold(0.45, 0.10, right=_TURNED), Hold(0.30, 0.20, right=replace(_TURNED, wrist=(-1.12, 2.10, 2.55)))), 0.70),
    Gesture((replace(_two(0.50, 0.08, _EASED), apart=0.3), _two(0.32, 0.25, _OFFERED)), 0.75),
    Gesture((Hold(0.45, 0.05, left=_OFFERED, apart=0.5), Hold(0.28, 0.22, left=replace(_OFFERED, wrist=(1.15, 2.22, 2.68)))), 0.70),
    Gesture((Hold(0.45, 0.05, right=_PINCHED), Hold(0.18, 0.10, right=replace(_PINCHED, wrist=(-0.78, 2.50, 2.62))),
             Hold(0.20, 0.03, right=_PINCHED), Hold(0.18, 0.15, right=replace(_PINCHED, wrist=(-0.80, 2.48, 2.64)))), 0.70),
    Gesture((_two(0.42, 0.03, _EASED), _two(0.22, 0.08, replace(_EASED, wrist=(1.0, 1.85, 2.45))), _two(0.24, 0.03, _EASED),
             _two(0.22, 0.12, replace(_EASED, wrist=(1.02, 1.84, 2.45)))), 0.70),
)  # fmt: skip
"""Hand movements to the rhythm of speech, without a meaning of their own."""


def reached(share: float) -> float:
    """Minimum-jerk progress, 0..1, at `share` of the time."""
    return float(share**3 * (10 - 15 * share + 6 * share**2))


def past_end(since: float) -> float:
    """Overshoot of a hand, 0..1, `since` seconds after it arrived; it starts without a jerk."""
    share = since / SETTLING
    return float((np.e * share / 3.0) ** 3 * np.exp(-share))
