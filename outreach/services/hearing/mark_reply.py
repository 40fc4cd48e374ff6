"""A person says what a reply means, or whom a delivery is about. Both are kept, and followed like a suggestion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from outreach.content.suggestions import did_you_mean
from outreach.crm import Operation
from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.event import Event, EventKind
from outreach.domain.reply import ReplyClass, Suggestion
from outreach.errors import UsageError
from outreach.services.crm.crm_work import jobs_for
from outreach.services.crm.work_list import lead_facts
from outreach.services.hearing.answers import Meant, follow, take_back
from outreach.services.hearing.classify import classified_by_rules, suggestion_of
from outreach.services.hearing.events import event_of
from outreach.services.hearing.react import Match, answer_row, carry_out
from outreach.services.hearing.understand import let_go
from outreach.services.sending.engine import Engine
from outreach.store import audit, deliveries, enrollments, replies
from outreach.store.crm_jobs import add_jobs

_STATE = (Operation.PERSON, Operation.STATUS, Operation.STAGE)
_SEE = "See them: outreach inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a reply was thought to mean, and what it means now."""

    number: int
    lead_id: str
    before: str
    reply_class: str


def mark(engine: Engine, number: int, reply_class: str, *, by: str, until: date | None = None) -> Marked:
    """Correct the class of an answer; what follows from it is done. Raises UsageError for what is no answer."""
    known = [str(each) for each in ReplyClass]
    if reply_class not in known:
        raise UsageError(
            f"'{reply_class}' is no class of replies. {did_you_mean(reply_class, known)} One of: {', '.join(known)}."
        )
    return engine.store.write(
        lambda connection: _mark(connection, engine, number, ReplyClass(reply_class), by=by, until=until)
    )


def _mark(
    connection: Connection, engine: Engine, number: int, wanted: ReplyClass, *, by: str, until: date | None
) -> Marked:
    row = replies.one(connection, number)
    if row is None or row["kind"] not in replies.ANSWERS or row["lead_id"] is None:
        raise UsageError(f"there is no reply {number} of a lead. {_SEE}")
    before = _stored(connection, row)
    now, suggestion = engine.clock.now(), replace(before, reply_class=wanted, until=until or before.until)
    told = suggestion.until.isoformat() if suggestion.until else None
    replies.mark(connection, number, reply_class=wanted, until_on=told, marked_by=by, marked_at=now)
    was = row["reply_reply_class"] or before.reply_class
    data = {"from": str(was), "to": str(wanted), "until": told}
    audit.write(connection, now=now, actor=by, action="reply mark", subject=f"{row['lead_id']} {number}", data=data)
    take_back(connection, engine, number)
    follow(connection, engine, Meant(number=number, lead_id=row["lead_id"], at=row["at"], suggestion=suggestion))
    _tell_crms(connection, engine, row["lead_id"], key=f"mark:{number}:{engine.clock.fresh_id()}")
    return Marked(number=number, lead_id=row["lead_id"], before=str(was), reply_class=str(wanted))


def _stored(connection: Connection, row: RowMapping) -> Suggestion:
    """What was suggested; an answer from before there were classes gets its suggestion now."""
    event = classified_by_rules(event_of(row))
    suggestion = suggestion_of(event.data)
    if row["reply_event_number"] is None:
        replies.keep(connection, answer_row(row["number"], suggestion, event.data))
    until = date.fromisoformat(row["reply_until_on"]) if row["reply_until_on"] else suggestion.until
    return replace(suggestion, until=until)


def _tell_crms(connection: Connection, engine: Engine, lead_id: str, *, key: str) -> None:
    """Status and stage as they are now; the reply itself is on the timeline already."""
    lead = lead_facts(connection, lead_id)
    for name, mapping in engine.crms.items() if lead else ():
        assert lead is not None
        jobs = [job for job in jobs_for(mapping, CrmTrigger.REPLY, event_key=key, lead=lead) if job.operation in _STATE]
        add_jobs(connection, crm=name, lead_id=lead_id, event_key=key, jobs=jobs, now=engine.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """The events of a delivery that now belong to the lead, by their kinds."""

    delivery_id: str
    lead_id: str
    kinds: tuple[str, ...]


def assign(engine: Engine, delivery_id: str, lead_id: str, *, by: str) -> Assigned:
    """A delivery that nobody was found for is about this lead. One that nobody could read counts as a reply.

    Raises UsageError when there is no such delivery, or nothing of it is without a lead.
    """
    return engine.store.write(lambda connection: _assign(connection, engine, delivery_id, lead_id, by))


def _assign(connection: Connection, engine: Engine, delivery_id: str, lead_id: str, by: str) -> Assigned:
    delivery = deliveries.load(connection, delivery_id)
    if delivery is None:
        raise UsageError(f"there is no delivery '{delivery_id}'. {_SEE}")
    enrollments.lock(connection, enrollments.open_of_leads(connection, [lead_id]))
    lost = [row for row in replies.of_delivery(connection, delivery_id) if row["lead_id"] is None]
    kinds = [_give(connection, engine, row, lead_id) for row in lost]
    if delivery["state"] == "failed":
        kinds.append(_read_by_a_person(connection, engine, delivery, lead_id))
    if not kinds:
        raise UsageError(f"nothing of delivery '{delivery_id}' is without a lead. {_SEE}")
    now = engine.clock.now()
    audit.write(connection, now=now, actor=by, action="inbox assign", subject=lead_id, data={"delivery": delivery_id})
    return Assigned(delivery_id=delivery_id, lead_id=lead_id, kinds=tuple(kinds))


def _give(connection: Connection, engine: Engine, row: RowMapping, lead_id: str) -> str:
    """A stored event gets its lead, and is carried out. What nobody understood is a reply, as a person says."""
    event = event_of(row)
    if event.kind is EventKind.UNKNOWN:
        event = replace(event, kind=EventKind.REPLIED)
    event = classified_by_rules(event)
    replies.adopt(connection, row["number"], lead_id=lead_id, kind=event.kind, data=dict(event.data))
    carry_out(connection, engine, event, Match(lead_id=lead_id), number=row["number"])
    return str(event.kind)


def _read_by_a_person(connection: Connection, engine: Engine, delivery: RowMapping, lead_id: str) -> str:
    """The holds of the delivery end: the lead it is about has replied, the others go on."""
    now = engine.clock.now()
    key, at = f"assigned:{delivery['id']}", delivery["received_at"]
    event = classified_by_rules(Event(key=key, kind=EventKind.REPLIED, at=at, channel="other", reason="assigned"))
    row: dict[str, Any] = {"key": key, "kind": event.kind, "channel": event.channel, "at": at, "created_at": now}
    row |= {"lead_id": lead_id, "delivery_id": delivery["id"], "reason": event.reason, "data": dict(event.data)}
    number = deliveries.remember(connection, {**row, "subject": "", "text": ""})
    if number is not None:
        carry_out(connection, engine, event, Match(lead_id=lead_id), number=number)
    let_go(connection, delivery["id"], now)
    deliveries.settle(connection, delivery["id"], state="understood", due_at=None, error=None)
    return str(event.kind)
