"""How each CRM connection fares: parked until when, failing how often in a row, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import crm_connections


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """`failures` counts what went wrong since the last success; `reason` is for people.

    `calls_left` of the rate budget at `calls_at`; None: none was taken yet.
    """

    name: str
    parked_until: datetime | None
    failures: int
    reason: str | None
    calls_left: int | None = None
    calls_at: datetime | None = None

    def is_parked(self, now: datetime) -> bool:
        return self.parked_until is not None and self.parked_until > now


def lock(connection: Connection, name: str) -> ConnectionState:
    """Hold the connection's row for the rest of the transaction: claims and parking take turns on it."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(crm_connections).values(name=name, failures=0).on_conflict_do_nothing())
    statement = select(crm_connections).where(crm_connections.c.name == name).with_for_update()
    return ConnectionState(**connection.execute(statement).mappings().one())


def park(connection: Connection, name: str, *, until: datetime, reason: str, failures: int) -> None:
    """Nothing is claimed from this connection before `until`. The caller holds its lock."""
    _set(connection, name, until, reason, failures)


def count_failure(connection: Connection, name: str, *, reason: str, failures: int) -> None:
    """It went wrong, but not often enough to wait. The caller holds the lock."""
    connection.execute(
        update(crm_connections).where(crm_connections.c.name == name).values(failures=failures, reason=reason)
    )


def recovered(connection: Connection, name: str, now: datetime) -> None:
    """Something worked. A connection that is parked at this moment stays so: this answer is from before."""
    connection.execute(
        update(crm_connections)
        .where(
            crm_connections.c.name == name,
            or_(crm_connections.c.failures > 0, crm_connections.c.reason.is_not(None)),
            or_(crm_connections.c.parked_until.is_(None), crm_connections.c.parked_until <= now),
        )
        .values(failures=0, reason=None, parked_until=None)
    )


def set_calls(connection: Connection, name: str, left: int, now: datetime) -> None:
    """What is left of the rate budget. The caller holds the lock."""
    connection.execute(
        update(crm_connections).where(crm_connections.c.name == name).values(calls_left=left, calls_at=now)
    )


def unpark(connection: Connection, name: str) -> None:
    """A person says that it works again."""
    _set(connection, name, None, None, 0)


def states(connection: Connection) -> list[ConnectionState]:
    """Every connection that was ever used."""
    rows = connection.execute(select(crm_connections).order_by(crm_connections.c.name)).mappings()
    return [ConnectionState(**row) for row in rows]


def _set(connection: Connection, name: str, until: datetime | None, reason: str | None, failures: int) -> None:
    connection.execute(
        update(crm_connections)
        .where(crm_connections.c.name == name)
        .values(parked_until=until, reason=reason, failures=failures)
    )
