"""The journal: what aired, why, and what it was based on. Append-only and hash-chained.

The hash of an entry covers the entry and the hash of the entry before. A change, removal or insertion
therefore breaks the chain from that entry on.

Entries go to the database. While it does not answer, they go to a spool file in the room's folder, in
order and on the disk before `record` returns, and are chained when the database is back. The database and
the spool have a thread each, so a database that hangs never blocks the spool. Every wait has a limit:

- The database has `DATABASE_SECONDS`. Then the entry is spooled, and every later entry is spooled at
  once, without waiting, until the database has taken everything from the spool.
- `record` as a whole has `RECORD_SECONDS`. Then it raises.

A slow database may still write an entry that was already spooled. The entry's unique mark keeps it from
being written twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import anyio
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, insert, select, update

from doublure import metrics
from doublure.clock import Clock
from doublure.errors import DoublureError
from doublure.log import get_log
from doublure.store import Store
from doublure.store.models import EntryRow, HeadRow
from doublure.trust.seal import Head, Seal

FIRST = "0" * 64
"""Previous hash of the first entry."""
DATABASE_SECONDS = 1.0
"""Longest wait for the database; then the entry is spooled."""
RECORD_SECONDS = 3.0
"""Longest wait until an entry is on the disk, in either place; then `record` raises."""
RETRY_SECONDS = 5.0
"""Pause between tries of a database that failed; until the next try, entries are only spooled."""
ROWS = 200
"""Most entries looked up and inserted by one statement."""

RecordKind = Literal["aired", "comment", "consent", "operator", "room", "utterance", "voice"]
"""Kind of an event. A journal that an older or newer version wrote may hold others."""

log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """An event to be journalled."""

    kind: RecordKind
    ref: str
    """Id of its subject."""
    body: str


class Entry(BaseModel):
    """One entry before it is chained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: str
    """Unique id, so that an entry that was spooled and written is not written again."""
    at: str
    """UTC, ISO 8601."""
    kind: str
    ref: str
    body: str


class Journal:
    """Records the events of a room before they happen."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._turn = anyio.Lock()
        self._seal = _seal()
        self._writing: asyncio.Future[bool] | None = None
        """The call under way in the database's lane, never more than one; it may hang."""
        self._spooling: asyncio.Future[None] | None = None
        """The same in the spool's lane."""
        self._away = False
        """Whether the database failed or hangs, so that entries are spooled at once."""
        self._retry_at = 0.0

    async def record(self, kind: RecordKind, ref: str, body: str) -> None:
        """Add an entry. Returns when it is on the disk, in the database or in the spool. Raises
        `DoublureError` if neither works, after `RECORD_SECONDS` at the latest."""
        await self.record_many([Record(kind, ref, body)])

    async def record_many(self, records: Sequence[Record]) -> None:
        """Add entries in order, all of them or none, with one write to the disk. Same limits and errors as
        `record`. After an error they may still appear in the journal, because a disk or a database that hung
        may finish its work later."""
        by = self._clock.now() + DATABASE_SECONDS
        at = self._clock.wall().isoformat()
        entries = [_entry(record, at) for record in records]
        if not entries:
            return
        with self._clock.timeout(RECORD_SECONDS):
            async with self._turn:
                await self._keep(entries, by)
                return
        raise DoublureError(
            f"the journal could not be written within {RECORD_SECONDS:.0f} s",
            where=str(self._store.spool.path),
            remedy="check the disk of this folder, because nothing airs unrecorded",
        )

    async def settle(self, seconds: float) -> bool:
        """Wait up to `seconds` until the database has everything; returns whether it has. Call it before
        the store is closed, so that nothing stays in the spool without need."""
        with self._clock.timeout(seconds):
            async with self._turn:
                if await self._write([]):
                    await self._on_disk(self._store.spool.clear)
                    return True
        return False

    async def _keep(self, entries: list[Entry], by: float) -> None:
        if self._away and not self._back():
            await self._spool(entries)
            return
        # the wait for earlier entries counts too, so that many writers do not wait a second each
        if (left := by - self._clock.now()) > 0:
            with self._clock.timeout(left):
                if await self._write(entries):
                    return
        log.warning("the store does not answer, the journal spools to %s", self._store.spool.path)
        self._leave()
        await self._spool(entries)

    def _back(self) -> bool:
        """Start a try of a failed database when it is due, without waiting for it. True if the last try
        moved the spool."""
        if self._writing is None:
            if self._clock.now() >= self._retry_at:
                self._writing = self._store.lane.submit(lambda: self._move([]))
            return False
        if not self._writing.done():
            return False
        moved = self._writing.result()
        self._writing = None
        self._away = not moved
        if not moved:
            self._leave()
        return moved

    def _leave(self) -> None:
        self._away = True
        self._retry_at = self._clock.now() + RETRY_SECONDS

    async def _write(self, entries: list[Entry]) -> bool:
        """Write the spool's entries and then `entries` to the database; False if it failed."""
        while self._writing is not None:  # left by a caller that was cancelled or gave up waiting
            await asyncio.shield(self._writing)
            self._writing = None
        writing = self._writing = self._store.lane.submit(lambda: self._move(entries))
        moved = await asyncio.shield(writing)
        self._writing = None
        if moved:
            self._away = False
            spool = self._store.spool
            if spool.size and not spool.waiting and self._spooling is None:
                log.info("the store is back, it has all spooled journal entries")
                # not awaited: entries that stay in the file are recognised by their marks
                self._spooling = self._store.disk.submit(spool.clear)
        return moved

    async def _spool(self, entries: list[Entry]) -> None:
        lines = [entry.model_dump_json().encode() for entry in entries]
        try:
            await self._on_disk(lambda: self._store.spool.append(lines))
        except OSError as error:
            raise DoublureError(
                f"the journal cannot be written: {error.strerror}",
                where=str(self._store.spool.path),
                remedy="free disk space or repair the folder, because nothing airs unrecorded",
            ) from error

    async def _on_disk(self, work: Callable[[], None]) -> None:
        while self._spooling is not None:  # left by a caller that was cancelled or gave up waiting
            with contextlib.suppress(OSError):  # that caller got the error
                await asyncio.shield(self._spooling)
            self._spooling = None
        self._spooling = self._store.disk.submit(work)
        try:
            await asyncio.shield(self._spooling)
        finally:
            if self._spooling.done():
                self._spooling = None

    # ---- in the database's thread ------------------------------------------------------------

    def _move(self, entries: list[Entry]) -> bool:
        """Chain the spool piece by piece, then `entries`; False if the database failed."""
        spool = self._store.spool
        try:
            while spool.waiting:
                with self._store.engine.begin() as connection:
                    # read after the database answers: a day's spool is too long to read at every try
                    lines, end = spool.piece()
                    head = self._append(connection, list(_parse(lines)))
                self._seal_kept(head)
                spool.moved(end)
            if entries:
                with self._store.engine.begin() as connection:
                    head = self._append(connection, entries)
                self._seal_kept(head)
        except Exception as error:  # a driver may raise anything when its server is lost
            metrics.STAGE_FAULTS.labels("journal").inc()
            log.error("the store failed: %s", (str(error).splitlines() or [type(error).__name__])[0])
            return False
        return True

    def _append(self, connection: Connection, entries: Sequence[Entry]) -> Head:
        """Chain entries and sign the newest link. Its row is locked, so other processes wait."""
        row = connection.execute(select(HeadRow.__table__).with_for_update()).one()
        old = Head(row.journal, row.number, row.hash, row.key, row.signature)
        number, last = _insert(connection, old, entries)
        head = replace(old, number=number, hash=last)
        if self._seal is not None and self._seal.vouches(old):
            head = replace(head, key=self._seal.key)
            head = replace(head, signature=self._seal.sign(head))
        elif self._seal is not None:
            # the old signature stays and no longer fits: a broken seal is never repaired silently
            log.error("the journal's newest entry was not sealed by a known machine, see `journal verify`")
        connection.execute(
            update(HeadRow).values(number=number, hash=last, key=head.key, signature=head.signature)
        )
        return head

    def _seal_kept(self, head: Head) -> None:
        if self._seal is not None and head.key == self._seal.key and head.signed:
            self._seal.keep(self._store.name, head)


