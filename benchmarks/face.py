"""Measures how believable the mouth is: learns 80 % of some footage and rebuilds the rest from its sound.

    python benchmarks/face.py [--footage FILE] [--json FILE] [--baselines]

The mouth region of the rebuilt pictures is hidden from the face. The default footage is the rendered
presenter's, out/actor/woman/footage.mp4 (`make actor`); any clip that enrolment accepts works. Nothing
learnt is kept. `--baselines` measures other mouths the same way. If the truth file of a rendered
presenter lies beside the footage, voices that were never heard are measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

# ruff: noqa: I001 - doublure before numpy and OpenCV: it limits their pools to one thread, as on air
from doublure.enrol.report.rebuild import Trial, Way, hold_back
from doublure.enrol.report.review import silent_ratio
from doublure.enrol.report.score import Score, score
from doublure.enrol.tracking import track
from doublure.enrol.scan import watch
from doublure.errors import DoublureError
from doublure.picture.mouth.geometry import LEFT_EYE, RIGHT_EYE, opening
from doublure.media import SAMPLE_RATE
from doublure.picture.mouth.textures import Setting

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the presenters' own truth

FOOTAGE = Path("out/actor/woman/footage.mp4")
SPEED_FRAMES = 60
TARGETS = {
    "opening_correlation": ">= 0.95 rendered, 0.76 filmed",
    "lip_distance_percent": "<= 1.3 rendered, 2.1 filmed",
    "ssim": ">= 0.92 rendered, 0.88 filmed",
    "sharpness_ratio": "0.85-1.15",
    "jitter_ratio": "<= 1.15 rendered, 1.25 filmed",
    "silence_opening_ratio": "<= 1.05 rendered, 1.10 filmed",
    "seam_ratio": "<= 1.10 rendered, 1.15 filmed",
    "offset_frames": "within 1",
    "unheard_voice_correlation": ">= 0.93 rendered",
    "render_ms": "<= 12, aim 8 at 1080x1920",
    "model_mb": "<= 200",
}
GROWTH = """
import numpy as np, psutil
from doublure.picture.mouth import acoustics
before = psutil.Process().memory_info().rss
acoustics.hear(np.ones(72000, np.float32))
print((psutil.Process().memory_info().rss - before) / 1e6)
"""
"""Script for a process of its own that prints the memory that hearing takes, MB."""
BASELINES: dict[Way, str] = {
    "plate": "a plate that goes on with its own speech",
    "random": "learnt mouths at random",
    "retrieval": "the nearest learnt mouth, not bent",
    "truth": "the true shapes (renderer alone)",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures; see `docs/benchmarks.md`."""

    held_frames: int
    opening_correlation: float
    width_correlation: float
    lip_distance_percent: float
    ssim: float
    sharpness_ratio: float
    jitter_ratio: float
    silence_opening_ratio: float
    seam_ratio: float
    offset_frames: int
    exact_opening_correlation: float
    unheard_voice_correlation: float
    unseen_frames: int
    render_ms: float
    hear_ms_per_second: float
    model_mb: float
    learning_seconds: float
    load_before: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--footage", type=Path, default=FOOTAGE, help="a clip with sound")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--baselines", action="store_true", help="measure other mouths as well")
    order = parser.parse_args()
    # one core, as on air
    cv2.setNumThreads(1)
    load, began = os.getloadavg()[0], time.monotonic()
    try:
        trial = hold_back(watch(order.footage, lambda *_: None))
        learning = time.monotonic() - began
        figures = _figures(trial, _measured(trial, "ours"), learning, load)
        print(f"{order.footage}, {trial.size.width}x{trial.size.height}, held {trial.held}")
        for name, value in asdict(figures).items():
            print(f"{name:24s} {value:10.4g}   {TARGETS.get(name, '')}")
        for way in BASELINES if order.baselines else ():
            print(f"{BASELINES[way]}: {_line(_measured(trial, way))}")
    except DoublureError as error:
        sys.exit(str(error))
    if order.json:
        order.json.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


