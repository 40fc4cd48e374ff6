"""Which reports went out to whom: a key each, written before the mail is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.session import Store
from outreach.store.tables import facts


def is_sent(store: Store, key: str) -> bool:
    """Is the key written down?"""
    with store.read() as connection:
        return connection.execute(select(facts.c.name).where(facts.c.name == key)).scalar() is not None


def claim(store: Store, key: str, *, now: datetime) -> bool:
    """Write it down; False if somebody did before, on whatever machine."""
    dialect = sqlite if store.is_sqlite else postgresql
    statement: Any = dialect.insert(facts)
    statement = statement.values(name=key, value={"at": now.isoformat()}).on_conflict_do_nothing()
    with store.begin() as connection:
        return bool(connection.execute(statement).rowcount)


def forget(store: Store, key: str) -> None:
    """It surely did not go out."""
    with store.begin() as connection:
        connection.execute(delete(facts).where(facts.c.name == key))