def _insert(connection: Connection, head: Head, entries: Sequence[Entry]) -> tuple[int, str]:
    """Chain entries to a head; returns number and hash of the newest entry."""
    number, previous = head.number, head.hash
    for start in range(0, len(entries), ROWS):
        # the spool itself may hold a mark twice
        batch = {entry.mark: entry for entry in entries[start : start + ROWS]}
        known = set(connection.scalars(select(EntryRow.mark).where(EntryRow.mark.in_(batch))))
        rows = []
        for entry in (entry for mark, entry in batch.items() if mark not in known):
            number += 1
            made = link(previous, number, entry)
            rows.append({"number": number, "previous": previous, "hash": made, **entry.model_dump()})
            previous = made
        if rows and connection.dialect.name == "sqlite":
            connection.execute(insert(EntryRow), rows)
        elif rows:
            # one statement, because a round trip per entry to another machine would be slow
            connection.execute(insert(EntryRow).values(rows))
    return number, previous


def _seal() -> Seal | None:
    try:
        return Seal()
    except DoublureError as error:
        log.error("the journal is not sealed: %s", error)
        return None


def _entry(record: Record, at: str) -> Entry:
    return Entry(
        mark=uuid.uuid4().hex, at=at, kind=record.kind, ref=_storable(record.ref), body=_storable(record.body)
    )


def _storable(text: str) -> str:
    """Text that every database accepts. Viewers may type a lone surrogate or a NUL, and one refused entry
    would keep all later ones in the spool."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def link(previous: str, number: int, entry: Entry) -> str:
    """sha256 (hex) of the previous hash and the entry as a JSON list without spaces."""
    fields = [number, entry.mark, entry.at, entry.kind, entry.ref, entry.body]
    canonical = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{canonical}".encode()).hexdigest()


def _parse(lines: Iterable[bytes]) -> Iterator[Entry]:
    for line in lines:
        try:
            yield Entry.model_validate_json(line)
        except ValidationError:
            metrics.STAGE_FAULTS.labels("journal").inc()
            log.error("a line of the journal's spool is damaged and was left out: %.80r", line)
