"""What an event does: to enrollments, suppressions, stage, status and the CRM's work list, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, update

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import Event, EventKind
from outreach.domain.pipeline import Status
from outreach.domain.reply import Suggestion
from outreach.domain.sequence import Trigger
from outreach.domain.suppression import Scope, SuppressionReason, address_value
from outreach.domain.touch import TouchState
from outreach.services.crm import crm_news
from outreach.services.crm.work_list import write_down
from outreach.services.hearing.answers import Meant, follow, follow_a_leaver
from outreach.services.hearing.classify import LEFT, classified_by_rules, suggestion_of
from outreach.services.hearing.ending import end, end_colleagues
from outreach.services.hearing.never_again import opt_out, suppression
from outreach.services.pipeline.score import rescore_after
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import tell_of_a_reply
from outreach.store import deliveries, enrollments, lead_states, replies, stops, touches
from outreach.store.replies import ANSWERS
from outreach.store.tables import addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whom an event is about. `touch` is the message it answers, where one is named."""

    lead_id: str | None = None
    enrollment_id: str | None = None
    touch_id: str | None = None


def apply(connection: Connection, engine: Engine, event: Event, *, delivery_id: str | None = None) -> bool:
    """Remember the event and do what follows from it; False if its key was applied before.

    An event that nobody was found for, or that nobody understood, is applied when a repeat of it says more.
    """
    event = classified_by_rules(event)
    match = find(connection, event)
    if match.lead_id:
        enrollments.lock(connection, enrollments.open_of_leads(connection, [match.lead_id]))
    number = deliveries.remember(connection, _row(engine, event, match, delivery_id))
    number = number or _taken_up(connection, engine, event, match)
    if number is None:
        return False
    carry_out(connection, engine, event, match, number=number)
    return True


def carry_out(connection: Connection, engine: Engine, event: Event, match: Match, *, number: int) -> None:
    """Everything that follows from an event that is remembered under that number."""
    if match.touch_id:
        _settle_unknown(connection, engine, match)
    if event.kind is EventKind.CHANGED and not match.lead_id:
        crm_news.hear_of_a_stranger(connection, engine, event)
    if not match.lead_id:
        return
    reaction = _REACTIONS.get(event.kind)
    if reaction:
        reaction(connection, engine, event, match.lead_id)
    if event.kind in ANSWERS:
        _keep_the_answer(connection, engine, event, match.lead_id, number)
    rescore_after(connection, engine, event.kind, match.lead_id)
    if event.kind is EventKind.REPLIED:  # last, so that the CRM is told of the lead as it is now
        write_down(connection, engine, "reply", event, match.lead_id)
        tell_of_a_reply(connection, engine, match.lead_id, key=event.key, channel=event.channel)


def _taken_up(connection: Connection, engine: Engine, event: Event, match: Match) -> int | None:
    """The number of an event that is known already, if it is only now known whom or what it is about."""
    row = replies.event_of_key(connection, event.key)
    if row is None or not match.lead_id:
        return None
    is_news = row["kind"] == EventKind.UNKNOWN and event.kind is not EventKind.UNKNOWN
    if row["lead_id"] is not None and not is_news:
        return None
    values = _row(engine, event, match, row["delivery_id"])
    replies.adopt(connection, row["number"], **{name: values[name] for name in _TAKEN_UP})
    return int(row["number"])


_TAKEN_UP = ("kind", "at", "lead_id", "enrollment_id", "touch_id", "subject", "text", "reason", "data")


def answer_row(number: int, suggestion: Suggestion, data: Mapping[str, Any]) -> dict[str, Any]:
    """A suggestion as it is stored beside its event."""
    return {
        "event_number": number,
        "reply_class": suggestion.reply_class,
        "suggested": suggestion.reply_class,
        "suggested_by": suggestion.by,
        "evidence": list(suggestion.evidence),
        "until_on": data.get("class_until"),
        "person": data.get("class_person"),
    }


def _keep_the_answer(connection: Connection, engine: Engine, event: Event, lead_id: str, number: int) -> None:
    """What was meant goes on the list of answers, and what it asks for is done."""
    suggestion = suggestion_of(event.data)
    replies.keep(connection, answer_row(number, suggestion, event.data))
    meant = Meant(number=number, lead_id=lead_id, at=event.at, suggestion=suggestion)
    if event.kind is EventKind.REPLIED:
        follow(connection, engine, meant)
    elif event.kind is EventKind.AUTORESPONDED and event.reason == LEFT:
        follow_a_leaver(connection, engine, meant)


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
    by_id = {row[name]: row for row in named for name in ("provider_id", "message_id")}
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
    end(connection, engine, event, lead_id, reason=FinishReason.REPLIED, trigger=Trigger.REPLY)
    end_colleagues(connection, engine, event, lead_id)


def _bounced(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Only a dead address ends anything; a soft bounce is kept as news."""
    if not event.is_hard:
        return
    now = engine.clock.now()
    dead = _address_of(connection, event, lead_id)
    connection.execute(update(addresses).where(addresses.c.id.in_([row["id"] for row in dead])).values(is_dead=True))
    rows = [suppression(engine, Scope.ADDRESS, _value(row), SuppressionReason.BOUNCED) for row in dead]
    stops.suppress(connection, rows)
    if event.channel != "email":
        return  # a profile that is gone stands in its own way alone
    end(connection, engine, event, lead_id, reason=FinishReason.BOUNCED, trigger=Trigger.BOUNCE)
    lead_states.set_status(connection, [lead_id], Status.BOUNCED, now)


def _address_of(connection: Connection, event: Event, lead_id: str) -> list[RowMapping]:
    """The lead's addresses the event names; without a name, the one of that channel."""
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    named = [row for row in own if (row["kind"], row["value"]) in set(event.clues.addresses)]
    return named or [row for row in own if row["kind"] == event.channel][:1]


def _value(row: RowMapping) -> str:
    return address_value(row["kind"], row["value"])


def _unsubscribed(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    opt_out(connection, engine, lead_id)
    end(connection, engine, event, lead_id, reason=FinishReason.UNSUBSCRIBED, trigger=Trigger.UNSUBSCRIBE)
    write_down(connection, engine, "unsubscribe", event, lead_id)


def _complained(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    opt_out(connection, engine, lead_id, SuppressionReason.COMPLAINED)
    end(connection, engine, event, lead_id, reason=FinishReason.COMPLAINED, trigger=Trigger.COMPLAINT)
    write_down(connection, engine, "unsubscribe", event, lead_id)


def _autoresponded(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Out of office: nothing goes out before the day named, in the lead's zone; else for a set time."""
    ids = enrollments.open_of_leads(connection, [lead_id])
    for row in enrollments.load(connection, ids) if ids else []:
        until = _back_at(event, row["enrollments_zone"]) or min(event.at, engine.clock.now()) + engine.policy.snooze
        enrollments.snooze(connection, [row["enrollments_id"]], until)


def _back_at(event: Event, zone: str) -> datetime | None:
    named = event.data.get("until")
    if not isinstance(named, str):
        return None
    return datetime.combine(date.fromisoformat(named), time(0), ZoneInfo(zone))


def _booked(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    end(connection, engine, event, lead_id, reason=FinishReason.BOOKED, trigger=Trigger.MEETING)
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
    EventKind.CHANGED: crm_news.hear,
}
