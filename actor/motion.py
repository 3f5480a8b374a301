"""Body movement per frame: breath, weight shifts, head, eyes, hands and gestures.

`Movement.moment` depends only on the frame number, so parts of a film can be drawn in any order. Slow
movement is a sum of sines with unrelated periods; movement that follows the speech is planned once from its
loudness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from actor.arms import Arm, Held, mixed
from actor.figure import Figure
from actor.gestures import BEATS, GESTURES, REST_LEFT, REST_RIGHT, Gesture, Hold, past_end, reached
from actor.meshes import Floats
from doublure.media import FPS

Stress = tuple[float, float, float, float]
"""A peak of loudness: its second, strength 0..1, brows 0 or 1, a turn of the head -1..1."""
BREATH_HZ = 0.26
BLINK_EVERY, BLINK_TALKING = 3.8, 2.9
"""Median seconds between blinks; people blink more often while speaking."""
CLOSING, CLOSED, OPENING = 0.08, 0.03, 0.16
"""Seconds of the phases of a blink (Evinger, Manning and Sibony 1991)."""
SACCADE_EVERY = 1.1
STRESS_APART = 0.35
"""Least seconds between two stresses."""
ARC = 0.10
"""How far a hand's path bends forward, as a share of its length."""
SECOND_HAND, FINGERS_LATE = 0.06, 0.10
"""Seconds by which one hand lags the other, and fingers their hand; `TRAIL` in all."""
SETTLE, LONG = 0.05, 0.6
"""A hand overshoots by this share and returns, if it then stays longer than `LONG` seconds."""
LID, LID_PER_DEGREE = 0.05, 0.014
"""Closure of open lids, and the increase per degree that the eyes look down."""
FOLLOWED = 0.3
"""Share of a look aside that the head follows."""
ASIDE, AFTER = 3.0, 0.4
"""Degrees from which a look counts as a look aside; seconds after it until the head is back."""
CALM_BROWS = 0.34
"""Raise of the inner brows at rest; without it the face frowns."""
NECK = (("neck01", 0.18), ("neck02", 0.16), ("neck03", 0.16), ("head", 0.50))
"""Shares of the head's rotation per bone."""
SPINE = (("spine05", 0.10), ("spine04", 0.15), ("spine03", 0.25), ("spine02", 0.30), ("spine01", 0.20))


@dataclass(frozen=True, slots=True)
class Moment:
    """Movement in one frame: the pose to draw, and its truth."""

    bones: Mapping[str, Floats]
    units: Mapping[str, float]
    """Expression units, without the mouth's."""
    offset: Floats
    swell: float
    gesture: str
    """"" between gestures."""
    stroke: float
    """0 at rest, 1 at the gesture's height."""
    phase: str
    """preparation, stroke, hold, retraction or ""."""
    blink: float
    """0 open, 1 shut."""
    gaze: tuple[float, float]
    """Degrees left and up, relative to the head."""
    head: tuple[float, float, float]
    """Yaw, pitch, roll relative to the camera, degrees; left, down, towards the left shoulder positive."""
    smile: float


@dataclass(frozen=True, slots=True)
class _Played:
    """A gesture at its place in the film."""

    name: str
    """"" for a beat."""
    start: float
    gesture: Gesture
    size: float


