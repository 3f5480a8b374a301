"""The presenter's body: computes the vertices of a pose from base mesh, morphs, clothes and rig.

Bones are rotated about the axes of the room (x to the presenter's left, y up, z to the front) at the head of
the bone, parents first, so a rotation means the same on every bone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

from actor.looks import Looks
from actor.meshes import Floats, Ints, Mesh, Proxy, Surface, read_obj, read_proxy, read_target, surface

UNITS = (
    "eye-left-closure", "eye-left-opened-up", "eye-left-slit", "eye-right-closure", "eye-right-opened-up",
    "eye-right-slit", "eyebrows-left-down", "eyebrows-left-extern-up", "eyebrows-left-inner-up",
    "eyebrows-left-up", "eyebrows-right-down", "eyebrows-right-extern-up", "eyebrows-right-inner-up",
    "eyebrows-right-up", "mouth-compression", "mouth-corner-puller", "mouth-depression",
    "mouth-depression-retraction", "mouth-elevation", "mouth-eversion", "mouth-open", "mouth-parling",
    "mouth-part-later", "mouth-protusion", "mouth-pursing", "mouth-retraction", "mouth-upward-retraction",
    "neck-platysma", "nose-compression", "nose-depression", "nose-left-dilatation", "nose-left-elevation",
    "nose-right-dilatation", "nose-right-elevation",
)  # fmt: skip
"""Names of the expression units in MakeHuman."""

UPPER_LIP, LOWER_LIP = 474, 523
"""Base vertices at the middle of the lips' inner edges."""
LEFT_CORNER, RIGHT_CORNER = 7188, 428
TOUCHING = 0.02
"""Distance of the two vertices when the lips touch, decimetres."""

LOWEST = 0.9
"""Base faces entirely more than this below the head of bone spine05 are outside the picture, decimetres."""
EYEBALLS = ("helper-l-eye", "helper-r-eye")


@dataclass(frozen=True, slots=True)
class Pose:
    """Pose of the figure in one frame."""

    bones: Mapping[str, Floats] = field(default_factory=dict)
    """Rotation matrices [3, 3] by bone; bones not listed are at rest."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Weights 0..1 by expression unit (`UNITS`)."""
    shifts: Mapping[str, Floats] = field(default_factory=dict)
    """Translation by bone, decimetres."""
    offset: Floats = field(default_factory=lambda: np.zeros(3))
    """Translation of the whole figure, decimetres."""
    swell: float = 0.0
    """Breath in the chest, -1..1."""


@dataclass(frozen=True, slots=True)
class Lips:
    """Position of the lips, decimetres."""

    centre: Floats
    opening: float
    """Distance of the inner edges at the middle."""
    width: float
    """Distance of the corners."""


