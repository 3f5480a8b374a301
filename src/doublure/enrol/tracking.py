"""Finds the face in every frame: MediaPipe's full-range detector, then its face mesh on a crop.

The detector finds small faces in upright full-body pictures; the mesh does not, so it works on a square crop
that follows the face.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.errors import EngineError, FootageError
from doublure.media import FPS, Picture, Size
from doublure.picture.mouth.geometry import CONTROL, NOSE_PLACES, RIGID

DETECT_FRAMES = 5
"""Frames between two searches of the whole picture for other faces."""
LEAST_FACE_PIXELS = 100
"""Minimum face height, brows to chin, at the size of the footage."""
SECOND_FACE = 0.5
"""A second face counts if its height is more than this share of the host's."""
SECOND_FACE_SHARE = 0.2
"""Share of the footage above which another face is an error: somebody who stays, not a passer-by."""
MISSING_SHARE = 0.2
"""Largest share of frames without the face."""
MISSING_FRAMES = 10 * FPS
"""Most consecutive frames without the face."""
TURNED_FRAMES = 25
"""Every so many frames the picture is also searched upside down, because the mesh fits an upright face to an
inverted one without noticing."""
ASPECT_MARGIN = 0.75
"""Half the side of the mesh's crop, in face heights."""


@dataclass(slots=True)
class Tracked:
    """Landmarks of the frames; gaps are interpolated."""

    control: NDArray[np.float64]
    """[n, CONTROL, 3], pixels."""
    rigid: NDArray[np.float64]
    """[n, RIGID, 3], pixels."""
    seen: NDArray[np.bool_]
    """[n], False where no face was found."""
    motion: NDArray[np.float64]
    """[n], mean difference from the previous frame, in levels of luma."""
    others: NDArray[np.float64]
    """[n], height of the largest other face in the picture as a share of the host's, 0 if none."""


@dataclass(slots=True)
class _Search:
    """State of the search: the face's last place, and the failures so far."""

    box: tuple[int, int, int, int] | None = None
    other: float = 0.0
    """Height of the largest other face as a share of the host's."""
    missing: int = 0
    heights: list[float] = field(default_factory=list)
    upside_down: list[bool] = field(default_factory=list)
    """For each picture tried: whether the detector was more confident upside down."""


def track(
    pictures: Iterator[Picture],
    size: Size,
    file: Path,
    progress: Callable[[int], None],
    *,
    smooth: bool = True,
    start: float = 0.0,
) -> Tracked:
    """Landmarks of every frame. `smooth` smooths the points that only the head moves over three frames. Mouth
    points never are: smoothed, the mouth would open too little and lie beside the one in the picture. Raises
    `FootageError` with the second (counted from `start`) if there is no face, a second face for more than a
    fifth of the time, an inverted face, or one that is too small."""
    before_them = round(start * FPS)
    found: list[NDArray[np.float64] | None] = []
    motion: list[float] = []
    others: list[float] = []
    before: NDArray[np.float32] | None = None
    search = _Search()
    with _Detectors() as (detector, mesh):
        for number, picture in enumerate(pictures):
            rgb = cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)
            if search.box is None or number % DETECT_FRAMES == 0:
                _detect(detector, rgb, search)
            if number % TURNED_FRAMES == 0:
                search.upside_down.append(_surest(detector, rgb[::-1, ::-1]) > _surest(detector, rgb))
            points = _mesh(mesh, rgb, search)
            search.missing = 0 if points is not None else search.missing + 1
            if search.missing > MISSING_FRAMES:
                _check_upright(search, file, before_them)
                raise _no_face(file, before_them + number - MISSING_FRAMES)
            found.append(points)
            small = cv2.resize(picture[: size.height], (90, 160), interpolation=cv2.INTER_AREA).astype(
                np.float32
            )
            others.append(search.other)
            motion.append(0.0 if before is None else float(np.abs(small - before).mean()))
            before = small
            progress(number + 1)
    _check(found, search, file, before_them)
    _check_alone(np.array(others), file, before_them)
    seen = np.array([points is not None for points in found])
    points = _filled(found, seen)
    control, rigid = points[:, CONTROL], points[:, RIGID]
    if smooth:
        control[:, NOSE_PLACES], rigid = _smooth(control[:, NOSE_PLACES]), _smooth(rigid)
    return Tracked(control, rigid, seen, np.array(motion), np.array(others))


class _Detectors:
    """Opens the face detector and the face mesh, and closes them."""

    def __enter__(self) -> tuple[object, object]:
        try:
            from mediapipe.python.solutions import face_detection, face_mesh
        except ImportError as error:
            raise EngineError(
                "enrolment needs MediaPipe, which is not installed",
                remedy="run `make enrol`, or: pip install 'doublure[enrol]' && pip install --no-deps mediapipe==0.10.21",
            ) from error
        self._detector = face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
        self._mesh = face_mesh.FaceMesh(
            refine_landmarks=True, max_num_faces=1, min_detection_confidence=0.5, min_tracking_confidence=0.5
        )
        return self._detector, self._mesh

    def __exit__(self, *_: object) -> None:
        self._detector.close()
        self._mesh.close()


