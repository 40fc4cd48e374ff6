"""The clean-up: on a schedule it lists what is stale, unreachable, bounced, twice there or silent, and proposes.

Nothing is done that was not agreed: by a person (`apply`), or beforehand by a rule with `auto`. What was done can be
undone while nobody has moved the lead on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.domain.cleanup import Action, Finding
from outreach.domain.pipeline import Pipeline, StageKind
from outreach.errors import UsageError
from outreach.services.sending import rounds
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import close_where_over, move_stages, stage_move
from outreach.services.watching.plain import plain
from outreach.store import audit, enrollments, lead_rows, proposals, reply_tasks

log = structlog.get_logger()

BY = "clean-up"
_CHUNK = 500
_KINDS = {Action.PARK: StageKind.PARKED, Action.LOSE: StageKind.LOST}
_TIME = timedelta(days=7)
_WORDS = {
    Finding.STALE: "longer at its stage than it may stay",
    Finding.UNREACHABLE: "no address that works",
    Finding.BOUNCED: "its mail came back for good",
    Finding.DUPLICATE: "the same name at the same company as lead {other}",
    Finding.NEVER_ANSWERED: "written to, and never a word",
}
_SEE = "See them: outreach cleanup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One lead on the list. `action` is what `apply` would do, or did."""

    id: str
    lead_id: str
    name: str
    pipeline: str
    stage: str
    owner: str | None
    finding: str
    why: str
    action: str
    state: str
    created_at: datetime

    def to_json(self) -> Any:
        return plain(self)


def clean_by_schedule(engine: Engine) -> int:
    """The sweep: a round where its time has come; how many proposals are new."""
    if not rounds.is_time(engine, "cleanup", engine.cleanup.every):
        return 0
    return sum(look(engine).values())


def look(engine: Engine) -> Counter[str]:
    """Look through the list now: what is over is taken off, what is new is proposed, or done where that was agreed."""
    found: Counter[str] = Counter()
    for finding, rule in engine.cleanup.rules.items():
        engine.store.write(lambda connection, finding=finding: _take_off(connection, engine, finding))  # type: ignore[misc]
        while ids := engine.store.write(lambda connection, finding=finding: _propose(connection, engine, finding)):  # type: ignore[misc]
            found[finding] += len(ids)
            if rule.is_agreed:
                decide(engine, ids, by=BY)
    if found:
        log.info("cleanup_proposed", **found)
    return found


def _terms(engine: Engine) -> proposals.Terms:
    now = engine.clock.now()
    stages = [(pipeline.name, stage) for pipeline in engine.pipelines.values() for stage in pipeline.stages]
    return proposals.Terms(
        now=now,
        closed=[(name, stage.name) for name, stage in stages if stage.kind is not StageKind.OPEN],
        stale=[(name, stage.name, now - stage.stale_after.elapsed) for name, stage in stages if stage.stale_after],
        silent_since=now - engine.cleanup.rules[Finding.NEVER_ANSWERED].after,
    )


def _take_off(connection: Connection, engine: Engine, finding: Finding) -> None:
    """What was proposed and is not so any more."""
    rows = proposals.listed(connection, finding=finding)
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        ids = [row["lead_id"] for row in some]
        still = {lead_id for lead_id, _ in proposals.found(connection, finding, _terms(engine), ids=ids)}
        moot = [row["id"] for row in some if row["lead_id"] not in still]
        proposals.decide(connection, moot, state="moot", decided_at=engine.clock.now())


def _propose(connection: Connection, engine: Engine, finding: Finding) -> list[str]:
    found = proposals.found(connection, finding, _terms(engine), most=_CHUNK)
    rows = [_row(engine, finding, lead_id, other) for lead_id, other in found]
    proposals.add(connection, rows)
    return [row["id"] for row in rows]


def _row(engine: Engine, finding: Finding, lead_id: str, other: str | None) -> dict[str, Any]:
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": lead_id,
        "finding": finding,
        "why": _WORDS[finding].format(other=other),
        "action": engine.cleanup.rules[finding].action,
        "other_id": other,
        "state": proposals.PROPOSED,
        "before": {},
        "by": "",
        "created_at": engine.clock.now(),
    }


def list_proposals(engine: Engine, finding: str = "", *, state: str = proposals.PROPOSED) -> list[Proposal]:
    """The oldest first. Raises UsageError for what is no finding."""
    if finding and finding not in set(Finding):
        raise UsageError(f"'{finding}' is no finding. One of: {', '.join(Finding)}.")
    with engine.store.read() as connection:
        return [_shown(row) for row in proposals.listed(connection, finding=finding, state=state)]


def _shown(row: RowMapping) -> Proposal:
    names = ("id", "lead_id", "pipeline", "stage", "owner", "finding", "why", "action", "state", "created_at")
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return Proposal(name=name, **{each: row[each] for each in names})


@dataclass(frozen=True, slots=True)
class Decided:
    """The proposals that were carried out, and why the others were not."""

    done: tuple[str, ...]
    refused: Mapping[str, str]


def decide(engine: Engine, ids: Sequence[str], *, by: str) -> Decided:
    """Do what is proposed, each in a transaction of its own."""
    return _each(engine, ids, lambda connection, row: _apply(connection, engine, row, by), proposals.PROPOSED)


