"""Deliveries that could not be understood are tried again, after a fix."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import audit
from outreach.store.tables import deliveries

FAILED = "failed"
UNDERSTOOD = "understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A delivery that could not be understood; its holds still stand. `next_at`: None once it is given up."""

    id: str
    connection: str
    received_at: datetime
    attempts: int
    error: str | None
    next_at: datetime | None = None

    def to_json(self) -> Any:
        return plain(self)


def failed(engine: Engine, *, most: int = 1_000) -> list[FailedDelivery]:
    """Those given up, and those that are tried again by themselves; the oldest first."""
    columns = [deliveries.c[name] for name in ("id", "connection", "received_at", "attempts", "error")]
    statement = select(*columns, deliveries.c.due_at.label("next_at")).where(_is_in_trouble())
    statement = statement.order_by(deliveries.c.received_at).limit(most)
    with engine.store.read() as connection:
        return [FailedDelivery(**row) for row in connection.execute(statement).mappings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which deliveries are tried again. Empty: all that failed. `since`: all since then, also those understood."""

    connection: str | None = None
    ids: Collection[str] = ()
    since: datetime | None = None
    is_failed_alone: bool = False


def replay(engine: Engine, which: Which, *, by: str) -> list[str]:
    """Back to `stored`, due at once. Raises UsageError for an id that nobody has.

    Done again it changes nothing: events are known by their keys. Only what belonged to nobody, or was not understood,
    is applied when it now can be. The ids, for whoever rings the bell; without a bell the workers find them.
    """
    return engine.store.write(lambda connection: _replay(connection, engine, which, by))


def _replay(connection: Connection, engine: Engine, which: Which, by: str) -> list[str]:
    now = engine.clock.now()
    statement = update(deliveries).where(_asked_for(which))
    if which.connection is not None:
        statement = statement.where(deliveries.c.connection == which.connection)
    if which.ids:
        statement = statement.where(deliveries.c.id.in_(which.ids))
    if which.since is not None:
        statement = statement.where(deliveries.c.received_at >= which.since)
    values = {"state": "stored", "attempts": 0, "due_at": now}
    replayed = list(connection.execute(statement.values(**values).returning(deliveries.c.id)).scalars())
    strange = sorted(set(which.ids) - set(replayed))
    if strange:
        raise UsageError(f"there is no delivery {', '.join(strange)} to try again. See them: outreach inbound failed")
    if replayed:
        data = {"deliveries": len(replayed), "since": which.since.isoformat() if which.since else None}
        audit.write(connection, now=now, actor=by, action="replay", subject=which.connection or "all", data=data)
    return replayed


def _is_in_trouble() -> ColumnElement[bool]:
    return or_(deliveries.c.state == FAILED, and_(deliveries.c.state == "stored", deliveries.c.attempts > 0))


def _asked_for(which: Which) -> ColumnElement[bool]:
    """Whoever names deliveries, or a time, means also those that were understood, unless only failed ones are asked."""
    is_wide = (which.since is not None or bool(which.ids)) and not which.is_failed_alone
    return or_(_is_in_trouble(), deliveries.c.state == UNDERSTOOD) if is_wide else _is_in_trouble()