def _line(found: Score) -> str:
    return ", ".join(
        f"{name} {getattr(found, name):.3g}"
        for name in (
            "opening_correlation",
            "width_correlation",
            "lip_distance_percent",
            "ssim",
            "sharpness_ratio",
            "jitter_ratio",
        )
    )


def _measured(trial: Trial, way: Way) -> Score:
    mouths = trial.mouths()
    masks = [mouths.region(number) for number in trial.held]
    rebuilt = trial.rebuilt(trial.rows(way))
    return score(trial.truth(), rebuilt, masks, trial.held, trial.learnt, trial.watched.footage)


def _figures(trial: Trial, found: Score, learning: float, load: float) -> Figures:
    hear, model = _hearing(trial)
    return Figures(
        held_frames=found.frames,
        opening_correlation=found.opening_correlation,
        width_correlation=found.width_correlation,
        lip_distance_percent=found.lip_distance_percent,
        ssim=found.ssim,
        sharpness_ratio=found.sharpness_ratio,
        jitter_ratio=found.jitter_ratio,
        silence_opening_ratio=silent_ratio(trial),
        seam_ratio=found.seam_ratio,
        offset_frames=found.offset_frames,
        exact_opening_correlation=_exact(trial),
        unheard_voice_correlation=_unheard(trial),
        unseen_frames=found.unseen_frames,
        render_ms=_render_ms(trial),
        hear_ms_per_second=hear,
        model_mb=model,
        learning_seconds=learning,
        load_before=load,
    )


def _beside(trial: Trial) -> Path | None:
    """The truth file beside the footage of a rendered presenter; None if there is none."""
    footage = trial.watched.footage
    files = (footage.with_suffix(".truth.npz"), footage.with_name("truth.npz"))
    return next((file for file in files if file.exists()), None)


def _exact(trial: Trial) -> float:
    """Correlation of our openings, as landmarks see them, with those that the renderer was given to draw."""
    beside = _beside(trial)
    if beside is None:
        return float("nan")
    from actor import truth

    known = truth.read(beside)
    left, right = (truth.NAMES.index(f"{side}_eye_outer") for side in ("left", "right"))
    eyes = np.linalg.norm(known.points[:, left] - known.points[:, right], axis=1)
    drawn = (known.opening / eyes)[trial.held.start : trial.held.stop]
    tracked = track(trial.rebuilt(trial.rows("ours")), trial.size, trial.watched.footage, lambda _: None)
    own = np.linalg.norm(tracked.rigid[:, LEFT_EYE] - tracked.rigid[:, RIGHT_EYE], axis=1)
    return float(np.corrcoef(opening(tracked.control) / own, drawn)[0, 1])


def _unheard(trial: Trial) -> float:
    """Correlation of our openings for unheard voices with the presenter's; nan without its truth file."""
    beside = _beside(trial)
    if beside is None:
        return float("nan")
    from actor import truth
    from unheard import unheard_correlation

    return unheard_correlation(truth.read(beside).presenter, trial.articulation, trial.face.shape)


def _render_ms(trial: Trial) -> float:
    """Processor time of setting in one mouth, ms. The pictures are decoded first, because the decoder's
    threads would otherwise run meanwhile and be counted."""
    mouths, setting, rows = trial.mouths(), Setting(), trial.rows("ours")
    pictures = list(islice(trial.truth(), SPEED_FRAMES))
    before = time.process_time()
    for number, row, picture in zip(trial.held, rows, pictures, strict=False):
        setting = mouths.set_in(picture, number, row, setting)
    return 1000 * (time.process_time() - before) / len(pictures)


def _hearing(trial: Trial) -> tuple[float, float]:
    """Processor time for one second of speech (in clauses of 3 s), ms; and memory of the encoder, the
    landmarks and the mouths, MB."""
    clause = trial.watched.pcm[: 3 * SAMPLE_RATE]
    trial.articulation.rows(clause)
    before = time.process_time()
    for _ in range(5):
        trial.articulation.rows(clause)
    spent = time.process_time() - before
    grown = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    kept = sum(texture.nbytes for texture in trial.textures) + trial.face.control.nbytes
    return 1000 * spent / 15, float(grown.stdout) + kept / 1e6


if __name__ == "__main__":
    main()
