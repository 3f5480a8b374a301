"""Draws the pictures: plate, mouth, overlay and AI label. Checks the label; shows stand-by on failure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from doublure import metrics
from doublure.errors import EngineError
from doublure.log import get_log
from doublure.media import Picture
from doublure.picture.body.takes import Plate, Takes
from doublure.picture.engine import Face
from doublure.picture.overlay import Overlay, OverlayState

log = get_log(__name__)

CHECK_FRAMES = 5
"""The label is checked in every fifth picture, so it is never missing for 200 ms."""
FAULTS_TO_STANDBY = 25
"""Consecutive pictures that could not be drawn before air shows stand-by."""


@dataclass(frozen=True, slots=True)
class Shot:
    """The content of one picture, for the picture lane."""

    number: int
    plate: Plate
    mouth: NDArray[np.float32] | None
    overlay: OverlayState


class Painter:
    """Draws pictures in the picture lane. The label is drawn last and then checked."""

    def __init__(self, face: Face, overlay: Overlay) -> None:
        self._face = face
        self._overlay = overlay
        self._states: dict[str, object] = {}
        self._faults = 0
        self.fault = ""
        self.held = ""
        """External reason to show stand-by (the label does not survive the encoding); "" for none."""
        self.standby_picture = self._draw(
            Shot(0, Takes(face.takes).step(False), None, OverlayState("", None))
        )
        if not overlay.label_present(self.standby_picture):
            raise EngineError("the AI label cannot be drawn", remedy="choose a larger picture")

    def paint(self, shot: Shot) -> Picture:
        """The picture of a shot; stand-by while `held` is set or when the label is missing from the picture.

        Raises when the face fails; from the `FAULTS_TO_STANDBY`th failure in a row, returns stand-by.
        """
        if self.held:
            return self.standby_picture
        try:
            picture = self._draw(shot)
        except Exception as error:
            metrics.STAGE_FAULTS.labels("perform").inc()
            log.error("a picture could not be drawn: %s", error)
            self._states.clear()
            self._faults += 1
            if self._faults < FAULTS_TO_STANDBY:
                raise
            self.fault = f"the face fails: {error}"
            return self.standby_picture
        if shot.number % CHECK_FRAMES == 0:
            if not self._overlay.label_present(picture):
                self.fault = "the AI label was not on the picture"
                log.error("the AI label was not on the picture")
                return self.standby_picture
            self.fault = ""
        self._faults = 0
        return self.standby_picture if self.fault else picture

    def _draw(self, shot: Shot) -> Picture:
        picture = self._host(shot.plate.place.take, shot)
        if shot.plate.old is not None:
            old, self._states[shot.plate.old.take] = self._face.render(
                shot.plate.old, shot.mouth, self._states.get(shot.plate.old.take)
            )
            picture = np.asarray(
                cv2.addWeighted(picture, shot.plate.weight, old, 1.0 - shot.plate.weight, 0.0), np.uint8
            )
        self._overlay.draw(picture, shot.overlay)
        return picture

    def _host(self, take: str, shot: Shot) -> Picture:
        picture, self._states[take] = self._face.render(shot.plate.place, shot.mouth, self._states.get(take))
        size = self._face.size
        if picture.dtype != np.uint8 or picture.shape != (size.height * 3 // 2, size.width):
            raise EngineError(
                f"the face drew a picture of shape {picture.shape} and type {picture.dtype}, not {(size.height * 3 // 2, size.width)} and uint8",
                where="face",
                remedy="choose another face engine",
            )
        return picture
