"""Carry out what the planner decided, inside the caller's transaction, for a whole batch."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence as Items
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.enrollment import FinishReason
from outreach.domain.pipeline import Pipeline, StageKind, Status
from outreach.domain.planner import Finish, LookAgain, Move, PlanTouch
from outreach.domain.sequence import Sequence, Trigger, What
from outreach.domain.touch import TouchState, message_id, touch_key
from outreach.record import record
from outreach.services.crm.work_list import add_work, lead_facts
from outreach.services.hearing.stop import finish
from outreach.services.pipeline.entering import enter
from outreach.services.pipeline.requirements import Demands, ask_for, settle
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_for
from outreach.services.sending.writes import write_on_lead
from outreach.services.sequences.enroll import hand_over
from outreach.store import enrollments, lead_states, touches
from outreach.store.paths import Row
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import tasks


@record(frozen=True, slots=True, kw_only=True)
class Planned:
    """One enrollment (row of `enrollments.load`), its lead's addresses, and where it goes."""

    row: Row
    addresses: Collection[Row]
    sequence: Sequence
    pipeline: Pipeline
    move: Move


def carry_out(connection: Connection, engine: Engine, planned: Collection[Planned], now: datetime) -> bool:
    """Write where each enrollment stands, plan its touch, write on its lead, or finish it.

    True if one of them was finished, or a lead moved to another stage.
    """
    for item in planned:
        _write(connection, engine, item, now)
        _close_overdue(connection, item, now)
    moved = move_stages(connection, engine, [move for item in planned for move in _stage_moves(engine, item)], now)
    going_on = [item for item in planned if not isinstance(item.move.outcome, Finish)]
    enrollments.save_moves(connection, [_stand(item) for item in going_on])
    touches.insert(connection, [touch_row(engine, item) for item in going_on if _plans(item)])
    over = [item for item in planned if isinstance(item.move.outcome, Finish)]
    _finish(connection, engine, over, now)
    close_where_over(connection, engine, moved)
    return bool(over or moved)


def _plans(item: Planned) -> bool:
    return isinstance(item.move.outcome, PlanTouch)


def _stand(item: Planned) -> dict[str, Any]:
    outcome = item.move.outcome
    return {
        "id": item.row["enrollments_id"],
        "cursor": item.move.cursor,
        "cursor_at": item.move.cursor_at,
        "due_at": outcome.at if isinstance(outcome, LookAgain) else None,
    }


def touch_row(engine: Engine, item: Planned) -> dict[str, Any]:
    plan = item.move.outcome
    assert isinstance(plan, PlanTouch)
    step, row = plan.step, item.row
    sender = engine.sender(step.sender or row["enrollments_sender"])
    address = address_for(step.channel, item.addresses)
    key = touch_key(row["enrollments_id"], step.id)
    return {
        "id": engine.clock.fresh_id(),
        "enrollment_id": row["enrollments_id"],
        "lead_id": row["enrollments_lead_id"],
        "sequence": item.sequence.name,
        "revision_id": row["enrollments_revision_id"],
        "step": step.id,
        "action": step.action,
        "channel": step.channel,
        "variant": plan.variant,
        "sender": sender.name,
        "state": TouchState.PLANNED,
        "is_first": plan.is_first,
        "wanted_at": plan.wanted_at,
        "due_at": plan.due_at,
        "closes_at": plan.closes_at,
        "attempts": 0,
        "crossed": False,
        "recipient": address["value"] if address else None,
        "rank": -(row["leads_score"] or 0) if sender.has_limits(step.action) else None,
        "message_id": message_id(key, sender.domain) if step.action == "email" else None,
    }


def _stage_moves(engine: Engine, item: Planned) -> list[lead_states.StageMove]:
    """Stages the sequence writes on its way, and the one it maps to `no_reply` at its end."""
    stages = [(write.value, f"sequence {item.sequence.name}") for write in item.move.writes if write.what is What.STAGE]
    outcome = item.move.outcome
    mapped = item.sequence.stages.get(Trigger.NO_REPLY)
    if isinstance(outcome, Finish) and outcome.reason is FinishReason.COMPLETED and mapped:
        stages.append((mapped, f"no reply in sequence {item.sequence.name}"))
    lead_id = item.row["enrollments_lead_id"]
    return [stage_move(engine, lead_id, item.pipeline, stage=stage, reason=reason) for stage, reason in stages]


