"""Opens the database, brings it up to date and runs every call to it in one lane."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import alembic.command
import anyio
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from doublure.errors import SettingsError
from doublure.offload import Lane

R = TypeVar("R")

MIGRATIONS = Path(__file__).parent / "migrations"
DATABASE = "room.db"
SPOOL = "journal.spool"
READING = "doublure_reading"
BUSY_SECONDS = 2.0
"""A statement waits this long for another process; then the journal spools."""


class Store:
    """An open database. Made by `open_store`."""

    def __init__(self, engine: Engine, spool: Path) -> None:
        self.engine = engine
        self.spool = spool
        """Where the journal keeps entries while the database does not answer."""
        self._lane = Lane("store")

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def reading(self) -> Connection:
        """A connection that only reads; use it as a context. To be called in the lane."""
        return self.engine.connect().execution_options(**{READING: True})

    async def run(self, work: Callable[[], R]) -> R:
        """Run `work` in the store's lane, one after the other."""
        return await self._lane.run(work)

    async def close(self) -> None:
        """Let go of the database after the work that waits."""
        await self.run(self.engine.dispose)
        self._lane.close()


@asynccontextmanager
async def open_store(folder: Path, url: str = "") -> AsyncIterator[Store]:
    """Open, and create or bring up to date, the database of a room.

    It is SQLite in the room's folder, unless `url` names another database, such as
    `postgresql+pg8000://user@host/name`. Raises `SettingsError`.
    """
    _make_folder(folder)
    engine = await _opening().run(_open, url or f"sqlite:///{folder / DATABASE}")
    store = Store(engine, folder / SPOOL)
    try:
        yield store
    finally:
        with anyio.CancelScope(shield=True):
            await store.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the room's folder cannot be made: {error.strerror}",
            where=str(folder),
            remedy="choose another under folder:",
        ) from error


@cache
def _opening() -> Lane:
    # alembic keeps its context in module globals: rooms of one process open their stores in turn
    return Lane("stores")


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        with engine.begin() as connection:
            _migrate(connection)
    except (SQLAlchemyError, sqlite3.Error, ImportError) as error:
        # the driver's first line says what is wrong; the rest is SQL
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"the store cannot be opened: {reason}",
            where=_shown(url),
            remedy="check the address, that the database runs, and that its driver is installed",
        ) from error
    return engine


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "store"


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # transactions are begun by _begin_sqlite, not by the driver's guess
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",  # a journal entry is on the disk before what it records happens
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # taking the write lock at once lets two processes add to one chain without a deadlock; readers
    # must not take it, or they would hold up a room on air
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
