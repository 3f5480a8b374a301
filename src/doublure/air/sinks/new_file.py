"""Creates files for recordings; existing files are never overwritten."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import BinaryIO

from doublure.errors import SinkError

MOST_NUMBERS = 10_000
"""Most recordings of one name in a folder."""

LEAST_FREE_BYTES = 64 << 20
"""No recording begins with less free space: on a full disk each try would leave another empty file."""


def create(path: Path) -> BinaryIO:
    """A new file at `path`, or at `name-2.ext`, `name-3.ext` ... if it exists. It is unbuffered, so that
    written data outlives the process. Raises `SinkError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < LEAST_FREE_BYTES:
            raise SinkError(
                f"the disk is full: {free >> 20} MB are free, a recording needs {LEAST_FREE_BYTES >> 20} MB",
                where=str(path),
                remedy="free space on the disk; the recording then begins by itself",
            )
        for number in itertools.count(1):
            numbered = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
            try:
                return numbered.open("xb", buffering=0)
            except FileExistsError:
                if number >= MOST_NUMBERS:
                    raise
    except OSError as error:
        raise SinkError(
            f"the recording cannot be created: {error.strerror or error}",
            where=str(path),
            remedy="choose a folder that this account may write to",
        ) from error
    raise AssertionError  # the count has no end


def disk_fault(path: str, error: Exception) -> SinkError:
    """The error of a recording that broke off."""
    return SinkError(
        f"the recording broke off: {getattr(error, 'strerror', None) or error}",
        where=path,
        remedy="what was written so far can be played; make room on the disk",
    )