@dataclass(frozen=True, slots=True)
class Bone:
    """A bone of the rig at rest."""

    name: str
    parent: int
    """Index of the parent in `Figure.bones`, -1 for the root."""
    head: Floats
    tail: Floats


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the figure with one material."""

    name: str
    material: str
    texture: Path | None
    relief: Path | None
    """Normal map, or None."""
    tint: tuple[float, float, float]
    surface: Surface
    proxy: Proxy | None
    skin: sparse.csr_matrix
    """Skinning weights [vertices, bones]; rows sum to 1."""


class Figure:
    """A presenter at rest, ready to be posed. Raises `FileNotFoundError` with the name of a missing file."""

    def __init__(self, folder: Path, looks: Looks) -> None:
        mesh = read_obj(folder / "mesh" / "base.obj")
        count = len(mesh.points)
        self.looks = looks
        base = mesh.points.copy()
        for name, weight in looks.shape.items():
            base += weight * read_target(folder / "targets" / f"{name}.target", count)
        self.base = base
        self.units = {name: _unit(folder, looks, name, count) for name in UNITS}
        self.bones = _bones(folder / "rig" / "rig.default.json", base, mesh)
        self.index = {bone.name: number for number, bone in enumerate(self.bones)}
        self.weights = _weights(folder / "rig" / "weights.default.json", self.index, count)
        self._chest = _chest(
            base, self.bones[self.index["spine02"]].head, self.bones[self.index["neck01"]].head
        )
        self.mesh = mesh
        self.lip_mask = _lip_mask(folder, count)
        self.units["bite"] = _bite(base)
        self.inner_mask = _inner_mask(mesh, base)
        self.parts = self._dress(folder, mesh, looks)

    @property
    def crown(self) -> float:
        """Height of the top of the head, decimetres."""
        return float(self.base[np.unique(self.mesh.faces[self.mesh.groups == "body"]), 1].max())

    def lips(self, base: Floats) -> Lips:
        """Position of the lips for these posed base vertices."""
        upper, lower = base[UPPER_LIP], base[LOWER_LIP]
        width = float(np.linalg.norm(base[LEFT_CORNER] - base[RIGHT_CORNER]))
        return Lips((upper + lower) / 2, max(float(np.linalg.norm(upper - lower)) - TOUCHING, 0.0), width)

    def _dress(self, folder: Path, mesh: Mesh, looks: Looks) -> list[Part]:
        count = len(mesh.points)
        worn = [
            (
                piece,
                read_proxy(folder / "proxies" / f"{piece.file}.mhclo", count).lowered(self.base, piece.lower),
            )
            for piece in looks.pieces
        ]
        seen = np.ones(count, np.bool_)
        for _, proxy in worn:
            seen[proxy.hidden] = False
        floor = self.bones[self.index["spine05"]].head[1] - LOWEST
        body = (
            (mesh.groups == "body")
            & seen[mesh.faces].any(1)
            & (self.base[mesh.faces][:, :, 1] > floor).any(1)
        )
        skin = Part(
            "skin",
            "skin",
            folder / looks.skin,
            None,
            looks.complexion,
            surface(mesh, body, smooth=True),
            None,
            self.weights,
        )
        parts = [skin]
        for piece, proxy in worn:
            keep = (proxy.fit(self.base)[proxy.mesh.faces][:, :, 1] > floor).any(1)
            weights = proxy.hold @ self.weights
            total = np.asarray(weights.sum(1)).ravel()
            parts.append(
                Part(
                    piece.name,
                    piece.material,
                    folder / "proxies" / piece.texture,
                    folder / "proxies" / piece.relief if piece.relief else None,
                    piece.tint,
                    surface(proxy.mesh, keep, smooth=piece.smooth),
                    proxy,
                    sparse.diags(1.0 / np.maximum(total, 1e-9)) @ weights,
                )
            )
        return parts

    def shaped(self, pose: Pose) -> Floats:
        """Base vertices with the pose's face and breath, before skinning: [vertices, 3]."""
        points = self.base.copy()
        for name, weight in pose.units.items():
            if weight:
                vertices, offsets = self.units[name]
                points[vertices] += weight * offsets
        if pose.swell:
            points += pose.swell * self._chest
        return points

    def transforms(self, pose: Pose) -> Floats:
        """Transform of each bone: [bones, 3, 4]."""
        found = np.zeros((len(self.bones), 3, 4))
        for number, bone in enumerate(self.bones):
            turn = pose.bones.get(bone.name)
            local = np.eye(4)
            if turn is not None:
                local[:3, :3] = turn
                local[:3, 3] = bone.head - turn @ bone.head
            if bone.name in pose.shifts:
                local[:3, 3] += pose.shifts[bone.name]
            if bone.parent < 0:
                local[:3, 3] += pose.offset
                found[number] = local[:3]
            else:
                above = found[bone.parent]
                found[number] = above @ local
        return found

    def place(self, pose: Pose) -> tuple[list[Floats], Floats, Floats]:
        """The refined vertices of every part, a list of [refined, 3]; the posed base vertices [vertices, 3];
        the bone transforms [bones, 3, 4]."""
        shaped = self.shaped(pose)
        moves = self.transforms(pose)
        flat = moves.reshape(len(moves), 12)
        placed = []
        base = _skinned(shaped, self.weights, flat)
        for part in self.parts:
            worn = part.proxy
            points = base if worn is None else _skinned(worn.fit(shaped), part.skin, flat)
            placed.append(part.surface.refine @ points)
        return placed, base, moves


def _skinned(points: Floats, weights: sparse.csr_matrix, flat: Floats) -> Floats:
    """Linear blend skinning: points [n, 3] moved by the weighted transforms of their bones."""
    moves = (weights @ flat).reshape(-1, 3, 4)
    skinned: Floats = np.einsum("nij,nj->ni", moves[:, :, :3], points) + moves[:, :, 3]
    return skinned


def _unit(folder: Path, looks: Looks, name: str, count: int) -> tuple[Ints, Floats]:
    """An expression unit, averaged over the bases that have it: vertices and their offsets."""
    mixed = np.zeros((count, 3))
    total = 0.0
    for origin, weight in looks.expression.items():
        file = folder / "targets" / "expression" / origin / f"{name}.target"
        if file.exists():
            mixed += weight * read_target(file, count)
            total += weight
    if not total:
        raise FileNotFoundError(f"{folder}: no expression unit {name!r} for {', '.join(looks.expression)}")
    mixed /= total
    vertices = np.flatnonzero(np.abs(mixed).max(1) > 1e-7)
    return vertices, mixed[vertices]