class Movement:
    """The movement of a whole film."""

    def __init__(self, figure: Figure, seconds: float, *, seed: int, energy: Floats | None = None) -> None:
        """`energy` is the loudness of each frame, 0..1; None means silence."""
        # one random generator per kind of movement, so that a longer film begins like a shorter one
        drift, stress, blink, glance, beat = (np.random.default_rng([seed, number]) for number in range(5))
        frames = int(np.ceil(seconds * FPS))
        self._energy = np.zeros(frames) if energy is None else energy
        self._talking = _smoothed((self._energy > 0.06).astype(float), 0.35)
        self._drift = [_Drift(drift, period) for period in (5.1, 4.3, 6.7, 8.3, 7.1, 5.9, 9.7, 3.7)]
        self._arms = {"L": Arm(figure, "L"), "R": Arm(figure, "R")}
        self._rest = {"L": self._arms["L"].held(REST_LEFT), "R": self._arms["R"].held(REST_RIGHT)}
        self._stresses = _stresses(self._energy, stress)
        self._blinks = _plan_blinks(blink, seconds, self._talking)
        self._glances = _plan_glances(glance, seconds)
        self._played: list[_Played] = _plan_beats(beat, self._stresses)

    def add(self, gesture: str, at: float) -> float:
        """Play a gesture from second `at`; returns the second of its end. Raises `KeyError`."""
        played = _Played(gesture, at, GESTURES[gesture], 1.0)
        end = at + played.gesture.seconds
        self._played = [
            one for one in self._played if one.start > end or one.start + one.gesture.seconds < at
        ]
        self._played.append(played)
        return end

    def moment(self, frame: int) -> Moment:
        """The body at the middle of a frame."""
        now = (frame + 0.5) / FPS
        talking = float(self._talking[min(frame, len(self._talking) - 1)])
        playing = next(
            (one for one in self._played if one.start <= now < one.start + one.gesture.seconds), None
        )
        hands, gestured, phase, stroke = self._hands(playing, now)
        head = self._head(now, talking) + gestured[:3] + self._followed(now)
        gaze = self._gaze(now, head)
        blink = self._blink(now)
        stress = self._stress(now)
        sway = self._sway(now, talking, float(gestured[3]))
        lid = max(0.0, LID - LID_PER_DEGREE * gaze[1])
        units = {
            "eye-left-closure": max(blink, lid),
            "eye-right-closure": max(blink, lid),
            "eyebrows-left-inner-up": CALM_BROWS,
            "eyebrows-right-inner-up": CALM_BROWS,
            "eyebrows-left-up": 0.30 * stress[1],
            "eyebrows-right-up": 0.30 * stress[1],
        }
        bones = sway | _turned(NECK, head - self._spine(now, talking, float(gestured[3]))) | _eyes(gaze)
        for side, held in hands.items():
            bones |= self._arms[side].bones(held)
        name = playing.name if playing else ""
        smile = playing.gesture.smile * stroke if playing and name else 0.0
        return Moment(
            bones,
            units,
            self._offset(now),
            float(np.sin(2 * np.pi * BREATH_HZ * now) * (1 - 0.4 * talking)),
            name,
            stroke if name else 0.0,
            phase if name else "",
            blink,
            gaze,
            (float(head[0]), float(head[1]), float(head[2])),
            smile,
        )

    # ---- hands

    def _hands(self, playing: _Played | None, now: float) -> tuple[dict[str, Held], Floats, str, float]:
        """Hands by side; the gesture's part of head (yaw, pitch, roll) and lean; phase; stroke."""
        if playing is None:
            return {side: self._alive(held, now) for side, held in self._rest.items()}, np.zeros(4), "", 0.0
        # the leading hand varies
        first_hand = "LR"[int(playing.start * FPS) % 2]
        hands = {}
        for side in self._rest:
            late = 0.0 if side == first_hand else SECOND_HAND
            led, fingers = (self._led(playing, side, now - late - more) for more in (0.0, FINGERS_LATE))
            hands[side] = self._alive(replace(led, curls=fingers.curls, spread=fingers.spread), now)
        first, second, share, phase, stroke = _between(playing, now)
        added = [np.array([*hold.head, hold.lean]) if hold else np.zeros(4) for hold in (first, second)]
        return hands, added[0] + (added[1] - added[0]) * share, phase, stroke

    def _led(self, playing: _Played, side: str, now: float) -> Held:
        """One hand of a gesture, without lag of the fingers."""
        first, second, share, _, _ = _between(playing, now)
        a, b = (self._station(hold, side, self._rest[side], playing.size) for hold in (first, second))
        # on the way back to rest the hands take the same arc
        way = second or playing.gesture.holds[0]
        return _arched(mixed(a, b, share), a, b, share, way.apart if side == "L" else -way.apart)

    def _alive(self, held: Held, now: float) -> Held:
        """Keep a hand from being quite still: breath lifts it, and each finger drifts."""
        breath = 0.02 * np.sin(2 * np.pi * BREATH_HZ * now)
        idle = np.array([0.0, breath + 0.03 * self._drift[6](now), 0.02 * self._drift[7](now)])
        fingers = np.array([self._drift[5](now + 1.7 * finger) for finger in range(5)])
        # straight and closed fingers do not drift
        free = np.clip(4.0 * held.curls * (1.0 - held.curls), 0.0, 1.0)
        return replace(held, wrist=held.wrist + idle, curls=held.curls + 0.045 * fingers * free)

    def _station(self, hold: Hold | None, side: str, rest: Held, size: float) -> Held:
        hand = None if hold is None else (hold.left if side == "L" else hold.right)
        return rest if hand is None else mixed(rest, self._arms[side].held(hand), size)

    # ---- head, eyes, body

    def _head(self, now: float, talking: float) -> Floats:
        """Yaw, pitch, roll, degrees."""
        drift = np.array([self._drift[0](now) * 2.4, self._drift[1](now) * 1.3, self._drift[2](now) * 1.6])
        stress = self._stress(now)
        beaten = np.array([stress[2] * 3.0, stress[0] * 3.4 - 0.8 * talking, stress[2] * 2.0])
        return np.asarray(drift * (1 + 0.7 * talking) + beaten)

    def _followed(self, now: float) -> Floats:
        """The head's part of a look aside, degrees: later and smoother than the eyes."""
        turn = np.zeros(3)
        for start, end, x, y in self._glances:
            share = (now - start) / (end - start + AFTER)
            if 0.0 < share < 1.0 and abs(x) > ASIDE and self._idle(start, end + AFTER):
                turn += np.sin(np.pi * share) ** 2 * FOLLOWED * np.array([x, -y, 0.0])
        return turn

    def _stress(self, now: float) -> tuple[float, float, float]:
        """Nod, brow raise and turn at this moment, from the stresses around it."""
        nod = brow = turn = 0.0
        for at, strength, brows, way in self._stresses:
            if -0.5 < now - at < 0.9:
                nod += strength * float(np.exp(-(((now - at - 0.04) / 0.13) ** 2)))
                nod -= 0.25 * strength * float(np.exp(-(((now - at - 0.34) / 0.17) ** 2)))
                brow += brows * strength * float(np.exp(-(((now - at - 0.08) / 0.24) ** 2)))
                turn += way * strength * float(np.exp(-(((now - at - 0.12) / 0.32) ** 2)))
        return nod, min(brow, 1.0), turn

    def _spine(self, now: float, talking: float, lean: float) -> Floats:
        """Rotation of the spine, which turns the head too: yaw, pitch, roll, degrees."""
        return np.array(
            [
                self._drift[3](now) * 1.5,
                0.8 * self._drift[4](now) + 1.6 * talking + lean,
                self._drift[3](now + 2.0) * 0.9,
            ]
        )

    def _sway(self, now: float, talking: float, lean: float) -> dict[str, Floats]:
        return _turned(SPINE, self._spine(now, talking, lean))

    def _offset(self, now: float) -> Floats:
        return np.array([0.10 * self._drift[3](now - 0.3), 0.0, 0.05 * self._drift[4](now)])

    def _idle(self, start: float, end: float) -> bool:
        """Whether no gesture is played in this time; there are no looks aside during gestures."""
        return all(one.start > end or one.start + one.gesture.seconds < start for one in self._played)

    def _gaze(self, now: float, head: Floats) -> tuple[float, float]:
        """Gaze: the eyes hold the lens whatever the head does, except for small jumps and rare glances."""
        left, up = -0.85 * float(head[0]), 0.85 * float(head[1])
        for start, end, x, y in self._glances:
            if start <= now < end and (abs(x) < ASIDE or self._idle(start, end + AFTER)):
                rise = min(1.0, (now - start) / 0.05, (end - now) / 0.05)
                left, up = left + rise * x, up + rise * y
        return float(np.clip(left, -22, 22)), float(np.clip(up, -14, 14))

    def _blink(self, now: float) -> float:
        shut = [_lid(moment - start) for start in self._blinks if -0.05 < now - start < 0.4
                for moment in (now - 0.01, now, now + 0.01)]  # fmt: skip
        return float(max([sum(shut[k : k + 3]) / 3 for k in range(0, len(shut), 3)], default=0.0))


