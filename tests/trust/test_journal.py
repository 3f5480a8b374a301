"""The journal: chained, append-only, durable, and kept while the store is down."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from sqlalchemy import event, select

from doublure.clock import RealClock, VirtualClock
from doublure.errors import DoublureError, SettingsError
from doublure.store import DATABASE, open_store
from doublure.store.models import EntryRow
from doublure.store.spool import NAMES
from doublure.trust.audit import audit
from doublure.trust.journal import RETRY_SECONDS, Journal, Record
from tests.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own."""
    with postgres_server() as server:
        yield server


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


def spooled(file: Path) -> list[str]:
    return [json.loads(line)["ref"] for line in file.read_text().splitlines()]


async def seconds(journal: Journal, ref: str) -> float:
    """How long an entry takes."""
    began = anyio.current_time()
    await journal.record("aired", ref, "")
    return anyio.current_time() - began


async def write(folder: Path, count: int) -> None:
    async with open_store(folder) as store:
        journal = Journal(store, VirtualClock())
        for number in range(count):
            await journal.record("aired", f"u-{number}", f"第{number}句")


def verify(folder: Path, url: str = "") -> int:
    """The number of chained entries, all as they were written."""
    return audit(folder, url).entries


def test_entries_are_chained_over_several_runs(tmp_path: Path) -> None:
    anyio.run(write, tmp_path, 3)
    anyio.run(write, tmp_path, 2)
    assert verify(tmp_path) == 5
    other = sqlite3.connect(tmp_path / DATABASE)
    rows = other.execute(
        "SELECT number, previous, hash, body FROM journal_entries ORDER BY number"
    ).fetchall()
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0][1] == "0" * 64
    assert [row[1] for row in rows[1:]] == [row[2] for row in rows[:-1]]
    assert rows[1][3] == "第1句"


def test_an_empty_journal_is_whole(tmp_path: Path) -> None:
    anyio.run(write, tmp_path, 0)
    assert verify(tmp_path) == 0


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
        verify(tmp_path)


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
                assert spooled(store.spool.path) == ["b", "c"]
            await journal.record("aired", "d", "")
            assert refs(tmp_path) == ["a"], "too early to try again"
            await clock.advance(5.0)
            await journal.record("aired", "e", "")
            assert await journal.settle(1.0)
            assert store.spool.path.read_bytes() == b""
            await journal.record("aired", "f", "")
            assert refs(tmp_path)[-1] == "f", "no detour any more"
            return verify(tmp_path)

    assert anyio.run(main) == 6
    assert refs(tmp_path) == ["a", "b", "c", "d", "e", "f"]


def test_a_database_that_is_back_is_found_without_being_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_store(tmp_path) as store:
            journal = Journal(store, RealClock())
            with busy(tmp_path):
                await journal.record("aired", "a", "")
            for number in range(100):
                await journal.record("aired", f"{number}", "")
                if not store.spool.waiting and number:
                    break
                await anyio.sleep(0.1)
            assert not store.spool.waiting

    anyio.run(main)
    assert refs(tmp_path)[:3] == ["a", "0", "1"]


def test_what_was_spooled_before_a_crash_is_added_by_the_next_run(tmp_path: Path) -> None:
    async def crash() -> None:
        async with open_store(tmp_path) as store:
            journal = Journal(store, VirtualClock())
            with busy(tmp_path):
                await journal.record("aired", "a", "")
                await journal.record("aired", "b", "")
            with store.spool.path.open("ab") as spool:
                spool.write(b'{"mark":"torn while wri')

    anyio.run(crash)
    anyio.run(write, tmp_path, 1)
    assert refs(tmp_path) == ["a", "b", "u-0"]
    assert verify(tmp_path) == 3


def test_a_spooled_entry_that_was_added_already_is_not_added_twice(tmp_path: Path) -> None:
    async def spool_one() -> Path:
        async with open_store(tmp_path) as store:
            with busy(tmp_path):
                await Journal(store, VirtualClock()).record("aired", "a", "")
            return store.spool.path

    spool = anyio.run(spool_one)
    left_over = spool.read_bytes()
    anyio.run(write, tmp_path, 1)
    spool.write_bytes(left_over * 2)  # the machine died before the spool was emptied
    anyio.run(write, tmp_path, 2)
    assert refs(tmp_path) == ["a", "u-0", "u-0", "u-1"]
    assert verify(tmp_path) == 4


def test_a_locked_database_delays_one_entry_for_a_second(tmp_path: Path) -> None:
    async def main() -> tuple[float, float]:
        async with open_store(tmp_path) as store:
            journal = Journal(store, RealClock())
            with busy(tmp_path):
                return await seconds(journal, "a"), await seconds(journal, "b")

    first, second = anyio.run(main)
    assert first < 2.0
    assert second < 0.7


