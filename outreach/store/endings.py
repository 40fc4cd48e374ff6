"""Which enrollments news may end, of the lead and of colleagues, and what is written down when they do."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.touch import TouchState
from outreach.store.tables import addresses, companies, company_aliases, enrollments, leads, tasks, touches
from outreach.store.within import within


def enrollments_of_lead(connection: Connection, lead_id: str, *, at: datetime) -> list[str]:
    """Open ones, and those that news from after that instant ended although the lead was inside then; by id."""
    too_soon = and_(enrollments.c.ended_by_at > at, enrollments.c.entered_at <= at)
    statement = select(enrollments.c.id).where(
        enrollments.c.lead_id == lead_id, or_(enrollments.c.state != EnrollmentState.FINISHED, too_soon)
    )
    return list(connection.execute(statement.order_by(enrollments.c.id)).scalars())


def enrollments_of_colleagues(
    connection: Connection, lead_id: str, domains: Collection[str], *, ended_after: datetime
) -> list[str]:
    """Enrollments of the lead's colleagues that are open, or were ended by news from after that instant; by id.

    `domains` are those of the lead's mail addresses that belong to a company, with what the team knows as their other
    names; an enrollment without a company counts when its lead has an address there.
    """
    company_ids = _companies(connection, lead_id, domains)
    alive = or_(enrollments.c.state != EnrollmentState.FINISHED, enrollments.c.ended_by_at > ended_after)
    found: set[str] = set()
    if company_ids:
        statement = select(enrollments.c.id).where(within(enrollments.c.company_id, company_ids), alive)
        found.update(connection.execute(statement.where(enrollments.c.lead_id != lead_id)).scalars())
    if domains:
        statement = (
            select(enrollments.c.id)
            .join(addresses, addresses.c.lead_id == enrollments.c.lead_id)
            .where(enrollments.c.company_id.is_(None), alive, addresses.c.kind == "email")
            .where(or_(*(addresses.c.value.like(f"%@{domain}") for domain in domains)))
        )
        found.update(connection.execute(statement.where(enrollments.c.lead_id != lead_id)).scalars())
    return sorted(found)


def _companies(connection: Connection, lead_id: str, domains: Collection[str]) -> set[str]:
    own = connection.execute(select(leads.c.company_id).where(leads.c.id == lead_id)).scalar()
    of_domain = connection.execute(select(companies.c.id).where(companies.c.domain.in_(domains))).scalars()
    of_alias = connection.execute(
        select(company_aliases.c.company_id).where(within(company_aliases.c.domain, domains))
    ).scalars()
    return {each for each in (own, *of_domain, *of_alias) if each}


def note_instant(connection: Connection, ids: Collection[str], at: datetime) -> None:
    """When that happened which ended them."""
    connection.execute(update(enrollments).where(within(enrollments.c.id, ids)).values(ended_by_at=at))


def relabel(connection: Connection, ids: Collection[str], reason: FinishReason) -> None:
    """An earlier event came later: what was written down with the reason of the later one gets this one."""
    if not ids:
        return
    connection.execute(update(enrollments).where(within(enrollments.c.id, ids)).values(reason=reason))
    skipped = within(touches.c.enrollment_id, ids), touches.c.state == TouchState.SKIPPED
    connection.execute(update(touches).where(*skipped, touches.c.reason.in_(set(FinishReason))).values(reason=reason))
    left = within(tasks.c.enrollment_id, ids), tasks.c.state == "skipped"
    connection.execute(update(tasks).where(*left, tasks.c.outcome.in_(set(FinishReason))).values(outcome=reason))


def last_revision(connection: Connection, lead_id: str) -> str | None:
    """The revision of the sequence the lead entered last."""
    statement = select(enrollments.c.revision_id).where(enrollments.c.lead_id == lead_id)
    statement = statement.order_by(enrollments.c.entered_at.desc(), enrollments.c.id.desc()).limit(1)
    found: str | None = connection.execute(statement).scalar()
    return found
