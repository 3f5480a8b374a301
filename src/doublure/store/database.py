"""Opens the database, brings it up to date and runs every call to it in one lane.

Every wait for the database ends: SQLite gives up a lock, and PostgreSQL a connection, a statement
or a read, after seconds. The spool beside it has a lane of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import alembic.command
import anyio
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from doublure.clock import Clock, RealClock
from doublure.errors import SettingsError
from doublure.log import get_log
from doublure.store.spool import Spool
from doublure.threads import Lane

R = TypeVar("R")

log = get_log(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
DATABASE = "room.db"
READING = "doublure_reading"
BUSY_SECONDS = 0.8
"""A statement of SQLite waits this long for another process; then the journal spools."""
SERVER_SECONDS = 2.0
"""A server is waited for this long: to connect, to run a statement, to send or to take bytes."""
MIGRATION_SECONDS = 60.0
"""The same while the tables are brought up to date, which may rewrite large ones."""
STOPPED_SECONDS = 10.0
"""A server takes back the locks of a process that stopped in the middle of a transaction."""
CLOSE_SECONDS = 2.0
"""Closing waits this long for the database and for the disk, each."""


class Store:
    """An open database. Made by `open_store`."""

    def __init__(self, engine: Engine, spool: Spool, clock: Clock) -> None:
        self.engine = engine
        self.spool = spool
        """Where the journal keeps entries while the database does not answer."""
        self.lane = Lane("store")
        """Every call to the database."""
        self.disk = Lane("spool")
        """Every call to the spool."""
        self._clock = clock

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    async def run(self, work: Callable[[], R]) -> R:
        """Run `work` in the database's lane, one after the other."""
        return await self.lane.run(work)

    async def close(self) -> None:
        """Let go of database and spool after the work that waits, and of what hangs without."""
        for lane, let_go in ((self.lane, self.engine.dispose), (self.disk, self.spool.close)):
            with self._clock.timeout(CLOSE_SECONDS) as scope:
                await lane.run(let_go)
            if scope.cancelled_caught:
                log.warning("the %s hangs and is left as it is", lane.name)
            lane.close()


@asynccontextmanager
async def open_store(folder: Path, url: str = "", clock: Clock | None = None) -> AsyncIterator[Store]:
    """Open, and create or bring up to date, the database of a room.

    It is SQLite in the room's folder, unless `url` names another database, such as
    `postgresql+pg8000://user@host/name`. Raises `SettingsError`. `clock` limits the closing; it is
    the machine's unless given, because threads work in the machine's time.
    """
    _make_folder(folder)
    engine = await _opening().run(_open, url or f"sqlite:///{folder / DATABASE}")
    spool = await _opening().run(Spool, folder)
    store = Store(engine, spool, clock or RealClock())
    try:
        yield store
    finally:
        with anyio.CancelScope(shield=True):
            await store.close()


@contextmanager
def reading(folder: Path, url: str = "") -> Iterator[tuple[Connection, str]]:
    """A connection to the database of a room that cannot write, and the database's name; nothing is made
    or migrated. Raises `SettingsError`. Blocks."""
    address = url or f"sqlite:///{folder / DATABASE}"
    name = _shown(address)
    try:
        if not url:
            # without a write-ahead log nobody writes; then not even SQLite's own files are made beside it
            alone = not (folder / f"{DATABASE}-wal").exists()
            mode = "immutable=1" if alone else "mode=ro"
            address = f"sqlite:///file:{quote(str(folder / DATABASE))}?{mode}&uri=true"
        engine = _engine(make_url(address), MIGRATION_SECONDS, writes=False)
        connection = engine.connect().execution_options(**{READING: True})
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise _not_opened(error, name) from error
    with connection:
        yield connection, name
    engine.dispose()


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
        engine = _engine(parsed, SERVER_SECONDS)
        with engine.connect():
            pass  # a server that does not answer is found here, not with the patience of a migration
        migrating = _engine(parsed, MIGRATION_SECONDS)
        with migrating.begin() as connection:
            _migrate(connection)
        migrating.dispose()
        return engine
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise _not_opened(error, _shown(url)) from error


def _not_opened(error: Exception, where: str) -> SettingsError:
    # the driver's first line says what is wrong; the rest is SQL
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return SettingsError(
        f"the store cannot be opened: {reason}",
        where=where,
        remedy="check the address, that the database runs, and that its driver is installed",
    )


def _engine(parsed: URL, seconds: float, writes: bool = True) -> Engine:
    """An engine that waits `seconds` for a server at most."""
    backend, driver = parsed.get_backend_name(), parsed.get_driver_name()
    if backend == "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite if writes else _prepare_reading_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # for pg8000 this limits every read and write as well; others know a limit for connecting only
    limits = {"pg8000": {"timeout": seconds}, "psycopg": {"connect_timeout": int(seconds)}}
    engine = create_engine(parsed, pool_pre_ping=True, connect_args=limits.get(driver, {}))
    if backend == "postgresql":
        event.listen(engine, "connect", partial(_prepare_postgresql, seconds, writes))
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


def _prepare_reading_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={int(SERVER_SECONDS * 1000)}")


def _prepare_postgresql(
    seconds: float, writes: bool, connection: DBAPIConnection, _entry: ConnectionPoolEntry
) -> None:
    cursor = connection.cursor()
    for setting, limit in (
        ("statement_timeout", seconds),
        ("lock_timeout", seconds),
        ("idle_in_transaction_session_timeout", STOPPED_SECONDS),
    ):
        cursor.execute(f"SET {setting} = {int(limit * 1000)}")
    cursor.execute(f"SET default_transaction_read_only = {'off' if writes else 'on'}")
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    # taking the write lock at once lets two processes add to one chain without a deadlock; readers
    # must not take it, or they would hold up a room on air
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
