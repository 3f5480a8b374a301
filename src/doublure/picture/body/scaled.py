"""Takes at a room's size: made once, kept in a folder that only this user can enter, verified when used.

A copy is found by the checksum of its take, never by a path or a name, and carries its own checksum in
its name. So it belongs to one take only, and a damaged or changed copy is made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from doublure.errors import FootageError
from doublure.files import kept_copy, private_folder, remove_parts, sha256
from doublure.media import Size
from doublure.settings import load_machine

FOLDER = "scaled"
"""Of the machine's cache folder."""
ORIGIN = "origin"
"""File beside the copies of a take that holds the take's path."""


def copy_of(take: Path, size: Size, make: Callable[[Path], object]) -> Path:
    """The verified copy of a take at a size; `make` writes it to a path when there is none. Raises
    `FootageError`."""
    try:
        return kept_copy(_folder(take), f"{size.width}x{size.height}", ".mp4", make)
    except OSError as error:
        raise FootageError(
            f"the take cannot be kept at the room's size: {error.strerror}",
            where=error.filename or str(take),
            remedy="free disk space, remove the folder, or name another one in DOUBLURE_CACHE_FOLDER",
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
    private_folder(root)
    _sweep()
    folder = root / sha256(take)
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
        remove_parts(folder)
