"""Marks of each vertex at rest: share of open sky, and whether it is lip, inside of the mouth or scalp
under hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from actor.figure import Figure, Part, Pose
from actor.meshes import Floats

SKY, LIPS, INNER, COVERED = range(4)


@dataclass(frozen=True, slots=True)
class Marks:
    """For each part: refined vertices at rest [n, 3] and their marks [n, 4]."""

    parts: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def plain(cls, figure: Figure) -> Marks:
        """Marks without the open sky, which is measured on a stage (`open_sky`)."""
        placed, _, _ = figure.place(Pose())
        return cls(
            tuple(
                (points, _marks(figure, part, points, placed))
                for part, points in zip(figure.parts, placed, strict=True)
            )
        )

    def with_sky(self, sky: tuple[NDArray[np.float64], ...]) -> Marks:
        """The same marks with the share of open sky per vertex, one array [n] per part."""
        parts = []
        for (rest, marks), seen in zip(self.parts, sky, strict=True):
            new = marks.copy()
            new[:, SKY] = seen
            parts.append((rest, new))
        return Marks(tuple(parts))


def _marks(figure: Figure, part: Part, points: Floats, placed: list[Floats]) -> Floats:
    marks = np.zeros((len(points), 4))
    marks[:, SKY] = 1.0
    if part.material == "skin":
        refine = part.surface.refine
        marks[:, LIPS] = refine @ figure.lip_mask
        marks[:, INNER] = refine @ figure.inner_mask
        marks[:, COVERED] = _covered(figure, points, placed)
    return marks


def _covered(figure: Figure, points: Floats, placed: list[Floats]) -> NDArray[np.float64]:
    """The scalp under the hair, 0..1; it takes the hair's colour, so that no bald line shows."""
    hair = [
        place[part.surface.spread]
        for part, place in zip(figure.parts, placed, strict=True)
        if part.material == "hair"
    ]
    if not hair:
        return np.zeros(len(points))
    distance, _ = cKDTree(np.concatenate(hair)).query(points)
    eye = figure.bones[figure.index["eye.L"]].head
    above = np.clip((points[:, 1] - eye[1] - 0.25) / 0.25, 0.0, 1.0)
    behind = np.clip((eye[2] - 0.75 - points[:, 2]) / 0.3, 0.0, 1.0) * (points[:, 1] > eye[1] - 0.2)
    return np.asarray(
        np.clip(1.0 - distance / figure.looks.hairline, 0.0, 1.0) ** 2 * np.maximum(above, behind)
    )
