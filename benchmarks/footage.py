"""Compares detections of face, pose and hands in rendered footage with its truth file.

    python benchmarks/footage.py out/actor/woman [--every 5] [--json FILE]

The folder holds `footage.mp4` and `truth.npz` as `python -m actor film` writes them. MediaPipe's face
mesh tracks the talk frame by frame; pose and hands are detected anew in every n-th frame.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import av
import numpy as np
from mediapipe.python.solutions import face_detection, face_mesh, hands, pose
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from actor import truth
from actor.truth import NAMES, POINTS, Truth

LEFT_WRIST, RIGHT_WRIST = 15, 16
"""Indices in MediaPipe's pose."""
SIDE = 0.75
"""Half the side of the square that the mesh works on, in face heights (as enrolment does)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures; shares 0..1, errors in % of the distance between the outer eye corners."""

    talk_frames: int
    face_found: float
    pose_found: float
    hands_found: float
    landmark_error_percent: float
    landmark_spread_percent: float
    lip_error_percent: float
    opening_correlation: float
    width_correlation: float
    wrist_error_percent: float
    measuring_seconds: float


@dataclass(slots=True)
class _Seen:
    """The raw detections."""

    frames: list[int] = field(default_factory=list)
    points: list[NDArray[np.float64]] = field(default_factory=list)
    talk: int = 0
    poses: int = 0
    posed: int = 0
    gestures: int = 0
    handed: int = 0
    wrists: list[float] = field(default_factory=list)


def measure(footage: Path, known: Truth, every: int) -> Figures:
    """Run the detectors over the footage."""
    began = time.monotonic()
    seen = _watch(footage, known, every)
    frames, found = np.array(seen.frames), np.array(seen.points)
    true = known.points[frames].astype(np.float64)
    eyes = float(
        np.linalg.norm(
            true[:, NAMES.index("left_eye_outer")] - true[:, NAMES.index("right_eye_outer")], axis=1
        ).mean()
    )
    away = found - true
    # a constant offset, such as a chin always a little lower than our vertex, is a difference of definition;
    # only the spread around it is an error of measurement
    error = np.linalg.norm(away, axis=2).mean(0) / eyes * 100
    spread = np.linalg.norm(away - away.mean(0), axis=2).mean(0) / eyes * 100
    lips = [place for place, name in enumerate(NAMES) if "lip" in name or "corner" in name]
    return Figures(
        talk_frames=seen.talk,
        face_found=len(frames) / max(seen.talk, 1),
        pose_found=seen.posed / max(seen.poses, 1),
        hands_found=seen.handed / max(seen.gestures, 1),
        landmark_error_percent=float(error.mean()),
        landmark_spread_percent=float(spread.mean()),
        lip_error_percent=float(error[lips].mean()),
        opening_correlation=_alike(found, true, "upper_lip_inner", "lower_lip_inner"),
        width_correlation=_alike(found, true, "left_corner", "right_corner"),
        wrist_error_percent=float(np.mean(seen.wrists)) / eyes * 100 if seen.wrists else float("nan"),
        measuring_seconds=time.monotonic() - began,
    )


def _watch(footage: Path, known: Truth, every: int) -> _Seen:
    talking = np.zeros(len(known.phone), bool)
    for section in known.sections:
        if section.kind in ("talk", "consent"):
            talking[round(section.start * 25) : round(section.end * 25)] = True
    seen = _Seen()
    box: tuple[int, int, int] | None = None
    with (
        face_detection.FaceDetection(model_selection=1) as detector,
        face_mesh.FaceMesh(refine_landmarks=True) as mesh,
        pose.Pose(static_image_mode=True) as body,
        hands.Hands(static_image_mode=True) as fingers,
        av.open(str(footage)) as container,
    ):
        for number, frame in enumerate(container.decode(video=0)):
            if number >= len(known.phone):
                break
            rgb = frame.to_ndarray(format="rgb24")
            if talking[number]:
                seen.talk += 1
                points, box = _face(detector, mesh, rgb, box)
                if points is not None:
                    seen.frames.append(number)
                    seen.points.append(points)
            if number % every == 0:
                _body(body, rgb, known, number, seen)
            # only near the height of a gesture: a hand still entering the picture does not count
            if (
                number % every == 0
                and known.stroke[number] > 0.9
                and known.gesture[number] not in ("nod", "shake")
            ):
                seen.gestures += 1
                seen.handed += bool(fingers.process(rgb).multi_hand_landmarks)
    return seen


def _face(
    detector: face_detection.FaceDetection,
    mesh: face_mesh.FaceMesh,
    rgb: NDArray[np.uint8],
    box: tuple[int, int, int] | None,
) -> tuple[NDArray[np.float64] | None, tuple[int, int, int] | None]:
    """The points of `NAMES`, pixels, and the square to search in the next frame."""
    high, wide = rgb.shape[:2]
    if box is None:
        faces = detector.process(rgb).detections
        if not faces:
            return None, None
        near = faces[0].location_data.relative_bounding_box
        side = round(2 * SIDE * near.height * high * 1.3)
        box = (
            round((near.xmin + near.width / 2) * wide - side / 2),
            round((near.ymin + near.height / 2) * high - side / 2),
            side,
        )
    x, y, side = box
    x, y = max(0, min(x, wide - side)), max(0, min(y, high - side))
    found = mesh.process(np.ascontiguousarray(rgb[y : y + side, x : x + side])).multi_face_landmarks
    if not found:
        return None, None
    marks = found[0].landmark
    return np.array(
        [(marks[POINTS[name][1]].x * side + x, marks[POINTS[name][1]].y * side + y) for name in NAMES]
    ), (x, y, side)


def _body(body: pose.Pose, rgb: NDArray[np.uint8], known: Truth, number: int, seen: _Seen) -> None:
    seen.poses += 1
    found = body.process(rgb).pose_landmarks
    if not found:
        return
    seen.posed += 1
    high, wide = rgb.shape[:2]
    for side, joint in enumerate((LEFT_WRIST, RIGHT_WRIST)):
        mark = found.landmark[joint]
        if mark.visibility > 0.5:
            seen.wrists.append(
                float(np.hypot(*(known.wrists[number, side] - (mark.x * wide, mark.y * high))))
            )


def _alike(found: NDArray[np.float64], true: NDArray[np.float64], first: str, second: str) -> float:
    """Correlation of the distance between two points, found with true."""
    a, b = NAMES.index(first), NAMES.index(second)
    return float(
        np.corrcoef(*(np.linalg.norm(points[:, a] - points[:, b], axis=1) for points in (found, true)))[0, 1]
    )


TARGETS = {
    "face_found": ">= 0.995",
    "pose_found": ">= 0.99",
    "hands_found": ">= 0.90",
    "opening_correlation": ">= 0.95",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder with footage.mp4 and truth.npz")
    parser.add_argument("--every", type=int, default=5, help="pose and hands in every n-th frame")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    order = parser.parse_args()
    figures = measure(order.folder / "footage.mp4", truth.read(order.folder / "truth.npz"), order.every)
    for name, value in asdict(figures).items():
        print(f"{name:26s} {value:10.4g}   {TARGETS.get(name, '')}")
    if order.json:
        order.json.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
