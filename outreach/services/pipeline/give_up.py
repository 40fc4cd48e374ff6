"""Give up in time: who stands at a stage for longer than `give_up_after`, silent and with nothing planned, moves on."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, exists, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import EventKind
from outreach.domain.pipeline import Pipeline, Stage
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import close_where_over, move_stages, stage_move
from outreach.services.sending.rounds import is_time
from outreach.store.tables import enrollments, events, leads, rests, tasks

log = structlog.get_logger()

EVERY = timedelta(minutes=10)
_CHUNK = 200
_SIGNS_OF_LIFE = (EventKind.REPLIED, EventKind.BOOKED, EventKind.ACCEPTED, EventKind.COMPLETED)


def give_up(engine: Engine) -> int:
    """One round over every stage with the rule, where its time has come; how many leads moved."""
    wanted = [
        (pipeline, stage)
        for pipeline in engine.pipelines.values()
        for stage in pipeline.stages
        if stage.give_up_after is not None
    ]
    if not wanted or not is_time(engine, "give_up", EVERY):
        return 0
    return sum(_round(engine, pipeline, stage) for pipeline, stage in wanted)


def _round(engine: Engine, pipeline: Pipeline, stage: Stage) -> int:
    total = 0
    while moved := engine.store.write(lambda connection: _some(connection, engine, pipeline, stage)):
        total += moved
    if total:
        log.info("given_up", pipeline=pipeline.name, stage=stage.name, leads=total)
    return total


def _some(connection: Connection, engine: Engine, pipeline: Pipeline, stage: Stage) -> int:
    to = pipeline.gives_up_to(stage)
    if stage.give_up_after is None or to is None:
        return 0
    now = engine.clock.now()
    reason = f"nothing heard for {stage.give_up_after} at {stage.name}"
    silent = _silent(connection, pipeline.name, stage.name, since=now - stage.give_up_after.elapsed, now=now)
    moves = [stage_move(engine, lead_id, pipeline, stage=to, reason=reason) for lead_id in silent]
    moved = move_stages(connection, engine, moves, now)
    close_where_over(connection, engine, moved)
    return len(moved)


def _silent(connection: Connection, pipeline: str, stage: str, *, since: datetime, now: datetime) -> list[str]:
    """Leads that stand there since before that instant, with no sequence, no open task, no rest and no sign of life."""
    inside = exists(
        select(enrollments.c.id).where(
            enrollments.c.lead_id == leads.c.id, enrollments.c.state != EnrollmentState.FINISHED
        )
    )
    task = exists(select(tasks.c.id).where(tasks.c.lead_id == leads.c.id, tasks.c.state == "open"))
    heard = exists(
        select(events.c.number).where(
            events.c.lead_id == leads.c.id, events.c.kind.in_(_SIGNS_OF_LIFE), events.c.at > since
        )
    )
    resting = exists(
        select(rests.c.lead_id).where(rests.c.lead_id == leads.c.id, (rests.c.until.is_(None)) | (rests.c.until > now))
    )
    statement = (
        select(leads.c.id)
        .where(leads.c.pipeline == pipeline, leads.c.stage == stage, leads.c.stage_since_at <= since)
        .where(~inside, ~task, ~heard, ~resting)
        .order_by(leads.c.id)
        .limit(_CHUNK)
    )
    return list(connection.execute(statement).scalars())
