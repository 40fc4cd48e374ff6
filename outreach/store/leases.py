"""Who leads: a row with an owner, a fence that only grows, and an end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.session import Store
from outreach.store.tables import leases


def take(store: Store, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
    """Take the lease if it is free or over, keep it if it is ours; do we hold it?"""
    with store.begin() as connection:
        statement = (
            update(leases)
            .where(leases.c.name == name, or_(leases.c.owner == owner, leases.c.expires_at <= now))
            .values(owner=owner, expires_at=until, fence=leases.c.fence + 1)
        )
        if connection.execute(statement).rowcount == 1:
            return True
        dialect = sqlite if store.is_sqlite else postgresql
        row = {"name": name, "owner": owner, "expires_at": until, "fence": 1}
        insert = dialect.insert(leases).values(**row).on_conflict_do_nothing().returning(leases.c.name)
        return connection.execute(insert).scalar() is not None


def release(store: Store, name: str, owner: str) -> None:
    """Let somebody else lead at once."""
    with store.begin() as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
