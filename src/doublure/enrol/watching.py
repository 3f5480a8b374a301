"""Footage seen and heard once: what every later stage of enrolment starts from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doublure.enrol import footage as reading
from doublure.enrol.footage import Shape
from doublure.enrol.tracking import Tracked, track
from doublure.media import FPS, SAMPLES_PER_FRAME, Pcm, Picture


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
    tracked: Tracked
    talking: NDArray[np.float64]
    """[n]: share of speech in each frame, 0..1."""

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


def watch(footage: Path, progress: Progress, kept: Path | None = None) -> Watched:
    """Look at the whole of the footage. Landmarks are kept in the file `kept` and taken from there when
    it is there: they are the longest part. Raises `FootageError`, `EngineError`."""
    shape = reading.inspect(footage)
    progress("sound", 0, 1)
    pcm = reading.sound(footage)
    reading.check_speech(footage, pcm)
    progress("sound", 1, 1)
    if kept is not None and kept.exists():
        tracked = _read(kept)
        progress("face", len(tracked.seen), len(tracked.seen))
    else:
        total = max(1, round(shape.seconds * FPS))
        tracked = track(
            reading.pictures(footage, shape),
            shape.size,
            footage,
            lambda done: progress("face", done, max(done, total)),
        )
        if kept is not None:
            _write(kept, tracked)
    return Watched(footage, shape, pcm, tracked, reading.speech_share(pcm, len(tracked.seen)))


def _write(file: Path, tracked: Tracked) -> None:
    making = file.with_suffix(".making.npz")
    np.savez(making, control=tracked.control, rigid=tracked.rigid, seen=tracked.seen, motion=tracked.motion)
    os.replace(making, file)


def _read(file: Path) -> Tracked:
    with np.load(file, allow_pickle=False) as known:
        return Tracked(known["control"], known["rigid"], known["seen"], known["motion"])