def test_a_frozen_server_never_holds_an_entry_up_and_no_entry_comes_twice(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async def main() -> tuple[list[float], list[str]]:
        async with open_store(tmp_path, postgres.url) as store:
            journal = Journal(store, RealClock())
            await journal.record("aired", "0", "")
            with postgres.frozen():
                waits = [await seconds(journal, f"{number}") for number in range(1, 30)]
                await anyio.sleep(RETRY_SECONDS)
                waits += [await seconds(journal, f"{number}") for number in range(30, 40)]
            assert await journal.settle(20.0)
            await journal.record("aired", "40", "")
            assert verify(tmp_path, postgres.url) == 41
            with store.engine.connect() as connection:
                found = connection.execute(select(EntryRow.ref).order_by(EntryRow.number))
                return waits, list(found.scalars())

    waits, found = anyio.run(main)
    assert waits[0] < 2.0
    assert max(waits[1:]) < 0.7, "it is known to hang"
    assert found == [f"{number}" for number in range(41)]


def test_a_frozen_server_does_not_hold_up_the_closing(tmp_path: Path, postgres: PostgresServer) -> None:
    async def main() -> float:
        with postgres.frozen():
            began = anyio.current_time()
            with pytest.raises(SettingsError, match="cannot be opened"):
                async with open_store(tmp_path, postgres.url):
                    pass
            return anyio.current_time() - began

    async def closing() -> float:
        async with open_store(tmp_path, postgres.url) as store:
            journal = Journal(store, RealClock())
            await journal.record("aired", "a", "")
            store.lane.submit(threading.Event().wait, 8.0)
            began = anyio.current_time()
        return anyio.current_time() - began

    assert anyio.run(closing) < 4.0
    assert anyio.run(main) < 12.0


def test_a_lock_on_the_spool_by_a_stopped_process_holds_nothing_up(tmp_path: Path) -> None:
    holding = (
        "import fcntl, sys; f = open(sys.argv[1], 'a+b'); f.write(b'torn'); f.flush(); "
        "fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )

    async def main() -> float:
        async with open_store(tmp_path) as store:
            journal = Journal(store, RealClock())
            with busy(tmp_path):
                return await seconds(journal, "a")

    process = subprocess.Popen(
        [sys.executable, "-c", holding, tmp_path / NAMES[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGSTOP)
        assert anyio.run(main) < 2.0
        assert spooled(tmp_path / NAMES[1]) == ["a"]
    finally:
        process.kill()
        process.communicate()
    anyio.run(write, tmp_path, 1)
    assert refs(tmp_path) == ["a", "u-0"]


def test_a_disk_that_hangs_raises_and_is_used_again_when_it_works(tmp_path: Path) -> None:
    async def main() -> float:
        async with open_store(tmp_path) as store:
            journal, works = Journal(store, RealClock()), threading.Event()
            store.disk.submit(works.wait, 20.0)
            with busy(tmp_path):
                began = anyio.current_time()
                async with anyio.create_task_group() as group:
                    for number in range(20):
                        group.start_soon(refused, journal, f"lost-{number}")
                waited = anyio.current_time() - began
                works.set()
                await journal.record("aired", "a", "")
            assert await journal.settle(5.0)
            await journal.record("aired", "b", "")
            return waited

    async def refused(journal: Journal, ref: str) -> None:
        with pytest.raises(DoublureError, match="could not be written within 3 s"):
            await journal.record("aired", ref, "")

    assert anyio.run(main) < 4.0
    assert [ref for ref in refs(tmp_path) if "lost" not in ref] == ["a", "b"]
    assert len(refs(tmp_path)) <= 3, "at most one of the refused ones was on its way to the disk"


def test_a_database_that_hangs_writes_late_and_nothing_twice(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_store(tmp_path) as store:
            journal, works = Journal(store, RealClock()), threading.Event()
            store.lane.submit(works.wait, 20.0)
            assert 0.9 < await seconds(journal, "a") < 2.0
            for ref in "bcd":
                assert await seconds(journal, ref) < 0.5
            works.set()
            assert await journal.settle(5.0)
            await journal.record("aired", "e", "")
            return verify(tmp_path)

    assert anyio.run(main) == 5
    assert refs(tmp_path) == ["a", "b", "c", "d", "e"]


def test_many_writers_share_the_wait_for_a_slow_database(tmp_path: Path) -> None:
    async def main() -> float:
        async with open_store(tmp_path) as store:
            journal = Journal(store, RealClock())
            event.listen(store.engine, "commit", lambda _: threading.Event().wait(0.4))
            began = anyio.current_time()
            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(journal.record, "aired", f"{number}", "")
            waited = anyio.current_time() - began
            assert await journal.settle(20.0)
            return waited

    assert anyio.run(main) < 3.0
    assert refs(tmp_path) == [f"{number}" for number in range(20)]


def test_a_writer_that_is_cancelled_leaves_the_journal_usable(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_store(tmp_path) as store:
            journal, works = Journal(store, RealClock()), threading.Event()
            store.lane.submit(works.wait, 20.0)
            with anyio.move_on_after(0.2):
                await journal.record("aired", "cut", "")
            works.set()
            await journal.record("aired", "a", "")
            assert not store.spool.size, "nothing hung"
            return verify(tmp_path)

    assert anyio.run(main) == 2
    assert refs(tmp_path) == ["cut", "a"]


def test_many_entries_are_one_write_to_the_disk(tmp_path: Path) -> None:
    commits: list[int] = []

    async def main() -> int:
        async with open_store(tmp_path) as store:
            journal = Journal(store, VirtualClock())
            event.listen(store.engine, "commit", lambda _: commits.append(1))
            await journal.record_many([Record("comment", f"{number}", "好看吗") for number in range(5000)])
            await journal.record_many([])
            return verify(tmp_path)

    assert anyio.run(main) == 5000
    assert len(commits) == 1
    assert refs(tmp_path) == [f"{number}" for number in range(5000)]


def test_a_day_that_was_spooled_is_moved_piece_by_piece_and_not_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    read = os.pread

    def counted(file: int, length: int, at: int) -> bytes:
        block = read(file, length, at)
        pieces.append(len(block))
        return block

    async def main() -> int:
        clock = VirtualClock()
        async with open_store(tmp_path) as store:
            journal = Journal(store, clock)
            monkeypatch.setattr(os, "pread", counted)
            with busy(tmp_path):
                for _ in range(10):
                    await journal.record_many([Record("comment", "c", "x" * 1000)] * 500)
                    await clock.advance(5.0)
                assert not await journal.settle(1.0)
            assert pieces == []
            assert await journal.settle(1.0)
            return verify(tmp_path)

    assert anyio.run(main) == 5000
    assert max(pieces) <= 256 * 1024
    assert sum(pieces) < 1.2 * 5000 * 1200, "each piece is read once"


def test_no_text_keeps_the_journal_from_the_database(tmp_path: Path, postgres: PostgresServer) -> None:
    async def main(folder: Path, url: str) -> int:
        async with open_store(folder, url) as store:
            journal = Journal(store, RealClock())
            before = verify(folder, url)
            await journal.record("comment", "\x00\ud800", "a\x00b \ud83d \U0001f600 \r\n\t\x7f\u2028")
            assert not store.spool.size
            return verify(folder, url) - before

    assert anyio.run(main, tmp_path / "one", "") == 1
    assert anyio.run(main, tmp_path / "two", postgres.url) == 1


def test_two_writers_keep_one_chain(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_store(tmp_path) as one, open_store(tmp_path) as two:
            async with anyio.create_task_group() as group:
                for store in (one, two):
                    journal = Journal(store, VirtualClock())
                    for number in range(20):
                        group.start_soon(journal.record, "aired", f"{number}", "")
            return verify(tmp_path)

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


FULL_DISK = """
import resource, signal, sys
from pathlib import Path

import anyio

from doublure.trust.audit import audit
from doublure.trust.audit import audit
from doublure.clock import RealClock
from doublure.errors import DoublureError
from doublure.trust.journal import Journal
from doublure.store import DATABASE, open_store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])

def full(bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, resource.RLIM_INFINITY))

async def main():
    async with open_store(folder) as store:
        journal = Journal(store, RealClock())
        await journal.record("aired", "a", "")
        full(250)  # no file may grow beyond; two entries fit in the spool
        for ref in "bcde":
            try:
                await journal.record("aired", ref, "")
                print("kept", ref)
            except DoublureError as error:
                print("refused", ref, "free disk space" in str(error))
        full(resource.RLIM_INFINITY)
        await journal.record("aired", "f", "")
        assert await journal.settle(5.0)
        await journal.record("aired", "g", "")
        print(audit(folder).entries)

anyio.run(main)
"""


def test_a_full_disk_refuses_and_tears_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True)
    told = done.stdout.splitlines()
    kept = [line.split()[1] for line in told if line.startswith("kept")]
    refused = [line.split()[1] for line in told if line.startswith("refused")]
    assert kept, done.stderr
    assert refused, done.stdout
    assert all(line.endswith("True") for line in told if line.startswith("refused"))
    assert refs(tmp_path) == ["a", *kept, "f", "g"]
