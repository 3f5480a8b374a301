from __future__ import annotations

import pytest

from doublure.media import Size
from doublure.portrait import HEAD
from doublure.scenery import EYES, view


@pytest.mark.parametrize(
    "size",
    [Size(720, 1280), Size(360, 640), Size(1280, 720), Size(720, 900), Size(240, 3840), Size(2160, 240)],
    ids=str,
)
def test_the_view_has_the_shape_of_the_picture_and_the_head_in_it(size: Size) -> None:
    area = view(size)
    assert abs(area.width / area.height - size.width / size.height) < 1e-9
    assert area.left <= EYES[0] + HEAD.left
    assert area.top <= EYES[1] - 190
    assert area.left + area.width >= EYES[0] + HEAD.left + HEAD.width
    assert area.top + area.height >= EYES[1] + HEAD.top + HEAD.height
