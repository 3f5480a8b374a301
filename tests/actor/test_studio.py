"""The studio behind the rendered host: light, sameness, the kept picture, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from actor import decor, studio

SMALL = (54, 96)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("room", sorted(studio.ROOMS))
def test_a_studio_has_light_and_things_in_it(room: str) -> None:
    seen = studio.picture(room, SMALL, samples=4)
    assert seen.shape == (96, 54, 3)
    assert seen.dtype == np.uint8
    assert 70 < seen.mean() < 200
    wall = seen[32:64, 22:32]
    assert 0.5 < (wall @ np.array([0.2126, 0.7152, 0.0722])).mean() / 255 < 0.8
    assert seen.std() > 15
    assert (seen.min(axis=2) > 250).mean() < 0.02


def test_the_boutique_is_warm_and_the_workshop_cool() -> None:
    def redness(room: str) -> float:
        wall = studio.picture(room, SMALL, samples=4)[32:64, 22:32].reshape(-1, 3).mean(axis=0)
        return float(wall[0] / wall[2])

    assert redness("boutique") > 1.05
    assert redness("workshop-modern") < 0.98


def test_the_same_seed_gives_the_same_picture() -> None:
    first = studio.picture("boutique", SMALL, samples=2, seed=3)
    assert np.array_equal(first, studio.picture("boutique", SMALL, samples=2, seed=3))
    assert not np.array_equal(first, studio.picture("boutique", SMALL, samples=2, seed=4))


def test_a_kept_picture_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    first = studio.picture("boutique", SMALL, samples=1, cache=folder)
    (kept,) = folder.iterdir()

    with monkeypatch.context() as patch:
        patch.delattr(studio, "trace")  # a second rendering would fail
        assert np.array_equal(studio.picture("boutique", SMALL, samples=1, cache=folder), first)

    studio.picture("boutique", SMALL, samples=2, cache=folder)
    studio.picture("boutique", SMALL, samples=1, seed=1, cache=folder)
    studio.picture("boutique", (27, 48), samples=1, cache=folder)
    studio.picture("workshop-modern", SMALL, samples=1, cache=folder)
    assert len(list(folder.iterdir())) == 5
    assert kept.exists()


def test_a_changed_finish_is_another_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture("boutique", (27, 48), samples=1, cache=tmp_path)
    plain = decor.Decor(
        tuple(decor.shell(*[decor.Finish(decor.colour("808080"))] * 3)),
        tuple(decor.softboxes(10.0, 3.0)),
        (0.2, 0.2, 0.2),
    )
    monkeypatch.setitem(studio.ROOMS, "boutique", lambda: plain)
    studio.picture("boutique", (27, 48), samples=1, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_key_light_comes_from_the_viewers_left() -> None:
    grey = decor.Finish(decor.colour("b0b0b0"))
    post = decor.drum((0.0, 0.0, 3.0), 0.12, 2.9, grey)
    empty = decor.Decor(
        (*decor.shell(grey, grey, grey), post), tuple(decor.softboxes(10.0, 0.0)), (0.0, 0.0, 0.0)
    )
    light = studio.trace(empty, studio.write_program(empty), SMALL, 8, 0)[30:60].mean(axis=(0, 2))
    assert light[21:26].mean() > 1.2 * light[28:33].mean()


def test_an_unknown_room_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="boutique, workshop-modern"):
        studio.picture("cellar", SMALL)


@pytest.mark.parametrize("samples", [0, 1025])
def test_the_number_of_samples_is_bounded(samples: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.1024"):
        studio.picture("boutique", SMALL, samples=samples)


def test_the_command_writes_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "boutique.png"
    command = [
        sys.executable,
        "-m",
        "actor.studio",
        "boutique",
        str(out),
        "--size",
        "27x48",
        "--samples",
        "1",
    ]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert np.array_equal(studio._read(out), studio.picture("boutique", (27, 48), samples=1))


def test_colours_are_linear() -> None:
    assert decor.colour("ffffff") == pytest.approx((1, 1, 1))
    assert decor.colour("808080")[0] == pytest.approx(0.2159, abs=1e-3)
