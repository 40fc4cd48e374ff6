"""Notices to the team: written in the transaction of what happened, sent later, in batches that stay together.

A notice is `waiting`, `sent` or `failed`. One that is being sent is waiting as well: its `due_at` lies ahead, so that
nobody else takes it, and it is taken up again if the process that sends it never comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, cast, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.notice import Notice, Way
from outreach.store.tables import notices, tasks, touches

_WAITING = literal("waiting", literal_execute=True)
_SENT = literal("sent", literal_execute=True)
_MOST_TOGETHER = 500


def add(connection: Connection, notice: Notice, ways: Sequence[Way], now: datetime) -> None:
    """A row for each of those who hear it; what is there already is left alone."""
    rows = [
        {
            "key": notice.key,
            "way": way.name,
            "to": way.to,
            "kind": notice.kind,
            "lead_id": notice.lead_id,
            "text": notice.text[:2_000],
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for way in ways
    ]
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(notices).on_conflict_do_nothing(), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Notices that go to one place as one message, oldest first. `id` stays the same when they go again."""

    id: str
    way: str
    to: str
    attempts: int  # this one included
    texts: tuple[str, ...]
    kinds: tuple[str, ...]


def places(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """(way, to) of everything that is due."""
    statement = (
        select(notices.c.way, notices.c.to)
        .where(notices.c.state == _WAITING, notices.c.due_at <= now)
        .group_by(notices.c.way, notices.c.to)
        .order_by(notices.c.way, notices.c.to)
    )
    return [(row.way, row.to) for row in connection.execute(statement)]


def last_sent(connection: Connection, way: str, to: str) -> datetime | None:
    """When something went there last."""
    statement = select(func.max(notices.c.finished_at)).where(
        notices.c.state == _SENT, notices.c.way == way, notices.c.to == to
    )
    return connection.execute(statement).scalar()


def claim(connection: Connection, way: str, to: str, *, fresh_id: str, now: datetime, until: datetime) -> Batch | None:
    """Take what goes there next until that instant: a batch that has to go again, else everything that is new."""
    due = (notices.c.state == _WAITING, notices.c.due_at <= now, notices.c.way == way, notices.c.to == to)
    first = connection.execute(
        select(notices.c.batch_id).where(*due, notices.c.batch_id.is_not(None)).order_by(notices.c.number).limit(1)
    ).scalar()
    is_mine = notices.c.batch_id == first if first else notices.c.batch_id.is_(None)
    numbers = select(notices.c.number).where(*due, is_mine).order_by(notices.c.number).limit(_MOST_TOGETHER)
    taken = connection.execute(
        update(notices)
        .where(*due, is_mine, notices.c.number.in_(numbers.scalar_subquery()))
        .values(batch_id=first or fresh_id, due_at=until, attempts=notices.c.attempts + 1)
        .returning(notices.c.number, notices.c.text, notices.c.kind, notices.c.attempts)
    ).all()
    rows = sorted(taken)
    if not rows:
        return None
    return Batch(
        id=first or fresh_id,
        way=way,
        to=to,
        attempts=max(row.attempts for row in rows),
        texts=tuple(row.text for row in rows),
        kinds=tuple(row.kind for row in rows),
    )


def finish(connection: Connection, batch: Batch, now: datetime) -> None:
    """They were told."""
    _settle(connection, batch, state="sent", due_at=None, finished_at=now, error=None)


def put_back(connection: Connection, batch: Batch, *, due_at: datetime, error: str) -> None:
    """They are told later."""
    _settle(connection, batch, due_at=due_at, error=error[:500])


def give_up(connection: Connection, batch: Batch, *, error: str, now: datetime) -> None:
    """Nobody can be told; `status` shows it."""
    _settle(connection, batch, state="failed", due_at=None, finished_at=now, error=error[:500])


def _settle(connection: Connection, batch: Batch, **values: Any) -> None:
    """Unless somebody else has taken it up meanwhile."""
    connection.execute(
        update(notices)
        .where(notices.c.state == _WAITING, notices.c.batch_id == batch.id, notices.c.attempts == batch.attempts)
        .values(**values)
    )


def counts(connection: Connection) -> tuple[int, int]:
    """(waiting, given up)."""
    statement = select(
        func.count().filter(notices.c.state == _WAITING), func.count().filter(notices.c.state == "failed")
    ).where(notices.c.state != _SENT)
    waiting, failed = connection.execute(statement).one()
    return waiting, failed


def unknown_untold(connection: Connection, *, since: datetime, most: int) -> list[Any]:
    """Touches that became unknown before that instant and of which nobody was told yet."""
    key = literal("unknown:") + touches.c.id
    told = select(notices.c.number).where(notices.c.key == key).exists()
    statement = (
        select(touches.c.id, touches.c.lead_id, touches.c.sequence, touches.c.step, touches.c.sender)
        .where(touches.c.state == literal("unknown", literal_execute=True), touches.c.finished_at <= since, ~told)
        .order_by(touches.c.id)
        .limit(most)
    )
    return list(connection.execute(statement))


def overdue_untold(connection: Connection, now: datetime, *, most: int) -> list[Any]:
    """Open tasks whose time is over, nobody having been told of that; snoozed ones rest."""
    key = literal("overdue:") + cast(tasks.c.id, String)
    told = select(notices.c.number).where(notices.c.key == key).exists()
    is_awake = or_(tasks.c.snoozed_until.is_(None), tasks.c.snoozed_until <= now)
    statement = (
        select(tasks.c.id, tasks.c.lead_id, tasks.c.kind, tasks.c.assignee, tasks.c.due_at)
        .where(tasks.c.state == "open", tasks.c.due_at < now, is_awake, ~told)
        .order_by(tasks.c.due_at)
        .limit(most)
    )
    return list(connection.execute(statement))
