import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doublure.errors import SettingsError
from doublure.files import contents, kept_copy, private_folder, remove_parts, size_text


def test_a_regular_file_is_read_whole_up_to_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(bytes(64))
    assert contents(file, 64) == bytes(64)
    with pytest.raises(SettingsError, match="larger than 63 bytes"):
        contents(file, 63)


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").symlink_to("a")
    assert contents(tmp_path / "b", 9) == b"x"


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(SettingsError, match="not a file"):
            contents(path, 1000)


def test_what_cannot_be_opened_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        contents(tmp_path / "none", 1)
    with pytest.raises(IsADirectoryError):
        contents(tmp_path, 1)
    with pytest.raises(SettingsError, match="NUL"):
        contents(tmp_path / "a\0b", 1)


def test_sizes_for_people() -> None:
    assert [size_text(count) for count in (12, 64_000, 4_000_000)] == ["12 bytes", "64 kB", "4 MB"]


def write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def test_a_copy_is_made_once_and_again_when_damaged(tmp_path: Path) -> None:
    copy = kept_copy(tmp_path, "take", ".mp4", write("whole"))
    assert kept_copy(tmp_path, "take", ".mp4", write("other")) == copy
    copy.write_text("damaged")
    assert kept_copy(tmp_path, "take", ".mp4", write("whole")) == copy
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_a_copy_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        kept_copy(tmp_path, "take", ".mp4", fail)
    assert not list(tmp_path.iterdir())


def test_a_part_that_nobody_writes_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "abc.part"
    left.touch()

    def write_among_others(part: Path) -> None:
        remove_parts(tmp_path)
        part.write_text("whole")

    kept_copy(tmp_path, "take", ".mp4", write_among_others)
    assert not left.exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "new")
    assert folder.stat().st_mode & 0o777 == 0o700
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(PermissionError, match="somebody else"):
        private_folder(link)
