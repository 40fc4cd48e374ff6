"""Write down, in the event's own transaction, what the CRMs are to be told of it."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.event import Event
from outreach.services.crm_work import Entry, LeadFacts, jobs_for
from outreach.services.engine import Engine
from outreach.store import lead_rows, stops
from outreach.store.crm_jobs import add_jobs
from outreach.store.tables import enrollments


def write_down(connection: Connection, engine: Engine, trigger: str, event: Event, lead_id: str) -> None:
    """The jobs that an event about a lead makes, for every CRM connection; status and stage are read when they run."""
    lead = lead_facts(connection, lead_id)
    if lead is not None:
        add_work(connection, engine, CrmTrigger(trigger), event_key=event.key, lead=lead, entry=_entry(event, lead))


def add_work(
    connection: Connection,
    engine: Engine,
    trigger: CrmTrigger,
    *,
    event_key: str,
    lead: LeadFacts,
    entry: Entry | None = None,
) -> None:
    """The jobs of one trigger, for every CRM connection."""
    for name, mapping in engine.crms.items():
        jobs = jobs_for(mapping, trigger, event_key=event_key, lead=lead, entry=entry)
        now = engine.clock.now()
        add_jobs(connection, crm=name, lead_id=lead.lead_id, event_key=event_key, jobs=jobs, now=now)


def lead_facts(connection: Connection, lead_id: str) -> LeadFacts | None:
    """What a CRM may be told of a lead; None if there is no such lead, or none a CRM could find by e-mail."""
    rows = lead_rows.load(connection, [lead_id])
    own = {row["kind"]: row["value"] for row in reversed(stops.addresses_of(connection, [lead_id]).get(lead_id, []))}
    if not rows or "email" not in own:
        return None
    return _facts(rows[0], own, owner=rows[0]["leads_owner"] or _last_sender(connection, lead_id))


def _last_sender(connection: Connection, lead_id: str) -> str:
    statement = (
        select(enrollments.c.sender)
        .where(enrollments.c.lead_id == lead_id)
        .order_by(enrollments.c.entered_at.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar() or ""


def _facts(row: RowMapping, own: dict[str, str], *, owner: str) -> LeadFacts:
    fields = row["leads_fields"] or {}
    return LeadFacts(
        lead_id=row["leads_id"],
        email=own["email"],
        first_name=row["leads_first_name"] or "",
        last_name=row["leads_last_name"] or "",
        company=row["companies_name"] or "",
        owner=owner,
        status=row["leads_status"],
        pipeline=row["leads_pipeline"],
        stage=row["leads_stage"],
        tags=tuple(row["leads_tags"] or ()),
        values=_values(row, own, fields),
        deal_value=str(fields.get("value", "")),
    )


def _values(row: RowMapping, own: dict[str, str], fields: dict[str, object]) -> dict[str, object]:
    """What `fields:` of the mapping may name: the lead's columns and addresses, `fields.x`, `company.x`."""
    names = ("first_name", "last_name", "title", "language", "timezone", "country", "owner", "source", "score")
    company = {**(row["companies_fields"] or {}), "name": row["companies_name"], "domain": row["companies_domain"]}
    return {**fields, **own, **{name: row[f"leads_{name}"] for name in names}, "fields": fields, "company": company}


def _entry(event: Event, lead: LeadFacts) -> Entry:
    return Entry(
        at=event.at,
        text=event.text,
        kind="reply",
        channel=event.channel,
        subject=event.subject,
        from_address=lead.email if event.channel == "email" else "",
    )
