"""What the dashboard shows of today and of one lead, as plain values. The shapes stand in `web/services.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import EventKind
from outreach.domain.touch import OPEN
from outreach.services.sending.engine import Engine
from outreach.services.watching.history import Entry, history
from outreach.services.watching.status import CrmLine, Queue, SenderLine, Status, status
from outreach.store import lead_rows, stops
from outreach.store.tables import enrollments, events, leads, touches

_MOST_NEWS = 12
_MOST_ENTRIES = 500
_SILENT_FOR = timedelta(seconds=30)
_QUOTED = frozenset({EventKind.REPLIED, EventKind.AUTORESPONDED, "note"})
_NOT_NEWS = (EventKind.DELIVERED, EventKind.OPENED, EventKind.OWN, EventKind.DEFERRED)


def today(engine: Engine) -> dict[str, Any]:
    """The numbers of the day, why nothing more goes out, and the latest news."""
    found = status(engine)
    with engine.store.read() as connection:
        latest = list(_latest(connection))
    return {
        "now": found.at,
        "sent": found.sent_today,
        "due": found.due,
        "replies": found.replies_today,
        "blocked": sum(found.blocked.values()),
        "unknown": found.unknown,
        "failed": found.failed_today,
        "tasks": found.tasks_open,
        "forgotten": found.forgotten,
        "forgotten_at": found.forgotten_at if found.forgotten_at != found.at else None,  # of large lists
        "blocks": [{"because": because, "count": count} for because, count in found.blocked.items()],
        "senders": [line for sender in found.senders for line in _sender_lines(engine, found, sender)],
        "health": list(_health(found)),
        "latest": latest,
        "numbers": _numbers(found),
    }


def lead(engine: Engine, lead_id: str) -> dict[str, Any] | None:
    """Everything about one lead, newest first; None if there is no such lead."""
    with engine.store.read() as connection:
        rows = lead_rows.load(connection, [lead_id])
        if not rows:
            return None
        addresses = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
        entries = sorted(history(connection, lead_id), key=lambda entry: entry.at, reverse=True)
        return {
            **_about(rows[0], addresses),
            "enrollments": list(_enrollments(connection, lead_id)),
            "timeline": [_entry(entry) for entry in islice(entries, _MOST_ENTRIES)],
        }


def _about(row: RowMapping, addresses: list[RowMapping]) -> dict[str, Any]:
    values = [{"kind": each["kind"], "value": each["value"], "is_dead": each["is_dead"]} for each in addresses]
    name = _name(row["leads_first_name"], row["leads_last_name"])
    return {
        "id": row["leads_id"],
        "name": name or next((each["value"] for each in values), row["leads_id"]),
        "title": row["leads_title"] or "",
        "company": row["companies_name"] or row["companies_domain"] or "",
        "status": row["leads_status"],
        "pipeline": row["leads_pipeline"],
        "stage": row["leads_stage"],
        "source": row["leads_source"],
        "owner": row["leads_owner"] or "",
        "score": row["leads_score"],
        "tags": list(row["leads_tags"] or ()),
        "addresses": values,
    }


def _name(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)


def _enrollments(connection: Connection, lead_id: str) -> Iterator[dict[str, Any]]:
    """Newest first; the open touch says when it goes on and what holds it back."""
    open_touch = and_(touches.c.enrollment_id == enrollments.c.id, touches.c.state.in_(OPEN))
    statement = (
        select(enrollments, touches.c.block, touches.c.due_at.label("touch_due_at"))
        .join_from(enrollments, touches, open_touch, isouter=True)
        .where(enrollments.c.lead_id == lead_id)
        .order_by(enrollments.c.entered_at.desc(), enrollments.c.id.desc())
    )
    for row in connection.execute(statement).mappings():
        is_over = row["state"] == EnrollmentState.FINISHED
        yield {
            "sequence": row["sequence"],
            "state": row["state"],
            "reason": row["reason"] or "",
            "step": row["cursor"] or "",
            "sender": row["sender"],
            "block": row["block"] or "",
            "next_at": None if is_over else row["touch_due_at"] or row["due_at"],
        }


def _entry(entry: Entry) -> dict[str, Any]:
    """What somebody wrote is shown as a quotation below its line."""
    place = " · ".join(part for part in (entry.sequence, entry.step) if part)
    origin, separator, said = entry.what.partition(": ") if entry.kind in _QUOTED else (entry.what, "", "")
    title = " – ".join(part for part in (place, origin) if part)
    return {"at": entry.at, "kind": entry.kind, "title": title, "text": said if separator else ""}


def _latest(connection: Connection) -> Iterator[dict[str, Any]]:
    statement = (
        select(events, leads.c.first_name, leads.c.last_name)
        .join_from(events, leads, events.c.lead_id == leads.c.id, isouter=True)
        .where(events.c.kind.not_in(_NOT_NEWS))
        .order_by(events.c.number.desc())
        .limit(_MOST_NEWS)
    )
    rows = list(connection.execute(statement).mappings())
    known = stops.addresses_of(connection, [row["lead_id"] for row in rows if row["lead_id"]])
    for row in rows:
        address = next((each["value"] for each in known.get(row["lead_id"], [])), "")
        yield {
            "at": row["at"],
            "kind": row["kind"],
            "lead_id": row["lead_id"],
            "who": _name(row["first_name"], row["last_name"]) or address or f"nobody we know, by {row['channel']}",
            "text": row["text"] or row["reason"],
        }


def _sender_lines(engine: Engine, found: Status, sender: SenderLine) -> Iterator[dict[str, Any]]:
    limits = engine.sender(sender.name)
    for queue in sender.queues:
        state, detail = _state(found, sender, queue)
        yield {
            "name": sender.name,
            "action": queue.action,
            "used": queue.used_today or 0,
            "per_day": limits.limits_for(queue.action).per_day,
            "state": state,
            "detail": detail,
        }


def _state(found: Status, sender: SenderLine, queue: Queue) -> tuple[str, str]:
    if not sender.is_configured:
        return "failing", "not configured any more"
    if sender.circuit_open_until:
        return "failing", sender.circuit_reason or "left alone for a while"
    for pause in found.pauses:
        if pause.scope == "all" or (pause.scope, pause.value) == ("sender", sender.name):
            return "paused", pause.reason
    if queue.wait_until:
        return "waiting", queue.because
    return "ready", ""


def _health(found: Status) -> Iterator[dict[str, Any]]:
    yield {"name": "scheduler", **_scheduler(found)}
    unread = f"{found.deliveries_failed} not understood, {found.deliveries_waiting} waiting"
    yield {"name": "inbound", "is_fine": not found.deliveries_failed, "detail": unread}
    yield {"name": "holds", "is_fine": not found.holds, "detail": f"{len(found.holds)} answers hold leads back"}
    if found.too_late:
        yield {"name": "late", "is_fine": False, "detail": f"{found.too_late} touches: outreach resume --late"}
    for pause in found.pauses:
        yield {"name": "paused", "is_fine": False, "detail": f"{pause.scope} {pause.value}: {pause.reason}"}
    yield from (_crm(line) for line in found.crms)


def _scheduler(found: Status) -> dict[str, Any]:
    if found.scheduler_age is None:
        return {"is_fine": False, "detail": "has never run: outreach run"}
    seconds = int(found.scheduler_age.total_seconds())
    return {"is_fine": found.scheduler_age <= _SILENT_FOR, "detail": f"last tick {seconds} s ago"}


def _crm(line: CrmLine) -> dict[str, Any]:
    detail = f"{line.waiting + line.claimed} waiting, {line.dead} for a person: outreach crm failed"
    if line.parked_until:
        detail = f"resting: {line.reason or 'it did not answer'}"
    is_fine = not line.dead and not line.parked_until
    return {"name": line.connection, "is_fine": is_fine, "detail": detail if line.dead or not is_fine else "fine"}


def _numbers(found: Status) -> dict[str, float]:
    return {
        "planned": found.planned,
        "handed_over": found.handed_over,
        "too_late": found.too_late,
        "holds": len(found.holds),
        "deliveries_waiting": found.deliveries_waiting,
        "deliveries_failed": found.deliveries_failed,
        "crm_waiting": sum(line.waiting + line.claimed for line in found.crms),
        "crm_dead": sum(line.dead for line in found.crms),
        "scheduler_age_seconds": found.scheduler_age.total_seconds() if found.scheduler_age else -1,
    }
