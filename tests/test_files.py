import os
from pathlib import Path

import pytest

from doublure.errors import SettingsError
from doublure.files import contents, size_text


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