def _plan_blinks(random: np.random.Generator, seconds: float, talks: Floats) -> list[float]:
    found, now = [], float(random.uniform(0.4, 2.0))
    while now < seconds:
        found.append(now)
        talking = talks[min(int(now * FPS), len(talks) - 1)] > 0.5
        now += float(
            np.clip(random.lognormal(np.log(BLINK_TALKING if talking else BLINK_EVERY), 0.5), 0.6, 9.0)
        )
    return found


def _plan_glances(random: np.random.Generator, seconds: float) -> list[tuple[float, float, float, float]]:
    """Start, end, degrees left and up: constant small jumps around the lens, and occasional looks aside."""
    found, now, aside = [], 0.0, float(random.uniform(6, 12))
    while now < seconds:
        length = float(np.clip(random.lognormal(np.log(SACCADE_EVERY), 0.5), 0.25, 3.0))
        if now > aside:
            length, aside = float(random.uniform(0.5, 0.9)), now + float(random.uniform(9, 18))
            x, y = float(random.choice([-1, 1]) * random.uniform(6, 12)), float(random.uniform(-7, 1))
        else:
            x, y = float(random.normal(0, 0.7)), float(random.normal(0, 0.45))
        found.append((now, now + length, x, y))
        now += length
    return found


def _plan_beats(random: np.random.Generator, stresses: Sequence[Stress]) -> list[_Played]:
    """Hand movements on the stronger stresses, never the same one twice in a row."""
    found: list[_Played] = []
    free, last = 0.0, -1
    for at, strength, _, _ in stresses:
        if at < free or strength < 0.45 or random.random() < 0.35:
            continue
        choice = int(random.choice([number for number in range(len(BEATS)) if number != last]))
        start = max(free, at - BEATS[choice].holds[0].seconds)
        found.append(_Played("", start, BEATS[choice], float(random.uniform(0.55, 0.95))))
        free, last = start + BEATS[choice].seconds + float(random.uniform(0.3, 2.2)), choice
    return found


