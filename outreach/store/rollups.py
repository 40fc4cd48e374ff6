"""Packed days: which there are, which are not what they were, and writing and reading them.

A round reads in one snapshot and writes in one transaction, so that who reads in a snapshot finds one instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Integer, Select, cast, delete, func, or_, select, type_coerce, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import BigInteger

from outreach.store.rollup_rows import KINDS, Kind
from outreach.store.session import Store
from outreach.store.tables import (
    audit,
    enrollments,
    events,
    facts,
    leads,
    merges,
    replies,
    rollups,
    stage_moves,
    tasks,
    touches,
)
from outreach.store.within import within

Day = tuple[str, int]
"""(kind, days since 1970)"""

_STATE = "rollups"
_NUMBERS = "numbers of "
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """A packed day: of how many rows it was made, and when."""

    seen: int
    rolled_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Numbers below which everything was committed at some instant."""

    event: int = 0
    audit: int = 0


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """A reading transaction in which everything is as it was at its beginning. SQLite knows no other."""
    options = {} if store.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with store.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def state(connection: Connection) -> Mapping[str, Any]:
    """What was noted by `write`; empty before the first round."""
    return dict(connection.execute(select(facts.c.value).where(facts.c.name == _STATE)).scalar() or {})


def is_large(connection: Connection, more_than: int) -> bool:
    """Are there more leads, or more touches, than that?"""
    return any(
        connection.execute(
            select(func.count()).select_from(select(column).limit(more_than + 1).subquery())
        ).scalar_one()
        > more_than
        for column in (touches.c.id, leads.c.id)
    )


def known(connection: Connection) -> dict[Day, Known]:
    """Every packed day."""
    columns = rollups.c.kind, rollups.c.day, rollups.c.seen, rollups.c.rolled_at
    statement = select(*columns).where(rollups.c.kind.in_(list(KINDS)))
    return {(row[0], row[1]): Known(row[2], row[3]) for row in connection.execute(statement)}


def seen(connection: Connection) -> dict[Day, int]:
    """How many rows each day is made of, as it is now."""
    return {(kind.name, day): number for kind in KINDS.values() for day, number in _numbers(connection, kind) if number}


def _numbers(connection: Connection, kind: Kind) -> Iterator[tuple[int, int]]:
    """Days beside their number of rows, each table read by its index where there is one."""
    each = []
    for statement in kind.seen():
        rows = statement.subquery()
        each.append(select(_day(connection, rows.c.at).label("day"), func.count().label("n")).group_by("day"))
    parts = union_all(*each).subquery()
    for day, number in connection.execute(select(parts.c.day, func.sum(parts.c.n)).group_by(parts.c.day)):
        yield day, int(number)


def _day(connection: Connection, at: Any) -> Any:
    if connection.dialect.name == "sqlite":
        return type_coerce(at, BigInteger) // 86_400_000_000
    return cast(func.floor(func.date_part("epoch", at) / 86_400), Integer)


def days_of_changed_leads(connection: Connection, since: datetime) -> set[int]:
    """Days on which leads came in that were changed since."""
    return _days(connection, select(leads.c.created_at.label("at")).where(leads.c.updated_at >= since))


def days_of_news(connection: Connection, since: datetime, *, after: Mark) -> set[int]:
    """Days on which touches were sent to leads something was heard of, or told about by a person, since."""
    heard = select(events.c.lead_id).where(
        events.c.number > after.event, events.c.created_at >= since, events.c.lead_id.is_not(None)
    )
    marked = (
        select(events.c.lead_id)
        .join(replies, replies.c.event_number == events.c.number)
        .where(replies.c.marked_at >= since, events.c.lead_id.is_not(None))
    )
    assigned = select(audit.c.subject).where(
        audit.c.number > after.audit, audit.c.action == "inbox assign", audit.c.at >= since
    )
    found = {row[0] for row in connection.execute(union_all(heard, marked, assigned))}
    return _days(connection, _SENT(found)) if found else set()


def days_of_merged_leads(connection: Connection, since: datetime) -> dict[str, set[int]]:
    """Kind → days on which something is that belongs to leads that were merged or parted since."""
    changed = or_(merges.c.at >= since, merges.c.undone_at >= since)
    pairs = connection.execute(select(merges.c.kept_id, merges.c.merged_id).where(changed)).all()
    return _days_of(connection, {each for pair in pairs for each in pair})


