"""A touch that a person carries out becomes a task, with the text ready to paste."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outreach.domain import window
from outreach.domain.action import find, task_kind
from outreach.services.sending.batch import Ready
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import holidays_of, zone_of


def task_row(engine: Engine, ready: Ready, now: datetime) -> dict[str, Any]:
    """The row of `tasks` for this touch."""
    details = ready.step.task
    return {
        "id": engine.clock.fresh_id(),
        "touch_id": ready.touch_id,
        "lead_id": ready.touch["lead_id"],
        "enrollment_id": ready.touch["enrollment_id"],
        "kind": details.kind if details else task_kind(ready.step.channel),
        "assignee": (details.assignee if details else None) or ready.touch["sender"],
        "note": details.note if details else _by_hand(ready),
        "text": ready.message.text,
        "to": ready.subject.recipient or "" if not ready.message.to else ready.message.to,
        "state": "open",
        "due_at": _deadline(engine, ready, now),
        "created_at": now,
    }


def _by_hand(ready: Ready) -> str:
    """What to do, and that nobody else does it."""
    action = find(ready.step.action)
    return f"{action.by_hand} ({ready.step.action} by hand)" if action else f"{ready.step.action} by hand"


def _deadline(engine: Engine, ready: Ready, now: datetime) -> datetime | None:
    within = ready.step.task.within if ready.step.task else None
    if within is None:
        return None
    schedule = ready.revision.sequence.schedule
    zone = zone_of(schedule, ready.row, engine.sender(ready.touch["sender"]))
    return window.add(within, now, zone, is_holiday=holidays_of(schedule, ready.row["leads_country"]))
