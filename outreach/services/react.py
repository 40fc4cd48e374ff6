"""What an event does: to enrollments, suppressions, stage, status and the CRM's work list, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, select, update

from outreach.content.revision import Revision
from outreach.domain.enrollment import FinishReason
from outreach.domain.event import Event, EventKind
from outreach.domain.pipeline import Status
from outreach.domain.sequence import Trigger
from outreach.domain.suppression import Scope, SuppressionReason, address_value
from outreach.domain.touch import TouchState
from outreach.services.engine import Engine
from outreach.services.moves import move_stages, stage_move
from outreach.services.stop import finish
from outreach.services.work_list import write_down
from outreach.store import deliveries, enrollments, lead_states, stops, touches
from outreach.store.tables import addresses, leads


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whom an event is about. `touch` is the message it answers, where one is named."""

    lead_id: str | None = None
    enrollment_id: str | None = None
    touch_id: str | None = None


def apply(connection: Connection, engine: Engine, event: Event, *, delivery_id: str | None = None) -> bool:
    """Remember the event and do what follows from it; False if its key was applied before."""
    match = find(connection, event)
    if match.lead_id:
        enrollments.lock(connection, enrollments.open_of_leads(connection, [match.lead_id]))
    if not deliveries.remember(connection, _row(engine, event, match, delivery_id)):
        return False
    if match.touch_id:
        _settle_unknown(connection, engine, match)
    reaction = _REACTIONS.get(event.kind)
    if reaction and match.lead_id:
        reaction(connection, engine, event, match.lead_id)
    return True


def find(connection: Connection, event: Event) -> Match:
    """By our own ids first, then by the address the event comes from or is about."""
    named = deliveries.matching_touches(connection, event.clues)
    if named:
        touch = _strongest(named, event)
        return Match(lead_id=touch["lead_id"], enrollment_id=touch["enrollment_id"], touch_id=touch["id"])
    found = deliveries.leads_at(connection, set(event.clues.addresses))
    return Match(lead_id=found[0]) if len(found) == 1 else Match()


def _strongest(named: Collection[RowMapping], event: Event) -> RowMapping:
    """The touch of the first Message-ID that is ours; without one, the latest touch."""
    by_id = {row["message_id"]: row for row in named}
    for message_id in event.clues.message_ids:
        if message_id in by_id:
            return by_id[message_id]
    return max(named, key=lambda row: row["id"])


def _row(engine: Engine, event: Event, match: Match, delivery_id: str | None) -> dict[str, Any]:
    return {
        "key": event.key,
        "kind": event.kind,
        "channel": event.channel,
        "at": event.at,
        "lead_id": match.lead_id,
        "enrollment_id": match.enrollment_id,
        "touch_id": match.touch_id,
        "delivery_id": delivery_id,
        "subject": event.subject,
        "text": event.text,
        "reason": event.reason,
        "data": {**event.data, "hard": event.is_hard} if event.kind is EventKind.BOUNCED else dict(event.data),
        "created_at": engine.clock.now(),
    }


_PROOF_OF_SENDING = "the provider or the lead answered to it"


def _settle_unknown(connection: Connection, engine: Engine, match: Match) -> None:
    """News about a message proves that it went out."""
    assert match.touch_id
    assert match.enrollment_id
    now = engine.clock.now()
    if touches.resolve(connection, match.touch_id, TouchState.SENT, now=now, why=_PROOF_OF_SENDING):
        enrollments.look_now(connection, [match.enrollment_id], now)


