"""Converts timed phones to mouth movements, one row of controls per frame.

Co-articulation is a blend by dominance (Cohen & Massaro, "Modeling coarticulation in synthetic visual
speech", 1993): every phone has a target and a dominance for every control, and its influence falls off
exponentially before and after it. The blend is a plan; muscles follow it as critically damped second-order
systems, the jaw slower than the lips. Contacts (p b m, f v) are collisions, not targets to blend: they are
applied on top of the moving mouth, so that no neighbouring phone can open them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from actor.articulation import BITES, CLOSURES, DEMANDS, DULL, VOWELS, Aim, Grip
from doublure.media import FPS, SAMPLE_RATE, Pcm, Phone

CONTROLS = (
    "jaw", "wide", "round", "press", "bite", "upper", "lower",
    "tongue_tip", "tongue_out", "tongue_back", "smile",
)  # fmt: skip
"""Columns of `Controls`. All 0..1 but wide, -1 narrowed..1 spread. jaw: mouth opened by the jaw, 1 an
emphatic /a/; round: lips protruded; press: lips pressed shut; bite: lower lip under the upper teeth;
upper, lower: that lip away from its teeth, so that they show; tongue_tip: tip raised behind the teeth;
tongue_out: tip between the teeth; tongue_back: back raised; smile: emotional, not of speech."""
Controls = NDArray[np.float32]
"""float32 [frames, 11]; row n is the mouth at the middle of frame n of 40 ms."""
JAW, WIDE, ROUND, PRESS, BITE, UPPER, LOWER, TIP, OUT, BACK, SMILE = range(len(CONTROLS))

Track = NDArray[np.float64]
"""Points of movement at 200 Hz, float64 [points] or [points, controls]."""
RATE = 200
"""Sampling rate of the movement (Hz), before averaging over the shutter."""
POINTS = RATE // FPS
SHUTTER = RATE // 50
"""Points in the exposure of a frame: 1/50 s around its middle."""
MARGIN = RATE
"""Points before the first frame and after the last, for movements that begin earlier or end later."""

AHEAD = 0.02
"""Seconds by which the mouth leads the phones: in 89 stops, hisses and m between vowels, spoken by Kokoro in
three languages, the middle of the sound came 15 to 20 ms before the phone's."""
CORE = 0.4
"""Middle part of a phone, as a share, with full dominance."""
INFLUENCE = 0.6
"""Seconds on either side of a phone within which it has influence."""
JAW_RISE, LIP_RISE, TONGUE_RISE = 0.062, 0.040, 0.036
"""Seconds in which a muscle completes 63 % of a step: natural frequencies of about 5.5 Hz for the jaw and
8.5 Hz for the lips. People repeat a syllable at most six to seven times a second."""
TO_63_PERCENT = 2.146
"""Solution of (1 + x) exp(-x) = 0.37: rise of a critically damped system, in 1 / natural frequency."""

PARTS, STARTED, CLOSED = 0.16, 0.03, 0.26
"""Lips part 160 ms before the first phone, are in place 30 ms before it, and shut 260 ms after the last."""
LONG_PAUSE = 0.35
"""Seconds of pause that close the lips; in shorter pauses they relax up to half way."""
GAP = 0.06
"""Seconds of pause in which lips go slack."""
SLACK = Aim(0.1, upper=0.05, lower=0.08)
"""Target of slack lips."""
LONG_M = 0.06 * SAMPLE_RATE
"""Half length in samples above which an m is not located in the sound."""
DIP = 8.0
"""dB by which a closure must be quieter than both sides to be located in the sound."""


@dataclass(frozen=True, slots=True)
class Style:
    """A presenter's habit of articulation."""

    strength: float = 1.0
    """Scale of all movements: 0.7 mumbles, 1.3 is emphatic."""
    jaw_share: float = 1.0
    """The jaw's share of an opening, 0.6..1.3; below 1 the lips do more, above 1 less."""
    rounding: float = 1.0
    """Scale of lip protrusion, 0.6..1.2."""
    smile_rest: float = 0.08
    """Smile in silence, 0..1."""
    smile_talk: float = 0.22
    """Smile while talking, 0..1."""
    breath: float = 1.0
    """How visibly the lips part before speech, 0..1."""
    variation: float = 1.0
    """Variation from phone to phone; 0 is none, 1 about 6 % of a movement."""


BLENDED = (JAW, WIDE, ROUND, UPPER, LOWER, TIP, OUT, BACK)
"""Controls in the order of `Aim`; press and bite are contacts, and smile is not part of speech."""


