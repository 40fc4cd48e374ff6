"""What came in: answers with what they mean, what nobody was found for, and what nobody could read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from outreach.content.free_mail import is_free_mail
from outreach.domain.reply import ReplyClass
from outreach.services.hearing.classify import classified_by_rules, suggestion_of
from outreach.services.hearing.events import event_of
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import replies
from outreach.store.replies import Filter

_MOST_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a lead. `reply_class` is what counts; `suggested` what was thought before a person marked it."""

    number: int
    at: datetime
    channel: str
    kind: str  # replied, unsubscribed, autoresponded
    lead_id: str
    name: str
    company: str
    status: str
    reply_class: str
    suggested: str
    suggested_by: str
    evidence: tuple[str, ...]
    until: str | None
    person: dict[str, str] | None
    marked_by: str | None
    subject: str
    text: str
    sequence: str | None  # with `step` and `answered`: the message it answers, where that is known
    step: str | None
    answered: str | None
    delivery_id: str | None

    def to_json(self) -> Any:
        return plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """A lead with mail at the domain it came from: perhaps the one who is meant, perhaps a colleague."""

    lead_id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """An event that belongs to nobody yet. `suggestions` are for a person; nothing is done by them."""

    number: int
    delivery_id: str
    connection: str
    at: datetime
    kind: str
    channel: str
    sender: str
    subject: str
    text: str
    reply_class: str
    suggestions: tuple[Nearby, ...]

    def to_json(self) -> Any:
        return plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A delivery that was given up. What it may be about is held until somebody decides."""

    delivery_id: str
    connection: str
    received_at: datetime
    error: str

    def to_json(self) -> Any:
        return plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    answers: tuple[Answer, ...]
    unmatched: tuple[Unmatched, ...]
    unreadable: tuple[Unreadable, ...]

    def to_json(self) -> Any:
        return plain(self)


def inbox(engine: Engine, wanted: Filter) -> Inbox:
    """The newest first; at most `wanted.most` of each list."""
    with engine.store.read() as connection:
        return Inbox(
            answers=tuple(_answer(row) for row in replies.listed(connection, wanted)),
            unmatched=tuple(_unmatched(connection, row) for row in replies.unmatched(connection, most=wanted.most)),
            unreadable=tuple(_unreadable(row) for row in replies.failed_deliveries(connection, most=wanted.most)),
        )


def _answer(row: RowMapping) -> Answer:
    stored = suggestion_of(classified_by_rules(event_of(row)).data)  # for events from before there were classes
    return Answer(
        number=row["number"],
        at=row["at"],
        channel=row["channel"],
        kind=row["kind"],
        lead_id=row["lead_id"],
        name=" ".join(part for part in (row["first_name"], row["last_name"]) if part),
        company=row["company"] or "",
        status=row["lead_status"] or "",
        reply_class=row["reply_reply_class"] or str(stored.reply_class),
        suggested=row["reply_suggested"] or str(stored.reply_class),
        suggested_by=row["reply_suggested_by"] or stored.by,
        evidence=tuple(row["reply_evidence"] or stored.evidence),
        until=row["reply_until_on"],
        person=row["reply_person"],
        marked_by=row["reply_marked_by"],
        subject=row["subject"],
        text=row["text"],
        sequence=row["touch_sequence"],
        step=row["touch_step"],
        answered=row["touch_subject"],
        delivery_id=row["delivery_id"],
    )


def _unmatched(connection: Connection, row: RowMapping) -> Unmatched:
    sender = str(row["data"].get("from") or row["data"].get("from_address") or "")
    found = row["data"].get("class")
    return Unmatched(
        number=row["number"],
        delivery_id=row["delivery_id"],
        connection=row["connection"],
        at=row["at"],
        kind=row["kind"],
        channel=row["channel"],
        sender=sender,
        subject=row["subject"],
        text=row["text"],
        reply_class=str(found or ReplyClass.UNCLEAR),
        suggestions=_nearby(connection, _domain(row, sender)),
    )


def _domain(row: RowMapping, sender: str) -> str:
    """Of whom it comes from, or of the address that a bounce is about."""
    recipients = row["data"].get("recipients") or [""]
    address = sender if row["kind"] in replies.ANSWERS else str(recipients[0])
    domain = address.rpartition("@")[2].lower()
    return "" if not domain or is_free_mail(domain) else domain


def _nearby(connection: Connection, domain: str) -> tuple[Nearby, ...]:
    if not domain:
        return ()
    rows = replies.leads_at_domain(connection, domain, most=_MOST_SUGGESTIONS)
    return tuple(
        Nearby(
            lead_id=row["id"],
            name=" ".join(part for part in (row["first_name"], row["last_name"]) if part),
            address=row["value"],
        )
        for row in rows
    )


def _unreadable(row: RowMapping) -> Unreadable:
    return Unreadable(
        delivery_id=row["id"],
        connection=row["connection"],
        received_at=row["received_at"],
        error=row["error"] or "",
    )
