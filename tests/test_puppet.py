from __future__ import annotations

import numpy as np
import pytest

from doublure.lips import MouthShape
from doublure.media import Place, Size
from doublure.posture import posture
from doublure.puppet import Puppet, puppet
from doublure.raster import planes

SIZE = Size(240, 426)


@pytest.fixture(scope="module")
def host() -> Puppet:
    return puppet(SIZE)


def test_eyes_and_mouths_meet_the_face_without_a_seam(host: Puppet) -> None:
    for patch in (*host._eyes.values(), *host._mouths.values()):
        high, wide = patch.luma.shape
        face = host._luma[patch.top : patch.top + high, patch.left : patch.left + wide, 0].astype(int)
        apart = np.abs(patch.luma.astype(int) - face)
        assert max(apart[0].max(), apart[-1].max(), apart[:, 0].max(), apart[:, -1].max()) <= 4


def test_one_serves_every_room_of_its_size(host: Puppet) -> None:
    assert puppet(Size(240, 426)) is host


def test_only_the_head_moves_with_the_mouth(host: Puppet) -> None:
    pose = posture(Place("idle", 0))
    shut, wide = (host.picture(pose, MouthShape(opening), 0.0) for opening in (0.0, 1.0))
    rows, columns = np.nonzero(planes(shut, SIZE)[0] != planes(wide, SIZE)[0])
    assert len(rows) > 100
    assert rows.min() > 0.4 * SIZE.height
    assert rows.max() < 0.52 * SIZE.height
    assert columns.min() > 0.35 * SIZE.width
    assert columns.max() < 0.72 * SIZE.width


def test_shoulders_rise_with_the_breath(host: Puppet) -> None:
    def shoulder(breath: int) -> float:
        luma = planes(host.phases[breath], SIZE)[0]
        column = luma[round(0.5 * SIZE.height) : round(0.62 * SIZE.height), round(0.32 * SIZE.width)].astype(
            float
        )
        # the wall is brighter than the blazer: its share of the column ends at the shoulder's edge
        return float(((column - column.min()) / np.ptp(column)).sum())

    heights = [shoulder(n) for n in range(len(host.phases))]
    assert heights == sorted(heights, reverse=True)
    assert 0.5 < heights[0] - heights[-1] < 3
    # hands and desk lie still
    desk = slice(round(0.9 * SIZE.height), None)
    assert (planes(host.phases[0], SIZE)[0][desk] == planes(host.phases[-1], SIZE)[0][desk]).all()
