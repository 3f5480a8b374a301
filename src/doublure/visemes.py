"""From speech to mouth shapes: what each phone asks of the mouth, and how neighbours share it.

Shapes are sampled at 200 Hz and smoothed with a window of about a syllable's edge, looking a little
ahead, because lips start before the sound (anticipatory co-articulation; Löfqvist 1990). A closure
(p b m) or a bite (f v) must be seen: smoothing may not open it, so it is put back at its frame.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from doublure.lips import MouthShape
from doublure.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm, Phone, Speech

Rows = NDArray[np.float32]
"""Mouth of consecutive frames, float32 [frames, 6]: opening, spread, bite, press, tongue as in
`MouthShape`, then emphasis 0..1, which moves brows and head."""
SHAPES = 5
EMPHASIS = 5
COLUMNS = 6

STEP = SAMPLE_RATE // 200
"""Samples between two points of the track: 5 ms."""
WINDOW = 23
"""Points of the smoothing window: 115 ms, of which the middle half counts most (Hann)."""
AHEAD = 5
"""Points that the lips run ahead of the sound: 25 ms."""
QUIET = 0.012
"""RMS below which a frame counts as silent, full scale 1."""
LOUD = 0.16
"""RMS at which the mouth is as wide as it gets without phones."""

_A = MouthShape(0.92, 0.1)
_AE = MouthShape(0.74, 0.45)
_E = MouthShape(0.44, 0.62)
_EH = MouthShape(0.56, 0.42)
_I = MouthShape(0.26, 1.0)
_IH = MouthShape(0.3, 0.62)
_SCHWA = MouthShape(0.36, 0.05)
_UH = MouthShape(0.6, 0.0)
_ER = MouthShape(0.36, -0.3)
_BACK = MouthShape(0.46, -0.05)
_AW = MouthShape(0.68, -0.55)
_O = MouthShape(0.5, -0.8)
_U = MouthShape(0.26, -1.0)
_Y = MouthShape(0.22, -0.88)
_OE = MouthShape(0.44, -0.6)
_CLOSED = MouthShape(press=1.0)
_BITE = MouthShape(opening=0.05, spread=0.15, bite=1.0)
_TIP = MouthShape(0.26, 0.25, tongue=0.55)
_EL = MouthShape(0.34, 0.2, tongue=1.0)
_TH = MouthShape(0.22, 0.2, tongue=1.0)
_HISS = MouthShape(0.13, 0.6)
_HUSH = MouthShape(0.22, -0.5)
_FLAT_HUSH = MouthShape(0.17, 0.55)
_CURL = MouthShape(0.24, -0.25, tongue=0.3)
_BUZZ = MouthShape(0.18, 0.2)
_W = MouthShape(0.14, -1.0)
_J = MouthShape(0.22, 0.8)
_K = MouthShape(0.3, 0.12)
_H = MouthShape(0.36, 0.1)
_R = MouthShape(0.26, -0.5)
REST = MouthShape()

_ALIKE: tuple[tuple[str, tuple[MouthShape, ...]], ...] = (
    ("aɑ", (_A,)), ("ɐʌ", (_UH,)), ("æ", (_AE,)), ("ɛ", (_EH,)), ("e", (_E,)), ("i", (_I,)), ("ɪᵻ", (_IH,)),
    ("əᵊ", (_SCHWA,)), ("ɜɚ", (_ER,)), ("ɤɯɰ", (_BACK,)), ("ɔɒ", (_AW,)), ("o", (_O,)), ("u", (_U,)),
    ("ʊ", (MouthShape(0.32, -0.7),)), ("yɥ", (_Y,)), ("øœ", (_OE,)), ("ɨ", (_BUZZ,)),
    ("A", (_E, _IH)), ("I", (_A, _IH)), ("W", (_A, _U)), ("Y", (_AW, _IH)), ("O", (_O, _U)), ("Q", (_SCHWA, _U)),
    ("pbm", (_CLOSED,)), ("fvʋɸβ", (_BITE,)), ("tdnɖɳɾɽɲ", (_TIP,)), ("lʎ", (_EL,)), ("θðT", (_TH,)),
    ("szʦʣS", (_HISS,)), ("ʃʒʧʤ", (_HUSH,)), ("ɕʑʨʥçʝ", (_FLAT_HUSH,)), ("ʂʐꭧʈɻ", (_CURL,)), ("ɹr", (_R,)),
    ("w", (_W,)), ("j", (_J,)), ("kɡgŋqɴcɟ", (_K,)), ("hxɣχʁʔ", (_H,)),
)  # fmt: skip
SHAPE_OF: dict[str, tuple[MouthShape, ...]] = {mark: shapes for marks, shapes in _ALIKE for mark in marks}
"""What a phone of Kokoro's vocabulary asks of the mouth; diphthongs ask two things in turn."""

CLOSURES = frozenset("pbm")
BITES = frozenset("fvʋɸβ")
_STRONG = frozenset("pbmfvʋwuyɥ")
"""Phones whose lips the neighbours do not change."""
_WEAK = frozenset("kɡgŋqɴhxɣχʁʔtdnɾlʎ")
"""Phones that are made behind the lips, which therefore follow the vowels."""


