"""Reports that take long to read, kept whole with the instant they are as of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import kept_reports


def find(connection: Connection, key: str) -> RowMapping | None:
    """The row of that key: `wish`, `content`, `made_at`, `asked_at`."""
    return connection.execute(select(kept_reports).where(kept_reports.c.key == key)).mappings().first()


def keep(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a report in place of an older one; when it was asked for first stays unless it is in `row`."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(kept_reports).values(**row)
    changes = {name: row[name] for name in ("wish", "content", "made_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changes))


def note_asked(connection: Connection, key: str, now: datetime) -> None:
    connection.execute(update(kept_reports).where(kept_reports.c.key == key).values(asked_at=now))


def older_than(connection: Connection, made_before: datetime) -> list[RowMapping]:
    """`key` and `wish` of the reports made before that instant, the oldest first."""
    statement = select(kept_reports.c.key, kept_reports.c.wish).where(kept_reports.c.made_at <= made_before)
    return list(connection.execute(statement.order_by(kept_reports.c.made_at)).mappings())


def forget(connection: Connection, *, asked_before: datetime) -> None:
    """Nobody has asked for these in a long time."""
    connection.execute(delete(kept_reports).where(kept_reports.c.asked_at < asked_before))


def drop(connection: Connection, key: str) -> None:
    connection.execute(delete(kept_reports).where(kept_reports.c.key == key))


def is_any(connection: Connection) -> bool:
    return connection.execute(select(kept_reports.c.key).limit(1)).first() is not None