def controls(speech_phones: Sequence[Phone], pcm: Pcm, frames: int, *, seed: int, style: Style) -> Controls:
    """The mouth in each of `frames` frames.

    Phones are in time order, in samples from the start of the first frame. `pcm` starts there too and
    may be shorter than the frames. The same arguments give the same rows. Raises `ValueError` for a
    phone that is not in Kokoro's vocabulary.
    """
    phones = [phone for phone in speech_phones if phone.symbol]
    for phone in phones:
        if phone.symbol not in DEMANDS:
            raise ValueError(f"no mouth is known for the phone {phone.symbol!r} at sample {phone.start}")
    if not phones:
        rows = np.zeros((frames, len(CONTROLS)), np.float32)
        rows[:, SMILE] = style.smile_rest
        return rows
    times = (np.arange(frames * POINTS + 2 * MARGIN) + 0.5 - MARGIN) / RATE
    track = np.zeros((len(times), len(CONTROLS)))
    track[:, BLENDED] = _moved(_plan(phones, pcm, times, seed, style))
    awake = _awake(phones, times)
    track *= awake[:, None]
    _touch(track, phones, pcm, times)
    track[:, SMILE] = _smile(awake, track[:, ROUND], times, seed, style)
    exposed = track[MARGIN:-MARGIN].reshape(frames, POINTS, len(CONTROLS))
    first = (POINTS - SHUTTER) // 2
    rows = exposed[:, first : first + SHUTTER].mean(axis=1)
    low = np.zeros(len(CONTROLS))
    low[WIDE] = -1.0
    return np.asarray(rows.clip(low, 1.0), np.float32)


# ---- the plan ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Gesture:
    """An aim with its time in seconds."""

    start: float
    end: float
    aim: Aim
    grip: Grip
    rounded: bool = False
    """Whether its rounding spreads far ahead."""


def _plan(phones: list[Phone], pcm: Pcm, times: Track, seed: int, style: Style) -> Track:
    """All gestures blended by dominance, [points, 8]."""
    wanted = np.zeros((len(times), len(BLENDED)))
    weight = np.full((len(times), len(BLENDED)), 1e-9)
    for gesture in _gestures(phones, pcm, seed, style):
        begin = np.searchsorted(times, gesture.start - INFLUENCE)
        here = slice(int(begin), int(np.searchsorted(times, gesture.end + INFLUENCE)))
        grip = gesture.grip
        whole = np.array(
            (grip.jaw, grip.wide, grip.round, grip.show, grip.show, grip.tongue, grip.tongue, grip.tongue)
        )
        edge = (gesture.end - gesture.start) * (1 - CORE) / 2
        before = np.maximum(gesture.start + edge - times[here], 0)[:, None]
        after = np.maximum(times[here] - gesture.end + edge, 0)[:, None]
        attack, decay = _reach(gesture.rounded)
        dominance = whole * np.exp(-before / attack - after / decay)
        wanted[here] += dominance * astuple(gesture.aim)
        weight[here] += dominance
    blend: Track = wanted / weight
    return blend


def _reach(rounded: bool) -> tuple[Track, Track]:
    """Seconds in which dominance falls to 37 % before and after a gesture, [8] each. Rounding spreads far
    ahead over phones with weak dominance; spreading and teeth stay near."""
    wide, round_ = (0.13, 0.15) if rounded else (0.05, 0.035)
    attack = np.array((0.04, wide, round_, 0.05, 0.05, 0.04, 0.03, 0.04))
    decay = np.array((0.035, min(wide, 0.06), min(round_, 0.07), 0.05, 0.05, 0.04, 0.03, 0.04))
    return attack, decay


def _gestures(phones: list[Phone], pcm: Pcm, seed: int, style: Style) -> list[_Gesture]:
    random = np.random.default_rng(seed)
    loud = _emphasis(phones, pcm)
    found: list[_Gesture] = []
    for run in _runs(phones):
        if run[0].symbol not in CLOSURES:
            # the lips part for a breath before the first sound
            start = run[0].start / SAMPLE_RATE - PARTS
            found.append(_Gesture(start, start + 0.1, Aim(0.2 * style.breath, upper=0.1, lower=0.1), DULL))
    ends = [phone.end / SAMPLE_RATE for phone in phones]
    starts = [phone.start / SAMPLE_RATE for phone in phones[1:]]
    for end, until in zip(ends, [*starts, math.inf], strict=True):
        if until - end > GAP:
            # keeps a phone spoken long before from returning once the last one has faded
            found.append(_Gesture(end, min(until, end + CLOSED), SLACK, DULL))
    for phone, gain in zip(phones, loud, strict=True):
        demand = DEMANDS[phone.symbol]
        uneven = 1 + 0.06 * style.variation * random.standard_normal(2).clip(-2, 2)
        shift = 0.004 * style.variation * float(random.standard_normal()) - AHEAD
        edges = np.linspace(phone.start, phone.end, len(demand.aims) + 1) / SAMPLE_RATE + shift
        vowel = phone.symbol in VOWELS
        for aim, (start, end) in zip(demand.aims, pairwise(edges), strict=True):
            own = _in_style(aim, gain if vowel else 1.0, (float(uneven[0]), float(uneven[1])), style)
            found.append(_Gesture(float(start), float(end), own, demand.grip, aim.round >= 0.4))
    return found


