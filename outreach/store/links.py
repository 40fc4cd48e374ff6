"""Where tracked links lead. Only what stands here is ever redirected to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import links


def keep(connection: Connection, targets: Iterable[tuple[str, str]], now: datetime) -> None:
    """(id, url) of each; one that is known stays as it is."""
    rows = [{"id": link_id, "url": url, "created_at": now} for link_id, url in sorted(targets)]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    if rows:
        connection.execute(dialect.insert(links).on_conflict_do_nothing(), rows)


def target(connection: Connection, link_id: str) -> str | None:
    url: str | None = connection.execute(select(links.c.url).where(links.c.id == link_id)).scalar()
    return url
