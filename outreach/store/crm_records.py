"""What was last known of a lead's record in a CRM, told by it or written by us: how own writes are recognised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.store.tables import addresses, crm_links, crm_records
from outreach.store.within import within


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`values` by name (status, stage, owner, is_opted_out, deal); `updated_at` is when we learned or wrote it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    updated_at: datetime | None = None  # None: nothing is known yet


def read(connection: Connection, crm: str, lead_id: str) -> Known:
    """What is known, with the row held for the rest of the transaction."""
    statement = select(crm_records).where(_is(crm, lead_id)).with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    return Known(values=row["values"], updated_at=row["updated_at"]) if row else Known()


def learn(connection: Connection, crm: str, lead_id: str, values: Mapping[str, Any], now: datetime) -> None:
    """Put these values beside those that are known."""
    present = read(connection, crm, lead_id)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fresh = {"values": {**present.values, **values}, "updated_at": now}
    statement = dialect.insert(crm_records).values(connection=crm, lead_id=lead_id, **fresh)
    keys = [crm_records.c.connection, crm_records.c.lead_id]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh))


def forget(connection: Connection, crm: str, lead_id: str) -> None:
    """The record is gone."""
    connection.execute(delete(crm_records).where(_is(crm, lead_id)))


def leads_of(connection: Connection, crm: str, people: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Remote person id → lead: by the stored link, else by an address that one lead alone has.

    `people`: remote id → normalised e-mail addresses.
    """
    linked = _linked(connection, crm, people)
    emails = {email for person, own in people.items() if person not in linked for email in own}
    owners = _owners(connection, emails)
    by_email = {
        person: found.pop()
        for person, own in people.items()
        if person not in linked and len(found := {owners[email] for email in own if email in owners}) == 1
    }
    return linked | by_email


def _linked(connection: Connection, crm: str, people: Collection[str]) -> dict[str, str]:
    statement = select(crm_links.c.remote_id, crm_links.c.local_id).where(
        crm_links.c.connection == crm, crm_links.c.kind == "person", within(crm_links.c.remote_id, set(people))
    )
    return {row.remote_id: row.local_id for row in connection.execute(statement)}


def _owners(connection: Connection, emails: Collection[str]) -> dict[str, str]:
    if not emails:
        return {}
    statement = select(addresses.c.value, addresses.c.lead_id).where(
        addresses.c.kind == "email", within(addresses.c.value, set(emails))
    )
    return {row.value: row.lead_id for row in connection.execute(statement)}


def leads_at_records(connection: Connection, crm: str, kind: str, remote_ids: Collection[str]) -> list[str]:
    """Leads whose person record, or deal, has one of these ids."""
    statement = select(crm_links.c.local_id).where(
        crm_links.c.connection == crm, crm_links.c.kind == kind, within(crm_links.c.remote_id, set(remote_ids))
    )
    found = connection.execute(statement).scalars()
    return sorted({each.partition(":")[0] if kind == "deal" else each for each in found})


def rename(connection: Connection, crm: str, before: str, after: str) -> int:
    """A record was merged into another; how many leads it was the record of."""
    is_old = and_(crm_links.c.connection == crm, crm_links.c.kind == "person", crm_links.c.remote_id == before)
    return connection.execute(update(crm_links).where(is_old).values(remote_id=after, url="")).rowcount


def _is(crm: str, lead_id: str) -> Any:
    return and_(crm_records.c.connection == crm, crm_records.c.lead_id == lead_id)
