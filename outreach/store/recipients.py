"""When a person, a company and a domain were written to: by all senders together, or by one with one action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, select, text

from outreach.domain.recipients import DAY, WEEK, Recipient, Whom
from outreach.store.bulk import update_each
from outreach.store.tables import enrollments, touches
from outreach.store.within import among

_LOCK = 7_206_154

_CANDIDATES = (
    select(touches.c.id, touches.c.lead_id, touches.c.recipient, touches.c.channel, enrollments.c.company_id)
    .join_from(touches, enrollments, touches.c.enrollment_id == enrollments.c.id)
    .where(among(touches.c.id, "ids"))
)


def lock(connection: Connection) -> None:
    """Claims of different senders take turns: each counts what others have claimed. SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def candidates(connection: Connection, touch_ids: Collection[str]) -> dict[str, RowMapping]:
    """Whom these touches are for, by touch."""
    return {row["id"]: row for row in connection.execute(_CANDIDATES, {"ids": list(touch_ids)}).mappings()}


def _used(column: Any) -> Select[Any]:
    counted = touches.c.used_at > bindparam("since"), touches.c.action != "task"
    return select(column.label("whom"), touches.c.used_at).where(among(column, "ids"), *counted)


def _by_one(statement: Select[Any]) -> Select[Any]:
    return statement.where(touches.c.sender == bindparam("sender"), touches.c.action == bindparam("action"))


_USED: Mapping[Whom, tuple[Select[Any], timedelta]] = {
    Whom.PERSON: (_used(touches.c.lead_id), WEEK),
    Whom.COMPANY: (
        _used(enrollments.c.company_id).join_from(enrollments, touches, touches.c.enrollment_id == enrollments.c.id),
        WEEK,
    ),
    Whom.DOMAIN: (_used(touches.c.domain).where(touches.c.domain.is_not(None)), DAY),
}

_USED_BY_ONE = {whom: (_by_one(statement), span) for whom, (statement, span) in _USED.items()}


def used(
    connection: Connection,
    recipients: Collection[Recipient],
    now: datetime,
    *,
    kinds: Collection[Whom],
    by: tuple[str, str] | None = None,
) -> dict[Recipient, list[datetime]]:
    """When each of these was written to within its span, claims that are under way included.

    Only those of these kinds; `by`: (sender, action) alone.
    """
    ids: dict[Whom, set[str]] = defaultdict(set)
    for whom, each in recipients:
        if whom in kinds:
            ids[whom].add(each)
    one = {"sender": by[0], "action": by[1]} if by else {}
    found: dict[Recipient, list[datetime]] = defaultdict(list)
    for whom, wanted in ids.items():
        statement, span = (_USED_BY_ONE if by else _USED)[whom]
        for row in connection.execute(statement, {"ids": sorted(wanted), "since": now - span, **one}):
            found[whom, row.whom].append(row.used_at)
    return found


_USED_BY_ALL = (
    select(
        *(touches.c.lead_id, touches.c.recipient, touches.c.channel, touches.c.action, touches.c.used_at),
        touches.c.sender,
        enrollments.c.company_id,
    )
    .join_from(touches, enrollments, touches.c.enrollment_id == enrollments.c.id)
    .where(touches.c.used_at > bindparam("since"))
    .order_by(touches.c.used_at)
)


def used_by_all(connection: Connection, since: datetime) -> list[RowMapping]:
    """Every touch that was claimed since then, the oldest first, with whom it is for; to look ahead from."""
    return list(connection.execute(_USED_BY_ALL, {"since": since}).mappings())


def put_off(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """These wait for a cap. Each row: id, due_at, closes_at (the same: the window is looked up again), block."""
    update_each(connection, touches, rows, where="touches.state = 'planned'")


def note_domains(connection: Connection, domains: Mapping[str, str]) -> None:
    """What was claimed counts for these domains (touch → domain)."""
    rows = [{"id": touch_id, "domain": domain} for touch_id, domain in domains.items()]
    update_each(connection, touches, rows, where="touches.used_at IS NOT NULL")
