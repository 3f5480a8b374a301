"""How the drawn host holds herself in each frame of a take: breath, head, gaze and lids.

Every motion is a sum of waves that fit the take a whole number of times, so takes loop unseen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from doublure.media import FPS, Place

TAKES = {"idle": 10 * FPS, "talk": 12 * FPS}
"""Frames of each take."""


@dataclass(frozen=True, slots=True)
class Posture:
    """One frame. Lengths in units of the design (pixels of a 720x1280 picture)."""

    breath: float
    """0 out..1 in."""
    aside: float
    """Head to the right."""
    down: float
    roll: float
    """Radians, clockwise."""
    turn: float
    """How far the nose moves to the right of the head's outline."""
    nod: float
    """How far the nose moves down."""
    lag: float
    """How far the ends of the hair stay behind, to the right."""
    shut: float
    """Lids, 0 open..1 shut."""
    gaze: tuple[float, float]
    brow: float
    """How far the brows are raised."""


@dataclass(frozen=True, slots=True)
class _Wave:
    turns: int
    """Times in the take."""
    size: float
    phase: float


@dataclass(frozen=True, slots=True)
class _Motion:
    breaths: int
    aside: tuple[_Wave, ...]
    roll: tuple[_Wave, ...]
    turn: tuple[_Wave, ...]
    nod: tuple[_Wave, ...]
    brow: tuple[_Wave, ...]
    blinks: tuple[int, ...]
    """Frames at which the lids begin to fall; people blink every two to six seconds, unevenly."""
    glances: tuple[tuple[int, int, float, float], ...]
    """From frame, to frame, and how far the eyes look aside and down meanwhile."""


_MOTIONS = {
    "idle": _Motion(
        breaths=3,
        aside=(_Wave(1, 2.0, 0.4), _Wave(2, 0.9, 2.1)),
        roll=(_Wave(1, 0.007, 1.0), _Wave(2, 0.003, 0.2)),
        turn=(_Wave(1, 2.2, 0.9), _Wave(3, 0.8, 1.7)),
        nod=(_Wave(2, 1.0, 0.0), _Wave(3, 0.6, 2.4)),
        brow=(_Wave(1, 0.5, 2.0),),
        blinks=(34, 121, 139, 207),
        glances=((66, 96, 3.9, 0.0), (168, 190, -2.6, 1.5)),
    ),
    "talk": _Motion(
        breaths=4,
        aside=(_Wave(1, 2.4, 0.0), _Wave(3, 1.3, 1.1), _Wave(5, 0.7, 0.5)),
        roll=(_Wave(1, 0.011, 0.7), _Wave(3, 0.006, 2.3), _Wave(7, 0.002, 1.1)),
        turn=(_Wave(2, 2.6, 0.3), _Wave(5, 1.3, 1.9), _Wave(7, 0.7, 0.6)),
        nod=(_Wave(4, 1.2, 0.8), _Wave(7, 1.1, 0.1), _Wave(11, 0.8, 1.4)),
        brow=(_Wave(2, 0.8, 0.4), _Wave(5, 0.6, 1.0)),
        blinks=(18, 77, 132, 188, 241, 259),
        glances=((104, 118, -2.6, 0.0), (212, 228, 2.6, 1.5)),
    ),
}
_BLINK = (0.35, 0.85, 1.0, 0.9, 0.55, 0.25, 0.1)
"""Lids of a blink, frame by frame: they fall faster than they rise."""
_LAG_FRAMES = 4
"""Frames that the ends of the hair are behind the head."""


def _sum(waves: tuple[_Wave, ...], share: float) -> float:
    return sum(wave.size * math.sin(2 * math.pi * (wave.turns * share) + wave.phase) for wave in waves)


def posture(place: Place) -> Posture:
    """The host at a frame of a take; an unknown take is idle, an index beyond the end begins again."""
    take = place.take if place.take in TAKES else "idle"
    motion, frames = _MOTIONS[take], TAKES[take]
    index = place.index % frames
    share = index / frames
    aside, roll = _sum(motion.aside, share), _sum(motion.roll, share)
    before = (index - _LAG_FRAMES) / frames
    moved = aside - _sum(motion.aside, before) + 260 * (roll - _sum(motion.roll, before))
    shut = max(
        (_BLINK[index - start] for start in motion.blinks if 0 <= index - start < len(_BLINK)), default=0.0
    )
    turn, nod = _sum(motion.turn, share), _sum(motion.nod, share)
    glance = next(((x, y) for start, end, x, y in motion.glances if start <= index < end), (0.0, 0.0))
    breath = 0.5 - 0.5 * math.cos(2 * math.pi * motion.breaths * share)
    return Posture(
        breath=breath,
        aside=aside,
        down=0.6 * nod,
        roll=roll,
        turn=turn,
        nod=nod,
        lag=1.3 * moved,
        shut=shut,
        gaze=(glance[0] - 0.5 * turn, glance[1]),
        brow=_sum(motion.brow, share),
    )
