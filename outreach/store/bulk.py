"""Many rows in one statement.

PostgreSQL gets one array for each column (`unnest`), which costs the client a fraction of a statement for each row;
SQLite, which has no client to speak of, gets the rows one after the other inside the library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.sql.elements import TextClause

Row = Mapping[str, Any]

_POSTGRESQL = postgresql_dialect()  # type: ignore[no-untyped-call]


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns; one that would break a unique key is left out."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])
        return
    connection.execute(_insert(table, tuple(rows[0])), _arrays(rows))


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), [dict(row) for row in rows])
        return
    connection.execute(_insert(table, tuple(rows[0]), conflict=""), _arrays(rows))


def update_each(connection: Connection, table: Table, rows: Sequence[Row], *, where: str, given: Row) -> set[str]:
    """Write the columns of each row on the row of that `id`, where the condition holds; the ids that were written.

    `where` is SQL over `<table>.<column>` with `:names` of `given`, such as `touches.owner = :holder`.
    """
    if not rows:
        return set()
    columns = tuple(rows[0])
    if connection.dialect.name != "sqlite":
        return set(connection.execute(_update(table, columns, where), {**_arrays(rows), **given}).scalars())
    ids = json.dumps([row["id"] for row in rows])
    written = set(connection.execute(_matching(table, where), {"ids": ids, **given}).scalars())
    kept = [{**_bound(table, row), **given} for row in rows if row["id"] in written]
    if kept:
        connection.execute(_update_one(table, columns, where), kept)
    return written


def _arrays(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """One list a column. Enums stand in columns of their own, so that the first value tells."""
    arrays: dict[str, list[Any]] = {f"new_{name}": [row[name] for row in rows] for name in rows[0]}
    for name, first in rows[0].items():
        if isinstance(first, Enum):
            arrays[f"new_{name}"] = [_plain(row[name]) for row in rows]
    return arrays


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _bound(table: Table, row: Row) -> dict[str, Any]:
    """The values as SQLite keeps them: text statements know no column types."""
    return {f"new_{name}": _sqlite_value(table, name, value) for name, value in row.items()}


_SQLITE = sqlite.dialect()


def _sqlite_value(table: Table, name: str, value: Any) -> Any:
    process = _processor(table, name)
    return process(_plain(value)) if process else _plain(value)


@lru_cache(maxsize=256)
def _processor(table: Table, name: str) -> Any:
    return table.c[name].type.dialect_impl(_SQLITE).bind_processor(_SQLITE)


# The SQL below is put together from names in tables.py and conditions written in the store, never from values.


@lru_cache(maxsize=64)
def _matching(table: Table, where: str) -> TextClause:
    """Which rows an update would reach: the driver counts the rows of many updates in one sum only."""
    ids = "SELECT value FROM json_each(:ids)"
    return text(f"SELECT {table.name}.id FROM {table.name} WHERE {table.name}.id IN ({ids}) AND {where}")  # noqa: S608


@lru_cache(maxsize=64)
def _update_one(table: Table, columns: tuple[str, ...], where: str) -> TextClause:
    changed = ", ".join(f"{name} = :new_{name}" for name in columns if name != "id")
    return text(f"UPDATE {table.name} SET {changed} WHERE {table.name}.id = :new_id AND {where}")  # noqa: S608


@lru_cache(maxsize=64)
def _update(table: Table, columns: tuple[str, ...], where: str) -> TextClause:
    changed = ", ".join(f"{name} = many.{name}" for name in columns if name != "id")
    many = f"unnest({_casts(table, columns)}) AS many({', '.join(columns)})"
    condition = f"{table.name}.id = many.id AND {where}"
    return text(f"UPDATE {table.name} SET {changed} FROM {many} WHERE {condition} RETURNING {table.name}.id")  # noqa: S608


@lru_cache(maxsize=64)
def _insert(table: Table, columns: tuple[str, ...], *, conflict: str = " ON CONFLICT DO NOTHING") -> TextClause:
    names = ", ".join(f'"{name}"' for name in columns)
    return text(f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({_casts(table, columns)}){conflict}")  # noqa: S608


def _casts(table: Table, columns: tuple[str, ...]) -> str:
    return ", ".join(f"CAST(:new_{name} AS {table.c[name].type.compile(_POSTGRESQL)}[])" for name in columns)
