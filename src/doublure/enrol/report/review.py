"""Makes the report card: learns from four fifths of the footage, rebuilds the last fifth and compares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from doublure.clock import RealClock
from doublure.enrol.observations import hear, source
from doublure.enrol.report.comparison import HeldOut
from doublure.enrol.report.findings import find
from doublure.enrol.report.page import Card, Timing, write
from doublure.enrol.report.rebuild import Trial, hold_back
from doublure.enrol.report.score import opening_ratio, score
from doublure.enrol.scan import Progress, Watched
from doublure.enrol.tracking import track
from doublure.media import FPS, SAMPLES_PER_FRAME, Language
from doublure.picture.mouth.geometry import LEFT_EYE, RIGHT_EYE, opening
from doublure.trust.persona import VoiceEntry

STAGES = ("held back", "rebuilt", "report")
SILENCE_FRAMES = 5 * FPS


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """The person the report is about."""

    who: str
    voice: VoiceEntry | None = None
    """The matched voice in the host's language, or None."""


def review(
    watched: Watched,
    subject: ReportSubject,
    folder: Path,
    language: Language,
    progress: Progress,
) -> Card:
    """Write the report into `folder`, which is created. Raises `EngineError` if the rebuilt pictures show no
    face."""
    clock = RealClock()
    began = clock.now()
    trial = hold_back(watched, progress=partial(progress, "held back"))
    learnt = clock.now()
    rows = trial.rows("ours")
    mouths = trial.mouths()
    masks = [mouths.region(number) for number in trial.held]
    progress("rebuilt", 0, 1)
    found = score(trial.truth(), trial.rebuilt(rows), masks, trial.held, trial.learnt, watched.footage)
    silent = silent_ratio(trial)
    progress("rebuilt", 1, 1)
    progress("report", 0, 1)
    findings = find(
        watched.tracked, watched.observed, hear(watched.pcm), source(watched.footage), watched.late
    )
    card = Card(
        who=subject.who,
        footage=watched.footage.name,
        seconds=watched.frames / FPS,
        language=language,
        score=found,
        silent_opening_ratio=silent,
        findings=findings,
        voice=subject.voice,
        timings=(Timing("training", learnt - began), Timing("score", clock.now() - learnt)),
        shown=HeldOut(
            trial.truth,
            lambda: trial.rebuilt(rows),
            trial.held,
            masks,
            watched.sound(trial.held.start, trial.held.stop),
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write(card, folder)
    progress("report", 1, 1)
    return card


def silent_ratio(trial: Trial) -> float:
    """Opening of the mouth in the held pictures while 5 s of silence drive it, relative to the host's at
    rest."""
    count = min(SILENCE_FRAMES, len(trial.held))
    silence = np.zeros(count * SAMPLES_PER_FRAME, np.float32)
    rows = np.asarray(trial.articulation.rows(silence), np.float64)
    footage = trial.watched.footage
    tracked = track(trial.rebuilt(rows), trial.size, footage, lambda _: None)
    eyes = np.linalg.norm(tracked.rigid[:, LEFT_EYE] - tracked.rigid[:, RIGHT_EYE], axis=1)
    return opening_ratio(opening(tracked.control) / eyes, trial.face.rest_opening)
