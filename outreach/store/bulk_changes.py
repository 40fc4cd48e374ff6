"""What an update of many rows writes, and the SQL of it around the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table

Row = Mapping[str, Any]


class Changes(NamedTuple):
    """Columns of `key` are compared, the others written. `where` is SQL over `<table>.<column>`, `also` of a SET."""

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    where: str
    also: str

    def statement(self, source: str) -> str:
        """From a source `many` with these columns."""
        name, written = self.table.name, [column for column in self.columns if column not in self.key]
        changed = [*(f'"{column}" = many."{column}"' for column in written), *([self.also] if self.also else [])]
        condition = " AND ".join([*(f"{name}.{column} = many.{column}" for column in self.key), self.where])
        return f"UPDATE {name} SET {', '.join(changed)} FROM {source} WHERE {condition}"  # noqa: S608
