"""Tasks that an answer made: one for each, under an id of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from outreach.store.tables import tasks


def open_one(connection: Connection, task_id: str, row: Mapping[str, Any], *, note: str, now: datetime) -> None:
    """Make the task, or open it again; `row` has lead_id, assignee and due_at."""
    values = {"note": note, "state": "open", "outcome": None, "due_at": row["due_at"], "finished_at": None}
    if connection.execute(update(tasks).where(tasks.c.id == task_id).values(**values)).rowcount:
        return
    made = {"lead_id": row["lead_id"], "assignee": row["assignee"], "kind": "custom", "created_at": now}
    connection.execute(tasks.insert().values(id=task_id, **made, **values))


def skip(connection: Connection, task_id: str, *, why: str, now: datetime) -> None:
    """Nobody has to do it any more; one that is done stays done."""
    is_open = tasks.c.id == task_id, tasks.c.state == "open"
    connection.execute(update(tasks).where(*is_open).values(state="skipped", outcome=why, finished_at=now))
