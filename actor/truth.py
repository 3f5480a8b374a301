"""Ground truth of every frame, saved beside the footage as `truth.npz`; load it with `read`.

Pixels are those of the footage, x to the right and y down from the top left corner. Left and right are the
presenter's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from actor.figure import LEFT_CORNER, LOWER_LIP, RIGHT_CORNER, UPPER_LIP, Figure
from actor.lighting import Camera
from actor.meshes import Floats
from actor.motion import Moment
from actor.script import Script, Section
from doublure.media import FPS, SAMPLES_PER_FRAME, Phone

POINTS: dict[str, tuple[int, int]] = {
    "right_eye_outer": (11473, 33),
    "right_eye_inner": (6855, 133),
    "left_eye_inner": (6855, 362),
    "left_eye_outer": (11473, 263),
    "nose_tip": (5054, 4),
    "nose_bridge": (133, 168),
    "chin": (5296, 152),
    "right_corner": (RIGHT_CORNER, 61),
    "left_corner": (LEFT_CORNER, 291),
    "upper_lip_inner": (UPPER_LIP, 13),
    "lower_lip_inner": (LOWER_LIP, 14),
    "upper_lip_outer": (455, 0),
    "lower_lip_outer": (492, 17),
}
"""By name: a vertex of the base, and the index of the same point in MediaPipe's face mesh. For the right eye
the vertex is the left one to mirror."""
NAMES = tuple(POINTS)
JOINTS = ("wrist.L", "wrist.R")


@dataclass(frozen=True, slots=True)
class Truth:
    """Ground truth of n frames."""

    presenter: str
    size: tuple[int, int]
    sections: tuple[Section, ...]
    phones: tuple[Phone, ...]
    """All phones with their times, in samples at 24 kHz from the start of the footage."""
    phone: NDArray[np.str_]
    """[n], the phone at the middle of each frame, "" in silence."""
    controls: NDArray[np.float32]
    """[n, 11], the mouth controls (`actor.mouth.CONTROLS`)."""
    points: NDArray[np.float32]
    """[n, 13, 2] pixels, in the order of `NAMES`."""
    opening: NDArray[np.float32]
    """[n], distance of the inner edges of the lips, pixels."""
    width: NDArray[np.float32]
    """[n], distance of the corners of the mouth, pixels."""
    head: NDArray[np.float32]
    """[n, 3] yaw, pitch, roll, degrees."""
    blink: NDArray[np.float32]
    """[n] 0 open .. 1 shut."""
    gaze: NDArray[np.float32]
    """[n, 2], degrees left and up relative to the head."""
    wrists: NDArray[np.float32]
    """[n, 2, 2] pixels: left, right."""
    gesture: NDArray[np.str_]
    """[n] "" for none."""
    phase: NDArray[np.str_]
    """[n] preparation, stroke, hold, retraction or ""."""
    stroke: NDArray[np.float32]
    """[n] 0 at rest .. 1 at the gesture's height."""


@dataclass(frozen=True, slots=True)
class Row:
    """Ground truth of one frame."""

    controls: NDArray[np.float32]
    points: Floats
    wrists: Floats
    moment: Moment


class Recorder:
    """Measures the truth on the posed figure, frame by frame."""

    def __init__(self, figure: Figure, camera: Camera, corner: tuple[int, int] = (0, 0)) -> None:
        """`corner` is the top left corner of the shown part of the camera's picture, pixels."""
        self._figure, self._camera, self._corner = figure, camera, np.array(corner)
        self._vertices = np.array([_vertex(figure, name) for name in NAMES])
        self._joints = [figure.index[name] for name in JOINTS]

    def row(self, base: Floats, moves: Floats, controls: NDArray[np.float32], moment: Moment) -> Row:
        """The truth of a frame, from the posed base vertices and bone transforms of `Figure.place`."""
        heads = np.array([self._figure.bones[joint].head for joint in self._joints])
        placed = np.einsum("nij,nj->ni", moves[self._joints][:, :, :3], heads) + moves[self._joints][:, :, 3]
        points, wrists = (self._camera.pixels(them) - self._corner for them in (base[self._vertices], placed))
        return Row(controls, points, wrists, moment)


def gathered(script: Script, size: tuple[int, int], rows: Sequence[Row]) -> Truth:
    """The truth of a whole film, from its frames in order."""
    points = np.array([row.points for row in rows], np.float32)
    upper, lower = NAMES.index("upper_lip_inner"), NAMES.index("lower_lip_inner")
    left, right = NAMES.index("left_corner"), NAMES.index("right_corner")
    return Truth(
        presenter=script.presenter,
        size=size,
        sections=script.sections,
        phones=script.phones,
        phone=_phone_at(script.phones, len(rows)),
        controls=np.array([row.controls for row in rows], np.float32),
        points=points,
        opening=np.linalg.norm(points[:, upper] - points[:, lower], axis=1),
        width=np.linalg.norm(points[:, left] - points[:, right], axis=1),
        head=np.array([row.moment.head for row in rows], np.float32),
        blink=np.array([row.moment.blink for row in rows], np.float32),
        gaze=np.array([row.moment.gaze for row in rows], np.float32),
        wrists=np.array([row.wrists for row in rows], np.float32),
        gesture=np.array([row.moment.gesture for row in rows], np.str_),
        phase=np.array([row.moment.phase for row in rows], np.str_),
        stroke=np.array([row.moment.stroke for row in rows], np.float32),
    )


def write(truth: Truth, file: Path) -> None:
    """Write to an `.npz`; texts and times are stored as JSON."""
    about = {
        "presenter": truth.presenter,
        "size": truth.size,
        "fps": FPS,
        "names": NAMES,
        "sections": [asdict(section) for section in truth.sections],
        "phones": [(phone.symbol, phone.start, phone.end) for phone in truth.phones],
    }
    arrays = {name: getattr(truth, name) for name in _ARRAYS}
    np.savez_compressed(file, about=np.array(json.dumps(about, ensure_ascii=False)), **arrays)


_ARRAYS = (
    "phone", "controls", "points", "opening", "width", "head", "blink", "gaze", "wrists", "gesture", "phase",
    "stroke",
)  # fmt: skip


def read(file: Path) -> Truth:
    """Read a file of `write`. Raises `OSError`, `KeyError`, `ValueError`."""
    with np.load(file) as arrays:
        about = json.loads(str(arrays["about"]))
        return Truth(
            presenter=about["presenter"],
            size=(about["size"][0], about["size"][1]),
            sections=tuple(Section(**section) for section in about["sections"]),
            phones=tuple(Phone(*phone) for phone in about["phones"]),
            **{name: arrays[name] for name in _ARRAYS},
        )


def _phone_at(phones: Sequence[Phone], frames: int) -> NDArray[np.str_]:
    found = np.full(frames, "", dtype="<U4")
    for phone in phones:
        first = (phone.start + SAMPLES_PER_FRAME // 2 - 1) // SAMPLES_PER_FRAME
        last = (phone.end + SAMPLES_PER_FRAME // 2 - 1) // SAMPLES_PER_FRAME
        found[first:last] = phone.symbol
    return found


def _vertex(figure: Figure, name: str) -> int:
    """Base vertex of a point; for the right eye by mirroring."""
    vertex = POINTS[name][0]
    if not name.startswith("right_eye"):
        return vertex
    mirrored = figure.base[vertex] * np.array([-1.0, 1.0, 1.0])
    return int(np.argmin(((figure.base - mirrored) ** 2).sum(1)))
