"""Many rows to SQLite: as parameters of few statements, each of which is one step of the driver.

The driver lets go of the interpreter at each step and waits to get it back, so a row a step costs other threads' turns.
Statements of a few sizes are prepared once and cover any number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Table

from outreach.store.bulk_changes import Changes, Row
from outreach.store.column_types import Instant, to_microseconds

_SIZES = (64, 32, 16, 8, 4, 2, 1)

Tuples = Sequence[tuple[Any, ...]]


def insert(connection: Connection, table: Table, rows: Sequence[Row], conflict: str) -> int:
    """Insert rows of the same columns; `conflict` is SQL behind the values. How many were inserted."""
    columns = tuple(rows[0])
    return sum(
        connection.exec_driver_sql(_insert(table.name, columns, conflict, len(some)), _flat(some)).rowcount
        for some in _pieces(_as_tuples(table, columns, rows))
    )


def update_all(connection: Connection, changes: Changes, rows: Sequence[Row]) -> bool:
    """Write every one of these rows, or none and False if one of them is not found where the condition holds."""
    connection.exec_driver_sql("SAVEPOINT each_row")
    written = 0
    for some in _pieces(_as_tuples(changes.table, changes.columns, rows)):
        written += connection.exec_driver_sql(_update(changes, len(some)), _flat(some)).rowcount
    is_complete = written == len(rows)
    if not is_complete:
        connection.exec_driver_sql("ROLLBACK TO each_row")
    connection.exec_driver_sql("RELEASE each_row")
    return is_complete


def _pieces(rows: Tuples) -> Iterator[Tuples]:
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _flat(rows: Tuples) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _as_tuples(table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> Tuples:
    """Values as the driver takes them."""
    written = [[row[name] for row in rows] for name in columns]
    for index, name in enumerate(columns):
        convert = _CONVERTED.get(type(table.c[name].type))
        if convert:
            written[index] = [None if value is None else convert(value) for value in written[index]]
    return list(zip(*written, strict=True))


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


_CONVERTED: Mapping[type, Any] = {Instant: to_microseconds, JSON: _json_text}


# The SQL below is put together from names in tables.py and conditions written in the store, never from values.


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...], conflict: str, count: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES {_marks(len(columns), count)}{conflict}"  # noqa: S608


@lru_cache(maxsize=256)
def _update(changes: Changes, count: int) -> str:
    names = ", ".join(f'column{number} AS "{name}"' for number, name in enumerate(changes.columns, 1))
    source = f"(SELECT {names} FROM (VALUES {_marks(len(changes.columns), count)})) AS many"  # noqa: S608
    return changes.statement(source)


def _marks(columns: int, rows: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return ", ".join([one] * rows)
