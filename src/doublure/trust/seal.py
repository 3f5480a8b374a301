"""The seal: the machine's signature of the journal's newest link.

The chain alone shows that no single entry was changed. But whoever can write to the database could still
write a new chain, or cut off its end. So whenever entries are added, the newest link is signed with the
machine's key, and the machine notes the newest entry. Key and notes are kept in the state folder
(`DOUBLURE_STATE_FOLDER`), outside the database.

A link that this machine cannot vouch for is never signed over. The seal then stays broken, the room stays on
air, and `doublure journal verify` reports it. Machines that write to one database know each other's keys
from `DOUBLURE_JOURNAL_KEYS`. If a machine lost its key, put its old public key there before its rooms go on
air again.
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
    """The newest link, as stored in the database."""

    journal: str
    """Random id of the journal, hex; "" in a database that was not migrated."""
    number: int
    """Number of the newest entry, 0 if there is none."""
    hash: str
    key: str
    """Public key, hex, of the machine that signed; "" if none did."""
    signature: str
    """Hex."""

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return canonical(
            {"format": FORMAT, "journal": self.journal, "number": self.number, "hash": self.hash}
        )

    @property
    def signed(self) -> bool:
        """Whether the key signed exactly this link."""
        return verified(self.key, self.signature, self.payload())


class Note(BaseModel):
    """The newest entry that this machine wrote in one journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    """The database, as `Store.name` names it."""
    journal: str
    number: int
    hash: str


class Seal:
    """Signs with the machine's key, which is made if there is none. Raises `ConsentError` if it can be
    neither read nor made."""

    def __init__(self) -> None:
        machine = load_machine()
        self._folder = machine.state_folder.expanduser()
        self._private = private_key(self._folder / KEY_FILE)
        self.key = public_hex(self._private)
        self.known = {self.key, *machine.known_journals}
        """Public keys of the machines that write this journal."""

    def vouches(self, head: Head) -> bool:
        """Whether a known machine wrote the chain up to this head."""
        if head.signature:
            return head.key in self.known and head.signed
        # written before journals were sealed; if this machine has sealed it, the seal was removed
        return self._note(head.journal) is None

    def sign(self, head: Head) -> str:
        """Signature (hex) of a head that names this machine's key."""
        return self._private.sign(head.payload()).hex()

    def keep(self, store: str, head: Head) -> None:
        """Note the journal's newest entry. A failed write is ignored. The old note stays intact until the
        new one is complete."""
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
    """This machine's notes of every journal that it has known in a database."""
    for path in sorted((load_machine().state_folder.expanduser() / NOTES).glob("*.json")):
        note = _read(path)
        if note is not None and note.store == store:
            yield note


def known_keys() -> set[str]:
    """Public keys that may have sealed a journal. Makes no key."""
    machine = load_machine()
    path = machine.state_folder.expanduser() / KEY_FILE
    own = {public_hex(private_key(path, make=False))} if path.exists() else set()
    return {*own, *machine.known_journals}


def _read(path: Path) -> Note | None:
    try:
        return Note.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
