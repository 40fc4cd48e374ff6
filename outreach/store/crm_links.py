"""Which record of a CRM is which lead, deal or entry of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import crm_links


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`kind` is person, deal or activity; `local_id` our lead id, lead and pipeline, or event key."""

    kind: str
    local_id: str
    remote_id: str
    url: str = ""


def save(connection: Connection, crm: str, link: Link, now: datetime) -> None:
    """Remember it, in place of what was known before."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fresh = {"remote_id": link.remote_id, "url": link.url, "created_at": now}
    statement = dialect.insert(crm_links).values(connection=crm, kind=link.kind, local_id=link.local_id, **fresh)
    keys = [crm_links.c.connection, crm_links.c.kind, crm_links.c.local_id]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh))


def drop_person(connection: Connection, crm: str, lead_id: str) -> None:
    """The record is gone from the CRM."""
    connection.execute(
        delete(crm_links).where(
            crm_links.c.connection == crm, crm_links.c.kind == "person", crm_links.c.local_id == lead_id
        )
    )


def links_of(connection: Connection, lead_id: str) -> list[tuple[str, Link]]:
    """(connection, link) of the lead's person records."""
    statement = select(crm_links).where(crm_links.c.kind == "person", crm_links.c.local_id == lead_id)
    return [
        (row["connection"], Link(**{name: row[name] for name in ("kind", "local_id", "remote_id", "url")}))
        for row in connection.execute(statement.order_by(crm_links.c.connection)).mappings()
    ]
