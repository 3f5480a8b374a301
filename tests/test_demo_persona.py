"""The demo's personas: complete, small enough to ship, and able to speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import anyio
import av
import cv2
import numpy as np
import pytest
from mediapipe.python.solutions import face_mesh
from numpy.typing import NDArray

from doublure.enrol.face_track import mouths_of
from doublure.errors import ConsentError
from doublure.media import LANGUAGES, Place, Size
from doublure.picture.body.plates import SCALED
from doublure.picture.faces.patch import PatchFace
from doublure.show.room import open_room
from doublure.show.settings import RoomSettings, load_room
from doublure.trust.consent import load as load_consent
from doublure.trust.persona import load
from tests.rooms import small_room, until

DEMO = Path(__file__).resolve().parents[1] / "demo"
SIZE = Size(720, 1280)
MOST_BYTES = 60_000_000
INNER_LIPS = (13, 14)


@cache
def face(name: str = "woman") -> PatchFace:
    consent = load_consent(DEMO / "personas" / f"{name}.consent.json", today=date(2026, 12, 1))
    return PatchFace(load(DEMO / "personas" / name, consent), SIZE)


def test_everything_that_is_carried_along_is_small() -> None:
    carried = [file for file in (DEMO / "personas").rglob("*") if file.is_file() and SCALED not in file.parts]
    assert 2e6 < sum(file.stat().st_size for file in carried) < MOST_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_demo_room_has_the_rendered_host(language: str) -> None:
    room = load_room(DEMO / language / "room.yaml")
    assert room.face.engine == "patch"
    assert room.face.persona is not None
    assert room.face.persona.resolve() == DEMO / "personas" / "woman"


@pytest.mark.parametrize("name", ["woman", "man"])
def test_they_are_nobody_and_say_so(name: str) -> None:
    consent = load_consent(DEMO / "personas" / f"{name}.consent.json", today=date(2026, 12, 1))
    assert "rendered" in consent.who
    assert "nobody" in consent.who


def opening(place: Place, open_: float, name: str) -> float:
    """Drawn distance of the inner lips, in heights of the face, once the mouth has settled. `open_` is 0 for
    the mouth at rest and 1 for the mean of the widest twentieth."""
    state: object = None
    track = face(name)._track
    kept = track.texture_frames
    arrays = {
        part: getattr(track, part)[kept] for part in ("control", "scale", "rotation", "shift", "opening")
    }
    textures = replace(track, **arrays)
    shapes, rest = mouths_of(textures)
    wide = shapes[np.argsort(textures.opening)[-len(shapes) // 20 :]].mean(axis=0)
    row = (rest + open_ * (wide - rest)).astype(np.float32)
    for _ in range(3):
        picture, state = face(name).render(place, row, state)
    rgb = cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)[: SIZE.width]
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        marks = mesh.process(rgb).multi_face_landmarks[0].landmark
    upper, lower = (np.array([marks[point].x, marks[point].y]) for point in INNER_LIPS)
    high = np.hypot(marks[10].x - marks[152].x, marks[10].y - marks[152].y)
    return float(np.linalg.norm(upper - lower) / high)


@pytest.mark.parametrize("name", ["woman", "man"])
@pytest.mark.parametrize("place", [Place("talk", 10), Place("talk", 500), Place("idle", 30)])
def test_the_mouth_opens_and_shuts_in_every_take(place: Place, name: str) -> None:
    assert opening(place, 0.0, name) < 0.02
    assert opening(place, 1.0, name) > 0.05


def room_of(folder: Path, name: str) -> RoomSettings:
    folder.mkdir()
    settings = small_room(folder, "sinks: [{engine: file, path: air.mp4}]\n")
    people = DEMO / "personas"
    chosen = {"engine": "patch", "persona": people / name, "consent": people / f"{name}.consent.json"}
    return settings.model_copy(update={"face": settings.face.model_copy(update=chosen)})


def seen(folder: Path) -> NDArray[np.float64]:
    """Proportions of the face in the middle of a recording, [5]."""
    (recording,) = folder.glob("air*.mp4")
    with av.open(str(recording)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    picture = cv2.resize(pictures[len(pictures) // 2][: SIZE.width], None, fx=2, fy=2)
    return proportions(picture)


def proportions(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Proportions of the face in a picture: eyes, nose, mouth, jaw and forehead by the eyes' distance."""
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        marks = mesh.process(np.ascontiguousarray(picture)).multi_face_landmarks[0].landmark
    high, wide = picture.shape[:2]
    at = np.array([(one.x * wide, one.y * high) for one in marks])
    pairs = ((33, 133), (6, 2), (234, 454), (172, 397), (10, 168))
    lengths = np.array([np.linalg.norm(at[one] - at[other]) for one, other in pairs])
    return np.asarray(lengths / np.linalg.norm(at[33] - at[263]))


def test_two_rooms_of_one_machine_show_each_its_own_host(tmp_path: Path) -> None:
    names = ("woman", "man")

    async def show(settings: RoomSettings) -> None:
        async with open_room(settings) as room:
            view = await until(room, lambda view: len(view.said) >= 2, 40)
            assert view.state == "on_air"
            assert view.alarms == ()

    async def both() -> None:
        async with anyio.create_task_group() as rooms:
            for name in names:
                rooms.start_soon(show, room_of(tmp_path / name, name))

    anyio.run(both)
    aired = {name: seen(tmp_path / name) for name in names}
    known = {name: proportions(plate(name)) for name in names}
    for name, other in (names, names[::-1]):
        assert np.abs(aired[name] - known[name]).sum() < np.abs(aired[name] - known[other]).sum()


def plate(name: str) -> NDArray[np.uint8]:
    """The upper part of the first picture of a persona's idle take, RGB."""
    picture = face(name)._plates.read(Place("idle", 0))
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)[: SIZE.width], np.uint8)


@pytest.mark.parametrize(("name", "other"), [("woman", "man"), ("man", "woman")])
def test_one_hosts_consent_does_not_cover_the_other(name: str, other: str) -> None:
    consent = load_consent(DEMO / "personas" / f"{other}.consent.json", today=date(2026, 12, 1))
    with pytest.raises(ConsentError, match="was not given for this persona"):
        load(DEMO / "personas" / name, consent)
