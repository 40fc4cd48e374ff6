"""Counts that people look at every day, each from one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, literal, not_, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope
from outreach.domain.touch import TouchState
from outreach.store.tables import (
    addresses,
    companies,
    deliveries,
    enrollments,
    events,
    facts,
    leads,
    rests,
    suppressions,
    tasks,
    touches,
)
from outreach.store.within import within

_FORGOTTEN = "forgotten"
STATED_REASONS = (Status.DO_NOT_CONTACT, Status.BOUNCED, Status.NOT_INTERESTED)
"""A lead of one of these statuses has no next action, and the status says why."""


@dataclass(slots=True)
class TouchCounts:
    """Touches that are not over, and those that failed, by state; and what is of today."""

    by_state: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    blocked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    due: int = 0
    sent_today: int = 0
    failed_today: int = 0


def touch_counts(connection: Connection, *, now: datetime, today: datetime) -> TouchCounts:
    """`today` is the instant the day began at. A touch is due when it is planned and its time has come.

    Each statement is answered by a partial index, so that touches which are over cost nothing; those that were sent
    are counted of today alone.
    """
    found = TouchCounts()
    timed = select(func.count(), func.count().filter(touches.c.due_at <= now))
    planned, found.due = connection.execute(timed.where(_PLANNED, touches.c.due_at.is_not(None))).one()
    untimed = select(func.count()).where(_PLANNED, touches.c.due_at.is_(None))
    found.by_state[TouchState.PLANNED] = planned + connection.execute(untimed).scalar_one()
    blocked = select(touches.c.block, func.count()).where(_PLANNED, touches.c.block.is_not(None))
    found.blocked.update((row[0], row[1]) for row in connection.execute(blocked.group_by(touches.c.block)) if row[0])
    for condition in (_IN_FLIGHT, _UNRESOLVED):
        by_state = select(touches.c.state, func.count()).where(condition).group_by(touches.c.state)
        found.by_state.update((row[0], row[1]) for row in connection.execute(by_state))
    failed = select(func.count()).where(_UNRESOLVED, touches.c.state == TouchState.FAILED)
    found.failed_today = connection.execute(failed.where(touches.c.finished_at >= today)).scalar_one()
    sent = select(func.count()).where(touches.c.state == TouchState.SENT, touches.c.sent_at >= today)
    found.sent_today = connection.execute(sent).scalar_one()
    return found


_PLANNED = text("touches.state = 'planned'")  # written out, as the conditions of partial indexes are
_IN_FLIGHT = text("touches.state IN ('claimed', 'handed_over')")
_UNRESOLVED = text("touches.state IN ('unknown', 'failed')")


def due_by_queue(connection: Connection, now: datetime) -> dict[tuple[str, str], int]:
    """(sender, action) → touches that may go as far as their time is concerned."""
    statement = (
        select(touches.c.sender, touches.c.action, func.count())
        .where(touches.c.state == TouchState.PLANNED, touches.c.due_at <= now)
        .group_by(touches.c.sender, touches.c.action)
    )
    return {(sender, action): count for sender, action, count in connection.execute(statement)}


def replies_since(connection: Connection, instant: datetime) -> int:
    """Replies by people; automatic answers are none."""
    statement = select(func.count()).select_from(events).where(events.c.kind == "replied", events.c.at >= instant)
    return connection.execute(statement).scalar_one()


def open_tasks(connection: Connection, now: datetime) -> tuple[int, int]:
    """Open tasks, and those of them whose time is over."""
    statement = select(func.count(), func.count().filter(tasks.c.due_at < now)).where(tasks.c.state == "open")
    opened, overdue = connection.execute(statement).one()
    return opened, overdue


def unread_deliveries(connection: Connection) -> tuple[int, int]:
    """Deliveries that wait to be understood, and those that were given up."""
    statement = select(
        func.count().filter(deliveries.c.state == "stored"), func.count().filter(deliveries.c.state == "failed")
    ).where(deliveries.c.state != "understood")
    waiting, failed = connection.execute(statement).one()
    return waiting, failed


def forgotten(connection: Connection, closed: Iterable[tuple[str, str]], now: datetime) -> dict[str, int]:
    """Open leads without a next action and without a stated reason for none, by their situation.

    Of a million leads this takes a second or two: each reason is looked for by itself, so that a database can compare
    whole tables.

    Open: the stage is not one of the `closed` (pipeline, stage) pairs, which are of kind won, lost or parked.
    A next action: an enrollment that is not over (a paused one says why it rests), or an open task.
    A stated reason: the status says that nobody is to write, a suppression covers the lead, or a person said why
    (`rests`).
    """
    situation = _situation().label("situation")
    statement = (
        select(situation, func.count()).select_from(leads).where(*_nothing_next(closed, now)).group_by("situation")
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def forgotten_ids(connection: Connection, closed: Iterable[tuple[str, str]], now: datetime, *, most: int) -> list[str]:
    """Some of them, the longest in their stage first."""
    statement = select(leads.c.id).where(*_nothing_next(closed, now)).order_by(leads.c.stage_since_at, leads.c.id)
    return list(connection.execute(statement.limit(most)).scalars())


def noted_forgotten(connection: Connection) -> dict[str, Any]:
    """What `note_forgotten` kept; empty: nothing yet."""
    return dict(connection.execute(select(facts.c.value).where(facts.c.name == _FORGOTTEN)).scalar() or {})


def note_forgotten(connection: Connection, counted: Mapping[str, Any]) -> None:
    """Keep what was counted of a large list."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(facts).values(name=_FORGOTTEN, value=dict(counted))
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": dict(counted)}))


