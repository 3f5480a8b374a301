"""Enrolment: makes a persona from footage and consent, completely or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from doublure.enrol import footage as reading
from doublure.enrol.face_track import cut_mouths, measure, mouths_of, sharpness_lost
from doublure.enrol.learn_mouth import learn
from doublure.enrol.match_voice import HEARD, VoiceOrder, match
from doublure.enrol.report.findings import whole_stretches
from doublure.enrol.report.review import STAGES as REVIEW_STAGES
from doublure.enrol.report.review import ReportSubject, review
from doublure.enrol.scan import Progress, Watched, watch
from doublure.enrol.tracking import Tracked
from doublure.errors import DoublureError, EngineError, FootageError
from doublure.media import FPS, Language, Picture, Size
from doublure.picture.body.plates import KEYFRAME_FRAMES, decode_take, encode_take
from doublure.picture.mouth.articulation import save as save_articulation
from doublure.picture.mouth.geometry import opening
from doublure.picture.mouth.track import FaceTrack, save_track
from doublure.trust import persona as personas
from doublure.trust.consent import Consent, check_footage, fingerprint
from doublure.trust.persona import Format, Manifest, Persona, TakeEntry, VoiceEntry

TALK_SECONDS = 60
"""Longest talking take, before it is mirrored."""
IDLE_SECONDS = 4
"""Length of the idle take, before it is mirrored."""
QUICK_SECONDS = 40.0
"""Length of footage used for a quick first persona: it is analysed in two minutes."""
REPORT = "report"
"""Subfolder of a persona with its report card."""
_FORWARD = "forward.mp4"
_MAKING = "making.npz"
_MARK = "order"
"""File that says which order an unfinished persona belongs to."""


STAGES = ("sound", "face", "takes", "mouths", "lips", "voice", *REVIEW_STAGES)
"""`voice` runs only if ordered and consented to; the stages after it run only if a report is ordered."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Frames of the footage from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order for one persona."""

    footage: Path
    consent: Consent
    out: Path
    """Folder to write; it must not exist yet."""
    seconds: float | None = None
    """Use only this much of the footage; None uses all of it."""
    report: Language | None = None
    """Language of the report card; None makes no report."""
    voice: VoiceOrder | None = None
    """How to match the voice; None does not match it. Ignored if the consent does not cover the voice."""
    key: Path | None = None
    """The company's private key, which signs the persona; required for scope `air`."""


def enrol(order: Order, progress: Progress) -> Persona:
    """Make a persona. A failed run leaves nothing behind. A killed run leaves its finished stages beside
    `out`, and the next call resumes from them. Raises `ConsentError`, `FootageError`, `EngineError`."""
    footage, out = order.footage, order.out
    if out.exists():
        raise FootageError("there is something here already", where=str(out), remedy="name a new folder")
    if not footage.is_file():
        raise FootageError("this file does not exist", where=str(footage), remedy="check the path")
    check_footage(order.consent, [footage])
    personas.check_key(order.consent, order.key)
    work = _work(order)
    try:
        _fill(work, order, progress)
    except DoublureError:
        shutil.rmtree(work, ignore_errors=True)
        raise
    (work / _MARK).unlink()
    work.rename(out)
    return personas.load(out, order.consent)


def _work(order: Order) -> Path:
    """The working folder beside `out`; leftovers of a different order are deleted."""
    work = order.out.parent / f".{order.out.name}.enrolling"
    voice = f"{order.voice.language}x{order.voice.rounds}" if order.voice else "none"
    mark = "\n".join(
        (fingerprint(order.footage), order.consent.signature, voice, str(order.seconds), get_args(Format)[0])
    )
    kept = work / _MARK
    if work.exists() and not (kept.is_file() and kept.read_text("utf-8") == mark):
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    kept.write_text(mark, "utf-8")
    return work


