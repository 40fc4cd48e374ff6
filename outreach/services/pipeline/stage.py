"""Move a lead to another stage by hand. Won and lost end its sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, RowMapping

from outreach.content.suggestions import did_you_mean
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.errors import UsageError
from outreach.services.pipeline.requirements import REASON, missing
from outreach.services.pipeline.set_values import set_within
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import close_where_over, move_stages, stage_move
from outreach.store import audit, enrollments, lead_rows

BY_HAND = "by hand"
"""The reason where nobody gave one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The stage a person wants. `values` are written on the lead first, because some stages require them."""

    stage: str
    by: str
    reason: str = BY_HAND
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


def take_back(engine: Engine, lead_id: str, wish: Wish) -> Moved:
    """Out of a parked stage, to the one that is wished or the pipeline's first. Raises UsageError as `move_by_hand`."""
    with engine.store.read() as connection:
        lead = _lead(connection, lead_id)
    pipeline = _pipeline(engine, lead)
    present = pipeline.stage(lead["leads_stage"])
    if present is None or present.kind is not StageKind.PARKED:
        raise UsageError(f"the lead is at '{lead['leads_stage']}', which is not handed over to marketing.")
    return move_by_hand(engine, lead_id, replace(wish, stage=wish.stage or pipeline.first))


def _move(connection: Connection, engine: Engine, lead_id: str, wish: Wish) -> Moved:
    inside = enrollments.open_of_leads(connection, [lead_id])
    enrollments.lock(connection, inside)
    lead = _lead(connection, lead_id)
    pipeline = _pipeline(engine, lead)
    stage = _stage(pipeline, lead["leads_stage"], wish.stage)
    now = engine.clock.now()
    if wish.values:
        set_within(connection, engine, lead_id, wish.values, by=wish.by, origin=f"stage {stage.name}")
        lead = _lead(connection, lead_id)
    _check_requirements(connection, lead, stage, wish)
    move = stage_move(engine, lead_id, pipeline, stage=stage.name, reason=wish.reason, by=wish.by)
    moved = move_stages(connection, engine, [move], now)
    ended = close_where_over(connection, engine, moved)
    enrollments.look_now(connection, inside, now)  # somebody may wait for this stage
    before = lead["leads_stage"]
    data = {"from": before, "to": stage.name}
    audit.write(connection, now=now, actor=wish.by, action="stage", subject=lead_id, data=data)
    return Moved(lead_id=lead_id, before=before, stage=stage.name, kind=stage.kind, ended=tuple(ended))


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


def _check_requirements(connection: Connection, lead: RowMapping, stage: Stage, wish: Wish) -> None:
    lacking = missing(connection, lead, stage)
    if lacking:
        written = " ".join(f"--set {name.removeprefix('fields.')}=…" for name in lacking)
        raise UsageError(f"stage '{stage.name}' needs {', '.join(lacking)}, which the lead lacks. Add: {written}")
    if REASON in stage.requires and wish.reason in ("", BY_HAND):
        raise UsageError(f"stage '{stage.name}' needs a reason. Add: --reason TEXT")
