"""The last fifth of footage rebuilt from its own sound, and the report card of that."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.report.rebuild import Trial, hide, hold_back
from doublure.enrol.report.review import STAGES, ReportSubject, review
from doublure.enrol.report.score import Score, score
from doublure.enrol.scan import Watched, watch
from doublure.picture.mouth.geometry import MOVING, SHAPES
from tests.clips import SIZE, talking, write_clip


def ignore(stage: str, done: int, total: int) -> None:
    """No progress wanted."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    pictures, pcm, _ = talking(20)
    return watch(write_clip(tmp_path_factory.mktemp("watched") / "talk.mp4", pictures, pcm), ignore)


@pytest.fixture(scope="module")
def trial(watched: Watched) -> Trial:
    return hold_back(watched)


def measured(trial: Trial, rows: NDArray[np.float64]) -> Score:
    mouths = trial.mouths()
    masks = [mouths.region(number) for number in trial.held]
    return score(trial.truth(), trial.rebuilt(rows), masks, trial.held, trial.learnt, trial.watched.footage)


def test_what_is_rebuilt_was_neither_learnt_nor_seen(trial: Trial) -> None:
    assert not set(trial.learnt.tolist()) & set(trial.held)
    assert set(trial.face.texture_frames.tolist()) <= set(trial.learnt.tolist())
    assert np.isnan(trial.face.control[trial.held.start :, MOVING]).all()
    assert np.isfinite(trial.face.control[: trial.held.start]).all()


def test_the_rebuilt_mouth_follows_the_sound(trial: Trial) -> None:
    rows = trial.rows("ours")
    assert rows.shape == (len(trial.held), SHAPES)
    ours, plate = measured(trial, rows), measured(trial, trial.rows("random"))
    assert ours.opening_correlation > 0.75
    assert ours.ssim > 0.9
    assert abs(ours.offset_frames) <= 1
    assert ours.lip_distance_percent < 0.6 * plate.lip_distance_percent
    assert plate.opening_correlation < 0.5


def test_the_true_shapes_bring_the_true_mouth_back(trial: Trial) -> None:
    found = measured(trial, trial.rows("truth"))
    assert found.opening_correlation > 0.95
    assert found.lip_distance_percent < 2.0


def test_hiding_blanks_the_region_and_nothing_else(trial: Trial) -> None:
    picture = next(trial.truth())
    blanked = picture.copy()
    square = np.array([[100.0, 200.0], [140.0, 200.0], [140.0, 240.0], [100.0, 240.0]])
    hide(blanked, square, SIZE)
    changed = np.argwhere(blanked[: SIZE.height] != picture[: SIZE.height])
    assert changed.min(axis=0).tolist() >= [200, 100]
    assert changed.max(axis=0).tolist() <= [240, 140]
    assert np.ptp(blanked[205:235, 105:135]) == 0


def test_the_report_card_is_written_with_what_was_measured(watched: Watched, tmp_path: Path) -> None:
    told: list[str] = []
    card = review(
        watched, ReportSubject("Ling"), tmp_path / "report", "en", lambda stage, *_: told.append(stage)
    )
    assert list(dict.fromkeys(told)) == list(STAGES)
    assert card.score.frames == len(card.shown.held)
    assert card.silent_opening_ratio < 2
    kept = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert kept["opening_correlation"] == pytest.approx(card.score.opening_correlation, abs=1e-3)
    assert "Ling" in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert (tmp_path / "report" / "report.mp4").stat().st_size > 10_000
