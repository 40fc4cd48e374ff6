"""What replies mean: the suggestion for each, what a person made of it, and the list of those that came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.event import EventKind
from outreach.store.tables import addresses, companies, deliveries, events, leads, replies, touches

ANSWERS = (EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.AUTORESPONDED)
"""Events that somebody's words, or their program's, came with."""

ABOUT_SOMEBODY = (*ANSWERS, EventKind.COMPLAINED, EventKind.BOUNCED)
"""Events that are lost on everybody when no lead is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which answers are wanted. Empty: all of them."""

    classes: tuple[str, ...] = ()
    lead_id: str | None = None
    since: datetime | None = None
    most: int = 50


def keep(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store what was suggested; what is stored for the event already, corrected or not, stays."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(replies)
    connection.execute(statement.values(**row).on_conflict_do_nothing())


def mark(connection: Connection, event_number: int, **values: Any) -> None:
    """Write a person's correction: reply_class, until_on, marked_by, marked_at."""
    connection.execute(update(replies).where(replies.c.event_number == event_number).values(**values))


def one(connection: Connection, event_number: int) -> RowMapping | None:
    """The answer with that event number, its reply columns named `reply_<column>`; None if there is none."""
    statement = _answers().where(events.c.number == event_number).with_for_update(of=events)
    return connection.execute(statement).mappings().one_or_none()


def listed(connection: Connection, wanted: Filter) -> list[RowMapping]:
    """Answers of leads, the newest first."""
    statement = _answers().where(events.c.kind.in_(ANSWERS), events.c.lead_id.is_not(None))
    if wanted.classes:
        statement = statement.where(replies.c.reply_class.in_(wanted.classes))
    if wanted.lead_id:
        statement = statement.where(events.c.lead_id == wanted.lead_id)
    if wanted.since:
        statement = statement.where(events.c.at >= wanted.since)
    if not (wanted.classes or wanted.lead_id):
        statement = statement.where(events.c.number.in_(_latest(wanted)))
    statement = statement.order_by(events.c.at.desc(), events.c.number.desc()).limit(wanted.most)
    return list(connection.execute(statement).mappings())


def _latest(wanted: Filter) -> Select[Any]:
    """The latest of each kind, by the index of kinds, so that not every answer there ever was has to be sorted."""
    each = (
        select(events.c.number)
        .where(events.c.kind == kind, events.c.lead_id.is_not(None))
        .order_by(events.c.at.desc(), events.c.number.desc())
        .limit(wanted.most)
        .subquery(f"latest_{kind}")
        for kind in ANSWERS
    )
    return select(union_all(*(select(latest.c.number) for latest in each)).subquery("latest").c.number)


def _answers() -> Select[Any]:
    own = [column.label(f"reply_{column.name}") for column in replies.c]
    return (
        select(
            events,
            *own,
            leads.c.first_name,
            leads.c.last_name,
            leads.c.status.label("lead_status"),
            companies.c.name.label("company"),
            touches.c.sequence.label("touch_sequence"),
            touches.c.step.label("touch_step"),
            touches.c.subject.label("touch_subject"),
            touches.c.sent_at.label("touch_sent_at"),
        )
        .outerjoin(replies, replies.c.event_number == events.c.number)
        .outerjoin(leads, leads.c.id == events.c.lead_id)
        .outerjoin(companies, companies.c.id == leads.c.company_id)
        .outerjoin(touches, touches.c.id == events.c.touch_id)
    )


def unmatched(connection: Connection, *, most: int) -> list[RowMapping]:
    """Events that are about somebody whom nobody here is, with the connection they came by; the newest first."""
    statement = (
        select(events, deliveries.c.connection, deliveries.c.state.label("delivery_state"))
        .join(deliveries, deliveries.c.id == events.c.delivery_id)
        .where(events.c.lead_id.is_(None), events.c.kind.in_(ABOUT_SOMEBODY))
        .order_by(events.c.number.desc())
        .limit(most)
    )
    return list(connection.execute(statement).mappings())


def of_delivery(connection: Connection, delivery_id: str) -> list[RowMapping]:
    """Everything a delivery was understood to tell, in its order."""
    statement = select(events).where(events.c.delivery_id == delivery_id).order_by(events.c.number)
    return list(connection.execute(statement).mappings())


def adopt(connection: Connection, event_number: int, **values: Any) -> None:
    """Give an event the lead it is about, or another meaning."""
    connection.execute(update(events).where(events.c.number == event_number).values(**values))


def event_of_key(connection: Connection, key: str) -> RowMapping | None:
    """The event of that key, locked."""
    statement = select(events).where(events.c.key == key).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def has_later(connection: Connection, lead_id: str, at: datetime) -> bool:
    """Has this lead replied after that instant?"""
    later = events.c.lead_id == lead_id, events.c.kind == EventKind.REPLIED, events.c.at > at
    return connection.execute(select(events.c.number).where(*later).limit(1)).scalar() is not None


def leads_at_domain(connection: Connection, domain: str, *, most: int) -> list[RowMapping]:
    """Leads with mail at that domain: id, first_name, last_name, value. A look-up for people, not for each mail."""
    statement = (
        select(leads.c.id, leads.c.first_name, leads.c.last_name, addresses.c.value)
        .join(addresses, addresses.c.lead_id == leads.c.id)
        .where(addresses.c.kind == "email", addresses.c.value.like(f"%@{domain}"))
        .order_by(leads.c.updated_at.desc())
        .limit(most)
    )
    return list(connection.execute(statement).mappings())


def failed_deliveries(connection: Connection, *, most: int) -> list[RowMapping]:
    """Deliveries nobody could understand: their holds stand until a person decides."""
    columns = [deliveries.c[name] for name in ("id", "connection", "received_at", "error")]
    statement = select(*columns).where(deliveries.c.state == "failed")
    return list(connection.execute(statement.order_by(deliveries.c.received_at.desc()).limit(most)).mappings())
