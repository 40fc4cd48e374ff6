"""Who works for the same company: by its id, and by the domain of the mail address where no company is known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select

from outreach.domain.enrollment import EnrollmentState
from outreach.store.tables import addresses, companies, enrollments, leads
from outreach.store.within import within


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
    return {each for each in (own, *of_domain) if each}
