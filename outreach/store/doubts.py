"""Touches in doubt that may go out again under the same key, as long as the provider remembers it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, exists, func, literal, select, text, update

from outreach.domain.touch import TouchState
from outreach.store.tables import enrollments, touches

_COLUMNS = ("id", "enrollment_id", "sender", "channel", "attempts", "handed_over_at", "finished_at", "doubt_until")


def open_ones(connection: Connection, *, most: int) -> list[RowMapping]:
    """Unknown touches of enrollments that go on, the oldest first."""
    statement = (
        select(*(touches.c[name] for name in _COLUMNS))
        .join(enrollments, enrollments.c.id == touches.c.enrollment_id)
        .where(
            touches.c.state == literal("unknown", literal_execute=True),
            touches.c.handed_over_at.is_not(None),
            enrollments.c.state != "finished",
        )
        .order_by(touches.c.id)
        .limit(most)
    )
    return list(connection.execute(statement).mappings())


def plan_again(connection: Connection, touch_id: str, *, now: datetime, until: datetime, why: str) -> bool:
    """`unknown → planned`, with the key good until then; an earlier end of it stays. False: not in doubt any more."""
    statement = (
        update(touches)
        .where(touches.c.id == touch_id, touches.c.state == TouchState.UNKNOWN)
        .values(
            state=TouchState.PLANNED,
            due_at=now,
            closes_at=now,
            block=why,
            claim_id=None,
            owner=None,
            used_at=None,
            finished_at=None,
            handed_over_at=None,
            doubt_until=func.coalesce(touches.c.doubt_until, literal(until, touches.c.doubt_until.type)),
        )
    )
    return connection.execute(statement).rowcount == 1


_RUN_OUT = text("touches.state = 'planned' AND touches.doubt_until IS NOT NULL")


def any_run_out(connection: Connection, now: datetime) -> bool:
    """Is there anything for `end`?"""
    asked = select(exists(select(touches.c.id).where(_RUN_OUT, touches.c.doubt_until <= now)))
    return bool(connection.execute(asked).scalar_one())


def end(connection: Connection, now: datetime, *, why: str) -> int:
    """Planned ones whose key the provider may have forgotten are in doubt again, for good; how many."""
    statement = (
        update(touches)
        .where(_RUN_OUT, touches.c.doubt_until <= now)
        .values(state=TouchState.UNKNOWN, finished_at=now, due_at=None, closes_at=None, block=None, reason=why)
    )
    return connection.execute(statement).rowcount