def _fill(folder: Path, order: Order, progress: Progress) -> None:
    seen = folder / "watched.npz"
    watched = watch(order.footage, progress, seen, order.seconds)
    shape = watched.shape
    spoilt = watched.spoilt
    stretches = _shown(watched, spoilt)
    spans = {
        "idle": _calmest(watched.tracked, watched.talking, stretches),
        "talk": _talkative(watched.talking, stretches),
    }
    bar = _Bar(progress, "takes", sum(3 * (span.end - span.start) - 2 for span in spans.values()))
    takes = {name: _write_take(folder / f"{name}.mp4", watched, span, bar) for name, span in spans.items()}
    face, textures = measure(watched.tracked, watched.talking, takes, shape.size, ~spoilt)
    _write_textures(folder, watched, face, textures, progress)
    mouths = list(decode_take(folder / personas.TEXTURES))
    face = replace(face, sharpen=sharpness_lost(watched, face, mouths))
    save_track(folder, face)
    if not (folder / personas.ARTICULATION).exists():
        shapes, rest = mouths_of(face)
        heard = watched.sound(0, watched.frames)
        taught = np.where(spoilt[:, None], np.nan, shapes)
        known = learn(heard, taught, face.shape, rest, partial(progress, "lips"))
        save_articulation(folder / _MAKING, known)
        os.replace(folder / _MAKING, folder / personas.ARTICULATION)
    voices = _match_voice(folder, watched, order, progress)
    files = [personas.FACE, personas.TEXTURES, personas.ARTICULATION, *(f"{name}.mp4" for name in takes)]
    files += [voice.file for voice in voices.values()]
    manifest = Manifest(
        who=order.consent.who,
        footage=fingerprint(order.footage),
        consent=order.consent.signature,
        width=shape.size.width,
        height=shape.size.height,
        takes={name: TakeEntry(file=f"{name}.mp4", frames=len(frames)) for name, frames in takes.items()},
        voices=voices,
        files=personas.fingerprints(folder, files),
    )
    (folder / personas.MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if order.key is not None:
        personas.sign(folder, order.consent, order.key)
    if order.report:
        # the persona is still usable if the detector finds no face in the rebuilt pictures
        with suppress(EngineError):
            subject = ReportSubject(
                order.consent.who, voices.get(order.voice.language) if order.voice else None
            )
            review(watched, subject, folder / REPORT, order.report, progress)
    seen.unlink()
    (folder / HEARD).unlink(missing_ok=True)


def _match_voice(
    folder: Path, watched: Watched, order: Order, progress: Progress
) -> dict[Language, VoiceEntry]:
    if order.voice is None or "voice" not in order.consent.covers:
        return {}
    return match(watched.pcm, order.voice, folder, partial(progress, "voice"))


def _shown(watched: Watched, spoilt: NDArray[np.bool_]) -> list[_Span]:
    """The stretches that can be shown. Raises `FootageError` if none of them is long enough."""
    stretches = [_Span(*ends) for ends in whole_stretches(spoilt, watched.tracked.motion)]
    enough = [span for span in stretches if span.end - span.start >= IDLE_SECONDS * FPS]
    if not enough:
        second = float(np.argmax(spoilt)) / FPS
        raise FootageError(
            f"no {IDLE_SECONDS} s in a row show the host alone, facing the camera, with the mouth uncovered",
            where=f"{watched.footage}, from second {second:.1f} on",
            remedy="record again following the shot list, without cuts",
        )
    return enough


def _talkative(talking: NDArray[np.float64], stretches: list[_Span]) -> _Span:
    """The span with the most speech."""
    found = []
    for span in stretches:
        start, end = reading.most_speech(talking[span.start : span.end], TALK_SECONDS * FPS)
        found.append(_Span(span.start + start, span.start + end))
    return max(found, key=lambda span: float(talking[span.start : span.end].sum()))


def _calmest(tracked: Tracked, talking: NDArray[np.float64], stretches: list[_Span]) -> _Span:
    """The span in which the host moves and speaks least."""
    length = IDLE_SECONDS * FPS
    eyes = float(np.median(np.linalg.norm(tracked.rigid[:, 0] - tracked.rigid[:, 3], axis=1)))
    mouth = opening(tracked.control) / eyes
    head = np.linalg.norm(
        np.diff(tracked.rigid.mean(axis=1), axis=0, prepend=tracked.rigid[:1].mean(axis=1)), axis=1
    )
    unrest = talking + 4 * mouth + 8 * head / eyes + tracked.motion / 2
    sums = np.full(len(unrest), np.inf)
    for span in stretches:
        here = np.convolve(unrest[span.start : span.end], np.ones(length), mode="valid")
        sums[span.start : span.start + len(here)] = here
    start = int(np.argmin(sums))
    return _Span(start, start + length)


class _Bar:
    """Reports the progress of one stage, counted in pictures."""

    def __init__(self, progress: Progress, stage: str, total: int) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0

    def count(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """Pass the pictures through and report each one."""
        for picture in pictures:
            self._done += 1
            self._progress(self._stage, min(self._done, self._total), self._total)
            yield picture


def _write_take(out: Path, watched: Watched, span: _Span, bar: _Bar) -> NDArray[np.int64]:
    """Write a take that plays forward and back, so that it loops without a seam. Returns the footage frames
    it shows."""
    count = span.end - span.start
    if not out.exists():
        forward, making = out.with_name(_FORWARD), out.with_name(f"making-{out.name}")
        pictures = islice(watched.pictures(), span.start, span.end)
        encode_take(bar.count(pictures), watched.shape.size, forward)
        encode_take(bar.count(_both_ways(forward, count)), watched.shape.size, making)
        forward.unlink()
        os.replace(making, out)
    order = np.concatenate([np.arange(count), np.arange(count - 2, 0, -1)])
    return np.asarray(order + span.start, np.int64)


def _both_ways(forward: Path, count: int) -> Iterator[Picture]:
    """Frames 0 .. count-1, then count-2 .. 1, with one second of pictures in memory at a time."""
    yield from decode_take(forward)
    starts = range(0, count, KEYFRAME_FRAMES)
    for start in reversed(starts):
        piece = list(islice(decode_take(forward, start), KEYFRAME_FRAMES))
        for offset in range(len(piece) - 1, -1, -1):
            if 0 < start + offset < count - 1:
                yield piece[offset]


def _write_textures(
    folder: Path, watched: Watched, face: FaceTrack, texture: Size, progress: Progress
) -> None:
    if (folder / personas.TEXTURES).exists():
        return
    bar = _Bar(progress, "mouths", len(face.texture_frames))
    mouths = cut_mouths(watched.pictures(), watched.shape.size, face, texture)
    making = folder / f"making-{personas.TEXTURES}"
    encode_take(bar.count(mouths), texture, making)
    os.replace(making, folder / personas.TEXTURES)