class _Drift:
    """Slow movement around zero, -1..1, that never repeats."""

    def __init__(self, random: np.random.Generator, period: float) -> None:
        self._rates = 2 * np.pi / (period * np.array([1.0, 1.618, 0.577]))
        self._phases = random.uniform(0, 2 * np.pi, 3)

    def __call__(self, now: float) -> float:
        return float((np.sin(self._rates * now + self._phases) * (0.55, 0.30, 0.15)).sum())


def _between(played: _Played, now: float) -> tuple[Hold | None, Hold | None, float, str, float]:
    """The stations around this moment, the progress between them, the phase and the stroke."""
    at = max(now - played.start, 0.0)
    stations: Sequence[Hold] = played.gesture.holds
    for number, (before, hold) in enumerate(pairwise((None, *stations))):
        assert hold is not None
        if at < hold.seconds:
            share = reached(at / hold.seconds)
            return (
                before,
                hold,
                share,
                "preparation" if number == 0 else "stroke",
                share if number == 0 else 1.0,
            )
        at -= hold.seconds
        if at < hold.stay:
            share = 1.0 + (SETTLE * past_end(at) if hold.stay > LONG else 0.0)
            return before, hold, share, "hold" if number == len(stations) - 1 else "stroke", 1.0
        at -= hold.stay
    share = reached(min(at / played.gesture.back, 1.0))
    return stations[-1], None, share, "retraction", 1.0 - share


def _arched(held: Held, first: Held, second: Held, share: float, out: float) -> Held:
    """Bend a hand's path to an arc: forward in its middle, and sideways by `out` decimetres."""
    way = float(np.linalg.norm(second.wrist - first.wrist))
    bow = np.array([out, 0.0, ARC * way]) * (4 * share * (1 - share))
    return Held(held.wrist + bow, held.turn, held.curls, held.spread, held.elbow)


def _lid(since: float) -> float:
    """Closure of the lid, 0..1, `since` seconds after a blink began."""
    if since < 0:
        return 0.0
    if since < CLOSING:
        return float(np.sin(np.pi / 2 * since / CLOSING))
    if since < CLOSING + CLOSED:
        return 1.0
    back = (since - CLOSING - CLOSED) / OPENING
    return float(np.cos(np.pi / 2 * back) ** 2) if back < 1 else 0.0


def _turned(chain: Sequence[tuple[str, float]], degrees: Floats) -> dict[str, Floats]:
    """A rotation (yaw, pitch, roll, degrees) distributed over a chain of bones."""
    return {
        name: np.asarray(
            Rotation.from_euler(
                "YXZ", [degrees[0] * share, degrees[1] * share, -degrees[2] * share], degrees=True
            ).as_matrix()
        )
        for name, share in chain
    }


def _eyes(gaze: tuple[float, float]) -> dict[str, Floats]:
    turn = np.asarray(Rotation.from_euler("YX", [gaze[0], -gaze[1]], degrees=True).as_matrix())
    return {"eye.L": turn, "eye.R": turn}


def _stresses(energy: Floats, random: np.random.Generator) -> list[Stress]:
    """The peaks of loudness: second, strength 0..1, brows 0 or 1, and a head turn -1..1."""
    loud = _smoothed(energy, 0.08)
    found: list[Stress] = []
    for frame in range(1, len(loud) - 1):
        if loud[frame] < 0.35 or loud[frame] < loud[frame - 1] or loud[frame] <= loud[frame + 1]:
            continue
        at = (frame + 0.5) / FPS
        if found and at - found[-1][0] < STRESS_APART:
            continue
        strength = float(np.clip(loud[frame] * random.uniform(0.4, 1.1), 0.0, 1.0))
        found.append((at, strength, float(random.random() < 0.3), float(random.normal(0, 0.5))))
    return found


def _smoothed(rows: Floats, seconds: float) -> Floats:
    reach = int(np.ceil(2.5 * seconds * FPS))
    window = np.exp(-((np.arange(-reach, reach + 1) / FPS / seconds) ** 2))
    return np.convolve(rows, window / window.sum(), mode="same")
