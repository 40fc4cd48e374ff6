"""Put leads into the sequence of the stage they entered, as soon as they are in no other."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping, exists, or_, select, update

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.pipeline import Status
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sequences.enroll import enroll_some
from outreach.store import reply_tasks
from outreach.store.tables import enrollments, leads, stage_sequences

log = structlog.get_logger()

_CHUNK = 200
_STATED = frozenset({Status.DO_NOT_CONTACT, Status.CUSTOMER, Status.BOUNCED})
"""Statuses that say themselves why somebody is not written to."""


def enroll_entered(engine: Engine) -> int:
    """Enroll some of those who wait; how many were settled. Who left the stage meanwhile is left alone.

    Where a lead may not enter, its timeline says why, and its owner gets a task.
    """
    with engine.store.read() as connection:
        if not _ready(connection):
            return 0
    return engine.store.write(lambda connection: _settle_some(connection, engine))


def _ready(connection: Connection) -> list[RowMapping]:
    inside = exists(
        select(enrollments.c.id).where(
            enrollments.c.lead_id == leads.c.id, enrollments.c.state != EnrollmentState.FINISHED
        )
    )
    has_left = (leads.c.stage != stage_sequences.c.stage) | (leads.c.pipeline != stage_sequences.c.pipeline)
    statement = (
        select(stage_sequences, leads.c.owner, leads.c.status, has_left.label("has_left"))
        .join(leads, leads.c.id == stage_sequences.c.lead_id)
        .where(stage_sequences.c.state == "waiting", or_(has_left, ~inside))
        .order_by(stage_sequences.c.id)
        .limit(_CHUNK)
        .with_for_update(of=stage_sequences, skip_locked=True)
    )
    return list(connection.execute(statement).mappings())


def _settle_some(connection: Connection, engine: Engine) -> int:
    rows = _ready(connection)
    for row in rows:
        state, detail = ("left", "") if row["has_left"] else _enroll(connection, engine, row)
        settled = {"state": state, "detail": detail, "finished_at": engine.clock.now()}
        connection.execute(update(stage_sequences).where(stage_sequences.c.id == row["id"]).values(**settled))
        if state == "refused" and row["status"] not in _STATED:
            _ask(connection, row, detail, engine.clock.now())
    if rows:
        log.info("stage_sequences_settled", count=len(rows))
    return len(rows)


def _enroll(connection: Connection, engine: Engine, row: RowMapping) -> tuple[str, str]:
    try:
        summary = enroll_some(connection, engine, row["sequence"], [row["lead_id"]])
    except UsageError:
        return "refused", "it is not applied"
    return ("refused", next(iter(summary.refused))) if summary.refused else ("enrolled", "")


def _ask(connection: Connection, row: RowMapping, detail: str, now: datetime) -> None:
    note = f"The stage {row['stage']} asks for the sequence {row['sequence']}, but: {detail}. What comes next?"
    wanted = {"lead_id": row["lead_id"], "assignee": row["owner"], "due_at": None}
    reply_tasks.open_one(connection, f"sequence-{row['id']}", wanted, note=note, now=now)
