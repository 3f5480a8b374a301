"""The face `patch`: the host's own mouth, from the frame of the footage that fits best, bent to
the shape the phones ask for and set into the plate.

Every plate has its landmarks and head pose. Where the lips, the chin and the lower cheeks should
be is the plate's own shape moved by the host's shape model; the skin and teeth come from the
retrieved frame, warped (thin plates) so that its landmarks fall there. So the mouth keeps the
plate's pose, moves as smoothly as the track, and is as sharp as the footage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure import persona as personas
from doublure.clock import RealClock
from doublure.consent import load as load_consent
from doublure.engines import Mouth
from doublure.errors import ConsentError, EngineError
from doublure.geometry import CONTROL, JAW_PLACES, LIPS, OUTER_LIPS, SHARE, Pose, thin_plate
from doublure.media import Picture, Place, Size, Speech
from doublure.persona import FaceTrack, Persona
from doublure.plates import Fit, Plates, at_size, decode_take
from doublure.settings import FaceSettings
from doublure.visemes import mouth_rows

SHAPE_SPREAD = 0.03
"""Difference of opening or width (of the eye distance) that costs one unit when choosing a frame."""
ANGLE_SPREAD = np.array([0.10, 0.12, 0.25])
"""Difference of yaw, pitch and roll (radians) that costs one unit; roll the warp undoes best."""
STAY = 0.5
"""What a change of frame costs: without it the skin flickers between near equals."""
FADE_FRAMES = 2
"""Frames a change of texture takes."""
FADE_OPENING = 0.04
"""Textures fade into each other when their openings (of the eye distance) differ by less: between
shut lips and open ones a fade would be a smear."""
EASE = 0.55
"""Share of the way to rest that the lips go in one frame when speech ends."""
REST_FRAMES = 6
"""Frames in which the plate's own closed mouth comes back."""
LIP_SHARE = 0.8
"""Lips follow the shape model this much, and the plate's own lips, moved, for the rest."""
NODES = 18
"""Nodes a side of the grid on which the warp is computed; between them it is interpolated."""
_MASK = tuple(CONTROL.index(point) for point in (207, 427, 187, 411, 214, 434, 98, 327, 2))


def make(settings: FaceSettings, size: Size) -> PatchFace:
    """The engine `patch`. Raises `EngineError`, `ConsentError`, `FootageError`."""
    if settings.persona is None:
        raise EngineError(
            "the face patch needs a persona", remedy="set face: persona: to the folder enrol wrote"
        )
    if settings.consent is None:
        raise ConsentError(
            "a persona is loaded only with its host's consent",
            where=str(settings.persona),
            remedy="name the consent file under face: consent:",
        )
    consent = load_consent(settings.consent, today=RealClock().wall().date())
    return PatchFace(personas.load(settings.persona, consent), size)


@dataclass(frozen=True, slots=True)
class _State:
    """What a frame leaves to the next one."""

    open: float = 0.0
    spread: float = 0.0
    share: float = 0.0
    """How much of the mouth is rendered; 0 shows the plate's own."""
    source: int = -1
    """Texture in use, -1 for none yet."""
    before: int = -1
    """Texture that fades out."""
    fade: int = 0
    tint: tuple[float, float, float] | None = None
    """Y, U and V that the texture differs from the plate."""


