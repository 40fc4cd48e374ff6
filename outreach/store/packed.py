"""Rows that are read by the hundred: in one step of the driver.

SQLite's driver lets go of the interpreter at every row and waits to get it back. So SQLite packs all rows into one JSON
text, which it does without the interpreter, and one call unpacks them. PostgreSQL sends its rows at once anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, Boolean, Connection, Select, Text, func, select

from outreach.store.column_types import Instant, from_microseconds


class Packed:
    """A statement, made once, whose rows are read together. On SQLite they come in no order that is sure."""

    def __init__(self, statement: Select[Any]) -> None:
        inner = statement.subquery()
        values = [func.json(column) if isinstance(column.type, JSON) else column for column in inner.c]
        self._statement = statement
        self._packing = select(func.json_group_array(func.json_array(*values), type_=Text()))
        self._names = tuple(inner.c.keys())
        self._instants = [place for place, column in enumerate(inner.c) if isinstance(column.type, Instant)]
        self._flags = [place for place, column in enumerate(inner.c) if isinstance(column.type, Boolean)]

    def read(self, connection: Connection, asked: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The rows, values in the order of the statement's columns."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._statement, asked))
        rows: list[Any] = orjson.loads(connection.execute(self._packing, asked).scalar_one())
        for row in rows:
            for place in self._instants:
                if row[place] is not None:
                    row[place] = from_microseconds(row[place])
            for place in self._flags:
                row[place] = bool(row[place])
        return rows

    def dicts(self, connection: Connection, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows as plain dicts, for those that are looked into again and again."""
        names = self._names
        return [dict(zip(names, row, strict=True)) for row in self.read(connection, asked)]
