"""Findings: what makes the double worse, and when (light, head, hands, cuts, pixels, sound).

Every detector is a function of arrays. Thresholds were set on recordings of people and of rendered
presenters. Findings that describe the person (beard, glasses) are notes and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from doublure.enrol.footage import WINDOW
from doublure.enrol.observations import LOOK_FRAMES, Heard, Observed, Source, eye_distance, head_angles
from doublure.enrol.tracking import Tracked
from doublure.media import FPS, SAMPLE_RATE

Kind = Literal[
    "too_dark",
    "too_bright",
    "too_short",
    "profile",
    "hand",
    "face_lost",
    "second_person",
    "cut",
    "low_frame_rate",
    "few_pixels",
    "high_range",
    "out_of_step",
    "noise",
    "music",
    "beard",
    "glasses",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Severity = Literal["note", "warn", "bad"]
"""`note`: good to know. `warn`: it makes the double worse. `bad`: record again."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

DARK, BURNT_SHARE, LEAST_CONTRAST = 80.0, 0.06, 20.0
"""95th percentile of the face's luma (dark skin in good light has brighter highlights); share of the face
that is burnt out; range of luma around the mouth, below which the skin has no structure."""
BAD_SHARE = 0.3
"""A finding on more than this share of the footage is `bad`."""
WANTED_SPEECH_SECONDS, LEAST_SPEECH_SECONDS = 60.0, 30.0
MOST_YAW, MOST_PITCH = 0.55, 0.45
"""Radians (32 and 26 degrees); beyond them a corner of the mouth or the lower lip is hidden."""
COVERED_SHARE = 0.25
"""Share of the lower face that looks unlike itself; a wide open mouth changes less than a tenth."""
UNLIKE, UNLIKE_SPREADS = 0.12, 6.0
"""A point looks unlike itself if it differs from its median by this share of the face's luma and by this
many of its own median deviations."""
OTHER_HEIGHT, OTHER_HEIGHT_BAD = 0.25, 0.5
"""Height of another face, as a share of the host's."""
OTHER_SHAPE = 0.25
"""Correlation of the mouth's shading with its usual one, below which something covers it: a hand may be as
bright as the skin. Speech stays above 0.35 in four clips, a skin-coloured patch below 0.15."""
MOUTH = np.s_[:, 6:20, 4:20]
"""The mouth within the lower patches."""
CUT_LEVELS, CUT_TIMES = 2.0, 4.0
"""A cut changes the picture by at least this many levels of luma, and by this many times the 90th percentile
of the half seconds around it: movement takes several frames, a cut takes one."""
CUT_REACH = FPS // 2
STILL = 0.1
"""A picture that changes by less than this share of its neighbours' change is a repeated one."""
LEAST_RATE = 22.0
FEW_EYE_PIXELS, LEAST_EYE_PIXELS = 100.0, 65.0
"""Distance of the outer eye corners; the mouth is half as wide. A full HD portrait to the waist has 170."""
PQ, HLG = 16, 18
NOTICED_SECONDS = 0.05
"""Offset of the sound above which viewers notice it (ITU-R BT.1359: 45 ms early, 125 ms late)."""
BLOCK = 10 * SAMPLE_RATE // WINDOW
"""Windows in a block of 10 s, long enough to contain a pause."""
QUIET_GAP_DB, LEAST_GAP_DB = 22.0, 12.0
"""Gap from the quietest twentieth of a block to the loudest twentieth of all speech."""
MUSIC_GAP_DB, TONAL = 32.0, 0.3
"""Tones are audible under speech at a larger gap than noise is."""
PAUSE_DB = 9.0
"""A pause is within this of the quietest twentieth; the margin is for music that swells."""
AUDIBLE_DB = -65.0
CHIN_SHADE = 0.75
"""Luma ratio of chin to cheeks, below which there is a beard."""
BRIDGE_SHADE, RIM_SHADE = 0.8, 0.85
"""Luma of the nose's bridge and below the eyes, relative to the skin around: glasses darken both."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about the footage, with its time."""

    kind: Kind
    start: float
    """Second of the footage."""
    end: float
    """Second of the footage, `start` or later."""
    severity: Severity


