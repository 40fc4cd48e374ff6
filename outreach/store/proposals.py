"""What the clean-up finds: leads of each kind by one statement, and the proposals that were made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, false, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.cleanup import Finding
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import EventKind
from outreach.domain.pipeline import Status
from outreach.domain.touch import TouchState
from outreach.store.tables import addresses, enrollments, events, leads, proposals, rests, touches
from outreach.store.within import within

PROPOSED = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What findings are measured by. `stale`: (pipeline, stage, since): who stands there longer is stale."""

    now: datetime
    closed: Sequence[tuple[str, str]]
    stale: Sequence[tuple[str, str, datetime]]
    silent_since: datetime


def found(
    connection: Connection, finding: Finding, terms: Terms, *, ids: Collection[str] | None = None, most: int = 1_000
) -> list[tuple[str, str | None]]:
    """(lead, the one it is the same as): of these leads, or of those that nothing is decided about."""
    statement = select(leads.c.id, _other(finding)).where(_open(terms.closed), _condition(finding, terms))
    if ids is not None:
        statement = statement.where(within(leads.c.id, ids))
    else:
        statement = statement.where(~_known(finding, terms))
    return [(row[0], row[1]) for row in connection.execute(statement.order_by(leads.c.id).limit(most))]


def _open(closed: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    over = [and_(leads.c.pipeline == pipeline, leads.c.stage == stage) for pipeline, stage in closed]
    return ~or_(false(), *over) & (leads.c.status != Status.DO_NOT_CONTACT)


def _known(finding: Finding, terms: Terms) -> ColumnElement[bool]:
    """Proposed now, or decided since the lead came into its stage."""
    mine = proposals.c.lead_id == leads.c.id, proposals.c.finding == finding
    fresh = or_(
        proposals.c.state == PROPOSED,
        and_(proposals.c.state != "moot", proposals.c.decided_at >= leads.c.stage_since_at),
    )
    return exists(select(proposals.c.id).where(*mine, fresh))


def _condition(finding: Finding, terms: Terms) -> ColumnElement[bool]:
    match finding:
        case Finding.STALE:
            stands = [
                and_(leads.c.pipeline == pipeline, leads.c.stage == stage, leads.c.stage_since_at <= since)
                for pipeline, stage, since in terms.stale
            ]
            return or_(false(), *stands) & ~_rests(terms.now)
        case Finding.UNREACHABLE:
            live = select(addresses.c.id).where(addresses.c.lead_id == leads.c.id, addresses.c.is_dead.is_(False))
            return ~exists(live)
        case Finding.BOUNCED:
            return leads.c.status == Status.BOUNCED
        case Finding.DUPLICATE:
            is_twin: ColumnElement[bool] = _other(finding).is_not(None)
            return is_twin
        case Finding.NEVER_ANSWERED:
            return _never_answered(terms.silent_since)


def _rests(now: datetime) -> ColumnElement[bool]:
    in_force = or_(rests.c.until.is_(None), rests.c.until > now)
    return exists(select(rests.c.lead_id).where(rests.c.lead_id == leads.c.id, in_force))


def _never_answered(since: datetime) -> ColumnElement[bool]:
    """Written to, nothing for that long, no sequence open, and no word ever."""
    sent = touches.c.lead_id == leads.c.id, touches.c.state == TouchState.SENT
    inside = enrollments.c.lead_id == leads.c.id, enrollments.c.state != EnrollmentState.FINISHED
    said = events.c.lead_id == leads.c.id, events.c.kind.in_((EventKind.REPLIED, EventKind.BOOKED))
    return and_(
        exists(select(touches.c.id).where(*sent)),
        ~exists(select(touches.c.id).where(*sent, touches.c.sent_at > since)),
        ~exists(select(enrollments.c.id).where(*inside)),
        ~exists(select(events.c.number).where(*said)),
        leads.c.status == Status.NEW,
    )


def _other(finding: Finding) -> Any:
    """An older lead with the same name at the same company."""
    twin = leads.alias("twin")
    if finding is not Finding.DUPLICATE:
        return select(twin.c.id).where(false()).correlate(leads).scalar_subquery()
    return (
        select(func.min(twin.c.id))
        .where(twin.c.company_id == leads.c.company_id, twin.c.id < leads.c.id)
        .where(func.lower(twin.c.last_name) == func.lower(leads.c.last_name))
        .where(func.lower(twin.c.first_name) == func.lower(leads.c.first_name))
        .correlate(leads)
        .scalar_subquery()
    )


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """One open proposal for each lead and finding."""
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(proposals).on_conflict_do_nothing(), [dict(row) for row in rows])


def listed(connection: Connection, *, state: str = PROPOSED, finding: str = "", most: int = 10_000) -> list[RowMapping]:
    """Proposals with their leads, the oldest first."""
    columns = (leads.c.first_name, leads.c.last_name, leads.c.pipeline, leads.c.stage, leads.c.owner)
    statement = select(proposals, *columns).join(leads, leads.c.id == proposals.c.lead_id)
    statement = statement.where(proposals.c.state == state)
    if finding:
        statement = statement.where(proposals.c.finding == finding)
    return list(connection.execute(statement.order_by(proposals.c.id).limit(most)).mappings())


def lock(connection: Connection, proposal_id: str) -> RowMapping | None:
    """One proposal, locked until the end of the transaction."""
    statement = select(proposals).where(proposals.c.id == proposal_id).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def decide(connection: Connection, ids: Collection[str], **values: Any) -> None:
    """Write what became of them."""
    if ids:
        connection.execute(update(proposals).where(within(proposals.c.id, ids)).values(**values))