def _in_style(aim: Aim, gain: float, uneven: tuple[float, float], style: Style) -> Aim:
    """The aim adapted to this presenter and moment: louder vowels mainly lower the jaw."""
    lips = math.sqrt(style.strength) * (0.6 + 0.4 * gain) * uneven[1]
    teeth = lips * (2 - style.jaw_share)
    return replace(
        aim,
        jaw=min(1.0, aim.jaw * style.strength * style.jaw_share * gain * uneven[0]),
        wide=float(np.clip(aim.wide * lips, -1, 1)),
        round=min(1.0, aim.round * lips * style.rounding),
        upper=min(1.0, aim.upper * teeth),
        lower=min(1.0, aim.lower * teeth),
    )


def _emphasis(phones: list[Phone], pcm: Pcm) -> list[float]:
    """Gain per phone: for vowels loudness and length relative to the vowels of the run, about 0.7..1.35; 1
    for other phones."""
    gains: list[float] = []
    for run in _runs(phones):
        sizes = [_rms(pcm[max(0, p.start) : max(0, p.end)]) for p in run]
        spoken = [(size, p.end - p.start) for size, p in zip(sizes, run, strict=True) if p.symbol in VOWELS]
        usual, length = np.median(spoken, axis=0) if spoken else (0.0, 0)
        for size, phone in zip(sizes, run, strict=True):
            if phone.symbol not in VOWELS or usual < 1e-4:
                gains.append(1.0)
                continue
            louder = float(np.clip((size / usual) ** 0.4, 0.72, 1.25))
            longer = float(np.clip(((phone.end - phone.start) / length) ** 0.15, 0.88, 1.12))
            gains.append(louder * longer)
    return gains


def _rms(pcm: Pcm) -> float:
    return float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) if len(pcm) else 0.0


def _runs(phones: list[Phone]) -> list[list[Phone]]:
    """Phones between pauses that close the mouth."""
    runs = [[phones[0]]]
    for one, other in pairwise(phones):
        if other.start - one.end > LONG_PAUSE * SAMPLE_RATE:
            runs.append([])
        runs[-1].append(other)
    return runs


# ---- the movement -----------------------------------------------------------------------------------


def _moved(plan: Track) -> Track:
    """The plan as carried out by muscles, [points, 8]; the muscles' delay is compensated."""
    moved = np.empty_like(plan)
    for column, control in enumerate(BLENDED):
        rise = JAW_RISE if control == JAW else TONGUE_RISE if control in (TIP, OUT, BACK) else LIP_RISE
        frequency = TO_63_PERCENT / rise
        t = np.arange(round(0.4 * RATE)) / RATE
        response = t * np.exp(-frequency * t)
        delay = round(2 / frequency * RATE)
        padded = np.pad(plan[:, column], (len(t) - 1 - delay, delay), mode="edge")
        moved[:, column] = np.convolve(padded, response / response.sum(), "valid")
    return moved


def _ramp(x: Track) -> Track:
    """A smooth ramp from 0 at 0 to 1 at 1, with slope 0 at both ends."""
    ramp: Track = 0.5 - 0.5 * np.cos(np.pi * x.clip(0, 1))
    return ramp


def _awake(phones: list[Phone], times: Track) -> Track:
    """Distance of the mouth from rest, 0 in silence .. 1 in speech, [points]."""
    first, last = phones[0].start / SAMPLE_RATE, phones[-1].end / SAMPLE_RATE
    awake = _ramp((times - first + PARTS) / (PARTS - STARTED)) * (1 - _ramp((times - last) / CLOSED))
    for one, other in pairwise(phones):
        begin, end = one.end / SAMPLE_RATE, other.start / SAMPLE_RATE
        if end - begin > LONG_PAUSE:
            # even a pause just above the limit shows shut lips for an instant
            shut = min(begin + CLOSED, end - PARTS) - begin
            fall = 1 - _ramp((times - begin) / shut)
            awake *= np.maximum(fall, _ramp((times - end + PARTS) / (PARTS - STARTED)))
        elif end > begin:
            depth = 0.5 * min(1.0, (end - begin) / 0.2)
            inside = ((times - begin) / (end - begin)).clip(0, 1)
            awake *= 1 - depth * np.sin(np.pi * inside) ** 2
    return awake


