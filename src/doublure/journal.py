"""The journal: what aired, why, and what it was based on. Append-only and hash-chained.

An entry's hash covers the entry and the hash before it, so that whoever changes, removes or slips
in an entry breaks the chain from there on. While the database does not answer, entries go to a
spool file beside it, in order and on the disk before `record` returns, and are chained when the
database is back.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from doublure import metrics
from doublure.clock import Clock
from doublure.errors import DoublureError
from doublure.log import get_log
from doublure.store import Store
from doublure.store.models import EntryRow, HeadRow

FIRST = "0" * 64
"""Previous hash of the first entry."""
RETRY_SECONDS = 5.0
"""While the database does not answer it is tried this often; in between entries only spool."""
PAGE = 1000
"""Entries read at a time when verifying."""

log = get_log(__name__)


class Entry(BaseModel):
    """One entry before it is chained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: str
    """Unique; an entry that was spooled and written is not written again."""
    at: str
    """UTC, ISO 8601."""
    kind: str
    ref: str
    body: str


class Journal:
    """Records what happens in a room before it happens."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._retry_at = 0.0

    async def record(self, kind: str, ref: str, body: str) -> None:
        """Add an entry; returns when it is on the disk. Raises `DoublureError` only when neither
        the database nor the spool can be written."""
        entry = Entry(mark=uuid.uuid4().hex, at=self._clock.wall().isoformat(), kind=kind, ref=ref, body=body)
        await self._store.run(lambda: self._keep(entry))

    async def record_many(self, entries: Iterable[tuple[str, str, str]]) -> None:
        for entry in entries:
            await self.record(*entry)

    async def verify(self) -> int:
        """Read the whole chain; returns the number of entries, or raises `DoublureError` that names
        the first one that is not as it was written."""
        return await self._store.run(self._verify)

    def _keep(self, entry: Entry) -> None:
        with self._spool() as spool:
            waiting = os.fstat(spool.fileno()).st_size > 0
            if self._clock.now() >= self._retry_at and self._chain(spool, entry):
                return
            if not waiting:
                log.warning("the store does not answer, the journal spools to %s", self._store.spool)
            spool.seek(0, os.SEEK_END)
            spool.write(entry.model_dump_json().encode() + b"\n")
            spool.flush()
            os.fsync(spool.fileno())

    def _chain(self, spool: BinaryIO, entry: Entry) -> bool:
        spooled = list(_read_spool(spool))
        try:
            self._append([*spooled, entry])
        except SQLAlchemyError as error:
            metrics.STAGE_FAULTS.labels("journal").inc()
            log.error("the store failed: %s", str(error).splitlines()[0])
            self._retry_at = self._clock.now() + RETRY_SECONDS
            return False
        if spooled:
            spool.truncate(0)
            os.fsync(spool.fileno())
            log.info("the store is back, %d spooled journal entries were added", len(spooled))
        return True

    def _append(self, entries: Iterable[Entry]) -> None:
        with self._store.engine.begin() as connection:
            head = connection.execute(select(HeadRow.number, HeadRow.hash).with_for_update()).one()
            number, previous = head.number, head.hash
            for entry in entries:
                if connection.scalar(select(EntryRow.number).where(EntryRow.mark == entry.mark)):
                    continue
                number += 1
                link = _link(previous, number, entry)
                connection.execute(
                    insert(EntryRow).values(number=number, previous=previous, hash=link, **entry.model_dump())
                )
                previous = link
            connection.execute(update(HeadRow).values(number=number, hash=previous))

    def _verify(self) -> int:
        count, previous = 0, FIRST
        with self._store.reading() as connection:
            page = select(EntryRow.__table__).order_by(EntryRow.number).limit(PAGE)
            while rows := connection.execute(page.where(EntryRow.number > count)).all():
                for row in rows:
                    if row.number != count + 1:
                        raise self._broken(count + 1, "is missing")
                    entry = Entry(mark=row.mark, at=row.at, kind=row.kind, ref=row.ref, body=row.body)
                    if row.previous != previous or row.hash != _link(previous, row.number, entry):
                        raise self._broken(row.number, "is not as it was written")
                    count, previous = row.number, row.hash
            head = connection.execute(select(HeadRow.number, HeadRow.hash)).one_or_none()
        if head is None or (head.number, head.hash) != (count, previous):
            raise self._broken(count + 1, "and later ones may have been cut off")
        return count

    def _broken(self, number: int, how: str) -> DoublureError:
        return DoublureError(
            f"entry {number} of the journal {how}",
            where=self._store.name,
            remedy="keep this database as it is and compare it with a backup",
        )

    @contextmanager
    def _spool(self) -> Iterator[BinaryIO]:
        """The spool file, locked against other processes."""
        try:
            with self._store.spool.open("a+b") as spool:
                fcntl.flock(spool, fcntl.LOCK_EX)
                yield spool
        except OSError as error:
            raise DoublureError(
                f"the journal cannot be written: {error.strerror}",
                where=str(self._store.spool),
                remedy="free disk space or mend the folder; nothing airs unrecorded",
            ) from error


def _link(previous: str, number: int, entry: Entry) -> str:
    """sha256 of the hash before and the entry as a JSON list without spaces."""
    fields = [number, entry.mark, entry.at, entry.kind, entry.ref, entry.body]
    canonical = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{canonical}".encode()).hexdigest()


def _read_spool(spool: BinaryIO) -> Iterator[Entry]:
    spool.seek(0)
    for line in spool.readlines():
        try:
            yield Entry.model_validate_json(line)
        except ValidationError:
            # only a line whose writing was broken off looks like this, and nobody was told it was kept
            log.warning("a broken line of the journal's spool was left out")
