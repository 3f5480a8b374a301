"""Reads MakeHuman's text formats (mesh, target, proxy, rig) and refines meshes for rendering.

Formats as written by MakeHuman 1.x: an OBJ with quads and texture coordinates; a `.target` with lines
`vertex dx dy dz`; an `.mhclo` that binds each vertex of a proxy to one or three vertices of the base.
Lengths are decimetres, y up, z to the front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """A mesh of quads; a triangle repeats its last corner."""

    points: Floats
    """[vertices, 3], decimetres."""
    uvs: Floats
    """[coordinates, 2], 0..1, v upwards."""
    faces: Ints
    """[faces, 4] into points."""
    corners: Ints
    """[faces, 4] into uvs."""
    groups: NDArray[np.str_]
    """[faces], the group of each face."""


def read_obj(file: Path) -> Mesh:
    """Read a Wavefront OBJ. Raises `ValueError` with the line that cannot be read."""
    points: list[list[float]] = []
    uvs: list[list[float]] = []
    faces: list[list[int]] = []
    corners: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        words = line.split()
        try:
            if not words:
                continue
            if words[0] == "v":
                points.append([float(word) for word in words[1:4]])
            elif words[0] == "vt":
                uvs.append([float(word) for word in words[1:3]])
            elif words[0] == "g":
                group = words[1] if len(words) > 1 else ""
            elif words[0] == "f":
                pairs = [word.split("/") for word in words[1:]]
                pairs = pairs if len(pairs) == 4 else [*pairs, pairs[-1]]
                faces.append([int(pair[0]) - 1 for pair in pairs])
                corners.append([int(pair[1]) - 1 for pair in pairs])
                groups.append(group)
        except (ValueError, IndexError) as error:
            raise ValueError(f"{file}, line {number}: not a line of a mesh: {line[:60]!r}") from error
    return Mesh(
        np.array(points),
        np.array(uvs),
        np.array(faces, np.int64),
        np.array(corners, np.int64),
        np.array(groups),
    )


def read_target(file: Path, vertices: int) -> Floats:
    """Read a morph as offsets [vertices, 3], decimetres."""
    lines = [
        line.split() for line in file.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "")
    ]
    rows = np.array(lines, np.float64).reshape(-1, 4)
    offsets = np.zeros((vertices, 3))
    offsets[rows[:, 0].astype(np.int64)] = rows[:, 1:4]
    return offsets


@dataclass(frozen=True, slots=True)
class Proxy:
    """A worn mesh and the binding of its vertices to the base mesh."""

    mesh: Mesh
    hold: sparse.csr_matrix
    """[vertices, base vertices]: weights of the base vertices."""
    offsets: Floats
    """[vertices, 3], added in units of `scales`."""
    scales: tuple[tuple[int, int, float], ...]
    """For x, y, z: two base vertices, and their distance for which the offsets were made."""
    hidden: Ints
    """Base vertices covered by it, which are not drawn."""

    def fit(self, base: Floats) -> Floats:
        """Its vertices on a base of this shape: [vertices, 3]."""
        size = [
            abs(base[a, axis] - base[b, axis]) / length for axis, (a, b, length) in enumerate(self.scales)
        ]
        fitted: Floats = self.hold @ base + self.offsets * np.array(size)
        return fitted

    def lowered(self, base: Floats, by: float) -> Proxy:
        """The proxy moved down by `by` decimetres on a base of this shape."""
        a, b, length = self.scales[1]
        return replace(self, offsets=self.offsets - [0.0, by * length / abs(base[a, 1] - base[b, 1]), 0.0])


def read_proxy(file: Path, vertices: int) -> Proxy:
    """Read an `.mhclo` and its mesh, for a base with this many vertices."""
    scales = {"x_scale": (0, 0, 1.0), "y_scale": (0, 0, 1.0), "z_scale": (0, 0, 1.0)}
    mesh = file.with_suffix(".obj")
    rows: list[list[float]] = []
    hidden: list[int] = []
    part = ""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] in scales:
            scales[words[0]] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] == "obj_file":
            mesh = file.parent / words[1]
        elif words[0] in ("verts", "weights", "delete_verts"):
            part = words[0]
        elif part == "delete_verts":
            hidden += _numbers(words)
        elif part == "verts" and words[0].lstrip("-").isdigit():
            rows.append([float(word) for word in words])
    shape = read_obj(mesh)
    hold = sparse.lil_matrix((len(rows), vertices))
    offsets = np.zeros((len(rows), 3))
    for index, row in enumerate(rows):
        if len(row) == 1:
            hold[index, int(row[0])] = 1.0
            continue
        for vertex, weight in zip(row[:3], row[3:6], strict=True):
            hold[index, int(vertex)] += weight
        offsets[index] = row[6:9]
    order = (scales["x_scale"], scales["y_scale"], scales["z_scale"])
    return Proxy(shape, hold.tocsr(), offsets, order, np.array(sorted(set(hidden)), np.int64))


def _numbers(words: Sequence[str]) -> list[int]:
    """Expand ranges: `1 - 4 7` gives 1 2 3 4 7."""
    found: list[int] = []
    through = False
    for word in words:
        if word == "-":
            through = True
        elif through:
            found += range(found[-1] + 1, int(word) + 1)
            through = False
        else:
            found.append(int(word))
    return found


@dataclass(frozen=True, slots=True)
class Surface:
    """A mesh ready for drawing: optionally refined once, with corners split at texture seams."""

    refine: sparse.csr_matrix
    """[refined, vertices]: maps the mesh's vertices to refined ones (Catmull and Clark 1978, linear)."""
    spread: Ints
    """[corners] into refined: the vertex at each corner."""
    uvs: NDArray[np.float32]
    """[corners, 2]."""
    triangles: NDArray[np.int32]
    """[triangles, 3] into corners."""
    quads: Ints
    """[faces, 4] into refined, for normals."""