def undo(engine: Engine, ids: Sequence[str], *, by: str) -> Decided:
    """Take back what was done; a lead that has moved on since stays where it is. Sequences do not begin again."""
    return _each(engine, ids, lambda connection, row: _undo(connection, engine, row, by), "applied")


def dismiss(engine: Engine, ids: Sequence[str], *, by: str) -> Decided:
    """Leave the lead as it is; it is not proposed again while it stays in its stage."""
    return _each(engine, ids, lambda connection, row: _settle(connection, engine, row, "dismissed", by), "proposed")


def _each(engine: Engine, ids: Sequence[str], act: Any, state: str) -> Decided:
    done: list[str] = []
    refused: dict[str, str] = {}

    def work(connection: Connection, proposal_id: str) -> None:
        row = proposals.lock(connection, proposal_id)
        if row is None or row["state"] != state:
            raise UsageError(
                f"it is {row['state']}. {_SEE}" if row else f"there is no proposal '{proposal_id}'. {_SEE}"
            )
        act(connection, row)

    for proposal_id in ids:
        try:
            engine.store.write(lambda connection, proposal_id=proposal_id: work(connection, proposal_id))  # type: ignore[misc]
            done.append(proposal_id)
        except UsageError as error:
            refused[proposal_id] = str(error)
    return Decided(tuple(done), refused)


def _settle(connection: Connection, engine: Engine, row: RowMapping, state: str, by: str, **more: Any) -> None:
    now = engine.clock.now()
    proposals.decide(connection, [row["id"]], state=state, decided_at=now, by=by, **more)
    data = {"finding": row["finding"], "action": row["action"], "lead": row["lead_id"]}
    audit.write(connection, now=now, actor=by, action=f"cleanup {state}", subject=row["id"], data=data)


def _apply(connection: Connection, engine: Engine, row: RowMapping, by: str) -> None:
    inside = enrollments.open_of_leads(connection, [row["lead_id"]])
    enrollments.lock(connection, inside)
    lead = lead_rows.load(connection, [row["lead_id"]])[0]
    before = _move(connection, engine, lead, row, by=by) if Action(row["action"]) in _KINDS else {}
    if row["action"] == Action.TASK:
        note = f"Clean-up: {row['why']}. {_ask(row)}"
        wanted = {"lead_id": row["lead_id"], "assignee": lead["leads_owner"], "due_at": engine.clock.now() + _TIME}
        reply_tasks.open_one(connection, _task_id(row), wanted, note=note, now=engine.clock.now())
    _settle(connection, engine, row, "applied", by, before=before)


def _ask(row: RowMapping) -> str:
    return (
        f"Are they one person? outreach leads merge {row['other_id']} {row['lead_id']}"
        if row["other_id"]
        else ("What comes next?")
    )


def _task_id(row: RowMapping) -> str:
    return f"cleanup-{row['id']}"


def _move(connection: Connection, engine: Engine, lead: RowMapping, row: RowMapping, *, by: str) -> dict[str, Any]:
    kind = _KINDS[Action(row["action"])]
    pipeline = engine.pipelines.get(lead["leads_pipeline"])
    stage = pipeline.first_of(kind, present=lead["leads_stage"]) if pipeline else None
    if pipeline is None or stage is None:
        raise UsageError(f"from '{lead['leads_stage']}' no stage of kind {kind} can be moved to.")
    move = stage_move(engine, lead["leads_id"], pipeline, stage=stage.name, reason=f"clean-up: {row['why']}", by=by)
    moved = move_stages(connection, engine, [move], engine.clock.now())
    if not moved:
        raise UsageError(f"the lead lacks what the stage '{stage.name}' requires: a task says what.")
    close_where_over(connection, engine, moved)
    return {"pipeline": pipeline.name, "stage": lead["leads_stage"], "moved_to": stage.name}


def _undo(connection: Connection, engine: Engine, row: RowMapping, by: str) -> None:
    now, before = engine.clock.now(), row["before"]
    if before:
        _move_back(connection, engine, row["lead_id"], before, by)
    if row["action"] == Action.TASK:
        reply_tasks.skip(connection, _task_id(row), why="the clean-up was undone", now=now)
    _settle(connection, engine, row, "undone", by)


def _move_back(connection: Connection, engine: Engine, lead_id: str, before: Mapping[str, str], by: str) -> None:
    """Whatever the pipeline allows: it is where the lead was."""
    lead = lead_rows.load(connection, [lead_id])[0]
    pipeline: Pipeline | None = engine.pipelines.get(before["pipeline"])
    if pipeline is None or (lead["leads_pipeline"], lead["leads_stage"]) != (pipeline.name, before["moved_to"]):
        raise UsageError(f"the lead has moved on to '{lead['leads_stage']}' since. Move it: outreach stage LEAD STAGE")
    freely = replace(pipeline, moves={**pipeline.moves, before["moved_to"]: (before["stage"],)})
    move = stage_move(engine, lead_id, freely, stage=before["stage"], reason="the clean-up was undone", by=by)
    move_stages(connection, engine, [move], engine.clock.now())
