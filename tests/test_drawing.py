from __future__ import annotations

import numpy as np
import pytest

from doublure.drawing import Area, Canvas, block, curve, ellipse, linear, mirrored, rgb, shape, stroke

SQUARE = Area(0, 0, 40, 40)


def test_shapes_cover_their_area_with_smooth_edges() -> None:
    canvas = Canvas(SQUARE, 1)
    cover = canvas.cover(ellipse(20, 20, 12, 12))
    assert abs(float(cover.sum()) - np.pi * 144) < 12
    assert ((cover > 0.1) & (cover < 0.9)).sum() > 30
    assert abs(float(canvas.cover(block(5, 5, 15.5, 10)).sum()) - 10.5 * 5) < 6


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_units_are_independent_of_scale(scale: float) -> None:
    canvas = Canvas(Area(-20, -20, 40, 40), scale)
    canvas.fill(block(-10, -10, 0, 10), "#204060")
    height, width = canvas.pixels.shape[:2]
    assert (height, width) == (40 * scale, 40 * scale)
    inside = canvas.pixels[height // 2, round(width * 0.4)]
    assert np.allclose(inside[:3], rgb("#204060"))
    assert inside[3] == 1
    assert canvas.pixels[height // 2, round(width * 0.6), 3] == 0


def test_curves_pass_through_their_points() -> None:
    points = [(0.0, 0.0), (10.0, 5.0), (12.0, 20.0), (3.0, 25.0)]
    for line in (curve(points), curve(points, closed=True)):
        for point in points:
            assert np.linalg.norm(line - np.array(point), axis=1).min() < 1e-4
    assert (mirrored(curve(points), 5)[:, 0] == 10 - curve(points)[:, 0]).all()
    corner = shape([(0, 0), (10, 0)], [(10, 0), (10, 10), (0, 0)])
    assert np.linalg.norm(corner - np.array((10, 0)), axis=1).min() == 0


def test_a_stroke_is_as_wide_as_asked() -> None:
    cover = Canvas(SQUARE, 4).cover(stroke([(4, 20), (36, 20)], [2, 8, 2]))
    assert abs(float(cover[:, 80].sum()) / 4 - 8) < 0.3
    assert abs(float(cover[:, 20].sum()) / 4 - 2.4) < 0.5


def test_gradients_clips_softness_and_fading() -> None:
    canvas = Canvas(SQUARE, 1)
    canvas.fill(block(-9, -9, 60, 60), linear((0, 0), (40, 0), "#000000", "#ff0000"))
    reds = canvas.pixels[20, :, 0]
    assert (np.diff(reds) > 0).all()
    assert abs(float(reds[20]) - 130) < 4
    canvas.fill(block(0, 0, 40, 40), "#00ff00", inside=canvas.cover(block(0, 0, 10, 40)))
    assert canvas.pixels[20, 5, 1] == 255
    assert canvas.pixels[20, 15, 1] == 0
    soft = canvas.cover(block(10, 10, 30, 30), soft=3)
    assert 0.3 < soft[20, 10] < 0.7
    assert soft[20, 4] > 0
    canvas.fade(10, 30)
    assert canvas.pixels[5, 5, 3] == 1
    assert abs(float(canvas.pixels[20, 5, 3]) - 0.5) < 0.05
    assert canvas.pixels[35, 5, 3] == 0


def test_shapes_beyond_the_canvas_are_cut() -> None:
    canvas = Canvas(SQUARE, 1)
    canvas.fill(ellipse(-100, 20, 10, 10), "#ffffff")
    assert canvas.pixels.max() == 0
    canvas.fill(ellipse(0, 40, 500, 500), "#ffffff", soft=20)
    assert np.allclose(canvas.pixels[..., 3], 1, atol=1e-3)
