"""What is measured of the host's face, on landmarks made for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doublure.enrol.face_track import measure
from doublure.enrol.tracking import Tracked
from doublure.media import Size
from doublure.picture.mouth.geometry import CONTROL, LOWER, RIGID, UPPER

RNG = np.random.default_rng(3)


def tracked(openings: NDArray[np.float64]) -> Tracked:
    """A still head of 100 pixels between the eyes, whose lips stand so far apart (eye distances)."""
    count = len(openings)
    rigid = np.tile(RNG.normal(300, 30, (len(RIGID), 3)), (count, 1, 1))
    rigid[:, 0], rigid[:, 3] = (250, 300, 0), (350, 300, 0)
    control = np.tile(RNG.normal(360, 20, (len(CONTROL), 3)), (count, 1, 1))
    control += RNG.normal(0, 0.05, control.shape)
    control[:, UPPER] = (300, 380, 0)
    control[:, LOWER] = np.column_stack([np.full(count, 300), 380 + 100 * openings, np.zeros(count)])
    return Tracked(control, rigid, np.ones(count, bool), np.zeros(count), np.zeros(count))


def test_a_frame_whose_lips_seem_shut_in_the_midst_of_a_movement_is_no_texture() -> None:
    openings = 0.06 + 0.04 * np.sin(np.arange(120) / 4)
    openings[60:70] = [0.05, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02, 0.03, 0.05, 0.07]  # a closure that lasts
    openings[90] = openings[[89, 91]].mean() - 0.03  # and one that cannot be
    face, _ = measure(tracked(openings), np.ones(120), {}, Size(720, 1280))
    assert 90 not in face.texture_frames
    assert {62, 63, 64, 65, 66} <= set(face.texture_frames.tolist())
    assert len(face.texture_frames) >= 115
    np.testing.assert_allclose(face.opening, openings, atol=0.02)
