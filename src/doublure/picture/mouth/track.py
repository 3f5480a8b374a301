"""The face's geometry in the footage, and its file in a persona."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doublure.picture.mouth.geometry import ShapeBasis
from doublure.trust.persona import FACE, Persona


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """The face's geometry in the footage: n frames at 25 fps, m of them kept as textures."""

    control: NDArray[np.float64]
    """[n, CONTROL, 3], pixels of the footage. A persona has 0 for frames in no take and no texture."""
    scale: NDArray[np.float64]
    """[n], pixels."""
    rotation: NDArray[np.float64]
    """[n, 3, 3]."""
    shift: NDArray[np.float64]
    """[n, 3], pixels."""
    opening: NDArray[np.float64]
    """[n], template units."""
    rest_opening: float
    """Opening of the mouth at rest, template units."""
    shape: ShapeBasis
    sharpen: float
    """Amount of sharpening applied to textures in advance; the warp loses as much detail."""
    texture_frames: NDArray[np.int64]
    """[m], the footage frame of each texture."""
    texture_corners: NDArray[np.int64]
    """[m, 2], x and y of each texture's upper left corner in the footage, even."""
    takes: dict[str, NDArray[np.int64]]
    """The footage frame of each frame of a take."""


def save_track(folder: Path, track: FaceTrack) -> None:
    """Write the face's geometry into a persona's folder, with landmarks only for the frames shown."""
    shown = np.concatenate([track.texture_frames, *track.takes.values()])
    control = np.zeros(track.control.shape, np.float32)
    control[shown] = track.control[shown]
    np.savez_compressed(
        folder / FACE,
        control=control,
        scale=track.scale,
        rotation=track.rotation,
        shift=track.shift,
        opening=track.opening,
        rest_opening=np.array(track.rest_opening),
        shape_mean=track.shape.mean,
        shape_basis=track.shape.basis,
        shape_inverse=track.shape.inverse,
        shape_spread=track.shape.spread,
        sharpen=np.array(track.sharpen),
        texture_frames=track.texture_frames,
        texture_corners=track.texture_corners,
        **{f"take_{name}": frames for name, frames in track.takes.items()},
    )


def load_track(persona: Persona) -> FaceTrack:
    """The geometry of a persona's face."""
    with np.load(persona.folder / FACE, allow_pickle=False) as file:
        return FaceTrack(
            control=file["control"].astype(np.float64),
            scale=file["scale"],
            rotation=file["rotation"],
            shift=file["shift"],
            opening=file["opening"],
            rest_opening=float(file["rest_opening"]),
            shape=ShapeBasis(
                file["shape_mean"], file["shape_basis"], file["shape_inverse"], file["shape_spread"]
            ),
            sharpen=float(file["sharpen"]),
            texture_frames=file["texture_frames"],
            texture_corners=file["texture_corners"],
            takes={name: file[f"take_{name}"] for name in persona.manifest.takes},
        )