def days_of_late_touches(connection: Connection, days: Iterable[int]) -> dict[str, set[int]]:
    """Kind → days on which something is that belongs to leads who were written to on these days."""
    ids: set[str] = set()
    for day in days:
        sent = select(touches.c.lead_id).where(
            touches.c.sent_at >= start_of(day), touches.c.sent_at < start_of(day + 1)
        )
        ids.update(connection.execute(sent).scalars())
    return _days_of(connection, ids)


def _days_of(connection: Connection, ids: set[str]) -> dict[str, set[int]]:
    if not ids:
        return {}
    return {
        name: set().union(*(_days(connection, of_leads(ids)) for of_leads in all_of_leads))
        for name, all_of_leads in _OF_LEADS.items()
    }


def _of(lead_id: Column[Any], at: Column[Any]) -> Callable[[Iterable[str]], Select[Any]]:
    return lambda ids: select(at.label("at")).where(within(lead_id, ids), at.is_not(None))


_SENT = _of(touches.c.lead_id, touches.c.sent_at)
_OF_LEADS = {
    "touches": (_SENT,),
    "moves": (_of(stage_moves.c.lead_id, stage_moves.c.at),),
    "things": (_of(events.c.lead_id, events.c.at), _of(tasks.c.lead_id, tasks.c.finished_at)),
    "enrollments": (_of(enrollments.c.lead_id, enrollments.c.entered_at),),
    "leads": (_of(leads.c.id, leads.c.created_at),),
}


def _days(connection: Connection, instants: Select[Any]) -> set[int]:
    rows = instants.subquery()
    return set(connection.execute(select(_day(connection, rows.c.at)).distinct()).scalars())


def mark(connection: Connection) -> Mark:
    """The numbers of the last event and of the last row of the audit."""
    last = (connection.execute(select(func.max(table.c.number))).scalar() or 0 for table in (events, audit))
    return Mark(*last)


def start_of(day: int) -> datetime:
    return _EPOCH + timedelta(days=day)


def day_of(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(days=1)


def contents(connection: Connection, kind: Kind, days: Iterable[int]) -> dict[int, bytes]:
    """The packed days of a kind, those there are, in their order."""
    wanted = list(days)
    statement = select(rollups.c.day, rollups.c.content).where(
        rollups.c.kind == kind.name, rollups.c.day >= wanted[0], rollups.c.day <= wanted[-1]
    )
    return {row[0]: row[1] for row in connection.execute(statement.order_by(rollups.c.day))} if wanted else {}


def numbers(connection: Connection, sort: str) -> dict[int, bytes]:
    """The blocks of numbers (`numbers.py`) of one sort of ids."""
    statement = select(rollups.c.day, rollups.c.content).where(rollups.c.kind == _NUMBERS + sort)
    return {row[0]: row[1] for row in connection.execute(statement)}


def block(sort: str, number: int, content: bytes, now: datetime) -> dict[str, Any]:
    """The row of a block of numbers, as `write` takes it."""
    return {"kind": _NUMBERS + sort, "day": number, "seen": 0, "rolled_at": now, "content": content}


def write(connection: Connection, days: Iterable[Mapping[str, Any]], *, gone: Iterable[Day], noted: Any) -> None:
    """Keep these days in place of what was there, drop those that are gone, and note the state."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for row in days:
        insert: Any = dialect.insert(rollups).values(**row)
        changes = {name: row[name] for name in ("seen", "rolled_at", "content")}
        connection.execute(insert.on_conflict_do_update(index_elements=["kind", "day"], set_=changes))
    for kind, day in gone:
        connection.execute(delete(rollups).where(rollups.c.kind == kind, rollups.c.day == day))
    fact: Any = dialect.insert(facts).values(name=_STATE, value=noted)
    connection.execute(fact.on_conflict_do_update(index_elements=["name"], set_={"value": noted}))


def forget(connection: Connection) -> None:
    """Drop every packed day."""
    connection.execute(delete(rollups))
    connection.execute(delete(facts).where(facts.c.name == _STATE))
