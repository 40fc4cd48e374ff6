"""The tables' history: bring a database to the present revision, or say what is to be done.

SQLite brings itself up to date at start; PostgreSQL, which several machines share, asks for `outreach db upgrade`.
Both run one migration as one transaction, and a second process waits for the first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from outreach.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_LOCK = 7_206_152
"""Advisory lock on PostgreSQL: one upgrade at a time."""


@cache
def newest() -> str:
    """The revision this program works with."""
    return max(_known())


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
            from alembic import command  # noqa: PLC0415  # a tenth of a second, which a database up to date does not cost

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
    from alembic.config import Config  # noqa: PLC0415  # as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


@cache
def _known() -> frozenset[str]:
    """Every revision of this program. They count 0001, 0002, …, and the files are named after them."""
    return frozenset(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in _known():
        raise StoreError(
            f"The database is at revision {found}, which this program (revision {newest()}) does not know: "
            "it is newer. Install the newer program; after that, if needed, run: outreach db upgrade"
        )


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
