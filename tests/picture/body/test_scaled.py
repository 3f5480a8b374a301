"""Copies of takes: verified, private, atomic, and gone with their persona."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from doublure.errors import FootageError
from doublure.media import Size
from doublure.picture.body import scaled

SIZE = Size(32, 48)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("DOUBLURE_CACHE_FOLDER", str(folder))
    return folder


@pytest.fixture
def take(tmp_path: Path) -> Path:
    file = tmp_path / "persona" / "talk.mp4"
    file.parent.mkdir()
    file.write_bytes(b"the host's own take")
    return file


def small(part: Path) -> None:
    part.write_bytes(b"smaller")


def never(part: Path) -> None:
    raise AssertionError("it is there already")


def test_a_copy_is_made_once_where_only_its_user_can_enter(take: Path, cache: Path) -> None:
    copy = scaled.copy_of(take, SIZE, small)
    assert scaled.copy_of(take, SIZE, never) == copy
    assert copy.read_bytes() == b"smaller"
    assert (cache / "scaled").stat().st_mode & 0o077 == 0
    assert list(take.parent.iterdir()) == [take], "nothing is written into the persona"


def test_a_copy_that_was_changed_is_made_again(take: Path) -> None:
    copy = scaled.copy_of(take, SIZE, small)
    copy.write_bytes(b"another host's")
    assert scaled.copy_of(take, SIZE, small).read_bytes() == b"smaller"


def test_a_copy_belongs_to_the_take_and_not_to_its_name(take: Path) -> None:
    first = scaled.copy_of(take, SIZE, small)
    take.write_bytes(b"another take, just as")
    second = scaled.copy_of(take, SIZE, lambda part: part.write_bytes(b"new"))
    assert second != first
    assert second.read_bytes() == b"new"


def test_a_copy_that_fails_leaves_nothing(take: Path, cache: Path) -> None:
    def broken(part: Path) -> None:
        part.write_bytes(b"half")
        raise FootageError("the take cannot be decoded")

    with pytest.raises(FootageError, match="cannot be decoded"):
        scaled.copy_of(take, SIZE, broken)
    assert not [file for file in cache.rglob("*") if file.suffix in (".part", ".mp4")]


def test_parts_of_dead_processes_are_swept_and_those_of_living_ones_kept(take: Path, cache: Path) -> None:
    folder = scaled.copy_of(take, SIZE, small).parent
    (folder / "dead.part").write_bytes(b"half")
    with (folder / "alive.part").open("wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        scaled.copy_of(take, SIZE, never)
        assert [file.name for file in folder.glob("*.part")] == ["alive.part"]


def test_copies_go_with_their_persona(take: Path, tmp_path: Path, cache: Path) -> None:
    other = tmp_path / "other" / "talk.mp4"
    other.parent.mkdir()
    other.write_bytes(b"another host's take")
    theirs, ours = scaled.copy_of(other, SIZE, small), scaled.copy_of(take, SIZE, small)
    scaled.forget(take.parent / ".." / "persona")
    assert not ours.exists()
    assert theirs.exists()
    other.unlink()
    scaled.copy_of(take, SIZE, small)
    assert not theirs.parent.exists()


def test_a_folder_of_somebody_else_is_refused(take: Path, tmp_path: Path, cache: Path) -> None:
    cache.mkdir()
    (tmp_path / "theirs").mkdir()
    (cache / "scaled").symlink_to(tmp_path / "theirs")
    with pytest.raises(FootageError, match="belongs to somebody else"):
        scaled.copy_of(take, SIZE, small)


def test_a_cache_that_cannot_be_written_says_what_to_do(take: Path, cache: Path) -> None:
    cache.write_text("")
    with pytest.raises(FootageError, match="DOUBLURE_CACHE_FOLDER"):
        scaled.copy_of(take, SIZE, small)
