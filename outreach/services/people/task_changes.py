"""Put a task off, or give it to somebody else. Neither changes what the sequence waits for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, select, update

from outreach.content.waits import read_wait
from outreach.domain import moments, window
from outreach.domain.sequence import NextWeekday, OnDay, RelativeTo
from outreach.errors import UsageError
from outreach.services.people import tasks
from outreach.services.sending.engine import Engine
from outreach.store import audit
from outreach.store.tables import tasks as task_table

_REMEDY = "Write '3 days', '4 hours', 'monday 09:00' or '2026-12-01'."


def snooze(engine: Engine, task_id: str, until: str, *, by: str) -> tasks.Task:
    """Off the list until then, on the clock of whose task it is. Raises UsageError for a time that is over, or no time.

    A deadline (`within`) stays where it is: the sequence does not wait longer because somebody does.
    """

    def work(connection: Connection) -> None:
        row = _open(connection, task_id)
        now = engine.clock.now()
        zone = ZoneInfo(engine.sender(row["assignee"] or "").zone)
        at = _moment(until, now, zone)
        if at <= now:
            raise UsageError(f"'{until}' is over already. {_REMEDY}")
        _change(connection, engine, task_id, {"snoozed_until": at}, action="task snooze", by=by)

    engine.store.write(work)
    return tasks.one(engine, task_id)


def assign(engine: Engine, task_id: str, assignee: str, *, by: str) -> tasks.Task:
    """Somebody else's from now on. Raises UsageError unless the task is open and there is a name."""
    name = assignee.strip()
    if not name or len(name) > 128:
        raise UsageError("nobody is named. Write: outreach tasks assign ID NAME")

    def work(connection: Connection) -> None:
        _open(connection, task_id)
        _change(connection, engine, task_id, {"assignee": name}, action="task assign", by=by)

    engine.store.write(work)
    return tasks.one(engine, task_id)


def _open(connection: Connection, task_id: str) -> RowMapping:
    row = connection.execute(select(task_table).where(task_table.c.id == task_id)).mappings().one_or_none()
    if row is None:
        raise tasks.unknown(task_id)
    if row["state"] != tasks.OPEN:
        raise UsageError(f"task {task_id} is {row['state']} already. See what is open: outreach tasks")
    return row


def _change(
    connection: Connection, engine: Engine, task_id: str, values: Mapping[str, Any], *, action: str, by: str
) -> None:
    changed = update(task_table).where(task_table.c.id == task_id, task_table.c.state == tasks.OPEN).values(**values)
    if connection.execute(changed).rowcount != 1:
        raise UsageError(f"task {task_id} was finished a moment ago. See what is open: outreach tasks")
    data = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    audit.write(connection, now=engine.clock.now(), actor=by, action=action, subject=task_id, data=data)


def _moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    wait = _read(text)
    match wait:
        case NextWeekday():
            return moments.next_weekday(wait, now, zone)
        case OnDay():
            return moments.start_of(wait, zone)
        case _:
            return window.add(wait, now, zone, is_holiday=lambda _: False)


def _read(text: str) -> Any:
    for written in (text, f"until {text}"):
        try:
            wait = read_wait(written)
        except ValueError:
            continue
        if not isinstance(wait, RelativeTo):
            return wait
    raise UsageError(f"'{text}' is no time. {_REMEDY}")
