"""Files: reads those that a person named, and keeps copies that take long to make.

Only a regular file of bounded size is read: a named pipe would block the reader for ever, and `/dev/zero` would fill
the memory. A kept copy carries its checksum in its name, so a damaged or changed one is made again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from doublure.errors import SettingsError

_PART = ".part"


def opened(path: Path) -> BufferedReader:
    """Open a regular file for reading. Raises `SettingsError` if it is a pipe or a device, `OSError` if it is
    a folder, is missing or may not be read."""
    if "\0" in str(path):
        raise SettingsError("a path cannot hold the character NUL", where=repr(str(path)))
    # without O_NONBLOCK (which Windows lacks) opening a pipe waits for its writer
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = open(number, "rb")  # noqa: SIM115 - the caller closes it
    try:
        mode = os.fstat(number).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise SettingsError(
                "this is a pipe or a device, not a file", where=str(path), remedy="name a regular file"
            )
    except BaseException:
        file.close()
        raise
    return file


def contents(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file. Raises like `opened`, and `SettingsError` for more than `most_bytes`."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        # files under /proc report size 0 and growing files too little, so the read is bounded too
        raw = file.read(most_bytes + 1)
    if max(len(raw), size) > most_bytes:
        raise SettingsError(
            f"the file is larger than {size_text(most_bytes)}",
            where=str(path),
            remedy="check that it is the right file, or split it",
        )
    return raw


def size_text(count: int) -> str:
    """A size for people: 64 kB, 4 MB (powers of ten)."""
    for unit, size in (("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:g} {unit}"
    return f"{count} bytes"


def private_folder(folder: Path) -> Path:
    """The folder, made if it is missing, that only this user can enter. Raises `OSError`, also when the folder
    belongs to somebody else, who could put other files in it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        reason = "this folder belongs to somebody else, who could put other files in it"
        raise PermissionError(errno.EPERM, reason, str(folder))
    folder.chmod(0o700)
    return folder


def kept_copy(folder: Path, stem: str, suffix: str, make: Callable[[Path], object]) -> Path:
    """The verified copy `stem-CHECKSUMsuffix` in a folder; `make` writes it to a path when there is none. Raises
    `OSError`."""
    for copy in sorted(folder.glob(f"{stem}-*{suffix}")):
        if copy.name == f"{stem}-{sha256(copy)}{suffix}":
            return copy
        copy.unlink(missing_ok=True)
    with _part(folder) as part:
        make(part)
        copy = folder / f"{stem}-{sha256(part)}{suffix}"
        part.replace(copy)
    return copy


def remove_parts(folder: Path) -> None:
    """Remove parts of copies that a process left when it died."""
    for part in folder.glob(f"*{_PART}"):
        with suppress(OSError), part.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever writes it holds it
            part.unlink()


def sha256(file: Path) -> str:
    """The checksum of a file's bytes, in hexadecimal. Raises `OSError`."""
    with file.open("rb") as opened_file:
        return hashlib.file_digest(opened_file, "sha256").hexdigest()


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A file that is being written: locked, and gone afterwards unless it was renamed."""
    opened_file, name = tempfile.mkstemp(suffix=_PART, dir=folder)
    try:
        fcntl.flock(opened_file, fcntl.LOCK_EX)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(opened_file)
