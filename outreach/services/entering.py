"""What entering a stage does, whoever moved the lead: a task for the lead's owner."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from outreach.store.lead_states import StageMove
from outreach.store.tables import leads, tasks
from outreach.store.within import within


def make_tasks(connection: Connection, moved: Collection[StageMove], now: datetime) -> None:
    """One task for each move into a stage that asks for one, in the transaction of the move."""
    asking = [move for move in moved if "task" in _entering(move)]
    if not asking:
        return
    statement = select(leads.c.id, leads.c.owner).where(within(leads.c.id, [move.lead_id for move in asking]))
    owners = {row.id: row.owner for row in connection.execute(statement)}
    connection.execute(tasks.insert(), [_row(move, owners.get(move.lead_id), now) for move in asking])


def _entering(move: StageMove) -> dict[str, str]:
    stage = move.pipeline.stage(move.stage)
    return dict(stage.entering) if stage else {}


def _row(move: StageMove, owner: str | None, now: datetime) -> dict[str, Any]:
    """The task has the id of the move, so it is made once. It is due before the lead counts as forgotten."""
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