def surface(mesh: Mesh, keep: NDArray[np.bool_], *, smooth: bool) -> Surface:
    """The faces in `keep`, subdivided once if `smooth`."""
    faces, corners = mesh.faces[keep], mesh.corners[keep]
    refine = sparse.identity(len(mesh.points), format="csr")
    uvs = mesh.uvs
    if smooth:
        refine, faces = _subdivided(faces, len(mesh.points), curved=True)
        flat, corners = _subdivided(corners, len(mesh.uvs), curved=False)
        uvs = flat @ uvs
    pairs, index = np.unique(np.stack([faces.ravel(), corners.ravel()], 1), axis=0, return_inverse=True)
    quads = index.reshape(-1, 4)
    halves = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    whole = (halves[:, 0] != halves[:, 2]) & (halves[:, 1] != halves[:, 2])
    return Surface(
        refine, pairs[:, 0], uvs[pairs[:, 1]].astype(np.float32), halves[whole].astype(np.int32), faces
    )


def _subdivided(faces: Ints, vertices: int, *, curved: bool) -> tuple[sparse.csr_matrix, Ints]:
    """One Catmull-Clark step: its matrix (rows: vertices, then edges, then faces) and the new faces. Without
    `curved`, vertices stay in place and edges are halved, as needed for texture coordinates."""
    count = len(faces)
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], 2).reshape(-1, 2)
    owner = np.repeat(np.arange(count), 4)
    edges, edge_of = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    centre = _rows(np.repeat(np.arange(count), 4), faces.ravel(), count, vertices, 0.25)
    middle = _rows(np.repeat(np.arange(len(edges)), 2), edges.ravel(), len(edges), vertices, 0.5)
    around = _rows(edge_of, owner, len(edges), count, 1.0)
    sides = np.asarray(around.sum(1)).ravel()
    # the repeated corner of a triangle makes an edge of length 0, which is not a rim
    inner = (sides == 2) | (edges[:, 0] == edges[:, 1])
    if curved:
        mixed = 0.5 * middle + 0.25 * (around @ centre)
        edge_points = (
            sparse.diags(inner.astype(float)) @ mixed + sparse.diags((~inner).astype(float)) @ middle
        )
        old = _moved(faces, edges, inner, centre, middle, vertices)
    else:
        edge_points, old = middle, sparse.identity(vertices, format="csr")
    first, second = vertices, vertices + len(edges)
    numbers = edge_of.reshape(-1, 4)
    new = [
        np.stack(
            [faces[:, k], first + numbers[:, k], second + np.arange(count), first + numbers[:, k - 1]], 1
        )
        for k in range(4)
    ]
    return sparse.vstack([old, edge_points, centre], format="csr"), np.concatenate(new)


def _moved(
    faces: Ints,
    edges: Ints,
    inner: NDArray[np.bool_],
    centre: sparse.csr_matrix,
    middle: sparse.csr_matrix,
    vertices: int,
) -> sparse.csr_matrix:
    """New places of the old vertices: inside from their faces and edges, at a rim along the rim only."""
    touches = _rows(faces.ravel(), np.repeat(np.arange(len(faces)), 4), vertices, len(faces), 1.0)
    ends = _rows(edges.ravel(), np.repeat(np.arange(len(edges)), 2), vertices, len(edges), 1.0)
    valence = np.asarray(touches.sum(1)).ravel()
    degree = np.asarray(ends.sum(1)).ravel()
    rim = ends @ sparse.diags((~inner).astype(float))
    on_rim = np.asarray(rim.sum(1)).ravel() > 0
    n = np.maximum(valence, 1)
    inside = (
        sparse.diags(1.0 / n**2) @ touches @ centre
        + sparse.diags(2.0 / (n * np.maximum(degree, 1))) @ ends @ middle
        + sparse.diags((n - 3) / n)
    )
    along = 0.5 * sparse.identity(vertices) + 0.25 * (rim @ middle)
    free = valence == 0
    plain = sparse.diags((on_rim & ~free).astype(float)) @ along
    return (
        sparse.diags((~on_rim & ~free).astype(float)) @ inside + plain + sparse.diags(free.astype(float))
    ).tocsr()


def _rows(row: Ints, column: Ints, rows: int, columns: int, value: float) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.full(len(row), value), (row, column)), shape=(rows, columns))
