"""The next instant at which anything is to happen, from every table that holds one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.touch import TouchState
from outreach.services.sending.claim import allowed_now
from outreach.services.sending.engine import Engine
from outreach.store.tables import crm_connections, crm_jobs, deliveries, enrollments, senders, touches


def next_due(engine: Engine) -> datetime | None:
    """Later than now; None: nothing is planned any more."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        found = [at for at in (*_written_down(connection, now), *_allowances(connection, engine, now)) if at]
    return min((at for at in found if at > now), default=None)


def _written_down(connection: Connection, now: datetime) -> Iterator[datetime | None]:
    planned = touches.c.state == TouchState.PLANNED
    yield _first(connection, touches.c.due_at, now, planned)
    yield _first(connection, touches.c.closes_at, now, planned, touches.c.due_at <= now)
    yield _first(connection, enrollments.c.due_at, now, enrollments.c.state == EnrollmentState.ACTIVE)
    yield _first(connection, deliveries.c.due_at, now, deliveries.c.state == "stored")
    yield _first(connection, crm_jobs.c.due_at, now, crm_jobs.c.state == "waiting")
    yield _first(connection, crm_connections.c.parked_until, now)
    yield _first(connection, senders.c.circuit_open_until, now)


def _first(
    connection: Connection, column: Column[Any], now: datetime, *conditions: ColumnElement[bool]
) -> datetime | None:
    return connection.execute(select(func.min(column)).where(column > now, *conditions)).scalar()


def _allowances(connection: Connection, engine: Engine, now: datetime) -> Iterator[datetime | None]:
    """Touches whose time has come, behind a cap or a gap of their sender."""
    statement = (
        select(touches.c.sender, touches.c.action)
        .where(touches.c.state == TouchState.PLANNED, touches.c.due_at <= now)
        .distinct()
    )
    for sender, action in connection.execute(statement).all():
        yield allowed_now(connection, engine.sender(sender), action, now).wait_until
