from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from doublure.enrol.face_track import mouths_of
from doublure.enrol.report.rebuild import hide
from doublure.enrol.tracking import track
from doublure.errors import ConsentError, EngineError, FootageError
from doublure.media import SAMPLE_RATE, Picture, Place, Size, Speech
from doublure.picture.faces.patch import PatchFace, make
from doublure.picture.mouth.geometry import SHAPES, opening
from doublure.picture.mouth.textures import Setting
from doublure.picture.settings import FaceSettings
from doublure.trust.persona import FACE, load
from tests.clips import SIZE, consent_for, correlation
from tests.enrolled import Enrolled


@pytest.fixture(scope="module")
def face(enrolled: Enrolled) -> PatchFace:
    return PatchFace(enrolled.persona, SIZE)


def row(face: PatchFace, open_: float) -> NDArray[np.float32]:
    """The mouth of the frame that is open nearest to this, 0 (shut) to 1 (widest)."""
    openings = face._track.opening
    low, high = np.quantile(openings, (0.02, 0.94))
    shapes, _ = mouths_of(face._track)
    return np.asarray(shapes[np.argmin(np.abs(openings - low - open_ * (high - low)))], np.float32)


def test_the_mouth_does_what_it_is_asked_while_the_plate_says_something_else(face: PatchFace) -> None:
    rng = np.random.default_rng(3)
    asked = np.clip(np.repeat(rng.uniform(-0.2, 1.0, 20), 4), 0, 1).astype(np.float32)
    state: object = None
    pictures = []
    for number, open_ in enumerate(asked):
        picture, state = face.render(Place("talk", 100 + number), row(face, float(open_)), state)
        pictures.append(picture)
    tracked = track(iter(pictures), SIZE, Path("rendered"), lambda _: None)
    assert tracked.seen.all()
    seen = opening(tracked.control)
    assert correlation(seen, asked) > 0.9
    plates = face._track.opening[face._track.takes["talk"][100 : 100 + len(asked)]]
    assert correlation(seen, plates) < 0.6
    assert seen[asked == 0].mean() < 0.35 * seen[asked > 0.6].mean()


def test_only_the_lower_face_changes(face: PatchFace) -> None:
    plate = face._plates.read(Place("talk", 120))
    picture, _ = face.render(Place("talk", 120), row(face, 0.9), None)
    changed = np.abs(picture[: SIZE.height].astype(int) - plate[: SIZE.height]) > 2
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    points = face._track.control[face._track.takes["talk"][120]]
    eyes = face._track.scale[face._track.takes["talk"][120]]
    assert rows.min() > points[:, 1].min() - 0.2 * eyes
    assert rows.max() < points[:, 1].max() + 0.4 * eyes
    assert columns.min() > points[:, 0].min() - 0.2 * eyes
    assert columns.max() < points[:, 0].max() + 0.2 * eyes


def test_there_is_no_seam(face: PatchFace) -> None:
    """Along the mask's edge the picture is no steeper than the plate, in the median of the plates."""
    ratios = []
    for index in range(60, 160, 7):
        number = int(face._track.takes["talk"][index])
        plate = face._plates.read(Place("talk", index))[: SIZE.height]
        picture = face.render(Place("talk", index), row(face, 0.5), None)[0][: SIZE.height]
        inside = np.zeros((SIZE.height, SIZE.width), np.uint8)
        cv2.fillConvexPoly(inside, np.round(face._mouths.region(number)).astype(np.int32), 1)
        edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)) > 0
        ratios.append(float(steepness(picture)[edge].mean() / steepness(plate)[edge].mean()))
    assert float(np.median(ratios)) < 1.1
    assert max(ratios) < 1.25


def steepness(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    plane = luma.astype(np.float32)
    return np.asarray(np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)))


def test_a_silent_host_shuts_the_mouth_and_then_is_the_plate(face: PatchFace) -> None:
    takes = face._track.takes["idle"]
    state: object = None
    picture, state = face.render(Place("idle", 0), row(face, 1.0), state)
    for index in range(1, 40):
        picture, state = face.render(Place("idle", index), None, state)
    if not face._talks[takes[39]]:
        np.testing.assert_array_equal(picture, face._plates.read(Place("idle", 39)))
    loud = int(np.argmax(face._track.opening[face._track.takes["talk"]]))
    shut, _ = face.render(Place("talk", loud), None, None)
    tracked = track(iter([shut] * 3), SIZE, Path("rendered"), lambda _: None)
    open_ = opening(tracked.control)[0] / face._track.scale[face._track.takes["talk"][loud]]
    assert open_ < 0.35 * face._track.opening.max()


