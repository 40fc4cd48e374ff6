"""What was written about a lead, and when: read for those who take something back."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, exists, select

from outreach.store.tables import field_changes


def last_change(connection: Connection, name: str, *, origin: str) -> RowMapping | None:
    """The newest change of a field that was learnt there."""
    statement = select(field_changes).where(field_changes.c.name == name, field_changes.c.origin == origin)
    return connection.execute(statement.order_by(field_changes.c.number.desc()).limit(1)).mappings().one_or_none()


def is_newest(connection: Connection, change: RowMapping) -> bool:
    """Did nobody write that field of the lead since?"""
    later = exists(
        select(field_changes.c.number).where(
            field_changes.c.lead_id == change["lead_id"],
            field_changes.c.name == change["name"],
            field_changes.c.number > change["number"],
        )
    )
    return not connection.execute(select(later)).scalar_one()
