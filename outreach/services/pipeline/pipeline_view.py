"""The pipeline in numbers, what is odd about it, and the list that marketing reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import pipeline_view

QUARTER = timedelta(days=91)
MOST_STAGES = 12
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """One stage. `stale`: leads that stand there longer than `stale_after`."""

    pipeline: str
    stage: str
    kind: str
    leads: int
    stale: int
    stale_after: str
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineView:
    """Every stage in order, and sentences about what should be simpler."""

    stages: tuple[StageLine, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> Any:
        return plain(self)


def view(engine: Engine) -> PipelineView:
    """Of every pipeline that has leads, else of all."""
    now = engine.clock.now()
    stale = [
        (pipeline.name, stage.name, now - stage.stale_after.elapsed)
        for pipeline in engine.pipelines.values()
        for stage in pipeline.stages
        if stage.stale_after and stage.kind is StageKind.OPEN
    ]
    with engine.store.read() as connection:
        found = {(row["pipeline"], row["stage"]): row for row in pipeline_view.standing(connection, stale)}
        used = pipeline_view.used_since(connection, now - QUARTER)
        began = pipeline_view.first_leads(connection)
    shown = [each for each in engine.pipelines.values() if each.name in began] or list(engine.pipelines.values())
    lines = tuple(_line(each, stage, found) for each in shown for stage in each.stages)
    old = [each for each in shown if each.name in began and began[each.name] <= now - QUARTER]
    warnings = [*_too_many(shown), *_unused(old, set(found) | used), *_strange(engine, found)]
    return PipelineView(stages=lines, warnings=tuple(warnings))


def _line(pipeline: Pipeline, stage: Stage, found: dict[tuple[str, str], RowMapping]) -> StageLine:
    row = found.get((pipeline.name, stage.name))
    return StageLine(
        pipeline=pipeline.name,
        stage=stage.name,
        kind=stage.kind,
        leads=row["leads"] if row else 0,
        stale=int(row["stale"]) if row else 0,
        stale_after=str(stage.stale_after or ""),
        oldest_at=row["oldest_at"] if row else None,
    )


def _too_many(pipelines: Iterable[Pipeline]) -> Iterable[str]:
    for each in pipelines:
        if len(each.stages) > MOST_STAGES:
            yield f"pipeline {each.name} has {len(each.stages)} stages; more than {MOST_STAGES} are hard to keep apart."


def _unused(pipelines: Iterable[Pipeline], used: set[tuple[str, str]]) -> Iterable[str]:
    """A pipeline has to be in use for a quarter before one of its stages can be unused for one."""
    for each in pipelines:
        names = [stage.name for stage in each.stages if (each.name, stage.name) not in used]
        if names:
            yield f"pipeline {each.name}: nobody used {', '.join(names)} in a quarter. Is it needed?"


def _strange(engine: Engine, found: dict[tuple[str, str], RowMapping]) -> Iterable[str]:
    """Leads at stages that no file has."""
    for (name, stage), row in sorted(found.items()):
        pipeline = engine.pipelines.get(name)
        if pipeline is None or pipeline.stage(stage) is None:
            yield f"{row['leads']} leads stand at '{stage}' of '{name}', which no file has. Move them: outreach stage"


HANDED_OVER = (
    "id", "first_name", "last_name", "email", "company", "title", "country", "language", "owner", "source", "score",
    "pipeline", "stage", "since_at", "reason", "by", "tags",
)  # fmt: skip
"""What marketing gets to know of a lead that was handed over."""


def parked(engine: Engine) -> list[dict[str, Any]]:
    """Leads at parked stages, as marketing reads them; the latest first."""
    stages = [
        (pipeline.name, stage.name)
        for pipeline in engine.pipelines.values()
        for stage in pipeline.stages
        if stage.kind is StageKind.PARKED
    ]
    with engine.store.read() as connection:
        rows = pipeline_view.at_stages(connection, stages, _MOST)
    return [{name: plain(_shown(row, name)) for name in HANDED_OVER} for row in rows]


def _shown(row: dict[str, Any], name: str) -> Any:
    if name == "since_at":
        return row["stage_since_at"]
    return ", ".join(row["tags"] or ()) if name == "tags" else row[name]