def find(
    tracked: Tracked, observed: Observed, heard: Heard, source: Source, late: float = 0.0
) -> tuple[Finding, ...]:
    """All findings by severity (gravest first), then by time. `late` is the lag of the sound behind the lips
    in seconds, before it was corrected."""
    angles = head_angles(tracked)
    turned = away(angles)
    found = [
        *too_dark(observed.bright),
        *too_bright(observed.burnt, observed.contrast),
        *too_short(heard.speech, len(tracked.seen) / FPS),
        *profile(angles),
        *hand(observed.lower, turned[observed.frames]),
        *face_lost(tracked.seen),
        *second_person(tracked.others),
        *cut(tracked.motion),
        *low_frame_rate(tracked.motion),
        *few_pixels(eye_distance(tracked)),
        *high_range(source, len(tracked.seen) / FPS),
        *out_of_step(late, len(tracked.seen) / FPS),
        *sound(heard),
        *looks(observed),
    ]
    return tuple(sorted(found, key=lambda one: (-SEVERITIES.index(one.severity), one.start, one.kind)))


def spoilt(tracked: Tracked, observed: Observed) -> NDArray[np.bool_]:
    """Frames that are neither learnt from nor shown, [n]: no face, a head turned away, a covered mouth, or
    another face at least half the height of the host's."""
    turned = away(head_angles(tracked))
    wrong = ~tracked.seen | (tracked.others > OTHER_HEIGHT_BAD)
    for one in [*profile(head_angles(tracked)), *hand(observed.lower, turned[observed.frames])]:
        wrong[round(one.start * FPS) : round(one.end * FPS)] = True
    # an object enters the picture a little before it is found
    edge = LOOK_FRAMES
    return np.asarray(np.convolve(wrong, np.ones(2 * edge + 1), mode="same") > 0.5)


