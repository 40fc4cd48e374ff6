"""Where each reading of a CRM stands. Its name is `changes`, `person:<id>`, `deal:<id>`, or an import's selection.

A reading is held by one process at a time, for as long as its lease; a page that is read twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import crm_pulls

CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One reading. `cursor` None: at its beginning; `since_at` None: everybody; `counts`: what came of it so far."""

    connection: str
    name: str
    cursor: str | None
    since_at: datetime | None
    begun_at: datetime
    finished_at: datetime | None
    people: int
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None


def want(connection: Connection, crm: str, name: str, *, due_at: datetime, since_at: datetime | None = None) -> None:
    """See to it that it is read at `due_at` or before; one that is under way is not begun anew."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"connection": crm, "name": name, "since_at": since_at, "begun_at": due_at, "due_at": due_at}
    statement = dialect.insert(crm_pulls).values(**values, people=0, counts={})
    connection.execute(statement.on_conflict_do_nothing())
    is_later = or_(crm_pulls.c.due_at.is_(None), crm_pulls.c.due_at > due_at)
    connection.execute(update(crm_pulls).where(_is(crm, name), is_later).values(due_at=due_at))


def begin(
    connection: Connection,
    crm: str,
    name: str,
    *,
    since_at: datetime | None,
    now: datetime,
    is_due: bool = True,
) -> None:
    """Read it from its beginning, whatever stood there before. Not due: only who asked for it reads it."""
    want(connection, crm, name, due_at=now, since_at=since_at)
    due_at = now if is_due else None
    fresh: dict[str, Any] = {"cursor": None, "since_at": since_at, "finished_at": None, "due_at": due_at, "error": None}
    connection.execute(update(crm_pulls).where(_is(crm, name)).values(**fresh))


def find(connection: Connection, crm: str, name: str) -> Pull | None:
    """How that reading stands."""
    row = connection.execute(select(crm_pulls).where(_is(crm, name))).mappings().one_or_none()
    return _pull(row) if row else None


def take_due(connection: Connection, crm: str, *, now: datetime, lease_until: datetime) -> Pull | None:
    """Hold the one that has been due longest; single records go before rounds. None: nothing is due."""
    is_free = or_(crm_pulls.c.lease_until.is_(None), crm_pulls.c.lease_until < now)
    statement = (
        select(crm_pulls)
        .where(crm_pulls.c.connection == crm, crm_pulls.c.due_at <= now, is_free)
        .order_by(crm_pulls.c.name == CHANGES, crm_pulls.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(statement).mappings().one_or_none()
    return _held(connection, row, now=now, lease_until=lease_until) if row else None


def take(connection: Connection, crm: str, name: str, *, now: datetime, lease_until: datetime) -> Pull | None:
    """Hold this one; None: somebody else is at it."""
    is_free = or_(crm_pulls.c.lease_until.is_(None), crm_pulls.c.lease_until < now)
    row = (
        connection.execute(select(crm_pulls).where(_is(crm, name), is_free).with_for_update()).mappings().one_or_none()
    )
    return _held(connection, row, now=now, lease_until=lease_until, is_due=False) if row else None


def _held(
    connection: Connection, row: Mapping[Any, Any], *, now: datetime, lease_until: datetime, is_due: bool = True
) -> Pull:
    """A reading without a cursor begins now. It is due again when the lease is over, should nobody say how it went."""
    values: dict[str, Any] = {"lease_until": lease_until, "due_at": lease_until if is_due else None}
    if row["cursor"] is None:
        values |= {"begun_at": now, "finished_at": None, "people": 0, "counts": {}}
    connection.execute(update(crm_pulls).where(_is(row["connection"], row["name"])).values(**values))
    return _pull({**row, **values})


def go_on(
    connection: Connection, pull: Pull, *, cursor: str, now: datetime | None, people: int, counts: Mapping[str, int]
) -> None:
    """A page is done; the next one begins at the cursor, `now`, or (None) when somebody asks for it."""
    values: dict[str, Any] = {"cursor": cursor, "people": people, "counts": dict(counts), "error": None}
    connection.execute(
        update(crm_pulls).where(_is(pull.connection, pull.name)).values(**values, lease_until=None, due_at=now)
    )


def complete(
    connection: Connection,
    pull: Pull,
    *,
    now: datetime,
    next_at: datetime | None = None,
    since_at: datetime | None = None,
    people: int = 0,
    counts: Mapping[str, int] | None = None,
) -> None:
    """That was all. `next_at`: when the next round begins; it asks for what changed since `since_at`."""
    wanted = [at for at in (next_at, _wanted_meanwhile(connection, pull)) if at is not None]
    values: dict[str, Any] = {
        "cursor": None,
        "finished_at": now,
        "since_at": since_at,
        "due_at": min(wanted, default=None),
    }
    values |= {"people": people, "counts": dict(counts or {}), "lease_until": None, "error": None}
    connection.execute(update(crm_pulls).where(_is(pull.connection, pull.name)).values(**values))


def put_off(connection: Connection, pull: Pull, *, until: datetime | None, error: str) -> None:
    """It did not work; the cursor stays where it was. Who wants it meanwhile has it earlier."""
    wanted = _wanted_meanwhile(connection, pull) if until else None
    until = min(until, wanted) if until and wanted else until
    values = {"due_at": until, "error": error[:2000], "lease_until": None}
    connection.execute(update(crm_pulls).where(_is(pull.connection, pull.name)).values(**values))


def put_off_readings(connection: Connection, crm: str | None = None) -> list[tuple[str, str, str, datetime]]:
    """Connection, name, what was said, when it is tried again: of what could not be read at its last try.

    An import is none of them: who asked for it was told.
    """
    columns = (crm_pulls.c.connection, crm_pulls.c.name, crm_pulls.c.error, crm_pulls.c.due_at)
    statement = select(*columns).where(crm_pulls.c.error.is_not(None), crm_pulls.c.due_at.is_not(None), _of(crm))
    rows = connection.execute(statement.order_by(crm_pulls.c.connection, crm_pulls.c.name))
    return [(row.connection, row.name, row.error, row.due_at) for row in rows]


def read_again(connection: Connection, *, now: datetime, crm: str | None = None) -> int:
    """What could not be read and waits is due now; imports wait for who asked for them. How many there are."""
    waits = crm_pulls.c.error.is_not(None), crm_pulls.c.due_at.is_not(None), crm_pulls.c.lease_until.is_(None)
    return connection.execute(update(crm_pulls).where(*waits, _of(crm)).values(due_at=now)).rowcount


def _of(crm: str | None) -> Any:
    return true() if crm is None else crm_pulls.c.connection == crm


def drop(connection: Connection, pull: Pull) -> None:
    """A single record was looked at; one that was hinted at again meanwhile is looked at again."""
    if _wanted_meanwhile(connection, pull) is None:
        connection.execute(delete(crm_pulls).where(_is(pull.connection, pull.name)))
    else:
        connection.execute(update(crm_pulls).where(_is(pull.connection, pull.name)).values(lease_until=None))


def _wanted_meanwhile(connection: Connection, pull: Pull) -> datetime | None:
    """When somebody wants it who came after it was taken."""
    statement = select(crm_pulls.c.due_at, crm_pulls.c.lease_until).where(_is(pull.connection, pull.name))
    row = connection.execute(statement.with_for_update()).one_or_none()
    return row.due_at if row is not None and row.due_at != row.lease_until else None


def due(connection: Connection, crm: str, now: datetime) -> bool:
    """Is anything of that connection to be read now?"""
    is_free = or_(crm_pulls.c.lease_until.is_(None), crm_pulls.c.lease_until < now)
    statement = select(crm_pulls.c.name).where(crm_pulls.c.connection == crm, crm_pulls.c.due_at <= now, is_free)
    return connection.execute(statement.limit(1)).first() is not None


def _is(crm: str, name: str) -> Any:
    return and_(crm_pulls.c.connection == crm, crm_pulls.c.name == name)


def _pull(row: Mapping[Any, Any]) -> Pull:
    names = ("connection", "name", "cursor", "since_at", "begun_at", "finished_at", "people", "counts", "error")
    return Pull(**{name: row[name] for name in names})
