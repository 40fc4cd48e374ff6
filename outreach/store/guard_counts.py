"""What guards look at: the mails of a sender in a span, and what came back for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, text

from outreach.domain.event import EventKind
from outreach.store.tables import events, touches
from outreach.store.within import among

MOST = 5_000
"""So many mails of a sender are looked at, the newest; it bounds what a look costs."""


def _mails() -> Select[Any, Any]:
    newest = (
        select(touches.c.used_at)
        .where(
            touches.c.sender == bindparam("sender"),
            touches.c.action == "email",
            touches.c.used_at >= bindparam("since"),
            touches.c.used_at < bindparam("before"),
            text("touches.state IN ('sent', 'unknown')"),
        )
        .order_by(touches.c.used_at.desc())
        .limit(MOST)
        .subquery()
    )
    return select(func.count(), func.min(newest.c.used_at))


_MAILS = _mails()


def mails(connection: Connection, sender: str, *, since: datetime, before: datetime) -> tuple[int, datetime | None]:
    """How many went out in that span, and when the first of them did."""
    row = connection.execute(_MAILS, {"sender": sender, "since": since, "before": before}).one()
    return row[0], row[1]


_HITS = (
    select(touches.c.state, func.count(touches.c.id.distinct()))
    .join_from(events, touches, events.c.touch_id == touches.c.id)
    .where(
        among(events.c.kind, "kinds"),
        events.c.at >= bindparam("since"),
        touches.c.sender == bindparam("sender"),
        touches.c.action == "email",
        touches.c.handed_over_at >= bindparam("since"),
    )
    .group_by(touches.c.state)
)


def hits(connection: Connection, sender: str, kinds: Collection[EventKind], *, since: datetime) -> tuple[int, int]:
    """Mails handed over since then for which one of these came: all of them, and those that never were sent."""
    asked = {"sender": sender, "kinds": [str(kind) for kind in kinds], "since": since}
    by_state = {row[0]: row[1] for row in connection.execute(_HITS, asked)}
    return sum(by_state.values()), by_state.get("failed", 0)
