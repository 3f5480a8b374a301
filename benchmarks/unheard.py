"""Compares the learnt mouth's reading of unheard voices with the rendered presenter's true mouth.

The truth comes from the presenter's own figure, driven by the phones of the voice, so nothing needs to be
drawn. These voices are neither in the footage nor in the training of the generic mouth (`training.clips`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from actor.__main__ import FIGURES
from actor.expression import expression
from actor.figure import Figure, Pose
from actor.looks import PRESENTERS
from actor.mouth import controls
from actor.script import Script
from actor.shots import performed
from doublure.media import Language
from doublure.picture.mouth.articulation import Articulation
from doublure.picture.mouth.geometry import LOWER, UPPER, ShapeBasis

VOICES: dict[str, dict[Language, str]] = {
    "woman": {"zh": "zm_yunxi", "en": "af_bella"},
    "man": {"zh": "zf_xiaobei", "en": "am_michael"},
}
SHOTS = ("talk_zh_2", "talk_en_2")


def unheard_correlation(presenter: str, known: Articulation, shape: ShapeBasis) -> float:
    """Correlation of the opening that `known` predicts from the voices with the presenter's true opening,
    over about a minute in two languages."""
    script = performed(presenter, names=SHOTS, voices=VOICES[presenter])
    points = shape.points(known.rows(script.pcm))
    made = np.linalg.norm(points[:, UPPER] - points[:, LOWER], axis=1)
    return float(np.corrcoef(made, _openings(script))[0, 1])


def _openings(script: Script) -> NDArray[np.float64]:
    looks = PRESENTERS[script.presenter]
    figure = Figure(FIGURES, looks)
    rows = controls(script.phones, script.pcm, script.frames, seed=1, style=looks.style)
    found = []
    for row in rows:
        made = expression(row)
        _, base, _ = figure.place(Pose(bones=made.bones, units=made.units, shifts=made.shifts))
        found.append(figure.lips(base).opening)
    return np.array(found)