class PatchFace:
    """A persona, at the size of one room."""

    name = "patch"

    def __init__(self, persona: Persona, size: Size) -> None:
        self.size = size
        self._fit = Fit.cover(persona.size, size)
        track = persona.track()
        self._track = track
        self.takes: Mapping[str, int] = {name: len(frames) for name, frames in track.takes.items()}
        files = {
            name: at_size(persona.folder / entry.file, persona.size, size)
            for name, entry in persona.manifest.takes.items()
        }
        self._plates = Plates(files, self.takes)
        offset = np.array([self._fit.left, self._fit.top])
        self._points = track.control[..., :2] * self._fit.scale - offset
        self._poses = [
            Pose(float(scale), rotation, shift)
            for scale, rotation, shift in zip(track.scale, track.rotation, track.shift, strict=True)
        ]
        self._angles = np.array([pose.angles for pose in self._poses])
        mouths = decode_take(persona.folder / personas.TEXTURES)
        self._textures = [_scaled(texture, self._fit.scale) for texture in mouths]
        self._corners = track.texture_corners * self._fit.scale - offset
        self._range = _MouthRange.of(track)

    def mouth(self, speech: Speech) -> Mouth:
        """Rows of `doublure.visemes`, of which the first two are used: opening 0..1 and spread -1..1,
        both relative to this host's own reach."""
        return mouth_rows(speech)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The plate with the mouth set in; about 5 ms at 720x1280 besides decoding."""
        picture = self._plates.read(place)
        number = int(self._track.takes[place.take][place.index % self.takes[place.take]])
        now = self._next(state if isinstance(state, _State) else _State(), mouth, number)
        if now.share > 0:
            now = self._set_in(picture, number, now)
        return picture, now

    def _next(self, last: _State, mouth: NDArray[np.float32] | None, number: int) -> _State:
        if mouth is not None:
            return replace(last, open=float(mouth[0]), spread=float(mouth[1]), share=1.0)
        eased = replace(last, open=last.open * (1 - EASE), spread=last.spread * (1 - EASE))
        if self._track.opening[number] > 2 * self._range.shut:
            # the plate talks: it is not to be seen
            return replace(eased, share=1.0)
        if eased.open > 0.05:
            return eased
        return replace(eased, share=max(0.0, last.share - 1 / REST_FRAMES))

    def _choose(self, open_: float, wide: float, number: int, current: int) -> int:
        frames = self._track.texture_frames
        cost = ((self._track.opening[frames] - open_) / SHAPE_SPREAD) ** 2
        cost += ((self._track.width[frames] - wide) / SHAPE_SPREAD) ** 2
        cost += (((self._angles[frames] - self._angles[number]) / ANGLE_SPREAD) ** 2).sum(axis=1)
        if current >= 0:
            cost[current] -= STAY
        return int(np.argmin(cost))

    def _alike(self, one: int, other: int) -> bool:
        openings = self._track.opening[self._track.texture_frames[[one, other]]]
        return bool(abs(openings[0] - openings[1]) < FADE_OPENING)

    def _set_in(self, picture: Picture, number: int, now: _State) -> _State:
        open_, wide = self._range.shape(now.open, now.spread)
        source = self._choose(open_, wide, number, now.source)
        if now.source < 0:
            now = replace(now, source=source)
        elif source != now.source:
            fade = FADE_FRAMES if self._alike(source, now.source) else 0
            now = replace(now, source=source, before=now.source, fade=fade)
        target = self._target(number, open_, wide)
        box = _box(target, self._poses[number].scale * self._fit.scale, self.size)
        if box is None:
            return now
        used = [now.source] if now.fade == 0 else [now.source, now.before]
        warped = self._warp(used, target, box)
        texture = warped[0]
        if now.fade:
            share = 1 - now.fade / (FADE_FRAMES + 1)
            texture = [
                cv2.addWeighted(new, share, old, 1 - share, 0) for new, old in zip(*warped, strict=True)
            ]
        mask, skin = self._mask(number, target, box)
        views = _views(picture, box, self.size)
        tint = _tint(views, texture, skin, now.tint)
        _blend(views, texture, mask * now.share, tint)
        return replace(now, fade=max(0, now.fade - 1), tint=tint)

    def _target(self, number: int, open_: float, wide: float) -> NDArray[np.float64]:
        """Where the control points should be in the room's picture, [CONTROL, 2]."""
        pose, shape = self._poses[number], self._track.shape
        wanted = shape.points(open_, wide)
        own = shape.points(float(self._track.opening[number]), float(self._track.width[number]))
        moved = self._track.control[number] + pose.scale * (wanted - own) @ pose.rotation.T * SHARE[:, None]
        moved[LIPS] += LIP_SHARE * (pose.place(wanted)[LIPS] - moved[LIPS])
        return np.asarray(moved[:, :2] * self._fit.scale - (self._fit.left, self._fit.top))

    def _warp(
        self, used: list[int], target: NDArray[np.float64], box: tuple[int, int, int, int]
    ) -> list[list[NDArray[np.uint8]]]:
        """The textures, Y, U and V each, as they fall into the box."""
        x0, y0, x1, y1 = box
        across, down = np.meshgrid(np.linspace(x0, x1 - 1, NODES), np.linspace(y0, y1 - 1, NODES))
        nodes = np.stack([across.ravel(), down.ravel()], axis=1)
        sources = [self._points[self._track.texture_frames[one]] for one in used]
        found: list[list[NDArray[np.uint8]]] = []
        for one, field in zip(used, thin_plate(sources, target, nodes), strict=True):
            corner = self._corners[one]
            grid = (nodes + field - corner).astype(np.float32).reshape(NODES, NODES, 2)
            whole = cv2.resize(grid, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
            half = cv2.resize(grid / 2, ((x1 - x0) // 2, (y1 - y0) // 2), interpolation=cv2.INTER_LINEAR)
            luma, blue, red = self._textures[one]
            found.append(
                [
                    _remap(luma, whole, cv2.INTER_CUBIC),
                    _remap(blue, half, cv2.INTER_LINEAR),
                    _remap(red, half, cv2.INTER_LINEAR),
                ]
            )
        return found

    def _mask(
        self, number: int, target: NDArray[np.float64], box: tuple[int, int, int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How much of the texture shows, float32 0..1, and where it is bare skin; of the box."""
        x0, y0, x1, y1 = box
        eyes = self._poses[number].scale * self._fit.scale
        # the plate's own chin as well, or it would show below a shut mouth's
        jaws = [points[JAW_PLACES][2:-2] for points in (target, self._points[number])]
        corners = np.concatenate([target[list(_MASK)], *jaws]) - (x0, y0)
        whole = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillConvexPoly(whole, cv2.convexHull(corners.astype(np.int32)), 255)
        reach = max(3, round(0.07 * eyes)) | 1
        whole = cv2.erode(whole, np.ones((reach, reach), np.uint8))
        soft = cv2.GaussianBlur(whole, (0, 0), 0.06 * eyes).astype(np.float32) / 255
        lips = np.zeros_like(whole)
        outer = target[: len(OUTER_LIPS)] - (x0, y0)
        cv2.fillConvexPoly(lips, cv2.convexHull(outer.astype(np.int32)), 1)
        lips = cv2.dilate(lips, np.ones((7, 7), np.uint8))
        return soft, (soft > 0.2) & (soft < 0.95) & (lips == 0)


@dataclass(frozen=True, slots=True)
class _MouthRange:
    """What the host's mouth does between shut and wide, template units."""

    shut: float
    wide_open: float
    neutral: float
    round: float
    spread: float

    @classmethod
    def of(cls, track: FaceTrack) -> _MouthRange:
        shut, wide_open = np.quantile(track.opening, (0.02, 0.94))
        still = track.opening <= np.quantile(track.opening, 0.4)
        round_, spread = np.quantile(track.width, (0.05, 0.93))
        return cls(
            float(shut), float(wide_open), float(np.median(track.width[still])), float(round_), float(spread)
        )

    def shape(self, open_: float, spread: float) -> tuple[float, float]:
        """Opening and width for 0..1 and -1..1."""
        reach = self.spread - self.neutral if spread > 0 else self.neutral - self.round
        # a shut mouth is not spread as far as an open one
        wide = self.neutral + spread * max(0.0, reach)
        return self.shut * (1 - open_) + self.wide_open * open_, wide


def _scaled(texture: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], ...]:
    """Y, U and V of an I420 texture at the room's scale."""
    high, wide = texture.shape[0] * 2 // 3, texture.shape[1]
    chroma = np.ascontiguousarray(texture[high:]).reshape(2, high // 2, wide // 2)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    planes = (np.ascontiguousarray(texture[:high]), chroma[0], chroma[1])
    if scale == 1:
        return planes
    size = (math.ceil(wide * scale / 2) * 2, math.ceil(high * scale / 2) * 2)
    half = (size[0] // 2, size[1] // 2)
    return tuple(
        np.asarray(cv2.resize(plane, to, interpolation=kind), np.uint8)
        for plane, to in zip(planes, (size, half, half), strict=True)
    )


def _remap(plane: NDArray[np.uint8], where: NDArray[np.float32], kind: int) -> NDArray[np.uint8]:
    moved = cv2.remap(plane, where[..., 0], where[..., 1], kind, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _box(target: NDArray[np.float64], eyes: float, size: Size) -> tuple[int, int, int, int] | None:
    """Even corners x0, y0, x1, y1 around the control points; None when they left the picture."""
    margin = 0.25 * eyes
    low = np.maximum(np.floor(target.min(axis=0) - margin), 0).astype(int) // 2 * 2
    high = np.minimum(np.ceil(target.max(axis=0) + margin), (size.width, size.height)).astype(int) // 2 * 2
    if np.any(high - low < 16):
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _views(picture: Picture, box: tuple[int, int, int, int], size: Size) -> list[NDArray[np.uint8]]:
    """The box in Y, U and V; writing to them writes to the picture."""
    x0, y0, x1, y1 = box
    chroma = picture[size.height :].reshape(2, size.height // 2, size.width // 2)
    return [
        picture[y0:y1, x0:x1],
        chroma[0, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2],
        chroma[1, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2],
    ]


def _tint(
    views: list[NDArray[np.uint8]],
    texture: list[NDArray[np.uint8]],
    skin: NDArray[np.bool_],
    last: tuple[float, float, float] | None,
) -> tuple[float, float, float]:
    """How much the plate's skin differs from the texture's around the mask's edge, eased in time."""
    found: list[float] = []
    for plane, (own, new) in enumerate(zip(views, texture, strict=True)):
        where = skin if plane == 0 else skin[::2, ::2]
        here = own[where].astype(np.float32) - new[where]
        found.append(float(here.mean()) if here.size else 0.0)
    if last is not None:
        found = [0.7 * old + 0.3 * new for old, new in zip(last, found, strict=True)]
    return found[0], found[1], found[2]


def _blend(
    views: list[NDArray[np.uint8]],
    texture: list[NDArray[np.uint8]],
    mask: NDArray[np.float32],
    tint: tuple[float, float, float],
) -> None:
    for plane, (own, new) in enumerate(zip(views, texture, strict=True)):
        share = mask if plane == 0 else mask[::2, ::2]
        mixed = own + (new + np.float32(tint[plane]) - own) * share
        own[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