def test_the_same_calls_give_the_same_pictures(enrolled: Enrolled) -> None:
    def run() -> Picture:
        fresh = PatchFace(enrolled.persona, SIZE)
        state: object = None
        for index in range(12):
            picture, state = fresh.render(Place("talk", index), row(fresh, index / 12), state)
        return picture

    np.testing.assert_array_equal(run(), run())


def test_the_mouth_follows_a_voice_it_never_heard(face: PatchFace) -> None:
    """Another buzz, at other times and another pitch: the lips move with its loudness and rest in
    silence."""
    at = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    swell = np.abs(np.sin(2 * np.pi * 1.1 * at)) ** 1.5 * (at < 4.5)
    rows = face.mouth(Speech((0.2 * np.sign(np.sin(2 * np.pi * 190 * at)) * swell).astype(np.float32)))
    assert rows.shape == (150, SHAPES)
    openings = opening(face._track.shape.points(rows))
    assert correlation(openings, swell.reshape(150, -1).mean(axis=1)) > 0.7
    assert openings[-20:].mean() < face._track.rest_opening + 0.2 * np.ptp(openings)


def test_nothing_of_the_plates_own_mouth_is_left(face: PatchFace) -> None:
    """Whatever the plate shows where the mouth is set in, the picture is the same."""
    number = int(face._track.takes["talk"][120])
    plate = face._plates.read(Place("talk", 120))
    other = plate.copy()
    hide(other, face._mouths.region(number), SIZE)
    shape = row(face, 0.6)
    for picture in (plate, other):
        face._mouths.set_in(picture, number, shape, Setting())
    # of chroma, which is half as fine, the edge may take a trace
    assert np.abs(plate[: SIZE.height].astype(int) - other[: SIZE.height]).max() <= 2
    assert np.abs(plate.astype(int) - other).max() <= 8


def test_another_size_shows_the_same_face(enrolled: Enrolled) -> None:
    small = PatchFace(enrolled.persona, Size(360, 640))
    picture, _ = small.render(Place("talk", 30), row(small, 0.8), None)
    assert picture.shape == (960, 360)
    large, _ = PatchFace(enrolled.persona, SIZE).render(Place("talk", 30), row(small, 0.8), None)
    shrunk = cv2.resize(large[: SIZE.height], (360, 640), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - picture[:640]).mean() < 4


def test_a_persona_needs_its_own_consent(enrolled: Enrolled, tmp_path: Path) -> None:
    consent, folder = enrolled.consent, enrolled.folder
    with pytest.raises(EngineError, match="persona"):
        make(FaceSettings(engine="patch"), SIZE)
    with pytest.raises(ConsentError, match="consent"):
        make(FaceSettings(engine="patch", persona=folder / "persona"), SIZE)
    other = consent_for(tmp_path, folder / "talk.mp4", who="Somebody Else")
    with pytest.raises(ConsentError, match="Somebody Else"):
        load(folder / "persona", other)
    settings = FaceSettings(engine="patch", persona=folder / "persona", consent=folder / "consent-0.json")
    assert make(settings, SIZE).takes.keys() == {"idle", "talk"}
    assert load(folder / "persona", consent).manifest.who == consent.who


def test_a_damaged_persona_names_the_file(enrolled: Enrolled, tmp_path: Path) -> None:
    persona, consent = enrolled.persona, enrolled.consent
    copy = tmp_path / "persona"
    copy.mkdir()
    for file in persona.folder.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    raw = bytearray((copy / FACE).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / FACE).write_bytes(bytes(raw))
    with pytest.raises(FootageError, match=r"face\.npz: a file of the persona is damaged"):
        load(copy, consent)
    (copy / FACE).unlink()
    with pytest.raises(FootageError, match=r"face\.npz"):
        load(copy, consent)
    (copy / "manifest.json").write_text("{}")
    with pytest.raises(FootageError, match="manifest is damaged"):
        load(copy, consent)
    with pytest.raises(FootageError, match="this folder holds no persona"):
        load(tmp_path / "nowhere", consent)
