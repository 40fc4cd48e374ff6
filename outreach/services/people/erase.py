"""Erase a person: data, queued work, raw deliveries; salted hashes of the addresses keep them suppressed for good.

What stays: the audit trail, which holds ids (and the addresses that somebody suppressed by hand); backups; what lies
with providers. CRMs are asked to delete their record, or a person is (`erase_in_crms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from outreach.content.addresses import candidates
from outreach.domain.enrollment import FinishReason
from outreach.domain.lead import Address, AddressKind
from outreach.errors import UsageError
from outreach.services.hearing.stop import finish
from outreach.services.people.erase_in_crms import ask
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import audit, crm_jobs, enrollments, erased, lead_rows, personal_data, stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What went, and what is still to do: `records` are those of CRMs (connection, kind, remote_id, url).

    `deletions`: how many the CRMs are asked to delete; `tasks`: ids of what a person has to do about the others.
    """

    lead_id: str
    enrollments: int
    deliveries: int
    addresses: int
    records: tuple[dict[str, str], ...]
    deletions: int = 0
    tasks: tuple[str, ...] = ()


def erase(engine: Engine, lead_id: str, *, by: str) -> Erased:
    """Delete this lead and everything about it.

    Raises UsageError while a message to it is being handed over, or a CRM is being told of it.
    """
    return engine.store.write(lambda connection: _erase(connection, engine, lead_id, by))


def _erase(connection: Connection, engine: Engine, lead_id: str, by: str) -> Erased:
    engine.store.lock_wide_stop(connection)
    now = engine.clock.now()
    ids = enrollments.open_of_leads(connection, [lead_id])
    enrollments.lock(connection, ids)
    if personal_data.on_the_wire(connection, lead_id):
        raise UsageError("a message to this lead is being handed over right now. Erase again in a minute.")
    if crm_jobs.is_under_way(connection, lead_id):
        raise UsageError("a CRM is being told of this lead right now. Erase again in a minute.")
    own = addresses_of(connection, lead_id)
    owner = personal_data.owner_of(connection, lead_id)
    records = tuple(_record(row) for row in personal_data.records(connection, lead_id))
    ended = finish(connection, engine, ids, FinishReason.REMOVED)
    erased.remember(connection, own, now)
    emptied = personal_data.delete(connection, lead_id, own)
    asked = ask(connection, engine, lead_id, records, owner=owner)
    data = {"enrollments": len(ended), "deliveries": emptied, "crm_records": len(records)}
    audit.write(connection, now=now, actor=by, action="erase", subject=f"lead:{lead_id}", data=data)
    return Erased(
        lead_id=lead_id,
        enrollments=len(ended),
        deliveries=emptied,
        addresses=len(own),
        records=records,
        deletions=asked.deletions,
        tasks=asked.tasks,
    )


def addresses_of(connection: Connection, lead_id: str) -> list[Address]:
    """Every address of a lead."""
    rows = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    return [Address(AddressKind(row["kind"]), row["value"]) for row in rows]


def was_erased(engine: Engine, text: str) -> bool:
    """Is this an address of somebody who was erased?"""
    with engine.store.read() as connection:
        return bool(erased.known(connection, candidates(text)))


def everything_about(engine: Engine, lead_id: str) -> dict[str, Any]:
    """All that is kept about one person, as values JSON knows: the lead, its company, and the rows of every table."""
    with engine.store.read() as connection:
        found = lead_rows.load(connection, [lead_id])
        if not found:
            raise UsageError(f"there is no lead '{lead_id}' any more.")
        own = personal_data.everything(connection, lead_id, addresses_of(connection, lead_id))
    lead = {name.removeprefix("leads_"): value for name, value in found[0].items() if name.startswith("leads_")}
    company = {
        name.removeprefix("companies_"): each for name, each in found[0].items() if name.startswith("companies_")
    }
    told = {name: [_told(row) for row in rows] for name, rows in own.items()}
    document: dict[str, Any] = plain({"lead": lead, "company": company if company["id"] else None, **told})
    return document


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Bytes as text: what is no UTF-8 is escaped, so that nothing is left out."""
    return {
        name: value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _record(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(row[name] or "") for name in ("connection", "kind", "remote_id", "url")}
