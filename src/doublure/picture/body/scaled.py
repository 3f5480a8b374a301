"""Cache of takes at a room's size: made once, verified on use, in a folder only this user can enter.

A copy is found by the checksum of its take, never by a path or a name, and has its own checksum in its
name. So it belongs to exactly one take, and a damaged or changed copy is made again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doublure.errors import FootageError
from doublure.media import Size
from doublure.settings import load_machine
from doublure.trust.persona import fingerprints

FOLDER = "scaled"
"""Subfolder of the machine's cache folder."""
ORIGIN = "origin"
"""File that holds the path of the take, beside its copies."""
_PART = ".part"


def copy_of(take: Path, size: Size, make: Callable[[Path], object]) -> Path:
    """The verified copy of a take at a size; if there is none, `make` writes it to a path. Raises
    `FootageError`."""
    try:
        folder = _folder(take)
        name = f"{size.width}x{size.height}"
        for copy in sorted(folder.glob(f"{name}-*.mp4")):
            if copy.stem == f"{name}-{_sum(copy)}":
                return copy
            copy.unlink()
        with _part(folder) as part:
            make(part)
            copy = folder / f"{name}-{_sum(part)}.mp4"
            part.replace(copy)
        return copy
    except OSError as error:
        raise FootageError(
            f"the copy of the take at the room's size cannot be written: {error.strerror}",
            where=error.filename or str(take),
            remedy="free disk space, or name another folder in DOUBLURE_CACHE_FOLDER",
        ) from error


def forget(persona: Path) -> None:
    """Remove the copies of a persona's takes, after its consent was revoked or it was erased. Copies that
    cannot be removed now are removed once the takes are gone."""
    whole = persona.resolve()
    for folder, origin in _kept():
        if origin.parent == whole:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(take: Path) -> Path:
    root = load_machine().cache_folder.expanduser() / FOLDER
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise FootageError(
            "this folder belongs to somebody else, who could replace the pictures in it",
            where=str(root),
            remedy="remove it, or name another folder in DOUBLURE_CACHE_FOLDER",
        )
    root.chmod(0o700)
    _sweep()
    folder = root / _sum(take)
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / ORIGIN).write_text(str(take.resolve()), "utf-8")
    return folder


def _kept() -> Iterator[tuple[Path, Path]]:
    """Each folder of copies, with the path of the take they were made from."""
    root = load_machine().cache_folder.expanduser() / FOLDER
    for folder in sorted(root.glob("*/")):
        with suppress(OSError, UnicodeDecodeError):
            yield folder, Path((folder / ORIGIN).read_text("utf-8"))


def _sweep() -> None:
    """Remove copies of takes that are gone, and partial files left by a process that died."""
    for folder, origin in _kept():
        if not origin.exists():
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for part in folder.glob(f"*{_PART}"):
            with suppress(OSError), part.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its writer holds the lock
                part.unlink()


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A locked temporary file to write to; deleted afterwards unless it was renamed."""
    opened, name = tempfile.mkstemp(suffix=_PART, dir=folder)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(opened)


def _sum(file: Path) -> str:
    return fingerprints(file.parent, (file.name,))[file.name]