def _replied(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    now = engine.clock.now()
    ended = end(connection, engine, [lead_id], FinishReason.REPLIED, trigger=Trigger.REPLY)
    _end_colleagues(connection, engine, lead_id)
    lead_states.set_status(connection, [lead_id], Status.RESPONDED, now)
    if not ended:
        _move_by_pipeline(connection, engine, lead_id, "responded")
    write_down(connection, engine, "reply", event, lead_id)


def _end_colleagues(connection: Connection, engine: Engine, lead_id: str) -> None:
    """A reply ends the sequences of colleagues that stop on it."""
    company_id = connection.execute(select(leads.c.company_id).where(leads.c.id == lead_id)).scalar()
    if company_id is None:
        return
    ids = enrollments.open_of_company(connection, company_id)
    enrollments.lock(connection, ids)
    stopping = [
        row["enrollments_id"]
        for row, revision in _with_revisions(connection, engine, ids)
        if Trigger.COMPANY_REPLY in revision.sequence.stop_on and row["enrollments_lead_id"] != lead_id
    ]
    finish(connection, engine, stopping, FinishReason.COMPANY_REPLIED)


def end(
    connection: Connection, engine: Engine, lead_ids: Collection[str], reason: FinishReason, *, trigger: Trigger
) -> list[str]:
    """Finish every open enrollment of these leads that stops on the trigger, and move stages as mapped."""
    ids = enrollments.open_of_leads(connection, lead_ids)
    enrollments.lock(connection, ids)
    stopping = [
        (row, revision)
        for row, revision in _with_revisions(connection, engine, ids)
        if trigger in revision.sequence.stop_on
    ]
    _move_stages(connection, engine, stopping, trigger)
    return finish(connection, engine, [row["enrollments_id"] for row, _ in stopping], reason)


def _with_revisions(connection: Connection, engine: Engine, ids: Collection[str]) -> list[tuple[RowMapping, Revision]]:
    return [
        (row, engine.revisions.get(connection, row["enrollments_revision_id"]))
        for row in (enrollments.load(connection, ids) if ids else [])
    ]


def _move_stages(
    connection: Connection, engine: Engine, stopping: Collection[tuple[RowMapping, Revision]], trigger: Trigger
) -> None:
    moves = []
    for row, revision in stopping:
        stage = revision.sequence.stages.get(trigger)
        if stage is None and trigger is Trigger.REPLY and revision.pipeline.stage("responded"):
            stage = "responded"
        if stage:
            reason = f"{trigger} in sequence {revision.sequence.name}"
            moves.append(stage_move(engine, row["enrollments_lead_id"], revision.pipeline, stage=stage, reason=reason))
    move_stages(connection, moves, engine.clock.now())


def _move_by_pipeline(connection: Connection, engine: Engine, lead_id: str, stage: str) -> None:
    """A lead outside of any sequence: the pipeline's own stage of that name."""
    name = connection.execute(select(leads.c.pipeline).where(leads.c.id == lead_id)).scalar()
    pipeline = engine.pipelines.get(name or "")
    if pipeline and pipeline.stage(stage):
        move = stage_move(engine, lead_id, pipeline, stage=stage, reason="reply")
        move_stages(connection, [move], engine.clock.now())


def _bounced(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Only a dead address ends anything; a soft bounce is kept as news."""
    if not event.is_hard:
        return
    now = engine.clock.now()
    dead = _address_of(connection, event, lead_id)
    connection.execute(update(addresses).where(addresses.c.id.in_([row["id"] for row in dead])).values(is_dead=True))
    rows = [_suppression(engine, Scope.ADDRESS, _value(row), SuppressionReason.BOUNCED) for row in dead]
    stops.suppress(connection, rows)
    if event.channel != "email":
        return  # a profile that is gone stands in its own way alone
    end(connection, engine, [lead_id], FinishReason.BOUNCED, trigger=Trigger.BOUNCE)
    lead_states.set_status(connection, [lead_id], Status.BOUNCED, now)


def _address_of(connection: Connection, event: Event, lead_id: str) -> list[RowMapping]:
    """The lead's addresses the event names; without a name, the one of that channel."""
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    named = [row for row in own if (row["kind"], row["value"]) in set(event.clues.addresses)]
    return named or [row for row in own if row["kind"] == event.channel][:1]


def _value(row: RowMapping) -> str:
    return address_value(row["kind"], row["value"])


def _suppression(engine: Engine, scope: Scope, value: str, reason: SuppressionReason) -> dict[str, Any]:
    return {
        "id": engine.clock.fresh_id(),
        "scope": scope,
        "value": value,
        "reason": reason,
        "by": "engine",
        "detail": "",
        "created_at": engine.clock.now(),
    }


def _unsubscribed(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    _never_again(connection, engine, lead_id, SuppressionReason.UNSUBSCRIBED)
    end(connection, engine, [lead_id], FinishReason.UNSUBSCRIBED, trigger=Trigger.UNSUBSCRIBE)
    write_down(connection, engine, "unsubscribe", event, lead_id)


def _complained(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    _never_again(connection, engine, lead_id, SuppressionReason.COMPLAINED)
    end(connection, engine, [lead_id], FinishReason.COMPLAINED, trigger=Trigger.COMPLAINT)
    write_down(connection, engine, "unsubscribe", event, lead_id)


def _never_again(connection: Connection, engine: Engine, lead_id: str, reason: SuppressionReason) -> None:
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    rows = [_suppression(engine, Scope.LEAD, lead_id, reason)]
    rows += [_suppression(engine, Scope.ADDRESS, _value(row), reason) for row in own]
    stops.suppress(connection, rows)
    lead_states.set_status(connection, [lead_id], Status.DO_NOT_CONTACT, engine.clock.now())


def _autoresponded(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Out of office: nothing goes out before the day named, in the lead's zone; else for a set time."""
    ids = enrollments.open_of_leads(connection, [lead_id])
    for row in enrollments.load(connection, ids) if ids else []:
        until = _back_at(event, row["enrollments_zone"]) or engine.clock.now() + engine.policy.snooze
        enrollments.snooze(connection, [row["enrollments_id"]], until)


def _back_at(event: Event, zone: str) -> datetime | None:
    named = event.data.get("until")
    if not isinstance(named, str):
        return None
    return datetime.combine(date.fromisoformat(named), time(0), ZoneInfo(zone))


def _booked(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    end(connection, engine, [lead_id], FinishReason.BOOKED, trigger=Trigger.MEETING)
    _look(connection, engine, event, lead_id)
    write_down(connection, engine, "meeting", event, lead_id)


def _look(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Somebody may be waiting for this."""
    enrollments.look_now(connection, enrollments.open_of_leads(connection, [lead_id]), engine.clock.now())


def _accepted(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    provider_id = event.data.get("provider_id")
    if isinstance(provider_id, str) and provider_id:
        connection.execute(
            update(addresses)
            .where(addresses.c.lead_id == lead_id, addresses.c.kind == event.channel)
            .values(provider_id=provider_id)
        )
    _look(connection, engine, event, lead_id)


Reaction = Callable[[Connection, Engine, Event, str], None]

_REACTIONS: dict[EventKind, Reaction] = {
    EventKind.REPLIED: _replied,
    EventKind.BOUNCED: _bounced,
    EventKind.UNSUBSCRIBED: _unsubscribed,
    EventKind.COMPLAINED: _complained,
    EventKind.AUTORESPONDED: _autoresponded,
    EventKind.BOOKED: _booked,
    EventKind.ACCEPTED: _accepted,
    EventKind.OPENED: _look,
    EventKind.CLICKED: _look,
}