def _touch(track: Track, phones: list[Phone], pcm: Pcm, times: Track) -> None:
    """Apply closures and bites on top of the moving mouth; pauses do not weaken them."""
    press, shut, bite, set_ = (np.zeros(len(times)) for _ in range(4))
    for phone in phones:
        closes = phone.symbol in CLOSURES
        if not closes and phone.symbol not in BITES:
            continue
        begin, end = _held(phone, pcm)
        lips, jaw = (press, shut) if closes else (bite, set_)
        near = slice(*np.searchsorted(times, (begin - 0.15, end + 0.15)))
        here = times[near]
        # lips close faster than the jaw alone could, and part faster than they close
        np.maximum(lips[near], _pulse(here, begin, end, (0.045, 0.04)), out=lips[near])
        np.maximum(jaw[near], _pulse(here, begin, end, (0.065, 0.06)), out=jaw[near])
    bite *= 1 - press
    track[:, PRESS] = press
    track[:, BITE] = 0.95 * bite
    for hold, height in ((shut, 0.07), (set_, 0.14)):
        track[:, JAW] -= hold * np.maximum(track[:, JAW] - height, 0)
    track[:, UPPER] *= 1 - press
    track[:, LOWER] *= (1 - press) * (1 - bite)
    track[:, OUT] *= (1 - press) * (1 - bite)
    track[:, ROUND] -= bite * np.maximum(track[:, ROUND] - 0.4, 0)


def _pulse(times: Track, begin: float, end: float, sides: tuple[float, float]) -> Track:
    """1 from `begin` to `end`, with ramps of `sides` seconds before and after."""
    return _ramp((times - begin + sides[0]) / sides[0]) * _ramp((end + sides[1] - times) / sides[1])


def _held(phone: Phone, pcm: Pcm) -> tuple[float, float]:
    """Start and end of a contact, seconds: the middle 70 % of its phone, for p and b at most 90 ms, extended
    to the exposure of the frame nearest to its middle, because at least one frame must show it."""
    middle = (
        _closure(phone, pcm) if phone.symbol in CLOSURES else (phone.start + phone.end) / 2
    ) / SAMPLE_RATE
    longest = 0.045 if phone.symbol in "pb" else 0.15
    half = min(max((phone.end - phone.start) * 0.35 / SAMPLE_RATE, 0.012), longest)
    frame = (math.floor(middle * FPS) + 0.5) / FPS
    exposure = SHUTTER / RATE / 2
    early = 0.0 if phone.symbol in CLOSURES else AHEAD
    return min(middle - half - early, frame - exposure), max(middle + half, frame + exposure)


def _closure(phone: Phone, pcm: Pcm) -> float:
    """Middle of a closure, in samples: a dip of the high frequencies (above the murmur) near the beginning of
    the phone, else the middle of the phone. A long m is shut throughout."""
    middle = (phone.start + phone.end) / 2
    step = SAMPLE_RATE // RATE
    begin, steps = phone.start - 22 * step, 44
    if (
        begin < 1
        or begin + steps * step > len(pcm)
        or (phone.symbol == "m" and middle - phone.start > LONG_M)
    ):
        return middle
    bright = np.diff(pcm[begin - 1 : begin + steps * step])
    power = np.square(bright, dtype=np.float64).reshape(steps, step).mean(axis=1)
    level = 10 * np.log10(np.convolve(power, np.full(5, 0.2), "valid") + 1e-10)  # 25 ms each
    first, last = 10, 33  # middles from 50 ms before the beginning to 60 ms after it
    last = min(last, 21 + (phone.end - phone.start) // step)
    lowest = first + int(level[first:last].argmin())
    if min(level[:lowest].max(), level[lowest + 1 :].max()) - level[lowest] < DIP:
        return middle
    quiet = first + np.flatnonzero(level[first:last] < level[lowest] + 3)
    return float(begin + (quiet.mean() + 2.5) * step)


def _smile(
    awake: Track,
    rounding: Track,
    times: Track,
    seed: int,
    style: Style,
) -> Track:
    """Smile, [points]: it changes more slowly than speech, and is reduced by rounded lips."""
    window = np.hanning(round(0.6 * RATE) + 1)
    half = len(window) // 2
    talk = np.convolve(np.pad(awake, half, mode="edge"), window / window.sum(), "valid").clip(0, 1)
    talk[np.convolve(np.pad(awake, half, mode="edge"), np.ones(len(window)), "valid") < 1e-9] = 0.0
    phase = np.random.default_rng((seed, SMILE)).uniform(0, 2 * math.pi)
    swell = 1 + 0.25 * style.variation * np.sin(2 * math.pi * 0.21 * times + phase)
    smile: Track = style.smile_rest + (style.smile_talk * swell - style.smile_rest) * talk
    smile *= 1 - 0.4 * rounding.clip(0, 1)
    return smile
