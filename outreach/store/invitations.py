"""LinkedIn invitations that nobody has answered, and those that are taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import addresses, events, touches, withdrawals

INVITE = "linkedin.invite"
WITHDRAW = "linkedin.withdraw"
_WAITING = literal("waiting", literal_execute=True)


def unanswered(
    connection: Connection, sender: str, *, after: datetime, before: datetime, most: int
) -> list[RowMapping]:
    """Invitations of a sender in that span, oldest first: touch_id, lead_id, revision_id, recipient, address, person.

    Neither accepted nor withdrawn by a step since, nor on the list of those to be taken back.
    """
    later = touches.alias("later")
    is_accepted = select(events.c.number).where(
        events.c.lead_id == touches.c.lead_id, events.c.kind == "accepted", events.c.channel == "linkedin"
    )
    is_withdrawn = select(later.c.id).where(
        later.c.lead_id == touches.c.lead_id, later.c.action == WITHDRAW, later.c.state == "sent"
    )
    statement = (
        select(
            touches.c.id.label("touch_id"),
            touches.c.lead_id,
            touches.c.recipient,
            addresses.c.value.label("address"),
            addresses.c.provider_id.label("person"),
        )
        .outerjoin(addresses, (addresses.c.lead_id == touches.c.lead_id) & (addresses.c.kind == "linkedin"))
        .outerjoin(withdrawals, withdrawals.c.touch_id == touches.c.id)
        .where(
            touches.c.sender == sender,
            touches.c.action == INVITE,
            touches.c.used_at > after,
            touches.c.used_at <= before,
            touches.c.state == "sent",
            withdrawals.c.touch_id.is_(None),
            ~is_accepted.exists(),
            ~is_withdrawn.exists(),
        )
        .order_by(touches.c.used_at, addresses.c.id)
        .limit(most)
    )
    return list(connection.execute(statement).mappings())


def enter(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put invitations on the list; those that are there stay as they are. Rows: touch_id, lead_id, sender, due_at."""
    values = [{"state": "waiting", "attempts": 0, "said": "", **row} for row in rows]
    if values:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(withdrawals).on_conflict_do_nothing(), values)


def next_due(connection: Connection, sender: str, now: datetime) -> RowMapping | None:
    """The one to take back next: touch_id, lead_id, attempts, recipient, revision_id, address."""
    address = (
        select(addresses.c.value)
        .where(addresses.c.lead_id == withdrawals.c.lead_id, addresses.c.kind == "linkedin")
        .order_by(addresses.c.id)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(withdrawals, touches.c.recipient, touches.c.revision_id, address.label("address"))
        .join(touches, touches.c.id == withdrawals.c.touch_id)
        .where(withdrawals.c.sender == sender, withdrawals.c.state == _WAITING, withdrawals.c.due_at <= now)
        .order_by(withdrawals.c.due_at, withdrawals.c.touch_id)
        .limit(1)
    )
    return connection.execute(statement).mappings().one_or_none()


def write(connection: Connection, touch_id: str, **values: Any) -> None:
    """What became of one."""
    connection.execute(update(withdrawals).where(withdrawals.c.touch_id == touch_id).values(**values))


def used_since(connection: Connection, sender: str, instants: Sequence[datetime]) -> tuple[int, ...]:
    """How many counted since each of these instants."""
    counts = [func.count().filter(withdrawals.c.used_at >= each) for each in instants]
    statement = select(*counts).where(withdrawals.c.sender == sender, withdrawals.c.used_at >= min(instants))
    return tuple(connection.execute(statement).one())


def last_used(connection: Connection, sender: str) -> datetime | None:
    """When one counted last."""
    statement = select(func.max(withdrawals.c.used_at)).where(
        withdrawals.c.sender == sender, withdrawals.c.used_at.is_not(None)
    )
    return connection.execute(statement).scalar()
