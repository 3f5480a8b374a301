"""Footage seen and heard once: what every later stage of enrolment starts from."""

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
"""A frame is speech when this share of what is around it is."""
LISTENING_SECONDS = 5.0
"""Kept before a stretch of speech: the host at rest."""


class Progress(Protocol):
    """Is told how far enrolment is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`stage` is one of `bundle.STAGES`; `done` of `total` steps of it are over."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """Footage, its sound and its landmarks."""

    footage: Path
    shape: Shape
    pcm: Pcm
    """In step with the pictures."""
    tracked: Tracked
    talking: NDArray[np.float64]
    """[n]: share of speech in each frame, 0..1."""
    observed: Observed
    late: float = 0.0
    """Seconds by which the sound came after the lips in the file; below 0 it came before them."""

    @property
    def spoilt(self) -> NDArray[np.bool_]:
        """[n]: frames that teach nothing and are not shown."""
        return spoilt(self.tracked, self.observed)

    @property
    def frames(self) -> int:
        """Pictures at 25 fps."""
        return len(self.tracked.seen)

    def pictures(self) -> Iterator[Picture]:
        """The footage from its beginning."""
        return reading.pictures(self.footage, self.shape)

    def sound(self, start: int, stop: int) -> Pcm:
        """The sound of frames `start` up to but without `stop`, as long as they are: footage may end
        before its picture does."""
        pcm = self.pcm[start * SAMPLES_PER_FRAME : stop * SAMPLES_PER_FRAME]
        return np.pad(pcm, (0, (stop - start) * SAMPLES_PER_FRAME - len(pcm)))


def watch(
    footage: Path, progress: Progress, kept: Path | None = None, seconds: float | None = None
) -> Watched:
    """Look at the whole of the footage, or at `seconds` of it where most is said. Landmarks are kept in the file `kept` and taken from there when
    it is there: they are the longest part. Raises `FootageError`, `EngineError`."""
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
    """The stretch where most is said, and its sound."""
    talking = reading.speech_share(pcm, round(shape.seconds * FPS))
    first, last = reading.most_speech(talking, round(seconds * FPS))
    # a little before it, where the host does not speak yet
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
