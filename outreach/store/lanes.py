"""Touches of senders with limits, by lane: the first of each, found by an index whatever waits behind them.

The index `ix_touches_lanes` holds what is planned for senders with limits, in the order of `domain/turns.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select, text, update
from sqlalchemy.sql.selectable import TextualSelect

from outreach.domain.turns import RECENT, Lane, Waiting
from outreach.store.column_types import Instant
from outreach.store.tables import touches
from outreach.store.within import within

LOOK = 500
"""So many of a lane are looked at, whether their window opens today or not; it bounds what a claim costs."""

_COLUMNS = ("id", "sequence", "is_first", "rank", "wanted_at", "due_at", "closes_at")
_LANE = """SELECT id, due_at, closes_at, rank, wanted_at FROM touches
    WHERE state = 'planned' AND sender = :sender AND action = :action AND due_at IS NOT NULL AND rank IS NOT NULL
        AND sequence = lane.name AND is_first = lane.is_first
    ORDER BY rank, wanted_at, id LIMIT :look"""
_LANES = """(SELECT name, is_first FROM sequences
    CROSS JOIN (SELECT {true} AS is_first UNION ALL SELECT {false}) AS kind) AS lane"""
_HEAD = f"""SELECT id FROM ({_LANE}) AS looked_at
    WHERE due_at < :before AND (closes_at IS NULL OR closes_at > :now)"""  # noqa: S608
_IN_ORDER = " ORDER BY rank, wanted_at, id"
_MOST = " LIMIT :most"


@lru_cache(maxsize=2)
def _heads(dialect: str) -> TextualSelect:
    columns = ", ".join(f"touches.{name}" for name in _COLUMNS)
    if dialect == "sqlite":
        # It gives the rows of an inner query in their order, and would sort all of them again if it were asked to.
        source = f"{_LANES.format(true='1', false='0')} CROSS JOIN touches ON touches.id IN ({_HEAD}{_MOST})"
    else:
        lanes = _LANES.format(true="true", false="false")
        source = f"{lanes} CROSS JOIN LATERAL ({_HEAD}{_IN_ORDER}{_MOST}) AS head JOIN touches ON touches.id = head.id"
    statement = f"SELECT {columns} FROM {source}"  # noqa: S608  # names of ours, no values
    typed = [bindparam("now", type_=Instant), bindparam("before", type_=Instant)]
    columns_as = {name: touches.c[name].type for name in _COLUMNS}
    return text(statement).bindparams(*typed).columns(**columns_as)


def heads(
    connection: Connection, sender: str, action: str, *, now: datetime, before: datetime, most: int
) -> list[Waiting]:
    """The first of every lane that may go before that instant, now or when their window opens; at most so many each."""
    asked = {"sender": sender, "action": action, "now": now, "before": before, "most": most, "look": LOOK}
    rows = connection.execute(_heads(connection.dialect.name), asked)
    return [
        Waiting(row.id, Lane(row.sequence, bool(row.is_first)), -row.rank, row.wanted_at, row.due_at, row.closes_at)
        for row in rows
    ]


_RECENT = (
    select(touches.c.sequence, touches.c.is_first)
    .where(
        touches.c.sender == bindparam("sender"), touches.c.action == bindparam("action"), touches.c.used_at.is_not(None)
    )
    .order_by(touches.c.used_at.desc())
    .limit(RECENT)
)


def recent(connection: Connection, sender: str, action: str) -> list[Lane]:
    """The lanes of the last turns, newest first."""
    rows = connection.execute(_RECENT, {"sender": sender, "action": action})
    return [Lane(row.sequence, bool(row.is_first)) for row in rows]


def enter(connection: Connection, sender: str, actions: Collection[str]) -> None:
    """The sender has limits for these actions: what was planned for it without them joins the lanes."""
    connection.execute(
        update(touches)
        .where(touches.c.state == "planned", touches.c.sender == sender, within(touches.c.action, actions))
        .where(touches.c.due_at.is_not(None), touches.c.rank.is_(None))
        .values(rank=0)
    )
