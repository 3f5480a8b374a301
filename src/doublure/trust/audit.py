"""Audits a journal: whether it is complete and unchanged. Only reads; writes and migrates nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from doublure.errors import DoublureError, SettingsError
from doublure.store import DATABASE, reading
from doublure.store.models import EntryRow, HeadRow
from doublure.store.spool import spool_files
from doublure.trust import seal
from doublure.trust.journal import FIRST, Entry, link
from doublure.trust.seal import Head

PAGE = 1000
"""Entries read at a time."""
_KEEP = "keep this database as it is and compare it with a backup"


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an audit that found no fault; a fault is raised."""

    entries: int
    """Entries chained in the database."""
    spooled: int
    """Entries in the room's folder that wait for the database."""
    sealed_by: str
    """Public key, hex, of the machine that signed the newest entry; "" if none did."""


def audit(folder: Path, url: str = "") -> Audit:
    """Check the chain, its seal and the spool of the room in `folder`. Raises `DoublureError` naming the
    first entry that was changed, `SettingsError` if there is no journal."""
    if not url and not (folder / DATABASE).exists():
        lost = [note for note in seal.notes(f"sqlite:///{folder / DATABASE}") if note.number]
        if lost:
            raise DoublureError(
                f"the journal is gone: this machine wrote {lost[0].number} entries",
                where=str(folder / DATABASE),
                remedy="restore the file from a backup",
            )
        raise SettingsError(
            "this room has no journal yet", where=str(folder), remedy="going on air creates it"
        )
    with reading(folder, url) as (connection, name):
        try:
            head, hashes = _chain(connection, name)
        except SQLAlchemyError as error:
            raise DoublureError(
                f"the journal cannot be read: {str(error).splitlines()[0]}", where=name, remedy=_KEEP
            ) from error
        _check_seal(head, name)
        _check_notes(connection, head, name)
    return Audit(hashes, _spooled(folder), head.key if head.signature else "")


def _chain(connection: Connection, name: str) -> tuple[Head, int]:
    count, previous = 0, FIRST
    page = select(EntryRow.__table__).order_by(EntryRow.number).limit(PAGE)
    while rows := connection.execute(page.where(EntryRow.number > count)).all():
        for row in rows:
            if row.number != count + 1:
                raise _broken(name, count + 1, "is missing")
            entry = Entry(mark=row.mark, at=row.at, kind=row.kind, ref=row.ref, body=row.body)
            if row.previous != previous or row.hash != link(previous, row.number, entry):
                raise _broken(name, row.number, "is not as it was written")
            count, previous = row.number, row.hash
    head = _head(connection)
    if head is None or (head.number, head.hash) != (count, previous):
        raise _broken(name, count + 1, "and later ones may have been cut off")
    return head, count


def _head(connection: Connection) -> Head | None:
    there = {column["name"] for column in inspect(connection).get_columns("journal_head")}
    fields = ("journal", "number", "hash", "key", "signature")
    row = connection.execute(
        select(*(getattr(HeadRow, field) for field in fields if field in there))
    ).one_or_none()
    if row is None:
        return None
    return Head(
        journal=getattr(row, "journal", ""),
        number=row.number,
        hash=row.hash,
        key=getattr(row, "key", ""),
        signature=getattr(row, "signature", ""),
    )


def _check_seal(head: Head, name: str) -> None:
    if not head.signature:
        return  # never sealed; the notes reveal a seal that was removed
    if not head.signed:
        raise _broken(name, head.number, "was not sealed by the machine that wrote it")
    if head.key not in seal.known_keys():
        raise DoublureError(
            f"the journal is sealed by a machine that is not known here ({head.key})",
            where=name,
            remedy="if that machine is yours, add its key to DOUBLURE_JOURNAL_KEYS",
        )


def _check_notes(connection: Connection, head: Head, name: str) -> None:
    """Check that everything this machine once wrote is still there."""
    for note in seal.notes(name):
        found = connection.scalar(select(EntryRow.hash).where(EntryRow.number == note.number))
        if note.journal != head.journal or found != note.hash:
            raise DoublureError(
                f"the journal was replaced or cut off: this machine wrote {note.number} entries, "
                f"here are {head.number} others",
                where=name,
                remedy=_KEEP,
            )
        if note.number and not head.signature:
            raise _broken(name, head.number, "has lost its seal")


def _spooled(folder: Path) -> int:
    """Number of spooled entries. Raises `DoublureError` for a damaged line; a last line torn by a crash is
    not counted."""
    return sum(_count(path, path.read_bytes().split(b"\n")[:-1]) for path in spool_files(folder))


def _count(path: Path, lines: Iterable[bytes]) -> int:
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            Entry.model_validate_json(line)
        except ValidationError as error:
            raise DoublureError(
                "a spooled entry of the journal is damaged",
                where=f"{path}:{number}",
                remedy="keep a copy of this file; the entry will be left out",
            ) from error
    return number


def _broken(where: str, number: int, how: str) -> DoublureError:
    return DoublureError(f"entry {number} of the journal {how}", where=where, remedy=_KEEP)
