"""What senders have used of their quotas, for looking ahead."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, func, select

from outreach.store.tables import touches

Queue = tuple[str, str]
"""Sender and action."""


def used_since(connection: Connection, instant: datetime) -> dict[Queue, list[datetime]]:
    """When each sender used its quota for each action since then, ascending."""
    statement = (
        select(touches.c.sender, touches.c.action, touches.c.used_at)
        .where(touches.c.used_at >= instant)
        .order_by(touches.c.used_at)
    )
    found: dict[Queue, list[datetime]] = defaultdict(list)
    for sender, action, used_at in connection.execute(statement):
        found[sender, action].append(used_at)
    return found


def first_uses(connection: Connection) -> dict[Queue, datetime]:
    """When each sender first used its quota for each action: where a ramp begins."""
    statement = (
        select(touches.c.sender, touches.c.action, func.min(touches.c.used_at))
        .where(touches.c.used_at.is_not(None))
        .group_by(touches.c.sender, touches.c.action)
    )
    return {(sender, action): first for sender, action, first in connection.execute(statement)}
