"""How far each mailbox is stored, when somebody told us of news in it, and what keeps us from reading it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.poller import Cursor
from outreach.store.tables import mailbox_folders, mailboxes
from outreach.store.within import within


def _insert(connection: Connection, table: Any) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def enter(connection: Connection, names: Collection[str]) -> None:
    """Make a row for each mailbox that has none."""
    if names:
        rows = [{"name": name, "failures": 0} for name in sorted(names)]
        connection.execute(_insert(connection, mailboxes).on_conflict_do_nothing(), rows)


def of(connection: Connection, name: str) -> RowMapping | None:
    return connection.execute(select(mailboxes).where(mailboxes.c.name == name)).mappings().one_or_none()


def all_of(connection: Connection) -> list[RowMapping]:
    return list(connection.execute(select(mailboxes).order_by(mailboxes.c.name)).mappings())


def want(connection: Connection, names: Collection[str], now: datetime) -> int:
    """There is something new in these; how many of them are known."""
    if not names:
        return 0
    statement = update(mailboxes).where(within(mailboxes.c.name, set(names))).values(wanted_at=now)
    return connection.execute(statement).rowcount


def note_read(connection: Connection, name: str, now: datetime) -> None:
    """It was read to its end."""
    values = {"looked_at": now, "failures": 0, "error": None}
    connection.execute(update(mailboxes).where(mailboxes.c.name == name).values(**values))


def note_failure(connection: Connection, name: str, error: str) -> None:
    values = {"failures": mailboxes.c.failures + 1, "error": error[:500]}
    connection.execute(update(mailboxes).where(mailboxes.c.name == name).values(**values))


def cursor(connection: Connection, mailbox: str, folder: str) -> Cursor | None:
    statement = select(mailbox_folders).where(mailbox_folders.c.mailbox == mailbox, mailbox_folders.c.folder == folder)
    row = connection.execute(statement).mappings().one_or_none()
    return Cursor(row["validity"], row["uid"], row["since_at"].date()) if row else None


def move(connection: Connection, mailbox: str, folder: str, to: Cursor) -> None:
    """The cursor behind mail that the same transaction stores. It never goes back within one validity."""
    values = {"validity": to.validity, "uid": to.uid, "since_at": datetime.combine(to.since, time(0), UTC)}
    statement = _insert(connection, mailbox_folders).values(mailbox=mailbox, folder=folder, **values)
    is_ahead = (mailbox_folders.c.validity != to.validity) | (mailbox_folders.c.uid < to.uid)
    keys = [mailbox_folders.c.mailbox, mailbox_folders.c.folder]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values, where=is_ahead))
