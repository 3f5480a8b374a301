"""Opens the database, migrates it and runs every call to it in one lane.

Every wait for the database has a time limit of seconds: for a lock in SQLite, and for a connection, a
statement or a read in PostgreSQL. The spool has its own lane.
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
"""Longest wait of an SQLite statement for another process; then the journal spools."""
SERVER_SECONDS = 2.0
"""Longest wait for a server: to connect, to run a statement, to send or to receive bytes."""
MIGRATION_SECONDS = 60.0
"""The same during a migration, which may rewrite large tables."""
STOPPED_SECONDS = 10.0
"""After this long a server releases the locks of a process that stopped in the middle of a transaction."""
CLOSE_SECONDS = 2.0
"""Longest wait for the database, and for the disk, when the store is closed."""


class Store:
    """An open database. Made by `open_store`."""

    def __init__(self, engine: Engine, spool: Spool, clock: Clock) -> None:
        self.engine = engine
        self.spool = spool
        """Where the journal keeps entries while the database does not answer."""
        self.lane = Lane("store")
        """Runs every call to the database."""
        self.disk = Lane("spool")
        """Runs every call to the spool."""
        self._clock = clock

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    async def run(self, work: Callable[[], R]) -> R:
        """Run `work` in the database's lane, after the calls that wait there."""
        return await self.lane.run(work)

    async def close(self) -> None:
        """Close the database and the spool after the work that waits. What hangs is abandoned."""
        for lane, let_go in ((self.lane, self.engine.dispose), (self.disk, self.spool.close)):
            with self._clock.timeout(CLOSE_SECONDS) as scope:
                await lane.run(let_go)
            if scope.cancelled_caught:
                log.warning("the %s hangs and is left as it is", lane.name)
            lane.close()


@asynccontextmanager
async def open_store(folder: Path, url: str = "", clock: Clock | None = None) -> AsyncIterator[Store]:
    """Open the database of a room; create or migrate it first if necessary. Raises `SettingsError`.

    It is SQLite in the room's folder, unless `url` names another database, such as
    `postgresql+pg8000://user@host/name`. `clock` limits the time for closing. The default is the
    machine's clock, because threads run in the machine's time.
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
    """A read-only connection to the database of a room, and the database's name. Creates and migrates
    nothing. Raises `SettingsError`. Blocks."""
    address = url or f"sqlite:///{folder / DATABASE}"
    name = _shown(address)
    engine: Engine | None = None
    try:
        if not url:
            # without a write-ahead log nobody writes; `immutable` keeps SQLite from making files of its own
            alone = not (folder / f"{DATABASE}-wal").exists()
            mode = "immutable=1" if alone else "mode=ro"
            address = f"sqlite:///file:{quote(str(folder / DATABASE))}?{mode}&uri=true"
        engine = _engine(make_url(address), MIGRATION_SECONDS, writes=False)
        connection = engine.connect().execution_options(**{READING: True})
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        if engine is not None:
            engine.dispose()
        raise _not_opened(error, name) from error
    try:
        with connection:
            yield connection, name
    finally:
        engine.dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the room's folder cannot be made: {error.strerror}",
            where=str(folder),
            remedy="choose another folder under folder:",
        ) from error


@cache
def _opening() -> Lane:
    # alembic keeps its context in module globals, so the rooms of one process open their stores in turn
    return Lane("stores")


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        engine = _engine(parsed, SERVER_SECONDS)
        with engine.connect():
            pass  # finds a server that does not answer before the long time limit of a migration applies
        migrating = _engine(parsed, MIGRATION_SECONDS)
        with migrating.begin() as connection:
            _migrate(connection)
        migrating.dispose()
        return engine
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise _not_opened(error, _shown(url)) from error


def _not_opened(error: Exception, where: str) -> SettingsError:
    # the driver's first line names the fault; the rest is SQL
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return SettingsError(
        f"the store cannot be opened: {reason}",
        where=where,
        remedy="check the address, that the database runs, and that its driver is installed",
    )


def _engine(parsed: URL, seconds: float, writes: bool = True) -> Engine:
    """An engine that waits at most `seconds` for a server."""
    backend, driver = parsed.get_backend_name(), parsed.get_driver_name()
    if backend == "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite if writes else _prepare_reading_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # pg8000 applies this to every read and write too; other drivers limit only the connecting
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
    # _begin_sqlite begins transactions; the driver must not
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",  # an entry is on the disk before the event it records happens
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
    # a writer takes the write lock at once, so that two processes can add to one chain without a
    # deadlock; a reader must not take it, because it would hold up a room on air
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
