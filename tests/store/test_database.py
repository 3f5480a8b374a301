"""Opening the store: SQLite in a folder, a real PostgreSQL, and what goes wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from doublure.clock import VirtualClock
from doublure.errors import SettingsError
from doublure.store import DATABASE, open_store
from doublure.store.models import Table
from doublure.trust.audit import audit
from doublure.trust.journal import Journal
from tests.postgres import postgres_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    with postgres_server() as server:
        yield server.url


async def differences(folder: Path, url: str = "") -> list[object]:
    async with open_store(folder, url) as store:
        with store.engine.connect() as connection:
            found: list[object] = compare_metadata(MigrationContext.configure(connection), Table.metadata)
            return found


def test_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    assert anyio.run(differences, tmp_path) == []


def test_sqlite_writes_ahead_and_to_the_disk(tmp_path: Path) -> None:
    async def main() -> tuple[object, object]:
        async with open_store(tmp_path / "made" / "for" / "it") as store:
            with store.engine.connect() as connection:
                journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
                synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
                return journal, synchronous

    assert anyio.run(main) == ("wal", 2)


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    async def main() -> int:
        async with open_store(tmp_path) as store:
            await Journal(store, VirtualClock()).record("aired", "a", "")
        async with open_store(tmp_path) as store:
            return audit(tmp_path).entries

    assert anyio.run(main) == 1


def test_rooms_of_one_process_may_open_their_stores_at_once(tmp_path: Path) -> None:
    opened: list[Path] = []

    async def one(folder: Path) -> None:
        async with open_store(folder):
            opened.append(folder)

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(one, tmp_path / str(number))

    anyio.run(all_of_them)
    assert len(opened) == 6
    assert all((folder / DATABASE).exists() for folder in opened)


def test_a_broken_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this was never a database" * 100)
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(SettingsError, match="cannot be opened"):
        anyio.run(differences, tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


@pytest.mark.parametrize(
    "url",
    [
        "this is no address",
        "postgresql+pg8000://show:SECRET@127.0.0.1:1/none",
        "mariadb+absent://show:SECRET@127.0.0.1/none",
    ],
)
def test_an_unusable_address_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="store cannot be opened") as caught:
        anyio.run(differences, tmp_path, url)
    assert "SECRET" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="folder cannot be made"):
        anyio.run(differences, tmp_path / "file" / "room")


def test_the_name_hides_the_password(tmp_path: Path, postgres: str) -> None:
    async def main() -> str:
        async with open_store(tmp_path, postgres.replace("show@", "show:SECRET@")) as store:
            return store.name

    assert "SECRET" not in anyio.run(main)


def test_postgres_keeps_the_same_chain(tmp_path: Path, postgres: str) -> None:
    async def main() -> int:
        async with open_store(tmp_path, postgres) as one, open_store(tmp_path, postgres) as two:
            async with anyio.create_task_group() as group:
                for store in (one, two):
                    journal = Journal(store, VirtualClock())
                    for number in range(10):
                        group.start_soon(journal.record, "aired", f"{number}", "第一句")
            return audit(tmp_path, postgres).entries

    assert anyio.run(differences, tmp_path, postgres) == []
    assert anyio.run(main) == 20
    assert not (tmp_path / DATABASE).exists()


def test_postgres_refuses_changes_too(tmp_path: Path, postgres: str) -> None:
    async def main(statement: str) -> None:
        async with open_store(tmp_path, postgres) as store:
            await Journal(store, VirtualClock()).record("aired", "a", "")
            with store.engine.begin() as connection:
                connection.exec_driver_sql(statement)

    for statement in (
        "UPDATE journal_entries SET body = ''",
        "DELETE FROM journal_entries",
        "TRUNCATE journal_entries",
    ):
        with pytest.raises(Exception, match="append-only"):
            anyio.run(main, statement)


def test_closing_lets_go_of_the_file(tmp_path: Path) -> None:
    anyio.run(differences, tmp_path)
    other = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("ROLLBACK")
    other.close()
    assert not (tmp_path / f"{DATABASE}-wal").exists()
