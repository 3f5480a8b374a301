"""The spool: lines kept on the disk, in order, while the database does not answer.

Each process has its own spool file and holds that file's lock while it runs. Nothing waits for the
lock of another process, and no lock is held during a wait for the database. The file of a dead process
is taken over when the next process opens its spool.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from doublure.errors import SettingsError

NAMES = ("journal.spool", *(f"journal.{number}.spool" for number in range(1, 64)))
"""One name for each process that uses the folder at the same time."""
PIECE_BYTES = 256 * 1024
"""Bytes read at a time: about a thousand entries, moved in one transaction."""


class Spool:
    """One open spool file. One thread calls `append` and `clear`, another `piece` and `moved`.

    Positions count from the first byte ever written, so each position has one thread that writes it and
    the two threads need no lock.
    """

    def __init__(self, folder: Path) -> None:
        """Lock the first free file of the folder and take over the lines of dead processes. Raises
        `SettingsError`."""
        self._start = 0
        """Position of the file's first byte."""
        self._moved = 0
        """The database has everything before this position."""
        try:
            self.path, self._file = _first_free(folder)
            try:
                self._end = _whole_lines(self._file)
                os.ftruncate(self._file, self._end)
                self._adopt(folder)
            except OSError:
                os.close(self._file)
                raise
        except OSError as error:
            raise SettingsError(
                f"the journal's spool cannot be opened: {error.strerror}",
                where=str(folder),
                remedy="free disk space or repair the folder, because nothing airs unrecorded",
            ) from error

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._end - self._start

    @property
    def waiting(self) -> int:
        """Bytes that the database does not have yet."""
        return self._end - self._moved

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, given without line ends. They are on the disk when this returns. Either all of them
        are kept, or none is and `OSError` is raised."""
        block = b"".join(line + b"\n" for line in lines)
        try:
            # written at a position, not appended, so that the rest of a torn write is overwritten
            _write_whole(self._file, block, self.size)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self._end += len(block)

    def piece(self) -> tuple[list[bytes], int]:
        """The next lines to move (at most `PIECE_BYTES`, or one longer line) and the position where they
        end. Raises `OSError`."""
        end, length = self._end, PIECE_BYTES
        while self._moved < end:
            block = os.pread(self._file, min(length, end - self._moved), self._moved - self._start)
            whole = block.rfind(b"\n") + 1
            if whole:
                return block[:whole].split(b"\n")[:-1], self._moved + whole
            if len(block) < length:
                raise OSError(errno.EIO, "another program shortened the spool", str(self.path))
            length *= 2
        return [], self._moved

    def moved(self, end: int) -> None:
        """Note that the database has everything before the position `end`."""
        self._moved = end

    def clear(self) -> None:
        """Empty the file if the database has all of it. Raises `OSError`."""
        if self.size and not self.waiting:
            os.ftruncate(self._file, 0)
            self._start = self._end
            os.fsync(self._file)

    def close(self) -> None:
        """Release the file and its lock. The next process takes over the lines that wait."""
        os.close(self._file)

    def _adopt(self, folder: Path) -> None:
        for path in spool_files(folder):
            if path == self.path or not path.stat().st_size:
                continue
            other = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                if _lock(other):
                    self._copy(other)
                    # emptied, never removed: another process may be opening it now
                    os.ftruncate(other, 0)
            finally:
                os.close(other)

    def _copy(self, other: int) -> None:
        size, done = _whole_lines(other), 0
        while done < size:
            block = os.pread(other, min(PIECE_BYTES, size - done), done)
            _write_whole(self._file, block, self.size + done)
            done += len(block)
        os.fsync(self._file)
        self._end += size


def spool_files(folder: Path) -> Iterator[Path]:
    """The spool files that exist in a folder."""
    return (folder / name for name in NAMES if (folder / name).is_file())


def _first_free(folder: Path) -> tuple[Path, int]:
    for name in NAMES:
        opened = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _lock(opened):
            return folder / name, opened
        os.close(opened)
    raise SettingsError(
        f"{len(NAMES)} processes use this folder already",
        where=str(folder),
        remedy="stop the others, or give this room its own folder",
    )


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _whole_lines(file: int) -> int:
    """Bytes up to the last line end. What follows was torn by a crash and never reported as kept."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - PIECE_BYTES)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _write_whole(file: int, block: bytes, at: int) -> None:
    written = 0
    while written < len(block):
        written += os.pwrite(file, block[written:], at + written)