def stage_move(
    engine: Engine, lead_id: str, pipeline: Pipeline, *, stage: str, reason: str, by: str = "engine"
) -> lead_states.StageMove:
    """A wanted move under a fresh id."""
    return lead_states.StageMove(
        move_id=engine.clock.fresh_id(), lead_id=lead_id, pipeline=pipeline, stage=stage, reason=reason, by=by
    )


def move_stages(
    connection: Connection, engine: Engine, moves: Items[lead_states.StageMove], now: datetime
) -> list[lead_states.StageMove]:
    """Move leads and do what entering their stage does; those that moved. Who enters a stage of kind won is a customer.

    A lead that lacks what the stage requires stays where it is, and a task asks a person for it.
    """
    if not moves:
        return []
    demands = Demands(connection, moves)
    moved = lead_states.move_stages(connection, moves, now, meets=demands.meets)
    ask_for(connection, demands.unmet, now)
    settle(connection, moved, now)
    enter(connection, engine, moved, now)
    won = [move.lead_id for move in moved if _kind(move) is StageKind.WON]
    lead_states.set_status(connection, won, Status.CUSTOMER, now)
    return moved


_OVER = {StageKind.WON: CrmTrigger.WON, StageKind.LOST: CrmTrigger.LOST}


def close_where_over(connection: Connection, engine: Engine, moved: Collection[lead_states.StageMove]) -> list[str]:
    """Won and lost end every open sequence of a lead, and the CRMs are told; the enrollments that ended."""
    ended: list[str] = []
    for move in moved:
        trigger = _OVER.get(_kind(move) or StageKind.OPEN)
        if trigger is None:
            continue
        inside = enrollments.open_of_leads(connection, [move.lead_id])
        enrollments.lock(connection, inside)
        ended += finish(connection, engine, inside, FinishReason.STOPPED, detail=f"stage {move.stage}")
        facts = lead_facts(connection, move.lead_id)
        if facts is not None:
            add_work(connection, engine, trigger, event_key=f"stage:{move.move_id}", lead=facts)
    return ended


def _kind(move: lead_states.StageMove) -> StageKind | None:
    stage = move.pipeline.stage(move.stage)
    return stage.kind if stage else None


def _write(connection: Connection, engine: Engine, item: Planned, now: datetime) -> None:
    if item.move.writes:
        lead_id, by = item.row["enrollments_lead_id"], f"sequence {item.sequence.name}"
        write_on_lead(connection, engine, lead_id, item.move.writes, by=by, now=now)


def _close_overdue(connection: Connection, item: Planned, now: datetime) -> None:
    if not item.move.overdue:
        return
    connection.execute(
        update(tasks)
        .where(tasks.c.enrollment_id == item.row["enrollments_id"], tasks.c.state == "open")
        .values(state="skipped", outcome="overdue", finished_at=now)
    )


def _finish(connection: Connection, engine: Engine, items: Collection[Planned], now: datetime) -> None:
    for item in items:
        finish = item.move.outcome
        assert isinstance(finish, Finish)
        ids = [item.row["enrollments_id"]]
        enrollments.finish(connection, ids, finish.reason, detail=finish.detail, now=now)
        touches.skip_planned(connection, ids, why=finish.reason, now=now)
        if finish.enroll:
            _go_on_in(connection, engine, item, finish.enroll)
    lead_states.leave_sequence(connection, [item.row["enrollments_lead_id"] for item in items], now)


def _go_on_in(connection: Connection, engine: Engine, item: Planned, sequence: str) -> None:
    """The lead enters the other sequence in the same transaction; where it may not, this one says why."""
    row = item.row
    refused = hand_over(connection, engine, sequence, row["enrollments_lead_id"], sender=row["enrollments_sender"])
    if refused:
        detail = f"did not go on in {sequence}: {refused}"
        connection.execute(
            update(enrollment_table).where(enrollment_table.c.id == row["enrollments_id"]).values(detail=detail)
        )