def mouth_rows(speech: Speech) -> Rows:
    """The mouth of each frame of a clause: by its phones, or by its loudness when it has none."""
    frames = -(-len(speech.pcm) // SAMPLES_PER_FRAME)
    rows: Rows = np.zeros((frames, COLUMNS), np.float32)
    if not frames:
        return rows
    loudness = _loudness(speech.pcm, frames)
    spoken = [phone for phone in speech.phones if phone.symbol[:1] in SHAPE_OF]
    rows[:, :SHAPES] = _by_phones(speech.phones, frames) if spoken else _by_loudness(speech.pcm, loudness)
    rows[:, EMPHASIS] = _emphasis(loudness)
    if spoken:
        _keep_contacts(rows, spoken)
    return rows.clip((0, -1, 0, 0, 0, 0), 1).astype(np.float32)


def _by_phones(phones: tuple[Phone, ...], frames: int) -> Rows:
    points = frames * SAMPLES_PER_FRAME // STEP
    targets = np.zeros((points, SHAPES), np.float32)
    weights = np.full(points, 0.6, np.float32)
    for phone in phones:
        mark = phone.symbol[:1]
        shapes = SHAPE_OF.get(mark, (REST,))
        edges = np.linspace(phone.start, phone.end, len(shapes) + 1) / STEP
        for n, mouth in enumerate(shapes):
            here = slice(round(edges[n]), max(round(edges[n]) + 1, round(edges[n + 1])))
            targets[here] = astuple(mouth)
            weights[here] = 2.2 if mark in _STRONG else 0.45 if mark in _WEAK else 1.0
    window = np.hanning(WINDOW + 2)[1:-1]
    share = np.convolve(np.pad(weights, WINDOW // 2, mode="edge"), window, "valid")
    smooth = [
        np.convolve(np.pad(targets[:, n] * weights, WINDOW // 2, mode="edge"), window, "valid") / share
        for n in range(SHAPES)
    ]
    middles = (np.arange(frames) + 0.5) * SAMPLES_PER_FRAME / STEP + AHEAD
    middle = middles.astype(int).clip(0, points - 1)
    return np.asarray(np.stack([track[middle] for track in smooth], axis=1), np.float32)


def _keep_contacts(rows: Rows, phones: list[Phone]) -> None:
    """Lips that must touch do so in the frame nearest to the middle of their phone."""
    for phone in phones:
        mark = phone.symbol[:1]
        if mark not in CLOSURES and mark not in BITES:
            continue
        first = phone.start // SAMPLES_PER_FRAME
        last = max(first, (phone.end - 1) // SAMPLES_PER_FRAME)
        middle = min((phone.start + phone.end) // 2 // SAMPLES_PER_FRAME, len(rows) - 1)
        for n in range(min(first, middle), min(last, len(rows) - 1) + 1):
            inside = min(phone.end, (n + 1) * SAMPLES_PER_FRAME) - max(phone.start, n * SAMPLES_PER_FRAME)
            if n != middle and inside < SAMPLES_PER_FRAME * 0.75:
                continue
            if mark in CLOSURES:
                rows[n, :SHAPES] = (0.0, rows[n, 1], 0.0, 1.0, 0.0)
            else:
                rows[n, :SHAPES] = (_BITE.opening, max(rows[n, 1], -0.2), 1.0, 0.0, 0.0)


def _loudness(pcm: Pcm, frames: int) -> NDArray[np.float32]:
    """RMS of each frame."""
    padded = np.pad(pcm, (0, frames * SAMPLES_PER_FRAME - len(pcm))).reshape(frames, SAMPLES_PER_FRAME)
    loudness: NDArray[np.float32] = np.sqrt(np.mean(padded.astype(np.float32) ** 2, axis=1))
    return loudness


def _by_loudness(pcm: Pcm, loudness: NDArray[np.float32]) -> Rows:
    """Opening by loudness; corners by how bright the sound is (hisses are spread, hums round)."""
    frames = len(loudness)
    padded = np.pad(pcm, (0, frames * SAMPLES_PER_FRAME - len(pcm))).reshape(frames, SAMPLES_PER_FRAME)
    crossings = np.mean(np.diff(np.signbit(padded), axis=1), axis=1)
    rows = np.zeros((frames, SHAPES), np.float32)
    rows[:, 0] = np.sqrt(((loudness - QUIET) / (LOUD - QUIET)).clip(0, 1)) * 0.8
    rows[:, 1] = ((crossings - 0.06) * 5).clip(-0.5, 0.6) * (loudness > QUIET)
    return rows


def _emphasis(loudness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the voice stands out from its clause, smoothed over a third of a second."""
    voiced = loudness[loudness > QUIET]
    if not len(voiced):
        return np.zeros_like(loudness)
    lift = ((loudness / float(np.median(voiced)) - 1.15) * 1.4).clip(0, 1)
    window = np.hanning(FPS // 3 + 3)[1:-1]
    half = len(window) // 2
    smooth = np.convolve(np.pad(lift, half), window / window.sum(), "valid")[: len(loudness)]
    return np.asarray((smooth * 1.5).clip(0, 1), np.float32)
