"""The audit: what somebody who can write the database cannot hide."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from doublure.clock import VirtualClock
from doublure.errors import DoublureError, SettingsError
from doublure.store import DATABASE, open_store
from doublure.store.spool import NAMES
from doublure.trust import seal, signing
from doublure.trust.audit import Audit, audit
from doublure.trust.journal import Entry, Journal, link
from tests.postgres import PostgresServer, postgres_server


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that is new in every test."""
    folder = tmp_path / "state"
    monkeypatch.setenv("DOUBLURE_STATE_FOLDER", str(folder))
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "room"
    anyio.run(write, folder, 5)
    return folder


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def write(folder: Path, count: int, url: str = "") -> None:
    async with open_store(folder, url) as store:
        journal = Journal(store, VirtualClock())
        for number in range(count):
            await journal.record("aired", f"u-{number}", "第一句")


def rewrite(folder: Path, count: int, signed_by: Path | None = None) -> None:
    """A new chain that is whole in itself, as whoever has the database can write it."""
    with sqlite3.connect(folder / DATABASE) as base:
        for trigger in ("journal_no_update", "journal_no_delete"):
            base.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        base.execute("DELETE FROM journal_entries")
        previous = "0" * 64
        for number in range(1, count + 1):
            entry = Entry(mark=f"m{number}", at="2026", kind="aired", ref="forged", body="")
            made = link(previous, number, entry)
            row = (number, entry.mark, "2026", "aired", "forged", "", previous, made)
            base.execute("INSERT INTO journal_entries VALUES (?,?,?,?,?,?,?,?)", row)
            previous = made
        base.execute("UPDATE journal_head SET number=?, hash=?", (count, previous))
        if signed_by is not None:
            private = signing.private_key(signed_by)
            (journal,) = base.execute("SELECT journal FROM journal_head").fetchone()
            head = seal.Head(journal, count, previous, "", "")
            base.execute(
                "UPDATE journal_head SET key=?, signature=?",
                (signing.public_hex(private), private.sign(head.payload()).hex()),
            )
    base.close()


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_whole_journal_is_reported_with_its_seal_and_nothing_is_written(
    room: Path, tmp_path: Path, state: Path
) -> None:
    before = contents(tmp_path)
    assert audit(room) == Audit(5, 0, seal.Seal().key)
    assert contents(tmp_path) == before
    assert (state / seal.KEY_FILE).stat().st_mode & 0o077 == 0


def test_a_journal_is_read_while_its_room_is_on_air(room: Path) -> None:
    async def main() -> int:
        async with open_store(room) as store:
            await Journal(store, VirtualClock()).record("aired", "on air", "")
            return audit(room).entries

    assert anyio.run(main) == 6


def test_a_chain_that_was_written_anew_is_found(room: Path) -> None:
    for count in (5, 3, 0):
        rewrite(room, count)
        with pytest.raises(DoublureError, match="was not sealed by the machine"):
            audit(room)


def test_a_chain_that_was_sealed_with_another_key_is_found(room: Path, tmp_path: Path) -> None:
    rewrite(room, 5, tmp_path / "other.key")
    with pytest.raises(DoublureError, match=r"not known here .*DOUBLURE_JOURNAL_KEYS"):
        audit(room)


def test_an_older_copy_of_the_database_is_found(room: Path) -> None:
    shutil.copy(room / DATABASE, room / "older.db")
    anyio.run(write, room, 2)
    assert audit(room).entries == 7
    shutil.copy(room / "older.db", room / DATABASE)
    with pytest.raises(DoublureError, match="this machine wrote 7 entries"):
        audit(room)


def test_a_journal_that_was_emptied_is_found(room: Path, tmp_path: Path) -> None:
    (room / DATABASE).unlink()
    with pytest.raises(DoublureError, match="is gone: this machine wrote 5 entries"):
        audit(room)
    anyio.run(write, room, 1)
    with pytest.raises(DoublureError, match="replaced or cut off: this machine wrote 5 entries"):
        audit(room)


