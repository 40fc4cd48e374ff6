"""Touches in doubt of which a provider is to be asked, and how often it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import inquiries, touches


def due(connection: Connection, *, now: datetime, since: datetime, most: int) -> list[RowMapping]:
    """Touches that became unknown before `since`, never asked about or due again: the touch, and `asked`."""
    statement = (
        select(touches, inquiries.c.asked)
        .outerjoin(inquiries, inquiries.c.touch_id == touches.c.id)
        .where(
            touches.c.state == literal("unknown", literal_execute=True),
            touches.c.finished_at <= since,
            touches.c.handed_over_at.is_not(None),
            or_(inquiries.c.touch_id.is_(None), inquiries.c.due_at <= now),
        )
        .order_by(touches.c.id)
        .limit(most)
    )
    return list(connection.execute(statement).mappings())


def note(connection: Connection, touch_id: str, *, asked: int, due_at: datetime | None, said: str) -> None:
    """It is being asked, or was; `due_at` None: not again."""
    values = {"asked": asked, "due_at": due_at, "said": said[:500]}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(inquiries).values(touch_id=touch_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[inquiries.c.touch_id], set_=values))


def is_taken(connection: Connection, touch_id: str, provider_id: str) -> bool:
    """Is this provider's id that of another touch already?"""
    statement = select(touches.c.id).where(touches.c.provider_id == provider_id, touches.c.id != touch_id).limit(1)
    return connection.execute(statement).scalar() is not None


def keep(connection: Connection, touch_id: str, values: Mapping[str, Any]) -> None:
    """What the provider told of the message."""
    if values:
        connection.execute(update(touches).where(touches.c.id == touch_id).values(**values))
