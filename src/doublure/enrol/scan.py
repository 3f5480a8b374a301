"""Analyses footage once: sound, landmarks and observations, the input of all later enrolment stages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doublure.enrol import footage as reading
from doublure.enrol.footage import Shape
from doublure.enrol.lip_sync import lateness, shifted
from doublure.enrol.observations import Observed, observe
from doublure.enrol.report.findings import spoilt
from doublure.enrol.tracking import Tracked, track
from doublure.media import FPS, SAMPLES_PER_FRAME, Pcm, Picture

SPEECH = 0.3
"""A frame counts as speech if the share of speech around it is above this."""
LISTENING_SECONDS = 5.0
"""Kept before the chosen stretch of speech, to show the host at rest."""


class Progress(Protocol):
    """Callback for the progress of enrolment."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` steps of `stage` (one of `enrol.STAGES`) are finished."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """Analysed footage: pictures, sound and landmarks."""

    footage: Path
    shape: Shape
    pcm: Pcm
    """In sync with the pictures."""
    tracked: Tracked
    talking: NDArray[np.float64]
    """[n]: share of speech in each frame, 0..1."""
    observed: Observed
    late: float = 0.0
    """Seconds by which the sound lagged the lips in the file (already corrected); negative if it led."""

    @property
    def spoilt(self) -> NDArray[np.bool_]:
        """[n]: frames that are neither learnt from nor shown."""
        return spoilt(self.tracked, self.observed)

    @property
    def frames(self) -> int:
        """Number of pictures at 25 fps."""
        return len(self.tracked.seen)

    def pictures(self) -> Iterator[Picture]:
        """The footage from its beginning."""
        return reading.pictures(self.footage, self.shape)

    def sound(self, start: int, stop: int) -> Pcm:
        """The sound of frames `start` up to, not including, `stop`, padded with silence if the sound ends
        before the picture."""
        pcm = self.pcm[start * SAMPLES_PER_FRAME : stop * SAMPLES_PER_FRAME]
        return np.pad(pcm, (0, (stop - start) * SAMPLES_PER_FRAME - len(pcm)))


def watch(
    footage: Path, progress: Progress, kept: Path | None = None, seconds: float | None = None
) -> Watched:
    """Analyse all of the footage, or the `seconds` of it with the most speech. Landmarks take the longest, so
    they are cached in the file `kept`. Raises `FootageError`, `EngineError`."""
    shape = reading.inspect(footage)
    progress("sound", 0, 1)
    pcm = reading.sound(footage)
    reading.check_speech(footage, pcm)
    if seconds is not None and seconds < shape.seconds:
        shape, pcm = _busiest(shape, pcm, seconds)
    progress("sound", 1, 1)
    if kept is not None and kept.exists():
        tracked, observed = _read(kept)
        progress("face", len(tracked.seen), len(tracked.seen))
    else:
        total = max(1, round(shape.seconds * FPS))
        tracked = track(
            reading.pictures(footage, shape),
            shape.size,
            footage,
            lambda done: progress("face", done, max(done, total)),
            start=shape.start or 0.0,
        )
        observed = observe(reading.pictures(footage, shape), tracked)
        if kept is not None:
            _write(kept, tracked, observed)
    speech = reading.speech_share(pcm, len(tracked.seen))
    late = lateness(pcm, tracked, (speech > SPEECH) & ~spoilt(tracked, observed))
    if late:
        pcm = shifted(pcm, late)
        speech = reading.speech_share(pcm, len(tracked.seen))
    return Watched(footage, shape, pcm, tracked, speech, observed, late)


def _busiest(shape: Shape, pcm: Pcm, seconds: float) -> tuple[Shape, Pcm]:
    """The stretch with the most speech, and its sound."""
    talking = reading.speech_share(pcm, round(shape.seconds * FPS))
    first, last = reading.most_speech(talking, round(seconds * FPS))
    # start earlier, while the host is still silent
    first = max(0, first - round(LISTENING_SECONDS * FPS))
    stretch = replace(shape, start=first / FPS, seconds=(last - first) / FPS)
    return stretch, pcm[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME]


def _write(file: Path, tracked: Tracked, observed: Observed) -> None:
    making = file.with_suffix(".making.npz")
    arrays = {
        field.name: getattr(one, field.name) for one in (tracked, observed) for field in fields(type(one))
    }
    np.savez(making, **arrays)
    os.replace(making, file)


def _read(file: Path) -> tuple[Tracked, Observed]:
    with np.load(file, allow_pickle=False) as known:
        return (
            Tracked(*(known[field.name] for field in fields(Tracked))),
            Observed(*(known[field.name] for field in fields(Observed))),
        )
