"""Many rows in one statement and one parameter: the rows travel as JSON, which the database takes apart.

That costs the client a fraction of a statement for each row, and a statement stays the same whatever their number.
On SQLite, which is in this process, they travel as parameters where that does (`bulk_sqlite.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import orjson
from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.sql.elements import TextClause

from outreach.store import bulk_sqlite
from outreach.store.bulk_changes import Changes, Row
from outreach.store.column_types import to_microseconds

_POSTGRESQL = postgresql_dialect()  # type: ignore[no-untyped-call]


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert rows of the same columns; one that would break a unique key is left out. How many were inserted."""
    return _insert_rows(connection, table, rows, " ON CONFLICT DO NOTHING")


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns."""
    _insert_rows(connection, table, rows, "")


def _insert_rows(connection: Connection, table: Table, rows: Sequence[Row], conflict: str) -> int:
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        return bulk_sqlite.insert(connection, table, rows, conflict)
    statement = _insert(table, tuple(rows[0]), conflict)
    return connection.execute(statement, {"rows": _as_json(rows, connection.dialect.name)}).rowcount


def update_each(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    where: str,
    key: tuple[str, ...] = ("id",),
    also: str = "",
) -> set[str]:
    """Write the columns of each row on the row of that key, where the condition holds; the ids that were written.

    Columns of `key` are compared, the others written. `where` is SQL over `<table>.<column>`; `also` is what every
    row gets, as SQL of a SET.
    """
    if not rows:
        return set()
    changes = Changes(table, tuple(rows[0]), key, where, also)
    if connection.dialect.name == "sqlite" and bulk_sqlite.update_all(connection, changes, rows):
        return {row["id"] for row in rows}
    statement = _update(changes, connection.dialect.name)
    return set(connection.execute(statement, {"rows": _as_json(rows, connection.dialect.name)}).scalars())


def _as_json(rows: Sequence[Row], dialect: str) -> str:
    """Instants as the database's own functions read them. Raises TypeError for what is no JSON."""
    if dialect == "sqlite":
        return orjson.dumps(rows, default=to_microseconds, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    return orjson.dumps(rows).decode()


# The SQL below is put together from names in tables.py and conditions written in the store, never from values.


@lru_cache(maxsize=64)
def _update(changes: Changes, dialect: str) -> TextClause:
    source = _source(changes.table, changes.columns, dialect)
    return text(f"{changes.statement(source)} RETURNING {changes.table.name}.id")


@lru_cache(maxsize=64)
def _insert(table: Table, columns: tuple[str, ...], conflict: str) -> TextClause:
    names = ", ".join(f'"{name}"' for name in columns)
    source = _source(table, columns, "postgresql")
    return text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} WHERE true{conflict}")  # noqa: S608


def _source(table: Table, columns: tuple[str, ...], dialect: str) -> str:
    """The rows as a table `many`, in the types of the table they go into."""
    if dialect == "sqlite":
        parts = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name in columns)
        return f"(SELECT {parts} FROM json_each(:rows)) AS many"  # noqa: S608
    types = ", ".join(f'"{name}" {table.c[name].type.compile(_POSTGRESQL)}' for name in columns)
    return f"json_to_recordset(CAST(:rows AS json)) AS many({types})"