def forgotten_among(
    connection: Connection, closed: Iterable[tuple[str, str]], now: datetime, lead_ids: Iterable[str]
) -> set[str]:
    """Of these leads, those that are forgotten."""
    statement = select(leads.c.id).where(within(leads.c.id, lead_ids), *_nothing_next(closed, now))
    return set(connection.execute(statement).scalars())


def _situation() -> ColumnElement[str]:
    ever = exists(select(enrollments.c.id).where(enrollments.c.lead_id == leads.c.id))
    return case(
        (leads.c.status == Status.RESPONDED, literal("answered")),
        (leads.c.status == Status.CUSTOMER, literal("customer")),
        (ever, literal("sequence over")),
        else_=literal("never enrolled"),
    )


def _nothing_next(closed: Iterable[tuple[str, str]], now: datetime) -> list[ColumnElement[bool]]:
    inside = select(enrollments.c.id).where(
        enrollments.c.lead_id == leads.c.id, enrollments.c.state != EnrollmentState.FINISHED
    )
    task = select(tasks.c.id).where(tasks.c.lead_id == leads.c.id, tasks.c.state == "open")
    return [
        leads.c.status.not_in(STATED_REASONS),
        *(not_(and_(leads.c.pipeline == pipeline, leads.c.stage == stage)) for pipeline, stage in closed),
        ~exists(inside),
        ~exists(task),
        *(~exists(covered) for covered in _suppressions()),
        ~_rests(now),
    ]


def _rests(now: datetime) -> ColumnElement[bool]:
    in_force = or_(rests.c.until.is_(None), rests.c.until > now)
    return exists(select(rests.c.lead_id).where(rests.c.lead_id == leads.c.id, in_force))


def stale(connection: Connection, stages: Iterable[tuple[str, str, datetime]], now: datetime) -> int:
    """Leads that stand at one of these (pipeline, stage) since before its instant, but for those that rest."""
    stands = [
        and_(leads.c.pipeline == pipeline, leads.c.stage == stage, leads.c.stage_since_at <= since)
        for pipeline, stage, since in stages
    ]
    if not stands:
        return 0
    return connection.execute(select(func.count()).select_from(leads).where(or_(*stands), ~_rests(now))).scalar_one()


def _suppressions() -> list[Select[Any]]:
    """Each way in which a suppression covers a lead, found by equality alone, so that an index answers.

    Domains are compared with the company's; who is covered by a wider one has the status that says so.
    """
    scope, value = suppressions.c.scope, suppressions.c.value
    address = addresses.c.kind + ":" + addresses.c.value
    own = select(suppressions.c.id).where(scope == Scope.LEAD, value == leads.c.id)
    company = select(suppressions.c.id).where(scope == Scope.COMPANY, value == leads.c.company_id)
    domain = (
        select(suppressions.c.id)
        .join(companies, and_(scope == Scope.DOMAIN, value == companies.c.domain))
        .where(companies.c.id == leads.c.company_id)
    )
    reached = (
        select(suppressions.c.id)
        .join(addresses, and_(scope == Scope.ADDRESS, value == address))
        .where(addresses.c.lead_id == leads.c.id)
    )
    return [own, company, domain, reached]
