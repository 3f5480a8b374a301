"""Cache of takes at a room's size: made once, verified on use, in a folder only this user can enter.

A copy is found by the checksum of its take, never by a path or a name, and has its own checksum in its
name. So it belongs to exactly one take, and a damaged or changed copy is made again.
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
"""Subfolder of the machine's cache folder."""
ORIGIN = "origin"
"""File that holds the path of the take, beside its copies."""


def copy_of(take: Path, size: Size, make: Callable[[Path], object]) -> Path:
    """The verified copy of a take at a size; if there is none, `make` writes it to a path. Raises
    `FootageError`."""
    try:
        return kept_copy(_folder(take), f"{size.width}x{size.height}", ".mp4", make)
    except OSError as error:
        raise FootageError(
            f"the copy of the take at the room's size cannot be written: {error.strerror}",
            where=error.filename or str(take),
            remedy="free disk space, remove the folder, or name another one in DOUBLURE_CACHE_FOLDER",
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
    private_folder(root)
    _sweep()
    folder = root / sha256(take)
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
        remove_parts(folder)
