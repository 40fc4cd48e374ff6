"""The database: one SQLite file or one PostgreSQL, and transactions on it.

SQLite: every writing transaction is BEGIN IMMEDIATE, `synchronous=FULL`, and WAL only where the library is free of the
WAL-reset corruption bug (3.51.3 and later); else the rollback journal.
PostgreSQL: READ COMMITTED; who needs more locks rows.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from outreach.errors import StoreError

T = TypeVar("T")

_WAL_IS_SAFE_FROM = (3, 51, 3)
_BUSY_MILLISECONDS = 30_000
_TRIES = 5
_CONFLICTS = {"40P01", "40001"}  # deadlock_detected, serialization_failure (PostgreSQL appendix A)

OUTAGES = (OperationalError, InterfaceError, NoFreeConnection)
"""What is raised when the database is away, restarting or overrun. A commit may have happened or not."""

WIDE_STOP_LOCK = 7_206_151
"""Advisory lock: marks take it shared, stops of unknown width take it exclusively."""


class Store:
    """One database. `begin` writes, `read` reads; both give a connection inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._one_writer = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction: commits at the end, rolls back on any exception."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._one_writer, self.engine.connect() as connection:
            connection.execution_options(outreach_begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction; keep it short."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a writing transaction; done again when the database chose it as the victim of a deadlock."""
        for _ in range(_TRIES - 1):
            try:
                with self.begin() as connection:
                    return work(connection)
            except OperationalError as error:
                if not is_conflict(error):
                    raise
        with self.begin() as connection:
            return work(connection)

    def lock_marks(self, connection: Connection) -> None:
        """Taken by a mark before it looks: wide stops wait for it, other marks do not."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": WIDE_STOP_LOCK})

    def lock_wide_stop(self, connection: Connection) -> None:
        """Taken by a stop of a domain, company, sender, sequence or all: no mark is under way, none begins."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WIDE_STOP_LOCK})

    def dispose(self) -> None:
        self.engine.dispose()


def is_conflict(error: DBAPIError) -> bool:
    """The database undid this transaction in favour of another; nothing of it was kept."""
    return getattr(error.orig, "sqlstate", None) in _CONFLICTS


def open_store(url: str) -> Store:
    """Open the database of that URL; it connects on first use. Raises StoreError when the URL cannot be used."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "database_url cannot be read. Write sqlite:///outreach.db or postgresql+psycopg://user@host/name."
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("SQLite needs a file: write database_url: sqlite:///outreach.db.")
        return Store(_sqlite_engine(url))
    if parsed.get_backend_name() != "postgresql":
        raise StoreError(f"database '{parsed.get_backend_name()}' is not supported. Use sqlite or postgresql.")
    return Store(_postgresql_engine(url))


def _from_json(value: Any) -> Any:
    """SQLite gives a JSON number as a number: the library then expects a TypeError."""
    if isinstance(value, str | bytes):
        return orjson.loads(value)
    raise TypeError("not a JSON text")


def _postgresql_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    options = {"options": "-c timezone=UTC"}
    return create_engine(
        parsed, pool_size=10, max_overflow=20, pool_timeout=30, connect_args=options, json_deserializer=_from_json
    )


def _sqlite_engine(url: str) -> Engine:
    arguments = {"check_same_thread": False, "timeout": _BUSY_MILLISECONDS / 1000}
    engine = create_engine(url, connect_args=arguments, json_deserializer=_from_json)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is not IMMEDIATE
        journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE_FROM else "TRUNCATE"
        for pragma in (
            f"busy_timeout={_BUSY_MILLISECONDS}",
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "mmap_size=0",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get("outreach_begin", "BEGIN")
        connection.exec_driver_sql(statement)

    return engine
