"""The face `patch`: the host's own mouth, driven by the sound and composited into the plate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from doublure.clock import RealClock
from doublure.errors import ConsentError, EngineError
from doublure.media import Box, Picture, Place, Size, Speech
from doublure.picture.body.plates import Fit, Plates, at_size, decode_take
from doublure.picture.engine import Mouth
from doublure.picture.mouth.articulation import load as load_articulation
from doublure.picture.mouth.textures import Mouths, Setting
from doublure.picture.mouth.track import FaceTrack, load_track
from doublure.picture.settings import FaceSettings
from doublure.settings import load_machine
from doublure.trust import persona as personas
from doublure.trust.consent import load as load_consent
from doublure.trust.persona import Persona

EASE = 0.55
"""Share of the distance to rest that the lips cover in one frame when speech ends."""
NEAR_REST = 0.3
"""RMS distance of the coefficients from rest at which the lips count as resting."""
REST_FRAMES = 6
"""Frames in which the rendered mouth fades back to the plate's own closed mouth."""
START_FRAMES = 3
"""Frames in which the rendered mouth replaces the plate's own when speech begins."""
TALKING = 2.0
"""A plate counts as talking if its mouth is open more than this many times as wide as at rest."""
HEAD = (1.2, 1.5, 1.3)
"""Reach of the head with its hair from the middle of the template (between eyes and nose): sideways, up
and down, in distances between the outer eye corners. A head is about 2.4 of these wide and 2.8 high."""


def make(settings: FaceSettings, size: Size) -> PatchFace:
    """The engine `patch`. Raises `EngineError`, `ConsentError`, `FootageError`."""
    if settings.persona is None:
        raise EngineError(
            "the face patch needs a persona", remedy="set face: persona: to the folder that enrol wrote"
        )
    if settings.consent is None:
        raise ConsentError(
            "a persona cannot be loaded without its host's consent",
            where=str(settings.persona),
            remedy="name the consent file under face: consent:",
        )
    consent = load_consent(settings.consent, today=RealClock().wall(), trusted=load_machine().trusted)
    return PatchFace(personas.load(settings.persona, consent), size)


@dataclass(frozen=True, slots=True)
class _State:
    """State passed from one frame to the next."""

    shape: NDArray[np.float32]
    """[SHAPES], coefficients."""
    share: float = 0.0
    """Opacity of the rendered mouth, 0..1; at 0 the plate's own shows."""
    setting: Setting = Setting()  # noqa: RUF009 - frozen


class PatchFace:
    """The face of a persona at the size of one room."""

    name = "patch"

    def __init__(self, persona: Persona, size: Size) -> None:
        self.size = size
        track = load_track(persona)
        self._track = track
        self.takes: Mapping[str, int] = {name: len(frames) for name, frames in track.takes.items()}
        files = {
            name: at_size(persona.folder / entry.file, persona.size, size)
            for name, entry in persona.manifest.takes.items()
        }
        self._plates = Plates(files, self.takes)
        textures = list(decode_take(persona.folder / personas.TEXTURES))
        fit = Fit.cover(persona.size, size)
        self.head: Box | None = head_box(track, fit)
        self._mouths = Mouths(track, textures, fit, size)
        self._articulation = load_articulation(persona.folder / personas.ARTICULATION)
        self._talks = track.opening > TALKING * max(track.rest_opening, 0.01)

    def mouth(self, speech: Speech) -> Mouth:
        """Rows of `doublure.picture.mouth.articulation`, [frames, SHAPES]."""
        return self._articulation.rows(speech.pcm)

    def render(
        self, place: Place, mouth: NDArray[np.float32] | None, state: object
    ) -> tuple[Picture, object]:
        """The plate with the mouth set in; about 6 ms at 720x1280, without decoding."""
        picture = self._plates.read(place)
        number = int(self._track.takes[place.take][place.index % self.takes[place.take]])
        last = state if isinstance(state, _State) else _State(self._articulation.rest)
        now = self._next(last, mouth, bool(self._talks[number]))
        if now.share > 0:
            setting = self._mouths.set_in(picture, number, now.shape, now.setting, now.share)
            now = replace(now, setting=setting)
        return picture, now

    def _next(self, last: _State, mouth: NDArray[np.float32] | None, talks: bool) -> _State:
        # a talking plate must never show through
        start = 1.0 if talks else min(1.0, last.share + 1 / START_FRAMES)
        if mouth is not None:
            return replace(last, shape=np.asarray(mouth, np.float32), share=start)
        rest = self._articulation.rest
        eased = replace(last, shape=last.shape + (rest - last.shape) * np.float32(EASE))
        if talks:
            return replace(eased, share=1.0)
        if float(np.sqrt(np.mean((eased.shape - rest) ** 2))) > NEAR_REST:
            return eased
        return replace(eased, share=max(0.0, last.share - 1 / REST_FRAMES))


def head_box(track: FaceTrack, fit: Fit) -> Box:
    """Box that holds the head in every frame of every take, in pixels of the room's picture."""
    frames = np.unique(np.concatenate(list(track.takes.values())))
    middle = track.shift[frames, :2] * fit.scale - (fit.left, fit.top)
    eyes = track.scale[frames, None] * fit.scale
    low = np.floor((middle - eyes * (HEAD[0], HEAD[1])).min(axis=0)).astype(int)
    high = np.ceil((middle + eyes * (HEAD[0], HEAD[2])).max(axis=0)).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
