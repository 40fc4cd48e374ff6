"""Write down, in the event's own transaction, what the CRMs are to be told of it."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.event import Event
from outreach.services.crm.crm_work import Entry, LeadFacts, jobs_for
from outreach.services.sending.engine import Engine
from outreach.store import lead_rows, stops
from outreach.store.crm_jobs import add_jobs
from outreach.store.tables import enrollments


def write_down(
    connection: Connection, engine: Engine, trigger: str, event: Event, lead_id: str, *, without: str = ""
) -> None:
    """The jobs that an event about a lead makes, for every CRM connection but `without`, which told of it.

    Status and stage are read when the jobs run.
    """
    lead = lead_facts(connection, lead_id)
    if lead is not None:
        on = CrmTrigger(trigger)
        entry = _entry(on, event, lead)
        add_work(connection, engine, on, event_key=event.key, lead=lead, entry=entry, without=without)


def add_work(
    connection: Connection,
    engine: Engine,
    trigger: CrmTrigger,
    *,
    event_key: str,
    lead: LeadFacts,
    entry: Entry | None = None,
    without: str = "",
) -> None:
    """The jobs of one trigger, for every CRM connection but `without`."""
    for name, mapping in engine.crms.items():
        if name == without:
            continue
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


_SAID = {CrmTrigger.UNSUBSCRIBE: "Opted out: not to be contacted any more.", CrmTrigger.MEETING: "A meeting is booked."}
"""What `log` writes for news that is no text of the lead."""


def _entry(trigger: CrmTrigger, event: Event, lead: LeadFacts) -> Entry:
    is_reply = trigger is CrmTrigger.REPLY
    return Entry(
        at=event.at,
        text=event.text if is_reply else "\n\n".join(part for part in (_SAID.get(trigger, ""), event.text) if part),
        kind="reply" if is_reply else "note",
        channel=event.channel,
        subject=event.subject,
        from_address=lead.email if event.channel == "email" else "",
    )
