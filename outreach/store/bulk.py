"""Many rows in one statement and one parameter: the rows travel as JSON, which the database takes apart.

That costs the client a fraction of a statement for each row, and a statement stays the same whatever their number.
New rows go to SQLite through its driver, which is in this process and needs no JSON taken apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import JSON, Connection, Table, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.sql.elements import TextClause

from outreach.store.column_types import Instant, to_microseconds

Row = Mapping[str, Any]

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
    columns = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql(_values(table, columns, conflict), _as_tuples(table, columns, rows)).rowcount
    statement = _insert(table, columns, conflict, connection.dialect.name)
    return connection.execute(statement, {"rows": _as_json(rows, connection.dialect.name)}).rowcount


def _as_tuples(table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Rows as the driver of SQLite takes them: a fifth of the cost of taking JSON apart."""
    written = [[row[name] for row in rows] for name in columns]
    for index, name in enumerate(columns):
        convert = _CONVERTED.get(type(table.c[name].type))
        if convert:
            written[index] = [None if value is None else convert(value) for value in written[index]]
    return list(zip(*written, strict=True))


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


_CONVERTED: Mapping[type, Any] = {Instant: to_microseconds, JSON: _json_text}


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
    changes = _Changes(table, tuple(rows[0]), key, where, also)
    statement = _update(changes, connection.dialect.name)
    return set(connection.execute(statement, {"rows": _as_json(rows, connection.dialect.name)}).scalars())


def _as_json(rows: Sequence[Row], dialect: str) -> str:
    """Instants as the database's own functions read them. Raises TypeError for what is no JSON."""
    if dialect == "sqlite":
        return orjson.dumps(rows, default=to_microseconds, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    return orjson.dumps(rows).decode()


# The SQL below is put together from names in tables.py and conditions written in the store, never from values.


class _Changes(NamedTuple):
    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    where: str
    also: str


@lru_cache(maxsize=64)
def _update(changes: _Changes, dialect: str) -> TextClause:
    name, key = changes.table.name, changes.key
    written = [f'"{column}" = many."{column}"' for column in changes.columns if column not in key]
    changed = ", ".join([*written, changes.also] if changes.also else written)
    condition = " AND ".join([*(f"{name}.{column} = many.{column}" for column in key), changes.where])
    source = _source(changes.table, changes.columns, dialect)
    return text(f"UPDATE {name} SET {changed} FROM {source} WHERE {condition} RETURNING {name}.id")  # noqa: S608


@lru_cache(maxsize=64)
def _values(table: Table, columns: tuple[str, ...], conflict: str) -> str:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}){conflict}"  # noqa: S608


@lru_cache(maxsize=64)
def _insert(table: Table, columns: tuple[str, ...], conflict: str, dialect: str) -> TextClause:
    names = ", ".join(f'"{name}"' for name in columns)
    source = _source(table, columns, dialect)
    return text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} WHERE true{conflict}")  # noqa: S608


def _source(table: Table, columns: tuple[str, ...], dialect: str) -> str:
    """The rows as a table `many`, in the types of the table they go into."""
    if dialect == "sqlite":
        parts = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name in columns)
        return f"(SELECT {parts} FROM json_each(:rows)) AS many"  # noqa: S608
    types = ", ".join(f'"{name}" {table.c[name].type.compile(_POSTGRESQL)}' for name in columns)
    return f"json_to_recordset(CAST(:rows AS json)) AS many({types})"
