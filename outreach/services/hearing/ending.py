"""End sequences because of news: at once, and the same way in whatever order the news arrive.

What happened first is why an enrollment ended, also when we hear of it later: each keeps the instant of its reason.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping

from outreach.content.free_mail import is_free_mail
from outreach.content.revision import Revision
from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.event import Event
from outreach.domain.sequence import Trigger
from outreach.services.hearing.stop import finish
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import move_stages, stage_move
from outreach.store import endings, enrollments, lead_rows, stops

_DEFAULT_STAGES = {Trigger.REPLY: "responded", Trigger.MEETING: "meeting_booked"}
"""Where a lead goes whose sequence maps nothing, if its pipeline has a stage of that name."""


def end(
    connection: Connection, engine: Engine, event: Event, lead_id: str, *, reason: FinishReason, trigger: Trigger
) -> list[str]:
    """Finish every enrollment of the lead that stops on the trigger, and move its stage as mapped; those that ended."""
    ids = endings.enrollments_of_lead(connection, lead_id, at=event.at)
    stopping = _stopping(connection, engine, ids, trigger)
    _move_stage(connection, engine, lead_id, stopping, trigger)
    return _end(connection, engine, event, [row for row, _ in stopping], reason)


def end_colleagues(connection: Connection, engine: Engine, event: Event, lead_id: str) -> list[str]:
    """A reply ends the sequences of colleagues that stop on it: by company, else by the domain of their mail."""
    domains = _company_domains(connection, lead_id)
    ids = endings.enrollments_of_colleagues(connection, lead_id, domains, ended_after=event.at)
    stopping = _stopping(connection, engine, ids, Trigger.COMPANY_REPLY)
    return _end(connection, engine, event, [row for row, _ in stopping], FinishReason.COMPANY_REPLIED)


def _stopping(
    connection: Connection, engine: Engine, ids: Collection[str], trigger: Trigger
) -> list[tuple[RowMapping, Revision]]:
    if not ids:
        return []
    enrollments.lock(connection, ids)
    rows = [
        (row, engine.revisions.get(connection, row["enrollments_revision_id"]))
        for row in enrollments.load(connection, ids)
    ]
    return [(row, revision) for row, revision in rows if trigger in revision.sequence.stop_on]


def _end(
    connection: Connection, engine: Engine, event: Event, rows: Collection[RowMapping], reason: FinishReason
) -> list[str]:
    is_over = {row["enrollments_id"]: row["enrollments_state"] == EnrollmentState.FINISHED for row in rows}
    ended = finish(connection, engine, [each for each, over in is_over.items() if not over], reason)
    endings.relabel(connection, [each for each, over in is_over.items() if over], reason)
    endings.note_instant(connection, list(is_over), event.at)
    return ended


def _move_stage(
    connection: Connection,
    engine: Engine,
    lead_id: str,
    stopping: Collection[tuple[RowMapping, Revision]],
    trigger: Trigger,
) -> None:
    """As the sequences map it that end by this; else as the lead's last sequence does, or its pipeline's own name."""
    wanted = [(revision, f"{trigger} in sequence {revision.sequence.name}") for _, revision in stopping]
    last_id = None if wanted else endings.last_revision(connection, lead_id)
    last = engine.revisions.get(connection, last_id) if last_id else None
    moves = []
    for revision, reason in wanted or ([(last, str(trigger))] if last else []):
        stage = revision.sequence.stages.get(trigger) or _default_stage(trigger)
        if stage and revision.pipeline.stage(stage):
            moves.append(stage_move(engine, lead_id, revision.pipeline, stage=stage, reason=reason))
    if wanted or last:
        move_stages(connection, engine, moves, engine.clock.now())
    else:
        _move_by_pipeline(connection, engine, lead_id, trigger)


def _default_stage(trigger: Trigger) -> str | None:
    return _DEFAULT_STAGES.get(trigger)


def _move_by_pipeline(connection: Connection, engine: Engine, lead_id: str, trigger: Trigger) -> None:
    """A lead that was never in a sequence: the pipeline's own stage of that name."""
    rows = lead_rows.load(connection, [lead_id])
    name = rows[0]["leads_pipeline"] if rows else ""
    pipeline, stage = engine.pipelines.get(name), _default_stage(trigger)
    if pipeline and stage and pipeline.stage(stage):
        move = stage_move(engine, lead_id, pipeline, stage=stage, reason=str(trigger))
        move_stages(connection, engine, [move], engine.clock.now())


def _company_domains(connection: Connection, lead_id: str) -> set[str]:
    """The domains of the lead's mail that are its company's: everybody's free mail is nobody's company."""
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    domains = {row["value"].rpartition("@")[2] for row in own if row["kind"] == "email"}
    return {domain for domain in domains if domain and not is_free_mail(domain)}
