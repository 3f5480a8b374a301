"""Revocations: the consents that hosts have withdrawn.

A revocation is a file whose name ends in `.revoked`. It applies to a consent in two ways:

- by its place: `li.json.revoked` revokes whatever the `li.json` beside it holds. This works even if the
  revocation is damaged, because the host has the benefit of the doubt;
- by its content: it names the signature of the consent, so it revokes every copy, link and renamed file of
  it, in every folder that is searched.

The search covers the consent's folder (also that of a link's target), the persona's folder, the room's
folder and the machine's own. A revocation seen once is remembered in the last two, so deleting the file has
no effect.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from doublure.errors import ConsentError
from doublure.settings import load_machine
from doublure.trust.signing import write_whole

FORMAT = "doublure-revocation-1"
SUFFIX = ".revoked"
"""The name of every revocation ends in this."""
MOST_FILES = 10_000
"""Most revocations read in one folder."""
MOST_BYTES = 1_000_000
"""Most bytes read of a consent or revocation; a larger file is not accepted."""
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM)
"""Errors that mean that the file is gone. Other errors are passing (no free descriptor, a slow network
folder) and say nothing about the consent."""


class _Signed(BaseModel):
    """The fields read from either kind of file: a consent's own signature, and the one a revocation names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    signature: str = ""
    consent: str = ""


def beside(path: Path) -> Path:
    """Path of the revocation beside the consent `path`."""
    return path.with_name(path.name + SUFFIX)


def revoked(signature: str, path: Path, folders: Iterable[Path] = ()) -> bool:
    """Whether the consent with this signature (hex) was revoked, or is no longer in the file.

    Looks beside `path`, in `folders` and in the machine's folder, which takes a few small reads. It waits
    for no lock and no database. Only a network folder that hangs can delay it, so on air call it in a lane
    with a time limit.
    """
    return _taken_back(signature, path, folders) or not _holds(path, signature)


def remember(signature: str, path: Path, folders: Iterable[Path], at: date) -> None:
    """Copy a known revocation to the machine's folder and to `folders` (the room's), unless it is there.

    Nothing is written for a consent that is merely gone, or if the revocation beside it names another one.
    A failed write is ignored, because the room has already left the air.
    """
    named = any(_names(folder, signature) for folder in _looked_in(path, folders))
    damaged = any(_there(file) and not _is_of_another(file) for file in _beside_both(path))
    if not named and not damaged:
        return
    fields = {"format": FORMAT, "consent": signature, "seen": at.isoformat()}
    for folder in dict.fromkeys((memory(), *folders)):
        if not _names(folder, signature):
            with suppress(ConsentError):
                write_whole(folder / f"{signature[:32]}{SUFFIX}", json.dumps(fields, indent=2) + "\n")


def _taken_back(signature: str, path: Path, folders: Iterable[Path]) -> bool:
    if any(_there(file) for file in _beside_both(path)):
        return True
    return any(_names(folder, signature) for folder in _looked_in(path, folders))


def _beside_both(path: Path) -> tuple[Path, Path]:
    """The revocations beside the given name and beside the file it leads to."""
    return beside(path), beside(Path(os.path.realpath(path)))


def _looked_in(path: Path, folders: Iterable[Path]) -> tuple[Path, ...]:
    real = Path(os.path.realpath(path))
    return tuple(dict.fromkeys((path.parent, real.parent, *folders, memory())))


def _is_of_another(file: Path) -> bool:
    """Whether a revocation names a consent. Then it does not apply to just any file beside it."""
    try:
        return bool(_read(file).consent)
    except (OSError, ValidationError):
        return False


def memory() -> Path:
    """The machine's folder of remembered revocations."""
    return load_machine().state_folder.expanduser() / "revoked"


def _there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _holds(path: Path, signature: str) -> bool:
    """Whether the file still holds exactly this consent."""
    try:
        return _read(path).signature == signature
    except ValidationError:
        return False
    except OSError as error:
        return error.errno not in _GONE


def _names(folder: Path, signature: str) -> bool:
    """Whether a revocation in the folder names the consent."""
    for path in _revocations(folder):
        with suppress(OSError, ValidationError):
            if _read(path).consent == signature:
                return True
    return False


def _revocations(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice((one for one in entries if one.name.endswith(SUFFIX)), MOST_FILES):
            yield Path(entry.path)


def _read(path: Path) -> _Signed:
    """The fields of a file. Raises `OSError`, and `ValidationError` if it is not JSON. Never waits for a
    writer, because a FIFO is refused."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.ENOENT, "this is not a regular file", str(path))
        return _Signed.model_validate_json(os.read(opened, MOST_BYTES))
    finally:
        os.close(opened)
