"""The spool: whole lines or none, one owner, and nothing lost that a dead process left."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from doublure.errors import SettingsError
from doublure.store.spool import NAMES, PIECE_BYTES, Spool


def left(spool: Spool) -> list[bytes]:
    """Everything that waits, moved piece by piece."""
    lines: list[bytes] = []
    while spool.waiting:
        piece, end = spool.piece()
        lines += piece
        spool.moved(end)
    return lines


def test_lines_come_back_in_their_order_and_the_file_is_emptied_after(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a", b"b"])
    spool.append([b"c"])
    spool.clear()
    assert spool.path.read_bytes() == b"a\nb\nc\n", "nothing was moved yet"
    assert left(spool) == [b"a", b"b", b"c"]
    spool.clear()
    assert spool.path.read_bytes() == b""
    spool.append([b"d"])
    assert (spool.size, spool.waiting) == (2, 2)
    assert left(spool) == [b"d"]


def test_lines_that_come_while_pieces_are_moved_wait_their_turn(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a"])
    piece, end = spool.piece()
    spool.append([b"b"])
    spool.moved(end)
    spool.clear()
    assert piece == [b"a"]
    assert left(spool) == [b"b"]


def test_pieces_are_bounded_and_a_longer_line_is_a_piece(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    lines = [b"x" * 1000] * 1000 + [b"y" * PIECE_BYTES * 3, b"z"]
    spool.append(lines)
    piece, _ = spool.piece()
    assert sum(len(line) + 1 for line in piece) <= PIECE_BYTES
    assert left(spool) == lines


def test_a_torn_line_is_dropped_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).write_bytes(b"whole\ntorn" + b"x" * PIECE_BYTES * 2)
    spool = Spool(tmp_path)
    spool.append([b"next"])
    assert left(spool) == [b"whole", b"next"]


def test_a_file_of_one_torn_line_is_empty(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).write_bytes(b"torn")
    spool = Spool(tmp_path)
    assert (spool.size, spool.waiting) == (0, 0)


def test_two_owners_never_share_a_file(tmp_path: Path) -> None:
    one, two = Spool(tmp_path), Spool(tmp_path)
    assert [one.path.name, two.path.name] == list(NAMES[:2])
    two.append([b"b"])
    two.close()
    three = Spool(tmp_path)
    assert three.path == two.path
    assert left(three) == [b"b"]


def test_files_of_dead_processes_are_taken_over(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES[:4]):
        (tmp_path / name).write_bytes(b"%d\n" % number + b"torn")
    with (tmp_path / NAMES[2]).open("rb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        spool = Spool(tmp_path)
        assert left(spool) == [b"0", b"1", b"3"]
        assert [(tmp_path / name).stat().st_size for name in NAMES[1:4]] == [0, 6, 0]


def test_what_was_made_shorter_by_somebody_else_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"a", b"b"])
    os.truncate(spool.path, 1)
    with pytest.raises(OSError, match="shorter"):
        left(spool)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).mkdir()
    with pytest.raises(SettingsError, match="spool cannot be opened"):
        Spool(tmp_path)
    with pytest.raises(SettingsError, match="spool cannot be opened"):
        Spool(tmp_path / "absent")


def test_more_processes_than_spools_are_refused(tmp_path: Path) -> None:
    spools = [Spool(tmp_path) for _ in NAMES]
    with pytest.raises(SettingsError, match="64 processes"):
        Spool(tmp_path)
    for spool in spools:
        spool.close()