def _detect(detector: object, rgb: NDArray[np.uint8], search: _Search) -> None:
    """Search the whole picture for the host's face, if it is lost, and for other faces."""
    high, wide = rgb.shape[:2]
    boxes = [
        one.location_data.relative_bounding_box
        for one in detector.process(rgb).detections or ()  # type: ignore[attr-defined]
    ]
    if not boxes:
        return
    middles = np.array(
        [((box.xmin + box.width / 2) * wide, (box.ymin + box.height / 2) * high) for box in boxes]
    )
    heights = np.array([box.height * high for box in boxes])
    if search.box is None:
        host = int(heights.argmax())
        reach = 1.3 * max(heights[host], boxes[host].width * wide)
        search.box = _square(middles[host].tolist(), reach, (wide, high))
    else:
        x0, y0, x1, y1 = search.box
        host = int(np.linalg.norm(middles - ((x0 + x1) / 2, (y0 + y1) / 2), axis=1).argmin())
    search.other = float(np.delete(heights, host).max(initial=0.0) / heights[host])


def _surest(detector: object, rgb: NDArray[np.uint8]) -> float:
    """Highest confidence of the detector, 0..1; 0 if it finds no face."""
    found = detector.process(np.ascontiguousarray(rgb)).detections or []  # type: ignore[attr-defined]
    return max((float(one.score[0]) for one in found), default=0.0)


def _mesh(mesh: object, rgb: NDArray[np.uint8], search: _Search) -> NDArray[np.float64] | None:
    if search.box is None:
        return None
    x0, y0, x1, y1 = search.box
    crop = np.ascontiguousarray(rgb[y0:y1, x0:x1])
    faces = mesh.process(crop).multi_face_landmarks  # type: ignore[attr-defined]
    if not faces:
        search.box = None
        return None
    wide, high = x1 - x0, y1 - y0
    points = np.array([(one.x * wide + x0, one.y * high + y0, one.z * wide) for one in faces[0].landmark])
    low, top = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    search.heights.append(float(top[1] - low[1]))
    middle = (low + top) / 2
    search.box = _square((middle[0], middle[1]), top[1] - low[1], (rgb.shape[1], rgb.shape[0]))
    return points


def _square(
    middle: Sequence[float], height: float, limit: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    reach = max(32.0, 2 * ASPECT_MARGIN * height / 2 * 1.35)
    x0, y0 = max(0, int(middle[0] - reach)), max(0, int(middle[1] - reach))
    x1, y1 = min(limit[0], int(middle[0] + reach)), min(limit[1], int(middle[1] + reach))
    return (x0, y0, x1, y1) if x1 - x0 > 16 and y1 - y0 > 16 else None


def _check(found: list[NDArray[np.float64] | None], search: _Search, file: Path, before: int) -> None:
    _check_upright(search, file, before)
    missing = [number for number, points in enumerate(found) if points is None]
    if not found or len(missing) > MISSING_SHARE * len(found):
        raise _no_face(file, before + missing[0] if missing else before)
    height = float(np.median(search.heights))
    if height < LEAST_FACE_PIXELS:
        raise FootageError(
            f"the face is only {height:.0f} pixels high, at least {LEAST_FACE_PIXELS} are needed",
            where=f"{file}, second {before / FPS:.1f}",
            remedy="move the camera nearer, or record at a higher resolution",
        )


def _check_upright(search: _Search, file: Path, before: int) -> None:
    if search.upside_down and np.mean(search.upside_down) > 0.5:
        raise FootageError(
            "the face is upside down",
            where=f"{file}, second {before / FPS:.1f}",
            remedy="turn the video upright in an editor; its rotation tag is wrong",
        )


def _check_alone(others: NDArray[np.float64], file: Path, before: int) -> None:
    both = np.flatnonzero(others > SECOND_FACE)
    if len(both) > SECOND_FACE_SHARE * len(others):
        raise FootageError(
            "there are two faces",
            where=f"{file}, second {(before + both[0]) / FPS:.1f}",
            remedy="record the host alone, without posters or screens with faces behind",
        )


def _no_face(file: Path, number: int) -> FootageError:
    return FootageError(
        "no face is found",
        where=f"{file}, second {number / FPS:.1f}",
        remedy="record the host facing the camera in even light, the whole time",
    )


def _filled(found: list[NDArray[np.float64] | None], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The landmarks with gaps interpolated between the frames where the face was found."""
    known = np.flatnonzero(seen)
    stack = np.stack([points for points in found if points is not None])
    flat = stack.reshape(len(known), -1)
    right = np.clip(np.searchsorted(known, np.arange(len(found))), 0, len(known) - 1)
    left = np.clip(right - 1, 0, None)
    span = np.maximum(known[right] - known[left], 1)
    share = np.clip((np.arange(len(found)) - known[left]) / span, 0, 1)[:, None]
    share[known[right] == np.arange(len(found))] = 1
    return np.asarray((flat[left] * (1 - share) + flat[right] * share).reshape(len(found), *stack.shape[1:]))


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Binomial filter over three frames; removes the jitter of the mesh."""
    if len(points) < 3:
        return points
    calm = points.copy()
    calm[1:-1] = 0.25 * points[:-2] + 0.5 * points[1:-1] + 0.25 * points[2:]
    return calm