def whole_stretches(spoilt: NDArray[np.bool_], motion: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First frame and one past the last of each stretch without spoilt frames and cuts."""
    clean = ~spoilt
    stretches = []
    cuts = [round(one.start * FPS) for one in cut(motion)]
    for first, last in _runs(clean):
        edges = [first, *(at for at in cuts if first < at < last), last]
        stretches += list(pairwise(edges))
    return stretches


def too_dark(bright: NDArray[np.float64]) -> list[Finding]:
    """The face is too dark to learn from; `bright` as in `Observed`."""
    return _found("too_dark", bright < DARK, LOOK_FRAMES, least=1.0)


def too_bright(burnt: NDArray[np.float64], contrast: NDArray[np.float64]) -> list[Finding]:
    """The skin has no structure: it is burnt out or smoothed; arrays as in `Observed`."""
    return _found("too_bright", (burnt > BURNT_SHARE) | (contrast < LEAST_CONTRAST), LOOK_FRAMES, least=1.0)


def too_short(speech: NDArray[np.bool_], seconds: float) -> list[Finding]:
    """There is too little speech; `speech` as in `Heard`."""
    said = float(speech.sum()) * WINDOW / SAMPLE_RATE
    if said >= WANTED_SPEECH_SECONDS:
        return []
    return [Finding("too_short", 0.0, seconds, "bad" if said < LEAST_SPEECH_SECONDS else "warn")]


def away(angles: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Frames in which the head is turned too far; [n, 3] yaw, pitch, roll."""
    return np.asarray((np.abs(angles[:, 0]) > MOST_YAW) | (np.abs(angles[:, 1]) > MOST_PITCH))


def profile(angles: NDArray[np.float64]) -> list[Finding]:
    """The head is turned aside, up or down; [n, 3] yaw, pitch, roll."""
    return _found("profile", away(angles), 1, least=0.4)


def hand(lower: NDArray[np.float32], turned: NDArray[np.bool_]) -> list[Finding]:
    """Something covers the mouth: a hand, a cup, a microphone. Much of the lower face looks unlike itself, or
    the mouth has other shapes. `lower` as in `Observed`; frames where `turned` [m] is true are excluded."""
    flat = lower.reshape(len(lower), -1).astype(np.float64)
    usual = np.median(flat, axis=0)
    light = np.median(flat / np.maximum(usual, 1), axis=1, keepdims=True)
    unlike = np.abs(flat / np.maximum(light, 0.1) - usual)
    most = np.maximum(UNLIKE * np.median(usual), UNLIKE_SPREADS * np.median(unlike, axis=0))
    covered = ((unlike > most).mean(axis=1) > COVERED_SHARE) | (_likeness(lower[MOUTH]) < OTHER_SHAPE)
    return _found("hand", covered & ~turned, LOOK_FRAMES, least=0.2)


def _likeness(patches: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correlation of each patch [m, h, w] with the median patch, [m]; 1 if the median is flat."""
    flat = patches.reshape(len(patches), -1).astype(np.float64)
    usual = np.median(flat, axis=0)
    away, usual = flat - flat.mean(axis=1, keepdims=True), usual - usual.mean()
    length = np.linalg.norm(usual)
    if length < 1:
        return np.ones(len(flat))
    # a patch without structure gets correlation 0
    return np.asarray(away @ usual / (np.maximum(np.linalg.norm(away, axis=1), 1) * length))


def face_lost(seen: NDArray[np.bool_]) -> list[Finding]:
    """The face is not found; [n]."""
    return _found("face_lost", ~seen, 1, least=3 / FPS)


def second_person(others: NDArray[np.float64]) -> list[Finding]:
    """Another face is in the picture; `others` as in `Tracked`."""
    found = _found("second_person", others > OTHER_HEIGHT, 1, least=0.4)
    large = _found("second_person", others > OTHER_HEIGHT_BAD, 1, least=2.0)
    return [replace(one, severity="bad" if large else "warn") for one in found]


def cut(motion: NDArray[np.float64]) -> list[Finding]:
    """The footage was edited: the picture changes abruptly; `motion` as in `Tracked`."""
    found = []
    for at in np.flatnonzero(motion > CUT_LEVELS).tolist():
        around = np.concatenate([motion[max(1, at - CUT_REACH) : at], motion[at + 1 : at + 1 + CUT_REACH]])
        if len(around) >= CUT_REACH and motion[at] > CUT_TIMES * np.quantile(around, 0.9):
            found.append(Finding("cut", at / FPS, at / FPS, "warn"))
    return found


def low_frame_rate(motion: NDArray[np.float64]) -> list[Finding]:
    """The camera took fewer pictures per second than the file shows; `motion` as in `Tracked`, [n]."""
    around = np.maximum(np.roll(motion, 1), np.roll(motion, -1))[1:-1]
    # only frames with movement tell: without it no picture differs from the previous one
    moving = around > np.median(around) / 2
    if moving.sum() < FPS or not around.any():
        return []
    rate = FPS * (1 - float((motion[1:-1] < STILL * around)[moving].mean()))
    return [Finding("low_frame_rate", 0.0, len(motion) / FPS, "warn")] if rate < LEAST_RATE else []


def few_pixels(eyes: NDArray[np.float64]) -> list[Finding]:
    """The face is small; `eyes` [n] is the distance of the outer eye corners, pixels."""
    apart = float(np.median(eyes))
    if apart >= FEW_EYE_PIXELS:
        return []
    return [Finding("few_pixels", 0.0, len(eyes) / FPS, "bad" if apart < LEAST_EYE_PIXELS else "warn")]


def high_range(source: Source, seconds: float) -> list[Finding]:
    """HDR pictures, which look pale here, or pictures with more than the 8 bits that are used."""
    if source.transfer in (PQ, HLG):
        return [Finding("high_range", 0.0, seconds, "warn")]
    return [Finding("high_range", 0.0, seconds, "note")] if source.bits > 8 else []


def out_of_step(late: float, seconds: float) -> list[Finding]:
    """Sound and picture were out of sync."""
    return [Finding("out_of_step", 0.0, seconds, "note")] if abs(late) > NOTICED_SECONDS else []


def sound(heard: Heard) -> list[Finding]:
    """Noise or music in the pauses."""
    if not heard.speech.any():
        return []
    loud = float(np.quantile(heard.levels[heard.speech], 0.95))
    music, noise = [], []
    for start in range(0, max(1, len(heard.levels) - BLOCK // 2), BLOCK):
        levels, tones = (part[start : start + BLOCK] for part in (heard.levels, heard.tones))
        gap = _gap(levels, loud)
        tonal = gap < MUSIC_GAP_DB and _tonal(levels, tones)
        music.append(gap if tonal else np.inf)
        noise.append(gap if not tonal and gap < QUIET_GAP_DB else np.inf)
    seconds = len(heard.levels) * WINDOW / SAMPLE_RATE
    return [*_loud("music", np.array(music), seconds), *_loud("noise", np.array(noise), seconds)]


def looks(observed: Observed) -> list[Finding]:
    """Whether the host seems to have a beard or glasses, which must be on air as they were recorded."""
    if not len(observed.frames):
        return []
    end = float(observed.frames[-1] + LOOK_FRAMES) / FPS
    found = []
    lower, upper = (np.median(patch, axis=0) for patch in (observed.lower, observed.upper))
    if has_beard(lower):
        found.append(Finding("beard", 0.0, end, "note"))
    if has_glasses(upper):
        found.append(Finding("glasses", 0.0, end, "note"))
    return found


def has_beard(lower: NDArray[np.float64]) -> bool:
    """Whether the chin is darker than lighting explains; a patch as in `Observed`."""
    cheeks = np.median(np.concatenate([lower[2:7, 1:6], lower[2:7, -6:-1]]))
    return bool(np.median(lower[18:22, 8:16]) < CHIN_SHADE * cheeks)


def has_glasses(upper: NDArray[np.float64]) -> bool:
    """Whether a bar crosses the nose's bridge or a line runs below both eyes; a patch as in `Observed`."""
    bridge = upper[2:18, 10:14].mean(axis=1)

    def rim(part: NDArray[np.float64]) -> bool:
        rows = part[11:21].mean(axis=1)
        dips = [rows[at] / min(rows[:at].max(), rows[at + 1 :].max()) for at in range(1, len(rows) - 1)]
        return bool(min(dips) < RIM_SHADE)

    across = bridge[4:11].min() < BRIDGE_SHADE * bridge.max()
    return bool(across or (rim(upper[:, 3:8]) and rim(upper[:, 16:21])))


def _gap(levels: NDArray[np.float64], loud: float) -> float:
    """dB from the quietest twentieth to the speech, `loud` dB; infinite if the quietest is inaudible."""
    low = float(np.quantile(levels, 0.05)) if len(levels) else -np.inf
    return loud - low if low > AUDIBLE_DB else np.inf


def _tonal(levels: NDArray[np.float64], tones: NDArray[np.float64]) -> bool:
    """Whether tones fill the pauses. Telling a tone from noise takes four windows, so a pause must last as
    long; a shorter quiet is a gap between two syllables, and its tones are the voice's."""
    if len(levels) < 8:
        return False
    loudest = np.lib.stride_tricks.sliding_window_view(levels, 4).max(axis=1)
    pauses = loudest < np.quantile(levels, 0.05) + PAUSE_DB
    return bool(pauses.sum() >= 4 and np.median(tones[: len(pauses)][pauses]) > TONAL)


def _loud(kind: Kind, gaps: NDArray[np.float64], seconds: float) -> list[Finding]:
    """Runs of blocks with a finite gap; the smallest gap of a run sets its severity."""
    block = BLOCK * WINDOW / SAMPLE_RATE
    found = []
    for first, last in _runs(np.isfinite(gaps)):
        severity: Severity = "bad" if gaps[first:last].min() < LEAST_GAP_DB else "warn"
        found.append(Finding(kind, first * block, seconds if last == len(gaps) else last * block, severity))
    return found


def _found(kind: Kind, wrong: NDArray[np.bool_], step: int, *, least: float) -> list[Finding]:
    """Stretches of at least `least` seconds in flags that are `step` frames apart; all are bad if they cover
    a large part of the footage."""
    spans = [
        (first * step / FPS, last * step / FPS) for first, last in _runs(_joined(wrong, FPS // 2 // step))
    ]
    spans = [(start, end) for start, end in spans if end - start >= least - 1e-9]
    share = sum(end - start for start, end in spans) / max(len(wrong) * step / FPS, 1e-9)
    return [Finding(kind, start, end, "bad" if share > BAD_SHARE else "warn") for start, end in spans]


def _joined(wrong: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Flags with gaps of at most `gap` filled."""
    whole = wrong.copy()
    edges = _runs(wrong)
    for (_, last), (first, _) in pairwise(edges):
        if first - last <= gap:
            whole[last:first] = True
    return whole


def _runs(wrong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last of every run of True."""
    edges = np.flatnonzero(np.diff(wrong.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
