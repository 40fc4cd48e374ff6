"""The CRM connections for people: what waits to be written, what failed and what the CRM said to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from outreach.services.sending.engine import Engine
from outreach.services.watching.status import CrmLine, crm_lines
from outreach.store import crm_jobs as store_jobs
from outreach.store.crm_jobs import DeadJob
from outreach.store.tables import crm_jobs, leads
from outreach.store.within import within

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmPage:
    """`waiting`: rows of `crm_jobs` that are not done, the oldest first, at most MOST; `failed` likewise."""

    at: datetime
    lines: tuple[CrmLine, ...]
    waiting: tuple[RowMapping, ...]
    failed: tuple[DeadJob, ...]
    configured: tuple[str, ...]
    names: Mapping[str, str]  # lead id → name, of those on the page


def crm_page(engine: Engine) -> CrmPage:
    """Every connection."""
    now = engine.clock.now()
    columns = [crm_jobs.c[name] for name in ("number", "connection", "lead_id", "operation", "state", "attempts")]
    more = (crm_jobs.c.due_at, crm_jobs.c.error, crm_jobs.c.created_at)
    statement = (
        select(*columns, *more)
        .where(crm_jobs.c.state.in_([store_jobs.JobState.WAITING, store_jobs.JobState.CLAIMED]))
        .order_by(crm_jobs.c.number)
        .limit(MOST)
    )
    with engine.store.read() as connection:
        waiting = tuple(connection.execute(statement).mappings().all())
        failed = tuple(store_jobs.failed(connection)[:MOST])
        return CrmPage(
            at=now,
            lines=crm_lines(connection, engine, now),
            waiting=waiting,
            failed=failed,
            names=_names(connection, {*(row["lead_id"] for row in waiting), *(job.lead_id for job in failed)}),
            configured=tuple(sorted(engine.crms)),
        )


def _names(connection: Connection, lead_ids: Collection[str]) -> dict[str, str]:
    statement = select(leads.c.id, leads.c.first_name, leads.c.last_name).where(within(leads.c.id, lead_ids))
    rows = connection.execute(statement)
    return {row.id: " ".join(part for part in (row.first_name, row.last_name) if part) for row in rows}
