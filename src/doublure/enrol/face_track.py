"""Measures the host's face: skull, mouth movements, mouth at rest, and which mouth pictures to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure.enrol.scan import Watched
from doublure.enrol.tracking import Tracked
from doublure.media import Picture, Size
from doublure.picture.body.plates import Fit
from doublure.picture.mouth.geometry import (
    LIPS,
    MOVING,
    Points,
    Pose,
    fit_pose,
    fit_shapes,
    make_template,
    opening,
)
from doublure.picture.mouth.textures import ANGLE_SPREAD, Mouths, Setting
from doublure.picture.mouth.track import FaceTrack

TEXTURES = 400
"""Mouth pictures kept; more add little and cost memory."""
TEXTURE_REACH = (1.15, 1.0, 1.35)
"""Extent of a texture from the centre of the lips: sideways, up and down, in eye distances."""
SHARPEST = 1.0
"""Maximum sharpening of textures."""
SAMPLED, SAMPLED_EVERY = 24, 8
"""Frames compared for sharpness, and the distance between them in frames."""
DIP = 0.012
"""Largest drop of the opening below the mean of the two adjacent frames, as a share of the eye distance."""
REST_SHARE = 0.1
"""Share of frames taken as the mouth at rest: the most closed ones, from silence if there is any."""
REST_FRAMES = 10
"""With fewer silent frames than this, rest is measured on all frames."""


def measure(
    tracked: Tracked,
    talking: NDArray[np.float64],
    takes: dict[str, NDArray[np.int64]],
    size: Size,
    learnt: NDArray[np.bool_] | None = None,
) -> tuple[FaceTrack, Size]:
    """The face of the footage and the size of its textures. `talking` [n] is the share of speech in each
    frame, 0..1. Only frames where `learnt` [n] is true are used (None: all)."""
    known = tracked.seen if learnt is None else tracked.seen & learnt
    template = make_template(tracked.rigid[known])
    poses = [fit_pose(template, points) for points in tracked.rigid]
    placed = placed_points(poses, tracked.control)
    open_ = opening(placed)
    chosen = _spread_out(poses, placed, np.flatnonzero(known & ~_dips(open_)))
    resting = _resting(open_, talking, np.flatnonzero(known))
    corners, texture = _textures(tracked.control[chosen], max(pose.scale for pose in poses), size)
    face = FaceTrack(
        control=tracked.control,
        scale=np.array([pose.scale for pose in poses]),
        rotation=np.stack([pose.rotation for pose in poses]),
        shift=np.stack([pose.shift for pose in poses]),
        opening=open_,
        rest_opening=float(np.median(open_[resting])),
        shape=fit_shapes(placed[known]),
        sharpen=0.0,
        texture_frames=chosen,
        texture_corners=corners,
        takes=takes,
    )
    return face, texture


def sharpness_lost(watched: Watched, face: FaceTrack, textures: list[Picture]) -> float:
    """The sharpening, 0..SHARPEST, that makes rendered mouths as sharp as filmed ones. It is measured by
    rebuilding some frames of speech with their own shapes from the textures of other frames."""
    shapes, _ = mouths_of(face)
    kept = set(face.texture_frames.tolist())
    until = int(face.texture_frames.max())
    speech = [n for n in np.flatnonzero(watched.talking[:until] > 0.5).tolist() if n not in kept]
    wanted = dict.fromkeys(speech[: SAMPLED * SAMPLED_EVERY : SAMPLED_EVERY])
    if not wanted:
        return 0.0
    size = watched.shape.size
    fit = Fit.cover(size, size)
    tries = [Mouths(replace(face, sharpen=amount), textures, fit, size) for amount in (0.0, SHARPEST / 2)]
    energy = np.zeros(3)
    for number, picture in enumerate(islice(watched.pictures(), max(wanted) + 1)):
        if number not in wanted:
            continue
        region = tries[0].region(number)
        energy[2] += _detail(picture, region, size)
        for place, mouths in enumerate(tries):
            copy = picture.copy()
            mouths.set_in(copy, number, shapes[number], Setting())
            energy[place] += _detail(copy, region, size)
    # the amplitude that sharpening adds is proportional to its amount
    plain, sharpened, true = np.sqrt(energy)
    return float(np.clip((true - plain) / max(sharpened - plain, 1e-6), 0, 2) * SHARPEST / 2)


def _detail(picture: Picture, region: NDArray[np.float64], size: Size) -> float:
    low, high = region.min(axis=0).astype(int), region.max(axis=0).astype(int)
    luma = picture[: size.height][max(0, low[1]) : high[1], max(0, low[0]) : high[0]]
    return float((cv2.Laplacian(luma.astype(np.float32), cv2.CV_32F) ** 2).sum())


def placed_points(poses: list[Pose], control: Points) -> Points:
    """Picture points in the template's coordinates, [frames, CONTROL, 3]."""
    return np.stack([pose.unplace(points) for pose, points in zip(poses, control, strict=True)])


