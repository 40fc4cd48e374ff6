"""Contents of attached files, by their SHA-256: the same for every revision that names them, never changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import contents
from outreach.store.within import within


def get(connection: Connection, content_hash: str) -> bytes | None:
    """The content of that hash; None if it was never stored."""
    body: bytes | None = connection.execute(select(contents.c.body).where(contents.c.hash == content_hash)).scalar()
    return body


def missing(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of the hashes whose content is not stored."""
    known = connection.execute(select(contents.c.hash).where(within(contents.c.hash, set(hashes)))).scalars()
    return set(hashes) - set(known)


def keep(connection: Connection, content_hash: str, body: bytes, now: datetime) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(contents).values(hash=content_hash, body=body, created_at=now)
    connection.execute(statement.on_conflict_do_nothing())
