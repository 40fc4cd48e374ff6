"""Leads for people: a line of each, and everything about one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from outreach.domain.suppression import keys_of
from outreach.domain.touch import TouchState
from outreach.errors import UsageError
from outreach.services.hearing import find
from outreach.services.sending.engine import Engine
from outreach.services.watching.history import history
from outreach.services.watching.plain import plain
from outreach.store import lead_rows, leads, stops
from outreach.store.tables import enrollments, notes, tasks, touches


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLine:
    """One lead in a list. `address` is the one that is used first; `next_at`: when its sequence goes on."""

    id: str
    name: str
    company: str
    address: str
    status: str
    stage: str
    pipeline: str
    owner: str
    source: str
    score: int
    tags: tuple[str, ...]
    sequence: str
    next_at: datetime | None
    created_at: datetime


def show_lead(engine: Engine, text: str) -> dict[str, Any]:
    """Everything about one lead as values that JSON knows; `text` is an id or any address. Raises UsageError.

    Every key is always there. `timeline` is in the order of time: enrollments, touches, events, stage moves, notes.
    """
    lead_id = find.lead(engine, text)
    with engine.store.read() as connection:
        shown: dict[str, Any] = plain(_lead(connection, lead_id))
        return shown


def lines_of(connection: Connection, rows: Sequence[RowMapping]) -> list[LeadLine]:
    """Of rows of `store/lead_lists.py`, with two more statements whatever their number."""
    ids = [row["id"] for row in rows]
    addresses = stops.addresses_of(connection, ids)
    steps = leads.next_steps(connection, ids)
    return [_line(row, addresses.get(row["id"], []), *steps.get(row["id"], ("", None))) for row in rows]


def _line(row: RowMapping, addresses: Sequence[RowMapping], sequence: str, next_at: datetime | None) -> LeadLine:
    return LeadLine(
        id=row["id"],
        name=_name(row["first_name"], row["last_name"]),
        company=row["company"] or row["company_domain"] or "",
        address=_first_address(addresses),
        status=row["status"],
        stage=row["stage"],
        pipeline=row["pipeline"],
        owner=row["owner"] or "",
        source=row["source"],
        score=row["score"],
        tags=tuple(row["tags"] or ()),
        sequence=sequence,
        next_at=next_at,
        created_at=row["created_at"],
    )


def _name(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)


def _first_address(addresses: Sequence[RowMapping]) -> str:
    """An e-mail address before others, a live one before a dead one, the oldest first."""
    ranked = sorted(addresses, key=lambda row: (row["is_dead"], row["kind"] != "email"))
    return str(ranked[0]["value"]) if ranked else ""


def _lead(connection: Connection, lead_id: str) -> dict[str, Any]:
    found = lead_rows.load(connection, [lead_id])
    if not found:
        raise UsageError(f"there is no lead '{lead_id}' any more.")
    row = found[0]
    own = {name.removeprefix("leads_"): value for name, value in row.items() if name.startswith("leads_")}
    addresses = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    own_tasks, own_notes = leads.about(connection, tasks, lead_id), leads.about(connection, notes, lead_id)
    return {
        **own,
        "name": _name(own["first_name"], own["last_name"]),
        "company": _company(row),
        "addresses": [_picked(each, "kind", "value", "is_dead", "provider_id") for each in addresses],
        "suppressions": _suppressions(connection, row, addresses),
        "enrollments": _enrollments(connection, lead_id),
        "tasks": [_picked(each, "id", "kind", "state", "assignee", "note", "outcome", "due_at") for each in own_tasks],
        "notes": [_picked(each, "author", "text", "created_at") for each in own_notes],
        "timeline": history(connection, lead_id),
    }


def _company(row: RowMapping) -> dict[str, Any] | None:
    if row["companies_id"] is None:
        return None
    return {name: row[f"companies_{name}"] for name in ("id", "name", "domain", "fields")}


def _picked(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _suppressions(connection: Connection, row: RowMapping, addresses: Sequence[RowMapping]) -> list[dict[str, str]]:
    """Everything that forbids contact, and how wide it reaches."""
    keys = keys_of(
        lead_id=row["leads_id"],
        company_id=row["leads_company_id"],
        addresses=tuple((address["kind"], address["value"]) for address in addresses),
    )
    found = stops.suppressed(connection, keys)
    return [{"scope": scope, "value": value, "reason": reason} for (scope, value), reason in sorted(found.items())]


def _enrollments(connection: Connection, lead_id: str) -> list[dict[str, Any]]:
    """The newest first, each with its touches in the order they were planned."""
    of_enrollment: dict[str, list[RowMapping]] = defaultdict(list)
    for touch in leads.about(connection, touches, lead_id):
        of_enrollment[touch["enrollment_id"]].append(touch)
    rows = reversed(leads.about(connection, enrollments, lead_id))
    return [_enrollment(row, of_enrollment[row["id"]]) for row in rows]


def _enrollment(row: RowMapping, own: Sequence[RowMapping]) -> dict[str, Any]:
    planned = [touch for touch in own if touch["state"] == TouchState.PLANNED]
    due = [touch["due_at"] for touch in planned if touch["due_at"]]
    return {
        **_picked(row, "id", "sequence", "state", "reason", "detail", "sender", "zone", "entered_at", "finished_at"),
        "step": row["cursor"],
        "snoozed_until": row["snoozed_until"],
        "next_at": min(due) if due else row["due_at"],
        "block": next((touch["block"] for touch in planned if touch["block"]), None),
        "touches": [_touch(touch) for touch in own],
    }


def _touch(row: RowMapping) -> dict[str, Any]:
    names = ("id", "step", "action", "variant", "state", "due_at", "sent_at", "recipient", "subject", "block", "reason")
    return _picked(row, *names)
