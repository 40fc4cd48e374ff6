"""Leads of the database for a simulation, and what its senders have done already. Only read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping

from outreach.domain.lead import Address, AddressKind, Company, LeadDraft
from outreach.domain.recipients import Recipient, Whom
from outreach.domain.turns import Lane
from outreach.services.sending.claim_turns import is_counted, recipients_of
from outreach.services.sequences.enroll import inside_by_company, stored_refusals
from outreach.services.sequences.entrance import Entrance
from outreach.services.simulating.simulate_people import Known
from outreach.store import lanes, lead_rows, recipients, stops, usage
from outreach.store.session import Store

_CHUNK = 1_000
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Past:
    """What the database tells of the time before a simulation: uses of quotas, and people inside by company."""

    used: Mapping[usage.Queue, Sequence[datetime]] = field(default_factory=dict)
    first: Mapping[usage.Queue, datetime] = field(default_factory=dict)
    inside: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[usage.Queue, Sequence[Lane]] = field(default_factory=dict)  # the last turns, newest first
    recipients: Sequence[tuple[usage.Queue, Recipient, datetime]] = ()  # by whom, in the last 7 days, the oldest first


def past_of(store: Store, entrance: Entrance, now: datetime, capped: Collection[Whom] = ()) -> Past:
    """As far as a simulation of that sequence asks. `capped`: whom anybody has caps for."""
    with store.read() as connection:
        first = usage.first_uses(connection)
        return Past(
            used=usage.used_since(connection, now - _WEEK),
            first=first,
            inside=inside_by_company(connection, entrance),
            recent={queue: lanes.recent(connection, *queue) for queue in first},
            recipients=list(_written_to(connection, capped, now)) if capped else (),
        )


def _written_to(
    connection: Connection, capped: Collection[Whom], now: datetime
) -> Iterator[tuple[usage.Queue, Recipient, datetime]]:
    for row in recipients.used_by_all(connection, now - _WEEK):
        if is_counted(row["action"]):
            address = row["recipient"] if row["channel"] == "email" else None
            own = recipients_of(capped, lead_id=row["lead_id"], company_id=row["company_id"], address=address)
            yield from (((row["sender"], row["action"]), each, row["used_at"]) for each in own)


def people_of(store: Store, sequence: str) -> list[Known]:
    """Everybody, ascending by id; with the reason of those whom the database keeps out of that sequence."""
    with store.read() as connection:
        ids = lead_rows.all_ids(connection)
        chunks = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
        return [known for chunk in chunks for known in _chunk(connection, sequence, chunk)]


def _chunk(connection: Connection, sequence: str, lead_ids: Sequence[str]) -> Iterator[Known]:
    leads = lead_rows.load(connection, lead_ids)
    addresses = stops.addresses_of(connection, lead_ids)
    refused = stored_refusals(connection, sequence, leads, addresses)
    for lead in leads:
        lead_id = lead["leads_id"]
        yield known_of(lead, addresses.get(lead_id, []), refused.get(lead_id))


def known_of(lead: RowMapping, addresses: Sequence[RowMapping], refused: str | None = None) -> Known:
    """A lead (row of `lead_rows.load`) and its addresses."""
    return Known(
        lead_id=lead["leads_id"],
        draft=_draft(lead, addresses),
        company_id=lead["leads_company_id"],
        stage=lead["leads_stage"],
        pipeline=lead["leads_pipeline"],
        created_at=lead["leads_created_at"],
        status=lead["leads_status"],
        refused=refused,
        verdicts={row["value"]: row["verdict"] for row in addresses if row["kind"] == AddressKind.EMAIL},
    )


def _draft(lead: Mapping[Any, Any], addresses: Sequence[RowMapping]) -> LeadDraft:
    """Dead addresses are left out: nothing goes there."""
    live = tuple(Address(AddressKind(row["kind"]), row["value"]) for row in addresses if not row["is_dead"])
    return LeadDraft(
        addresses=live,
        source=lead["leads_source"],
        company=Company(
            name=lead["companies_name"] or "",
            domain=lead["companies_domain"],
            fields=lead["companies_fields"] or {},
        ),
        first_name=lead["leads_first_name"] or "",
        last_name=lead["leads_last_name"] or "",
        title=lead["leads_title"] or "",
        language=lead["leads_language"] or "",
        timezone=lead["leads_timezone"] or "",
        country=lead["leads_country"] or "",
        owner=lead["leads_owner"] or "",
        score=lead["leads_score"],
        tags=tuple(lead["leads_tags"] or ()),
        fields=lead["leads_fields"] or {},
    )
