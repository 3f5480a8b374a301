"""New files for recordings: an existing one is never written over."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import BinaryIO

from doublure.errors import SinkError

MOST_NUMBERS = 10_000
"""Recordings of one name in a folder."""

LEAST_FREE_BYTES = 64 << 20
"""With less room on the disk no recording is begun: on a full disk each try would leave one more empty file."""


def create(path: Path) -> BinaryIO:
    """A new file at `path`, or at `name-2.ext`, `name-3.ext` ... when there is one already; written
    without a buffer, so that what was written outlives the process. Raises `SinkError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < LEAST_FREE_BYTES:
            raise SinkError(
                f"the disk is full: {free >> 20} MB are free, {LEAST_FREE_BYTES >> 20} MB are needed to begin",
                where=str(path),
                remedy="make room on the disk; the recording begins by itself",
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
            f"cannot be made: {error.strerror or error}",
            where=str(path),
            remedy="choose a folder that this account may write to",
        ) from error
    raise AssertionError  # the count has no end


def disk_fault(path: str, error: Exception) -> SinkError:
    """What a recording that cannot go on raises."""
    return SinkError(
        f"the recording broke off: {getattr(error, 'strerror', None) or error}",
        where=path,
        remedy="what was written so far can be played; make room on the disk",
    )
