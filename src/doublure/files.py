"""Reads files named by a person: only regular files of bounded size, else a clear error.

A named pipe would block the reader for ever and `/dev/zero` would fill the memory, so both are refused.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from doublure.errors import SettingsError


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
