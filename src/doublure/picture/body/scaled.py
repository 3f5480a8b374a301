"""Takes at a room's size: made once, kept in a folder that only this user can enter, verified when used.

A copy is found by the checksum of its take, never by a path or a name, and carries its own checksum in
its name. So it belongs to one take only, and a damaged or changed copy is made again.
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
"""Of the machine's cache folder."""
ORIGIN = "origin"
"""File beside the copies of a take that holds the take's path."""
_PART = ".part"


def copy_of(take: Path, size: Size, make: Callable[[Path], object]) -> Path:
    """The verified copy of a take at a size; `make` writes it to a path when there is none. Raises
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
            f"the take cannot be kept at the room's size: {error.strerror}",
            where=error.filename or str(take),
            remedy="free disk space, or name another folder in DOUBLURE_CACHE_FOLDER",
        ) from error


def forget(persona: Path) -> None:
    """Remove the copies of a persona's takes: when its consent was revoked, or it was erased. What cannot
    be removed now is removed when its takes are gone."""
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
            "this folder belongs to somebody else, who could put other pictures in it",
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
    """Each folder of copies, and the take they were made of."""
    root = load_machine().cache_folder.expanduser() / FOLDER
    for folder in sorted(root.glob("*/")):
        with suppress(OSError, UnicodeDecodeError):
            yield folder, Path((folder / ORIGIN).read_text("utf-8"))


def _sweep() -> None:
    """Remove copies of takes that are gone, and parts that a process left when it died."""
    for folder, origin in _kept():
        if not origin.exists():
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for part in folder.glob(f"*{_PART}"):
            with suppress(OSError), part.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever writes it holds it
                part.unlink()


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A file that is being written: locked, and gone afterwards unless it was renamed."""
    opened, name = tempfile.mkstemp(suffix=_PART, dir=folder)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(opened)


def _sum(file: Path) -> str:
    return fingerprints(file.parent, (file.name,))[file.name]
