"""The demo's personas: whole, small enough to be carried along, and able to speak."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from mediapipe.python.solutions import face_mesh

from doublure.consent import load as load_consent
from doublure.enrol.likeness import mouths_of
from doublure.faces.patch import PatchFace
from doublure.media import LANGUAGES, Place, Size
from doublure.persona import load
from doublure.settings import load_room

DEMO = Path(__file__).resolve().parents[1] / "demo"
SIZE = Size(720, 1280)
MOST_BYTES = 60_000_000
INNER_LIPS = (13, 14)


@cache
def face(name: str = "woman") -> PatchFace:
    consent = load_consent(DEMO / "personas" / f"{name}.consent.json", today=date(2026, 12, 1))
    return PatchFace(load(DEMO / "personas" / name, consent), SIZE)


def test_everything_that_is_carried_along_is_small() -> None:
    assert sum(file.stat().st_size for file in (DEMO / "personas").rglob("*") if file.is_file()) < MOST_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_demo_room_has_the_rendered_host(language: str) -> None:
    room = load_room(DEMO / language / "room.yaml")
    assert room.face.engine == "patch"
    assert room.face.persona is not None
    assert room.face.persona.resolve() == DEMO / "personas" / "woman"


def test_she_is_nobody_and_says_so() -> None:
    consent = load_consent(DEMO / "personas" / "woman.consent.json", today=date(2026, 12, 1))
    assert "rendered" in consent.who
    assert "nobody" in consent.who


def opening(place: Place, open_: float) -> float:
    """Distance of the inner lips as drawn, in heights of the face, once the mouth has settled; `open_` is
    0 for the mouth at rest and 1 for the widest twentieth."""
    state: object = None
    track = face()._track
    shapes, rest = mouths_of(track)
    wide = shapes[np.argsort(track.opening)[-len(shapes) // 20 :]].mean(axis=0)
    row = (rest + open_ * (wide - rest)).astype(np.float32)
    for _ in range(3):
        picture, state = face().render(place, row, state)
    rgb = cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)[: SIZE.width]
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        marks = mesh.process(rgb).multi_face_landmarks[0].landmark
    upper, lower = (np.array([marks[point].x, marks[point].y]) for point in INNER_LIPS)
    high = np.hypot(marks[10].x - marks[152].x, marks[10].y - marks[152].y)
    return float(np.linalg.norm(upper - lower) / high)


@pytest.mark.parametrize("place", [Place("talk", 10), Place("talk", 700), Place("idle", 30)])
def test_her_mouth_opens_and_shuts_in_every_take(place: Place) -> None:
    assert opening(place, 0.0) < 0.02
    assert opening(place, 1.0) > 0.05