def mouths_of(face: FaceTrack) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shape coefficients of every frame [n, SHAPES] and of the mouth at rest [SHAPES]."""
    poses = [
        Pose(float(scale), rotation, shift)
        for scale, rotation, shift in zip(face.scale, face.rotation, face.shift, strict=True)
    ]
    shapes = face.shape.shapes(placed_points(poses, face.control)[:, MOVING])
    near = np.argsort(np.abs(face.opening - face.rest_opening))[: max(1, round(REST_SHARE / 2 * len(shapes)))]
    return shapes, shapes[near].mean(axis=0)


def _resting(
    open_: NDArray[np.float64], talking: NDArray[np.float64], known: NDArray[np.int64]
) -> NDArray[np.int64]:
    silent = known[talking[known] < 0.05]
    among = silent if len(silent) >= REST_FRAMES else known
    return np.asarray(among[np.argsort(open_[among])[: max(1, round(REST_SHARE * len(known)))]])


def _dips(open_: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[n]: frames in which the lips seem far more shut than just before and after. Lips do not move that
    fast, so the mesh is wrong there; such a texture would show teeth where shut lips are wanted."""
    around = (np.roll(open_, 1) + np.roll(open_, -1)) / 2
    found = around - open_ > DIP
    found[[0, -1]] = False
    return np.asarray(found)


def _spread_out(poses: list[Pose], placed: Points, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frames that differ most in shape and pose, in time order (farthest-point sampling)."""
    if len(known) <= TEXTURES:
        return known
    lips = placed[:, LIPS, :2].reshape(len(placed), -1)
    angles = np.array([pose.angles for pose in poses]) / ANGLE_SPREAD
    features = np.column_stack([lips / 0.01 / np.sqrt(lips.shape[1] / 2), angles])[known]
    chosen = [int(np.argmin(opening(placed[known])))]
    distance = ((features - features[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < TEXTURES:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((features - features[chosen[-1]]) ** 2).sum(axis=1))
    return np.asarray(np.sort(known[chosen]), np.int64)


def _textures(control: Points, eyes: float, size: Size) -> tuple[NDArray[np.int64], Size]:
    """Top left corners [m, 2] of the textures (even numbers), and the texture size."""
    reach = [int(np.ceil(part * eyes / 6)) * 6 for part in TEXTURE_REACH]
    limit = np.array([size.width, size.height])
    texture = np.array([min(2 * reach[0], limit[0] // 2 * 2), min(reach[1] + reach[2], limit[1] // 2 * 2)])
    lips = control[:, LIPS, :2].mean(axis=1)
    corners = (lips - (reach[0], reach[1])).astype(np.int64)
    corners = np.clip(corners, 0, np.maximum(limit - texture, 0)) // 2 * 2
    return corners, Size(int(texture[0]), int(texture[1]))


def cut_mouths(pictures: Iterator[Picture], size: Size, face: FaceTrack, texture: Size) -> Iterator[Picture]:
    """The chosen frames, cropped to the mouth."""
    wide, high = texture.width, texture.height
    corners = dict(zip(face.texture_frames.tolist(), face.texture_corners.tolist(), strict=True))
    for number, picture in enumerate(pictures):
        if number not in corners:
            continue
        x, y = corners[number]
        chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
        cut = chroma[:, y // 2 : (y + high) // 2, x // 2 : (x + wide) // 2]
        yield np.concatenate(
            [picture[y : y + high, x : x + wide], np.ascontiguousarray(cut).reshape(-1, wide)]
        )
