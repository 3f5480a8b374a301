"""MakeHuman's formats as the actor reads them, and the refinement of meshes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actor.meshes import read_obj, read_proxy, read_target, surface

CUBE = """# a cube
v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 4/2 3/3 2/4
f 5/1 6/2 7/3 8/4
f 1/1 2/2 6/3 5/4
f 2/1 3/2 7/3 6/4
f 3/1 4/2 8/3 7/4
f 4/1 1/2 5/3 8/4
"""


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    file = tmp_path / "cube.obj"
    file.write_text(CUBE)
    return file


def test_a_mesh_is_read(cube: Path) -> None:
    mesh = read_obj(cube)
    assert mesh.points.shape == (8, 3)
    assert mesh.faces.shape == (6, 4)
    assert set(mesh.groups) == {"body"}


def test_a_broken_line_is_named(cube: Path) -> None:
    cube.write_text(CUBE + "v 1 zwei 3\n")
    with pytest.raises(ValueError, match=r"cube.obj, line 21"):
        read_obj(cube)


def test_a_target_without_offsets_moves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "none.target"
    file.write_text("# nothing but a licence\n#\n")
    assert not read_target(file, 5).any()


def test_a_target_moves_its_vertices(tmp_path: Path) -> None:
    file = tmp_path / "one.target"
    file.write_text("# x\n3 .5 -.25 1\n")
    assert read_target(file, 5)[3].tolist() == [0.5, -0.25, 1.0]


def test_a_cube_refined_once_is_catmull_and_clarks(cube: Path) -> None:
    mesh = read_obj(cube)
    fine = surface(mesh, np.ones(6, bool), smooth=True)
    points = fine.refine @ mesh.points
    assert len(points) == 8 + 12 + 6
    assert len(fine.quads) == 24
    # their paper's cube: corners at 5/9, edges at 3/4, faces at 1
    assert np.abs(points[:8]) == pytest.approx(5 / 9)
    assert np.sort(np.abs(points[8:20]), axis=1)[:, 1:] == pytest.approx(0.75)
    assert np.abs(points[20:]).max(1) == pytest.approx(1.0)


def test_a_rim_stays_on_its_line(cube: Path) -> None:
    mesh = read_obj(cube)
    keep = np.zeros(6, bool)
    keep[1] = True
    fine = surface(mesh, keep, smooth=True)
    points = (fine.refine @ mesh.points)[np.unique(fine.quads)]
    assert points[:, 2] == pytest.approx(1.0)
    assert np.abs(points[:, :2]).max() <= 1.0


def test_corners_are_split_at_seams(cube: Path) -> None:
    whole = surface(read_obj(cube), np.ones(6, bool), smooth=False)
    assert len(whole.spread) > 8
    assert whole.triangles.shape == (12, 3)


PROXY = """basemesh hm08
obj_file thing.obj
x_scale 0 1 2.0
y_scale 0 3 2.0
z_scale 0 4 2.0
verts 0
    0     1     2 0.5 0.25 0.25 0.1 0.2 0.3
5
delete_verts
1 - 3 7
"""
THING = "v 0 0 0\nv 0 0 0\nvt 0 0\nvt 1 0\nf 1/1 2/2 1/1\n"


def test_a_proxy_hangs_on_the_base(cube: Path, tmp_path: Path) -> None:
    (tmp_path / "thing.obj").write_text(THING)
    (tmp_path / "thing.mhclo").write_text(PROXY)
    base = read_obj(cube).points
    proxy = read_proxy(tmp_path / "thing.mhclo", len(base))
    assert proxy.hidden.tolist() == [1, 2, 3, 7]
    fitted = proxy.fit(base)
    assert fitted[0] == pytest.approx(0.5 * base[0] + 0.25 * base[1] + 0.25 * base[2] + (0.1, 0.2, 0.3))
    assert fitted[1] == pytest.approx(base[5])
    # offsets grow with the body, the body's vertices are followed
    assert proxy.fit(2 * base)[0] == pytest.approx(2 * fitted[0])
