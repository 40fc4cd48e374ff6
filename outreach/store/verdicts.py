"""What is known of e-mail addresses: verdicts with their time, and which addresses are to be asked about next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from outreach.domain.lead import AddressKind
from outreach.domain.verdict import Verdict, Verified
from outreach.store import bulk
from outreach.store.tables import addresses
from outreach.store.within import within

Key = tuple[str, str]
"""(kind, normalised value)."""

_EMAIL = AddressKind.EMAIL


def keep(connection: Connection, found: Mapping[Key, Verified], *, now: datetime) -> None:
    """Write these verdicts on their addresses."""
    values = {
        value: {"verdict": each.verdict, "verdict_reason": each.reason, "verified_at": now}
        for (kind, value), each in found.items()
        if kind == _EMAIL
    }
    statement = select(addresses.c.id, addresses.c.value).where(
        addresses.c.kind == _EMAIL, within(addresses.c.value, list(values))
    )
    rows = [{"id": row.id, **values[row.value]} for row in connection.execute(statement)]
    bulk.update_each(connection, addresses, rows, where="true")


def to_ask(connection: Connection, *, before: datetime, after: str, lead_ids: Collection[str], most: int) -> list[str]:
    """Live e-mail addresses above `after` without a verdict newer than `before`, ascending; of these leads, if any.

    One that nobody could tell anything about is asked about again whenever somebody asks.
    """
    statement = _asked(lead_ids).where(addresses.c.value > after)
    is_old = or_(addresses.c.verified_at.is_(None), addresses.c.verified_at < before)
    statement = statement.where(or_(is_old, addresses.c.verdict == Verdict.UNKNOWN))
    return list(connection.execute(statement.order_by(addresses.c.value).limit(most)).scalars())


def count(connection: Connection, lead_ids: Collection[str]) -> int:
    """How many live e-mail addresses there are; of these leads, if any."""
    found: int = connection.execute(select(func.count()).select_from(_asked(lead_ids).subquery())).scalar_one()
    return found


def _asked(lead_ids: Collection[str]) -> Select[Any]:
    statement = select(addresses.c.value).where(and_(addresses.c.kind == _EMAIL, addresses.c.is_dead.is_(False)))
    return statement.where(within(addresses.c.lead_id, lead_ids)) if lead_ids else statement
