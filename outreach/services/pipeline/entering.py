"""What entering a stage does, whoever moved the lead: a task, a sequence, a word to the CRM, a word to somebody.

All of it is written in the transaction of the move. A sequence waits in a table of its own until the lead is in no
other: it may still be inside the one that moved it (`stage_sequences.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from outreach.domain.crm_mapping import CrmMapping, CrmTrigger
from outreach.domain.notice import Notice, NoticeKind
from outreach.services.crm.crm_work import Entry, jobs_for
from outreach.services.crm.work_list import lead_facts
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import OWNER, tell, tell_person, who
from outreach.store.bulk import insert_all
from outreach.store.crm_jobs import add_jobs
from outreach.store.lead_states import StageMove
from outreach.store.tables import leads, stage_sequences, tasks
from outreach.store.within import within

TEAM = "team"
"""Whom `notify` may name beside `owner`, a sender and an address: who config/outreach.yaml names."""

_DEAL = "deal"


def enter(connection: Connection, engine: Engine, moved: Collection[StageMove], now: datetime) -> None:
    """Do or note down what the new stages ask for, in the transaction of the moves."""
    asking = [move for move in moved if _entering(move)]
    make_tasks(connection, [move for move in asking if "task" in _entering(move)], now)
    rows = [_sequence_row(engine, move, now) for move in asking if "sequence" in _entering(move)]
    insert_all(connection, stage_sequences, rows)
    for move in asking:
        _tell(connection, engine, move, now)
    follows = any(CrmTrigger.STAGE in mapping.when for mapping in engine.crms.values())
    for move in moved if follows else asking:
        _tell_crms(connection, engine, move, now)


def _entering(move: StageMove) -> dict[str, str]:
    stage = move.pipeline.stage(move.stage)
    return dict(stage.entering) if stage else {}


def _sequence_row(engine: Engine, move: StageMove, now: datetime) -> dict[str, Any]:
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": move.lead_id,
        "pipeline": move.pipeline.name,
        "stage": move.stage,
        "sequence": _entering(move)["sequence"],
        "state": "waiting",
        "detail": "",
        "created_at": now,
    }


def _tell(connection: Connection, engine: Engine, move: StageMove, now: datetime) -> None:
    to = _entering(move).get("notify", "")
    if not to:
        return
    what = f"{who(connection, move.lead_id)} is at the stage {move.stage} of {move.pipeline.name}: {move.reason}"
    text = f"{what} ({move.by}). See: outreach leads show {move.lead_id}"
    notice = Notice(kind=NoticeKind.STAGE, key=f"stage:{move.move_id}", text=text, lead_id=move.lead_id)
    if to == TEAM:
        tell(connection, engine.notify, notice, now)
        return
    is_named = to != OWNER and "@" not in to
    tell_person(connection, engine, notice, to=engine.sender(to).email if is_named else to)


def make_tasks(connection: Connection, asking: Collection[StageMove], now: datetime) -> None:
    """One task for each move."""
    if not asking:
        return
    statement = select(leads.c.id, leads.c.owner).where(within(leads.c.id, [move.lead_id for move in asking]))
    owners = {row.id: row.owner for row in connection.execute(statement)}
    connection.execute(tasks.insert(), [_task_row(move, owners.get(move.lead_id), now) for move in asking])


def _task_row(move: StageMove, owner: str | None, now: datetime) -> dict[str, Any]:
    """The task has the id of the move, so it is made once. It is due before the lead counts as stale."""
    stage = move.pipeline.stage(move.stage)
    stale_after = stage.stale_after if stage else None
    return {
        "id": move.move_id,
        "lead_id": move.lead_id,
        "kind": _entering(move)["task"],
        "assignee": owner,
        "note": f"The lead is at the stage {move.stage}: {move.reason}",
        "state": "open",
        "due_at": now + stale_after.elapsed if stale_after else None,
        "created_at": now,
    }


def _tell_crms(connection: Connection, engine: Engine, move: StageMove, now: datetime) -> None:
    """What `when: {stage: …}` of a connection asks for, and what the stage itself does; not to who told us."""
    own = tuple(_entering(move).get("crm", "").split())
    for name, mapping in engine.crms.items():
        operations = tuple(dict.fromkeys((*mapping.when.get(CrmTrigger.STAGE, ()), *own)))
        if not operations or move.by == f"crm {name}":
            continue
        lead = lead_facts(connection, move.lead_id)
        if lead is None:
            return
        asked = _asking_for(mapping, operations, is_deal_wanted=_DEAL in own)
        entry = Entry(at=now, kind="note", channel="other", text=f"Stage {move.stage}: {move.reason} ({move.by})")
        key = f"entered:{move.move_id}"
        jobs = jobs_for(asked, CrmTrigger.STAGE, event_key=key, lead=lead, entry=entry)
        add_jobs(connection, crm=name, lead_id=move.lead_id, event_key=key, jobs=jobs, now=now)


def _asking_for(mapping: CrmMapping, operations: tuple[str, ...], *, is_deal_wanted: bool) -> CrmMapping:
    """The mapping as if `when` named these operations; a deal that the stage itself asks for is opened."""
    deal = replace(mapping.deal, create_on=CrmTrigger.STAGE) if mapping.deal and is_deal_wanted else mapping.deal
    return replace(mapping, when={**mapping.when, CrmTrigger.STAGE: operations}, deal=deal)
