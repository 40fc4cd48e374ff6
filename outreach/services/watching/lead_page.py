"""Everything one page tells of a lead: who it is, what happened, where it stands, and why nothing goes out now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from outreach.domain.pipeline import Pipeline
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.watching import dashboard
from outreach.services.watching.explain import Explanation, describe, explain_lead
from outreach.store import lead_rows, paths
from outreach.store.tables import enrollments, tasks

_MOST_STEPS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the path of one enrollment. `state`: of its touch, or empty for one that lies ahead or aside."""

    id: str
    says: str
    state: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPage:
    """`about`, `enrollments` and `timeline`: see `watching/dashboard.py`. `paths`: enrollment id → its steps."""

    about: dict[str, Any]
    values: dict[str, str]
    explanation: Explanation
    paths: dict[str, tuple[StepLine, ...]]
    stages: tuple[str, ...]  # where the lead may move
    requires: dict[str, tuple[str, ...]]  # stage → what a lead must have there
    tasks: tuple[RowMapping, ...]


def lead_page(engine: Engine, lead_id: str) -> LeadPage | None:
    """None if there is no such lead. Reads only."""
    about = dashboard.lead(engine, lead_id)
    if about is None:
        return None
    try:
        explanation = explain_lead(engine, lead_id)
    except UsageError:  # erased a moment ago
        return None
    with engine.store.read() as connection:
        own = tuple(_tasks(connection, lead_id))
        walked = dict(_paths(connection, engine, lead_id))
        values = _values(connection, lead_id)
    pipeline = engine.pipelines.get(about["pipeline"])
    return LeadPage(
        about=about,
        values=values,
        explanation=explanation,
        paths=walked,
        stages=tuple(reachable(pipeline, about["stage"])),
        requires={stage.name: stage.requires for stage in pipeline.stages} if pipeline else {},
        tasks=own,
    )


def reachable(pipeline: Pipeline | None, present: str) -> Iterator[str]:
    """The stages a lead at this one may move to by hand."""
    for stage in pipeline.stages if pipeline else ():
        if pipeline and stage.name != present and pipeline.allows(present, stage.name):
            yield stage.name


def _tasks(connection: Connection, lead_id: str) -> Iterator[RowMapping]:
    statement = select(tasks).where(tasks.c.lead_id == lead_id, tasks.c.state == "open").order_by(tasks.c.due_at)
    yield from connection.execute(statement).mappings()


def _values(connection: Connection, lead_id: str) -> dict[str, str]:
    rows = lead_rows.load(connection, [lead_id])
    fields = rows[0]["leads_fields"] if rows else {}
    return {name: str(value) for name, value in (fields or {}).items() if value not in (None, "")}


def _paths(connection: Connection, engine: Engine, lead_id: str) -> Iterator[tuple[str, tuple[StepLine, ...]]]:
    """Of enrollments that are not over."""
    statement = select(enrollments).where(enrollments.c.lead_id == lead_id, enrollments.c.state != "finished")
    rows = list(connection.execute(statement).mappings())
    walked = paths.touches_of(connection, [row["id"] for row in rows]) if rows else {}
    for row in rows:
        sequence = engine.revisions.get(connection, row["revision_id"]).sequence
        states = {touch["step"]: str(touch["state"]) for touch in walked.get(row["id"], ())}
        yield (
            row["id"],
            tuple(
                StepLine(
                    id=step,
                    says=describe(sequence, step, coming=True),
                    state=states.get(step, ""),
                    is_here=step == row["cursor"],
                )
                for step in list(sequence.steps)[:_MOST_STEPS]
            ),
        )
