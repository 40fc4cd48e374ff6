"""The tables' history: bring a database to the present revision, or say what is to be done.

SQLite brings itself up to date at start; PostgreSQL, which several machines share, asks for `outreach db upgrade`.
Both run one migration as one transaction, and a second process waits for the first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from outreach.errors import StoreError

_MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_LOCK = 7_206_152
"""Advisory lock on PostgreSQL: one upgrade at a time."""


@cache
def newest() -> str:
    """The revision this program works with."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def current(engine: Engine) -> str | None:
    """The revision the database is at; None: no tables yet."""
    with engine.connect() as connection:
        return _revision(connection)


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision. Raises StoreError when it is newer than this program."""
    found = current(engine)
    if found == newest():
        return
    _refuse_newer(found)
    with engine.connect() as connection:
        connection.execution_options(outreach_begin="BEGIN IMMEDIATE")
        with connection.begin():
            _lock(connection)
            command.upgrade(_config(connection), "head")


def check(engine: Engine) -> None:
    """Raise StoreError, naming the command that mends it, unless the database is at the newest revision."""
    found = current(engine)
    if found == newest():
        return
    _refuse_newer(found)
    state = "has no tables yet" if found is None else f"is at revision {found}, this program needs {newest()}"
    raise StoreError(f"The database {state}. Run: outreach db upgrade")


def prepare(engine: Engine) -> None:
    """What every role does at start: SQLite upgrades itself, PostgreSQL is checked."""
    if engine.dialect.name == "sqlite":
        upgrade(engine)
    else:
        check(engine)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"The database is at revision {found}, which this program (revision {newest()}) does not know: "
            "it is newer. Install the newer program; after that, if needed, run: outreach db upgrade"
        )


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
