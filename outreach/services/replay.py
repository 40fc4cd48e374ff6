"""Deliveries that could not be understood are tried again, after a fix."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from outreach.errors import UsageError
from outreach.services.engine import Engine
from outreach.services.plain import plain
from outreach.store import audit
from outreach.store.tables import deliveries

FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A delivery that was given up; its holds still stand."""

    id: str
    connection: str
    received_at: datetime
    attempts: int
    error: str | None

    def to_json(self) -> Any:
        return plain(self)


def failed(engine: Engine, *, most: int = 1_000) -> list[FailedDelivery]:
    """The oldest first."""
    columns = [deliveries.c[name] for name in ("id", "connection", "received_at", "attempts", "error")]
    statement = select(*columns).where(deliveries.c.state == FAILED).order_by(deliveries.c.received_at).limit(most)
    with engine.store.read() as connection:
        return [FailedDelivery(**row) for row in connection.execute(statement).mappings()]


def replay(engine: Engine, *, by: str, connection_name: str | None = None, ids: Collection[str] = ()) -> list[str]:
    """Back to `stored`, due at once: all that failed, those of a connection, or these. Raises UsageError.

    The ids, for whoever rings the bell; without a bell the workers find them.
    """
    return engine.store.write(lambda connection: _replay(connection, engine, by, connection_name, ids))


def _replay(
    connection: Connection, engine: Engine, by: str, connection_name: str | None, ids: Collection[str]
) -> list[str]:
    now = engine.clock.now()
    statement = update(deliveries).where(deliveries.c.state == FAILED)
    if connection_name is not None:
        statement = statement.where(deliveries.c.connection == connection_name)
    if ids:
        statement = statement.where(deliveries.c.id.in_(ids))
    values = {"state": "stored", "attempts": 0, "due_at": now}
    replayed = list(connection.execute(statement.values(**values).returning(deliveries.c.id)).scalars())
    strange = sorted(set(ids) - set(replayed))
    if strange:
        raise UsageError(f"no failed delivery has the id {', '.join(strange)}. See them: outreach inbound failed")
    if replayed:
        data = {"deliveries": len(replayed)}
        audit.write(connection, now=now, actor=by, action="replay", subject=connection_name or "all", data=data)
    return replayed
