"""Revocations: which consents their hosts took back.

A revocation is a file that ends in `.revoked`. It means a consent in two ways:

- by its place: `li.json.revoked` revokes whatever `li.json` beside it holds, even when the
  revocation is damaged, because doubt goes in favour of the host;
- by its content: it names the signature of the consent, so it revokes every copy, link and other
  name of it, in every folder that is looked in.

Revocations are looked for in the consent's folder (and in the one a link leads to), in the
persona's folder, in the room's folder and in the machine's own. In the last two a revocation that
was seen once is remembered, so that taking the file away again does not help.
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
"""Ends the name of every revocation."""
MOST_FILES = 10_000
"""Looked at in one folder."""
MOST_BYTES = 1_000_000
"""Of a consent or revocation; larger ones are not read."""
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM)
"""The file is not there for us. Other errors pass (no descriptor is free, a network folder is slow)
and say nothing about the consent."""


class _Signed(BaseModel):
    """What the files have in common: a consent's own signature, and the one a revocation names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    signature: str = ""
    consent: str = ""


def beside(path: Path) -> Path:
    """The revocation of the consent in a file."""
    return path.with_name(path.name + SUFFIX)


def revoked(signature: str, path: Path, folders: Iterable[Path] = ()) -> bool:
    """True when the consent with this signature (hex) was revoked, or is no longer in the file.

    Looks beside `path`, in `folders` and in the machine's folder: a few small reads. It waits for no
    lock and for no database; only a network folder that hangs can hold it up, so on air it belongs in
    a lane with a time limit.
    """
    return _taken_back(signature, path, folders) or not _holds(path, signature)


def remember(signature: str, path: Path, folders: Iterable[Path], at: date) -> None:
    """Write a revocation that was seen into the machine's folder and into `folders` (the room's),
    where it is not known yet. A consent that is merely gone, or whose place names another one, is not
    remembered. What cannot be written is left out: the room has left the air already."""
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
    """Beside the name that was given, and beside the file that it leads to."""
    return beside(path), beside(Path(os.path.realpath(path)))


def _looked_in(path: Path, folders: Iterable[Path]) -> tuple[Path, ...]:
    real = Path(os.path.realpath(path))
    return tuple(dict.fromkeys((path.parent, real.parent, *folders, memory())))


def _is_of_another(file: Path) -> bool:
    """Whether a revocation names a consent, so that it does not mean whatever is beside it."""
    try:
        return bool(_read(file).consent)
    except (OSError, ValidationError):
        return False


def memory() -> Path:
    """The machine's own folder of revocations."""
    return load_machine().state_folder.expanduser() / "revoked"


def _there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _holds(path: Path, signature: str) -> bool:
    """Whether the file still holds this very consent."""
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
    """Raises `OSError`, and `ValidationError` for what is not JSON. Never waits for a writer: a FIFO of
    that name is no regular file."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.ENOENT, "this is not a file", str(path))
        return _Signed.model_validate_json(os.read(opened, MOST_BYTES))
    finally:
        os.close(opened)
