"""The journal: chained, append-only, durable, and kept while the store is down."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from doublure.clock import VirtualClock
from doublure.errors import DoublureError
from doublure.journal import Journal
from doublure.store import DATABASE, open_store


@contextmanager
def busy(folder: Path) -> Iterator[None]:
    """Another process holds the database."""
    other = sqlite3.connect(folder / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def change(folder: Path, statement: str) -> None:
    """What somebody with a database tool could do."""
    other = sqlite3.connect(folder / DATABASE, isolation_level=None)
    for trigger in ("journal_no_update", "journal_no_delete"):
        other.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    other.execute(statement)
    other.close()


def refs(folder: Path) -> list[str]:
    other = sqlite3.connect(folder / DATABASE)
    found = [row[0] for row in other.execute("SELECT ref FROM journal_entries ORDER BY number")]
    other.close()
    return found


async def write(folder: Path, count: int) -> None:
    async with open_store(folder) as store:
        journal = Journal(store, VirtualClock())
        for number in range(count):
            await journal.record("aired", f"u-{number}", f"第{number}句")


async def verify(folder: Path) -> int:
    async with open_store(folder) as store:
        return await Journal(store, VirtualClock()).verify()


def test_entries_are_chained_over_several_runs(tmp_path: Path) -> None:
    anyio.run(write, tmp_path, 3)
    anyio.run(write, tmp_path, 2)
    assert anyio.run(verify, tmp_path) == 5
    other = sqlite3.connect(tmp_path / DATABASE)
    rows = other.execute(
        "SELECT number, previous, hash, body FROM journal_entries ORDER BY number"
    ).fetchall()
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0][1] == "0" * 64
    assert [row[1] for row in rows[1:]] == [row[2] for row in rows[:-1]]
    assert rows[1][3] == "第1句"


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    assert anyio.run(verify, tmp_path) == 0


def test_an_entry_is_on_the_disk_when_record_returns(tmp_path: Path) -> None:
    async def main() -> list[str]:
        async with open_store(tmp_path) as store:
            await Journal(store, VirtualClock()).record("operator", "say", "hello")
            return refs(tmp_path)

    assert anyio.run(main) == ["say"]


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE journal_entries SET body = 'another' WHERE number = 3", "entry 3"),
        ("UPDATE journal_entries SET at = '2020' WHERE number = 1", "entry 1"),
        ("UPDATE journal_entries SET ref = 'x' WHERE number = 5", "entry 5"),
        ("UPDATE journal_entries SET mark = 'x' WHERE number = 2", "entry 2"),
        ("DELETE FROM journal_entries WHERE number = 2", "entry 2"),
        ("DELETE FROM journal_entries WHERE number = 1", "entry 1"),
        ("DELETE FROM journal_entries WHERE number > 3", "entry 4"),
        ("DELETE FROM journal_entries", "entry 1"),
        ("DELETE FROM journal_head", "entry 6"),
        ("UPDATE journal_entries SET number = 9 WHERE number = 5", "entry 5"),
        (
            "INSERT INTO journal_entries SELECT 6, 'm', at, kind, ref, body, hash, hash "
            "FROM journal_entries WHERE number = 5",
            "entry 6",
        ),
    ],
)
def test_tampering_is_found_and_named(tmp_path: Path, statement: str, entry: str) -> None:
    anyio.run(write, tmp_path, 5)
    change(tmp_path, statement)
    with pytest.raises(DoublureError, match=rf"{entry} of the journal"):
        anyio.run(verify, tmp_path)


@pytest.mark.parametrize("statement", ["UPDATE journal_entries SET body = ''", "DELETE FROM journal_entries"])
def test_the_database_itself_refuses_changes(tmp_path: Path, statement: str) -> None:
    anyio.run(write, tmp_path, 1)
    other = sqlite3.connect(tmp_path / DATABASE)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    other.close()


def test_a_busy_store_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    async def main() -> int:
        clock = VirtualClock()
        async with open_store(tmp_path) as store:
            journal = Journal(store, clock)
            await journal.record("aired", "a", "")
            with busy(tmp_path):
                await journal.record("aired", "b", "")
                await journal.record("aired", "c", "")
                lines = [json.loads(line) for line in store.spool.read_text().splitlines()]
                assert [line["ref"] for line in lines] == ["b", "c"]
            await journal.record("aired", "d", "")
            assert refs(tmp_path) == ["a"], "too early to try again"
            await clock.advance(5.0)
            await journal.record("aired", "e", "")
            assert store.spool.read_bytes() == b""
            return await journal.verify()

    assert anyio.run(main) == 5
    assert refs(tmp_path) == ["a", "b", "c", "d", "e"]


def test_what_was_spooled_before_a_crash_is_added_by_the_next_run(tmp_path: Path) -> None:
    async def crash() -> None:
        async with open_store(tmp_path) as store:
            journal = Journal(store, VirtualClock())
            with busy(tmp_path):
                await journal.record("aired", "a", "")
                await journal.record("aired", "b", "")
            with store.spool.open("ab") as spool:
                spool.write(b'{"mark":"torn while wri')

    anyio.run(crash)
    anyio.run(write, tmp_path, 1)
    assert refs(tmp_path) == ["a", "b", "u-0"]
    assert anyio.run(verify, tmp_path) == 3


def test_a_spooled_entry_that_was_added_already_is_not_added_twice(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path) as store:
            with busy(tmp_path):
                await Journal(store, VirtualClock()).record("aired", "a", "")
            left_over = store.spool.read_bytes()
            await Journal(store, VirtualClock()).record("aired", "b", "")
            store.spool.write_bytes(left_over)  # the machine died before the spool was emptied
            await Journal(store, VirtualClock()).record("aired", "c", "")

    anyio.run(main)
    assert refs(tmp_path) == ["a", "b", "c"]
    assert anyio.run(verify, tmp_path) == 3


def test_two_writers_keep_one_chain(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_store(tmp_path) as one, open_store(tmp_path) as two:
            async with anyio.create_task_group() as group:
                for store in (one, two):
                    journal = Journal(store, VirtualClock())
                    for number in range(20):
                        group.start_soon(journal.record, "aired", f"{number}", "")
            return await Journal(one, VirtualClock()).verify()

    assert anyio.run(main) == 40


def test_a_verifying_reader_does_not_hold_up_the_room(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path) as store:
            journal = Journal(store, VirtualClock())
            await journal.record("aired", "a", "")
            reader = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM journal_entries").fetchall()
            await journal.record("aired", "b", "")
            assert refs(tmp_path) == ["a", "b"]
            reader.close()

    anyio.run(main)


def test_nothing_airs_unrecorded_when_neither_can_be_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path / "room") as store:
            store.spool.mkdir()
            with busy(tmp_path / "room"):
                await Journal(store, VirtualClock()).record("aired", "a", "")

    with pytest.raises(DoublureError, match="journal cannot be written"):
        anyio.run(main)
