"""The seal: the machine's signature of the journal's newest link.

The chain alone shows that no entry was changed; whoever can write the database could still write a
whole new chain, or cut off its end. So each time entries are added the newest link is signed with a
key of the machine, and the machine notes how far it came. Both lie in the state folder, outside the
database (`DOUBLURE_STATE_FOLDER`).

A link that this machine cannot vouch for is never signed over: the seal then stays broken, the room
stays on air, and `doublure journal verify` says so. Machines that write to one database know each
other's keys from `DOUBLURE_JOURNAL_KEYS`. A machine that lost its key names the old public key there
before its rooms go on air again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from doublure.log import get_log
from doublure.settings import load_machine
from doublure.trust.signing import canonical, private_key, public_hex, verified

FORMAT = "doublure-journal-head-1"
KEY_FILE = "journal.key"
NOTES = "journals"

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link, as the database has it."""

    journal: str
    """Random id of the journal, hex; "" in a database that is not up to date."""
    number: int
    """Of the newest entry, 0 when there is none."""
    hash: str
    key: str
    """Public key, hex, of the machine that signed; "" when none did."""
    signature: str
    """Hex."""

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return canonical(
            {"format": FORMAT, "journal": self.journal, "number": self.number, "hash": self.hash}
        )

    @property
    def signed(self) -> bool:
        """True when the key signed this very link."""
        return verified(self.key, self.signature, self.payload())


class Note(BaseModel):
    """How far this machine wrote one journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    """The database, as `Store.name` shows it."""
    journal: str
    number: int
    hash: str


class Seal:
    """Signs with the machine's key, which is made when there is none. Raises `ConsentError` where it
    can be neither read nor made."""

    def __init__(self) -> None:
        machine = load_machine()
        self._folder = machine.state_folder.expanduser()
        self._private = private_key(self._folder / KEY_FILE)
        self.key = public_hex(self._private)
        self.known = {self.key, *machine.known_journals}
        """Keys of the machines that write this journal."""

    def vouches(self, head: Head) -> bool:
        """True when what the head stands on was written by a known machine."""
        if head.signature:
            return head.key in self.known and head.signed
        # written before journals were sealed; once this machine sealed one, a missing seal was taken off
        return self._note(head.journal) is None

    def sign(self, head: Head) -> str:
        """Signature (hex) of a head that names this machine's key."""
        return self._private.sign(head.payload()).hex()

    def keep(self, store: str, head: Head) -> None:
        """Note how far the journal came; what cannot be written is left out. The old note stays whole
        until the new one is."""
        note = Note(store=store, journal=head.journal, number=head.number, hash=head.hash)
        path = self._path(head.journal)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(note.model_dump_json(), "utf-8")
            draft.replace(path)

    def _note(self, journal: str) -> Note | None:
        return _read(self._path(journal))

    def _path(self, journal: str) -> Path:
        name = hashlib.sha256(journal.encode()).hexdigest()[:32]
        return self._folder / NOTES / f"{name}.json"


def notes(store: str) -> Iterator[Note]:
    """How far this machine wrote each journal that it has known in a database."""
    for path in sorted((load_machine().state_folder.expanduser() / NOTES).glob("*.json")):
        note = _read(path)
        if note is not None and note.store == store:
            yield note


def known_keys() -> set[str]:
    """Public keys that may have sealed a journal, without making one."""
    machine = load_machine()
    path = machine.state_folder.expanduser() / KEY_FILE
    own = {public_hex(private_key(path, make=False))} if path.exists() else set()
    return {*own, *machine.known_journals}


def _read(path: Path) -> Note | None:
    try:
        return Note.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