def _bones(file: Path, base: Floats, mesh: Mesh) -> list[Bone]:
    """The rig fitted to this base, parents before children."""
    rig = json.loads(file.read_text(encoding="utf-8"))
    rig = rig.get("bones", rig)

    def spot(end: Mapping[str, object]) -> Floats:
        if end["strategy"] == "CUBE":
            group = np.unique(mesh.faces[mesh.groups == str(end["cube_name"])])
            return np.asarray(base[group].mean(0))
        if end["strategy"] == "VERTEX":
            return np.asarray(base[int(str(end["vertex_index"]))])
        return np.asarray(base[np.array(end["vertex_indices"], np.int64)].mean(0))

    order: list[str] = []
    while len(order) < len(rig):
        order += [
            name for name, bone in rig.items() if name not in order and (bone["parent"] or "") in ("", *order)
        ]
    return [
        Bone(
            name,
            order.index(rig[name]["parent"]) if rig[name]["parent"] else -1,
            spot(rig[name]["head"]),
            spot(rig[name]["tail"]),
        )
        for name in order
    ]


def _weights(file: Path, index: Mapping[str, int], count: int) -> sparse.csr_matrix:
    found = sparse.lil_matrix((count, len(index)))
    for name, pairs in json.loads(file.read_text(encoding="utf-8"))["weights"].items():
        for vertex, weight in pairs:
            found[vertex, index[name]] = weight
    total = np.asarray(found.sum(1)).ravel()
    return (sparse.diags(1.0 / np.maximum(total, 1e-9)) @ found.tocsr()).tocsr()


def _lip_mask(folder: Path, count: int) -> Floats:
    """The red of the lips, 0..1 [vertices]: the vertices moved by the lip volume morphs."""
    mask = np.zeros(count)
    for lip, full in (("upper", 0.017), ("lower", 0.024)):
        moved = read_target(folder / "targets" / "mouth" / f"mouth-{lip}lip-volume-incr.target", count)
        mask = np.maximum(mask, np.clip(np.linalg.norm(moved, axis=1) / full, 0.0, 1.0))
    return mask


def _bite(base: Floats) -> tuple[Ints, Floats]:
    """The unit that draws the lower lip up and in beneath the upper teeth: vertices and their offsets."""
    away = base - base[LOWER_LIP] - np.array([0.0, -0.03, 0.0])
    near = np.exp(
        -((away[:, 0] / 0.17) ** 4) - (np.minimum(away[:, 1], 0.0) / 0.11) ** 2 - (away[:, 2] / 0.12) ** 2
    )
    near *= 1.0 / (1.0 + np.exp((base[:, 1] - base[UPPER_LIP, 1] + 0.004) / 0.003))
    vertices = np.flatnonzero(near > 1e-3)
    return vertices, near[vertices, None] * np.array([0.0, 0.050, -0.055])


def _inner_mask(mesh: Mesh, base: Floats) -> Floats:
    """The inside of the mouth, 0 or 1 [vertices]: a separate island in texture coordinates."""
    uv = mesh.uvs[mesh.corners].mean(1)
    middle = base[mesh.faces].mean(1) - base[UPPER_LIP]
    inner = (mesh.groups == "body") & (uv[:, 0] > 0.74) & (uv[:, 0] < 0.96) & (uv[:, 1] < 0.14)
    inner &= (
        (np.abs(middle[:, 0]) < 0.5)
        & (np.abs(middle[:, 1]) < 0.7)
        & (middle[:, 2] < 0.02)
        & (middle[:, 2] > -1.5)
    )
    mask = np.zeros(len(base))
    mask[np.unique(mesh.faces[inner])] = 1.0
    return mask


def _chest(base: Floats, low: Floats, high: Floats) -> Floats:
    """Offsets of chest front and shoulders at a full breath: [vertices, 3], decimetres."""
    height = (base[:, 1] - low[1]) / (high[1] - low[1])
    band = np.exp(-(((height - 0.45) / 0.38) ** 2))
    front = 1.0 / (1.0 + np.exp(-(base[:, 2] - low[2] - 0.2) * 4.0))
    wide = np.exp(-((base[:, 0] / 1.6) ** 4))
    move = np.zeros_like(base)
    move[:, 2] = 0.07 * band * front * wide
    move[:, 1] = 0.035 * np.clip(height, 0.0, 1.0) * wide * (height > 0) * (height < 1.25)
    return move
