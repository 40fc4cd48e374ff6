"""Move a lead to another stage by hand. Won and lost end its sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from outreach.content.suggestions import did_you_mean
from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.enrollment import FinishReason
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.errors import UsageError
from outreach.services import stop
from outreach.services.engine import Engine
from outreach.services.moves import move_stages, stage_move
from outreach.services.work_list import add_work, lead_facts
from outreach.store import audit, enrollments, lead_rows
from outreach.store.tables import leads

_TRIGGERS = {StageKind.WON: CrmTrigger.WON, StageKind.LOST: CrmTrigger.LOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The stage a person wants. `values` are written on the lead first, because some stages require them."""

    stage: str
    by: str
    reason: str = "by hand"
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """From where to where, and the enrollments that ended by it."""

    lead_id: str
    before: str
    stage: str
    kind: StageKind
    ended: tuple[str, ...]


def move_by_hand(engine: Engine, lead_id: str, wish: Wish) -> Moved:
    """Move the lead, with history.

    Raises UsageError for an unknown lead or stage, a move the pipeline does not allow, and a value that is missing.
    """
    return engine.store.write(lambda connection: _move(connection, engine, lead_id, wish))


def _move(connection: Connection, engine: Engine, lead_id: str, wish: Wish) -> Moved:
    inside = enrollments.open_of_leads(connection, [lead_id])
    enrollments.lock(connection, inside)
    lead = _lead(connection, lead_id)
    pipeline = _pipeline(engine, lead)
    stage = _stage(pipeline, lead["leads_stage"], wish.stage)
    now = engine.clock.now()
    if wish.values:
        fields = {**(lead["leads_fields"] or {}), **wish.values}
        connection.execute(update(leads).where(leads.c.id == lead_id).values(fields=fields, updated_at=now))
        lead = _lead(connection, lead_id)
    _check_requirements(lead, stage)
    move = stage_move(engine, lead_id, pipeline, stage=stage.name, reason=wish.reason, by=wish.by)
    move_stages(connection, [move], now)
    ended = _follow(connection, engine, lead_id, inside, stage, event_key=f"stage:{move.move_id}")
    before = lead["leads_stage"]
    data = {"from": before, "to": stage.name}
    audit.write(connection, now=now, actor=wish.by, action="stage", subject=lead_id, data=data)
    return Moved(lead_id=lead_id, before=before, stage=stage.name, kind=stage.kind, ended=tuple(ended))


def _follow(
    connection: Connection, engine: Engine, lead_id: str, inside: list[str], stage: Stage, *, event_key: str
) -> list[str]:
    trigger = _TRIGGERS.get(stage.kind)
    if trigger is None:
        enrollments.look_now(connection, inside, engine.clock.now())  # somebody may wait for this stage
        return []
    ended = stop.finish(connection, engine, inside, FinishReason.STOPPED, detail=f"stage {stage.name}")
    facts = lead_facts(connection, lead_id)
    if facts is not None:
        add_work(connection, engine, trigger, event_key=event_key, lead=facts)
    return ended


def _lead(connection: Connection, lead_id: str) -> RowMapping:
    rows = lead_rows.load(connection, [lead_id])
    if not rows:
        raise UsageError(f"there is no lead '{lead_id}'. See them: outreach leads list")
    return rows[0]


def _pipeline(engine: Engine, lead: RowMapping) -> Pipeline:
    pipeline = engine.pipelines.get(lead["leads_pipeline"])
    if pipeline is None:
        hint = did_you_mean(lead["leads_pipeline"], engine.pipelines)
        raise UsageError(f"the lead is in the pipeline '{lead['leads_pipeline']}', which has no file. {hint}".strip())
    return pipeline


def _stage(pipeline: Pipeline, present: str, name: str) -> Stage:
    stage = pipeline.stage(name)
    names = [each.name for each in pipeline.stages]
    if stage is None:
        raise UsageError(f"pipeline '{pipeline.name}' has no stage '{name}'. {did_you_mean(name, names)}".strip())
    if name == present:
        raise UsageError(f"the lead is in stage '{name}' already.")
    if not pipeline.allows(present, name):
        allowed = ", ".join(each for each in names if pipeline.allows(present, each)) or "none"
        raise UsageError(f"pipeline '{pipeline.name}' allows no move from '{present}' to '{name}'. Allowed: {allowed}.")
    return stage


def _check_requirements(lead: RowMapping, stage: Stage) -> None:
    missing = [name for name in stage.requires if not _value(lead, name)]
    if missing:
        written = " ".join(f"--set {name.removeprefix('fields.')}=…" for name in missing)
        raise UsageError(f"stage '{stage.name}' needs {', '.join(missing)}, which the lead lacks. Add: {written}")


def _value(lead: RowMapping, name: str) -> Any:
    """A column, one of the lead's own fields, or `company.x`."""
    fields: Mapping[str, Any] = lead["leads_fields"] or {}
    if name.startswith("company."):
        own = lead["companies_fields"] or {}
        column = f"companies_{name.removeprefix('company.')}"
        return lead[column] if column in lead else own.get(name.removeprefix("company."))
    if f"leads_{name}" in lead:
        return lead[f"leads_{name}"]
    return fields.get(name.removeprefix("fields."))
