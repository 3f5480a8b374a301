"""Enrolment: footage and consent become a persona, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from doublure import persona as personas
from doublure.articulation import save as save_articulation
from doublure.consent import Consent, check_footage, fingerprint
from doublure.enrol import footage as reading
from doublure.enrol.footage import Shape
from doublure.enrol.learning import FULL, Effort, learn
from doublure.enrol.likeness import measure, mouths_of
from doublure.enrol.tracking import Tracked, track
from doublure.errors import FootageError
from doublure.geometry import opening
from doublure.media import FPS, SAMPLES_PER_FRAME, Picture, Size
from doublure.persona import FaceTrack, Manifest, Persona, TakeEntry
from doublure.plates import KEYFRAME_FRAMES, decode_take, encode_take

TALK_SECONDS = 60
"""Longest talking take, before it is mirrored."""
IDLE_SECONDS = 4
"""Length of the idle take, before it is mirrored."""
_FORWARD = "forward.mp4"


class Progress(Protocol):
    """Is told how far enrolment is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`stage` is one of `STAGES`; `done` of `total` steps of it are over."""
        ...


STAGES = ("sound", "face", "takes", "mouths", "lips")


@dataclass(frozen=True, slots=True)
class _Span:
    """Frames of the footage, `start` up to but without `end`."""

    start: int
    end: int


def enrol(footage: Path, consent: Consent, out: Path, progress: Progress, effort: Effort = FULL) -> Persona:
    """Make a persona in the folder `out`, which must not be there yet. Nothing is left behind when
    it fails. `effort`: how long the lips are learnt. Raises `ConsentError`, `FootageError`, `EngineError`."""
    if out.exists():
        raise FootageError("there is something here already", where=str(out), remedy="name a new folder")
    if not footage.is_file():
        raise FootageError("there is no such file", where=str(footage), remedy="check the path")
    check_footage(consent, [footage])
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        _fill(work, footage, consent, progress, effort)
        work.chmod(0o755)
        work.rename(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return personas.load(out, consent)


def _fill(folder: Path, footage: Path, consent: Consent, progress: Progress, effort: Effort) -> None:
    shape = reading.inspect(footage)
    progress("sound", 0, 1)
    pcm = reading.sound(footage)
    reading.check_speech(footage, pcm)
    progress("sound", 1, 1)
    total = max(1, round(shape.seconds * FPS))
    tracked = track(
        reading.pictures(footage, shape),
        shape.size,
        footage,
        lambda done: progress("face", done, max(done, total)),
    )
    talking = reading.speech_share(pcm, len(tracked.seen))
    spans = {
        "idle": _calmest(tracked, talking),
        "talk": _Span(*reading.most_speech(talking, TALK_SECONDS * FPS)),
    }
    bar = _Bar(progress, "takes", sum(3 * (span.end - span.start) - 2 for span in spans.values()))
    takes = {
        name: _write_take(folder / f"{name}.mp4", footage, shape, span, bar) for name, span in spans.items()
    }
    face, textures = measure(tracked, talking, takes, shape.size)
    _write_textures(folder, footage, shape, face, textures, progress)
    personas.save_track(folder, face)
    shapes, rest = mouths_of(face)
    heard = pcm[: len(shapes) * SAMPLES_PER_FRAME]
    known = learn(heard, shapes, face.shape, rest, effort, lambda done, total: progress("lips", done, total))
    save_articulation(folder / personas.ARTICULATION, known)
    files = [personas.FACE, personas.TEXTURES, personas.ARTICULATION, *(f"{name}.mp4" for name in takes)]
    manifest = Manifest(
        who=consent.who,
        footage=fingerprint(footage),
        consent=consent.signature,
        width=shape.size.width,
        height=shape.size.height,
        takes={name: TakeEntry(file=f"{name}.mp4", frames=len(frames)) for name, frames in takes.items()},
        files=personas.fingerprints(folder, files),
    )
    (folder / personas.MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _calmest(tracked: Tracked, talking: NDArray[np.float64]) -> _Span:
    """Where the host is stillest and most silent."""
    length = min(IDLE_SECONDS * FPS, len(talking))
    eyes = float(np.median(np.linalg.norm(tracked.rigid[:, 0] - tracked.rigid[:, 3], axis=1)))
    mouth = opening(tracked.control) / eyes
    head = np.linalg.norm(
        np.diff(tracked.rigid.mean(axis=1), axis=0, prepend=tracked.rigid[:1].mean(axis=1)), axis=1
    )
    unrest = talking + 4 * mouth + 8 * head / eyes + tracked.motion / 2 + 4 * ~tracked.seen
    sums = np.convolve(unrest, np.ones(length), mode="valid")
    start = int(np.argmin(sums))
    return _Span(start, start + length)


class _Bar:
    """Counts the pictures of one stage as they pass."""

    def __init__(self, progress: Progress, stage: str, total: int) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0

    def count(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """The pictures, each told to the progress."""
        for picture in pictures:
            self._done += 1
            self._progress(self._stage, min(self._done, self._total), self._total)
            yield picture


def _write_take(out: Path, footage: Path, shape: Shape, span: _Span, bar: _Bar) -> NDArray[np.int64]:
    """A take that runs forward and back, so that it loops without a seam; returns the frames of the
    footage that it shows."""
    forward = out.with_name(_FORWARD)
    pictures = islice(reading.pictures(footage, shape), span.start, span.end)
    count = encode_take(bar.count(pictures), shape.size, forward)
    order = np.concatenate([np.arange(count), np.arange(count - 2, 0, -1)])
    encode_take(bar.count(_both_ways(forward, count)), shape.size, out)
    forward.unlink()
    return np.asarray(order + span.start, np.int64)


def _both_ways(forward: Path, count: int) -> Iterator[Picture]:
    """Frames 0 .. count-1, then count-2 .. 1, holding a second of pictures at a time."""
    yield from decode_take(forward)
    starts = range(0, count, KEYFRAME_FRAMES)
    for start in reversed(starts):
        piece = list(islice(decode_take(forward, start), KEYFRAME_FRAMES))
        for offset in range(len(piece) - 1, -1, -1):
            if 0 < start + offset < count - 1:
                yield piece[offset]


def _write_textures(
    folder: Path, footage: Path, shape: Shape, face: FaceTrack, texture: Size, progress: Progress
) -> None:
    bar = _Bar(progress, "mouths", len(face.texture_frames))
    mouths = cut_mouths(reading.pictures(footage, shape), shape.size, face, texture)
    encode_take(bar.count(mouths), texture, folder / personas.TEXTURES)


def cut_mouths(pictures: Iterator[Picture], size: Size, face: FaceTrack, texture: Size) -> Iterator[Picture]:
    """The chosen frames, cut to the mouth."""
    wide, high = texture.width, texture.height
    corners = dict(zip(face.texture_frames.tolist(), face.texture_corners.tolist(), strict=True))
    for number, picture in enumerate(pictures):
        if number not in corners:
            continue
        x, y = corners[number]
        chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
        cut = chroma[:, y // 2 : (y + high) // 2, x // 2 : (x + wide) // 2]
        yield np.concatenate(
            [picture[y : y + high, x : x + wide], np.ascontiguousarray(cut).reshape(-1, wide)]
        )