def test_a_seal_that_was_taken_off_is_found(room: Path) -> None:
    with sqlite3.connect(room / DATABASE) as base:
        base.execute("UPDATE journal_head SET key='', signature=''")
    base.close()
    with pytest.raises(DoublureError, match="has lost its seal"):
        audit(room)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_room_on_air_does_not_seal_what_somebody_else_wrote(
    room: Path, tmp_path: Path, sealed: bool
) -> None:
    rewrite(room, 4, tmp_path / "other.key" if sealed else None)
    anyio.run(write, room, 2)
    with pytest.raises(DoublureError):
        audit(room)


def test_a_journal_from_before_seals_is_taken_over_and_then_sealed(room: Path, state: Path) -> None:
    with sqlite3.connect(room / DATABASE) as base:
        for column in ("journal", "key", "signature"):
            base.execute(f"ALTER TABLE journal_head DROP COLUMN {column}")
        base.execute("UPDATE alembic_version SET version_num='0001'")
    base.close()
    shutil.rmtree(state)
    before = (room / DATABASE).read_bytes()
    assert audit(room) == Audit(5, 0, "")
    assert (room / DATABASE).read_bytes() == before, "it was not migrated"
    anyio.run(write, room, 1)
    assert audit(room) == Audit(6, 0, seal.Seal().key)


def test_a_machine_that_lost_its_key_goes_on_when_it_knows_the_old_one(
    room: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = seal.Seal().key
    shutil.rmtree(state)
    with pytest.raises(DoublureError, match=f"not known here .{old}"):
        audit(room)
    monkeypatch.setenv("DOUBLURE_JOURNAL_KEYS", old.upper())
    assert audit(room).entries == 5
    anyio.run(write, room, 1)
    assert audit(room) == Audit(6, 0, seal.Seal().key)


def test_what_waits_in_the_spool_is_counted_and_damage_is_named(room: Path) -> None:
    entry = Entry(mark="m", at="2026", kind="aired", ref="u", body="").model_dump_json().encode()
    (room / NAMES[0]).write_bytes(entry + b"\n" + entry + b"\n" + b'{"torn')
    (room / NAMES[1]).write_bytes(entry + b"\n")
    assert audit(room).spooled == 3
    (room / NAMES[1]).write_bytes(entry + b"\n" + json.dumps({"mark": 1}).encode() + b"\n")
    with pytest.raises(DoublureError, match=rf"{NAMES[1]}:2.*damaged"):
        audit(room)


def test_a_room_without_a_journal(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no journal yet"):
        audit(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_journal(room: Path) -> None:
    (room / DATABASE).write_bytes(b"this was never a database" * 100)
    with pytest.raises(DoublureError):
        audit(room)
    sqlite3.connect(room / "other.db").close()
    shutil.copy(room / "other.db", room / DATABASE)
    with pytest.raises(DoublureError, match="cannot be read"):
        audit(room)


def test_postgres_is_only_read(tmp_path: Path, postgres: PostgresServer) -> None:
    anyio.run(write, tmp_path / "room", 3, postgres.url)
    assert audit(tmp_path / "room", postgres.url) == Audit(3, 0, seal.Seal().key)


def test_two_machines_seal_one_journal_when_they_know_each_other(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = seal.Seal().key
    monkeypatch.setenv("DOUBLURE_STATE_FOLDER", str(tmp_path / "machine2"))
    two = seal.Seal().key
    monkeypatch.setenv("DOUBLURE_JOURNAL_KEYS", one)
    anyio.run(write, room, 1)
    assert audit(room) == Audit(6, 0, two)
    monkeypatch.setenv("DOUBLURE_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("DOUBLURE_JOURNAL_KEYS", two)
    assert audit(room) == Audit(6, 0, two)
    anyio.run(write, room, 1)
    assert audit(room) == Audit(7, 0, one)


def test_a_state_folder_that_cannot_be_written_does_not_stop_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DOUBLURE_STATE_FOLDER", str(tmp_path / "file"))
    anyio.run(write, tmp_path / "room", 2)
    assert audit(tmp_path / "room") == Audit(2, 0, "")
