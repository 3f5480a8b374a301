"""Room files and the machine's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from doublure.air.settings import PictureSettings
from doublure.cli.config import UNITS, rows
from doublure.errors import SettingsError
from doublure.settings import MachineSettings, load_machine
from doublure.show.settings import RoomSettings, ShowSettings, load_room

ROOM = """\
room: night
catalog: shop/catalog.yaml
rundown: /srv/rundown.yaml
folder: kept
face:
  engine: patch
  persona: host
sinks:
  - engine: file
    path: out/show.mp4
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "room.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_count_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ROOM)
    monkeypatch.chdir(tmp_path.parent)
    room = load_room(Path(tmp_path.name) / "room.yaml")
    assert room.catalog == tmp_path / "shop" / "catalog.yaml"
    assert room.rundown == Path("/srv/rundown.yaml")
    assert room.folder == tmp_path / "kept"
    assert room.face.persona == tmp_path / "host"
    assert room.sinks[0].path == tmp_path / "out" / "show.mp4"
    assert room.face.consent is None


def test_a_home_of_nobody_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no user `~nobody-here`"):
        load_room(write(tmp_path, ROOM.replace("kept", "~nobody-here/rooms")))


def test_a_home_path_is_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/shop")
    room = load_room(write(tmp_path, ROOM.replace("kept", "~/rooms/night")))
    assert room.folder == Path("/home/shop/rooms/night")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (ROOM.replace("persona", "personna"), 7, "persona"),
        (ROOM.replace("folder: kept", "colour: red"), 4, "colour"),
        (ROOM + "picture:\n  width_pixels: 721\n", 12, "multiple of 2"),
        (ROOM + "show:\n  disclosure_minutes: 30\n", 12, "15"),
        (ROOM.replace("room: night\n", ""), 1, "room"),
        (ROOM + "language: de\n", 11, "language"),
    ],
)
def test_a_wrong_file_says_file_line_and_what(tmp_path: Path, text: str, line: int, reason: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError, match=reason) as caught:
        load_room(file)
    assert caught.value.where == f"{file}:{line}"


@pytest.mark.parametrize(
    ("wide", "high", "kbps", "least"),
    [
        (1080, 1920, 200, 1037),
        (2160, 3840, 4147, 4148),
        (2160, 3840, None, 4148),
        (360, 640, 200, 0),
        (720, 1280, None, 0),
    ],
)
def test_a_bit_rate_under_which_the_label_is_lost_is_refused(
    tmp_path: Path, wide: int, high: int, kbps: int | None, least: int
) -> None:
    text = f"{ROOM}picture:\n  width_pixels: {wide}\n  height_pixels: {high}\n"
    file = write(tmp_path, text + (f"  video_kbps: {kbps}\n" if kbps else ""))
    if not least:
        assert load_room(file).picture.video_kbps == (kbps or 2500)
        return
    with pytest.raises(SettingsError, match="the AI label would not survive") as caught:
        load_room(file)
    assert caught.value.remedy == f"the least is {least}"
    assert caught.value.where.startswith(f"{file}:")
    file.write_text(text + f"  video_kbps: {least}\n", encoding="utf-8")
    assert load_room(file).picture.video_kbps == least


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_room(tmp_path / "none.yaml")
    assert str(tmp_path / "none.yaml") in str(caught.value)


def test_settings_do_not_change(tmp_path: Path) -> None:
    room = load_room(write(tmp_path, ROOM))
    with pytest.raises(ValidationError):
        room.room = "another"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        room.picture.width_pixels = 2  # type: ignore[misc]


def test_no_setting_removes_or_shrinks_the_label() -> None:
    names = [row.name.lower() for row in rows()]
    assert not [name for name in names if "label" in name]
    with pytest.raises(ValidationError):
        ShowSettings(disclosure_minutes=15.1)
    with pytest.raises(ValidationError):
        ShowSettings(disclosure_minutes=0)


def test_picture_size() -> None:
    size = PictureSettings().size
    assert (size.width, size.height, size.short_side) == (720, 1280, 720)


def test_the_machine_is_set_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_machine().console_port == 8000
    monkeypatch.setenv("DOUBLURE_CONSOLE_PORT", "9000")
    monkeypatch.setenv("DOUBLURE_CACHE_FOLDER", "/srv/cache")
    monkeypatch.setenv("DOUBLURE_UNRELATED", "x")
    assert load_machine().console_port == 9000
    assert load_machine().cache_folder == Path("/srv/cache")


@pytest.mark.parametrize(
    ("name", "value"), [("CONSOLE_PORT", "0"), ("CONSOLE_PORT", "web"), ("LOG_LEVEL", "loud")]
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DOUBLURE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_machine()
    assert caught.value.where == f"DOUBLURE_{name}"
    assert caught.value.remedy


def test_the_list_names_every_setting_with_its_unit() -> None:
    listed = {row.name: row for row in rows()}
    assert listed["judge.gap_seconds"].unit == "s"
    assert listed["judge.gap_seconds"].default == "6.0"
    assert listed["sinks[].url"].default == "none"
    assert listed["room"].default == "required"
    assert listed["voice.speed"].values == "number ≥ 0.5 ≤ 2.0"
    assert listed["DOUBLURE_CONSOLE_PORT"].unit == "port"
    tops = {name.partition(".")[0].removesuffix("[]") for name in listed if not name.startswith("DOUBLURE_")}
    assert tops == set(RoomSettings.model_fields)
    assert len([name for name in listed if name.startswith("DOUBLURE_")]) == len(MachineSettings.model_fields)


def test_every_setting_has_a_doc_and_every_number_a_unit() -> None:
    for row in rows():
        assert row.doc, row.name
        if "number" in row.values:
            assert row.unit, f"{row.name} must end in one of {', '.join(UNITS)}"
