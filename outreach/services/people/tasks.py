"""What people have to do: list it, tick it off, or say why not. The sequence goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from outreach.domain.event import EventKind
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import audit, deliveries, enrollments, reviews
from outreach.store.stops import addresses_of
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import leads
from outreach.store.tables import tasks as task_table
from outreach.store.tables import touches as touch_table

DONE = "done"
SKIPPED = "skipped"
OPEN = "open"
ERASED = "somebody erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing for a person. `text` is ready to paste, `to` says where."""

    id: str
    kind: str
    state: str
    lead_id: str | None  # None: it is about somebody who was erased
    lead: str  # name, and an address
    sequence: str | None
    step: str | None
    assignee: str | None
    note: str
    text: str
    to: str
    due_at: datetime | None
    snoozed_until: datetime | None  # put off until then; None: not, or not any more
    is_overdue: bool
    outcome: str | None
    created_at: datetime
    finished_at: datetime | None

    def to_json(self) -> Any:
        return plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tasks; a part left out means every."""

    state: str | None = OPEN
    assignee: str | None = None
    kind: str | None = None
    lead_id: str | None = None
    sequence: str | None = None
    only_overdue: bool = False
    snoozed: bool = False  # those that are put off as well


def list_tasks(engine: Engine, wanted: Wanted = Wanted(), *, most: int = 1_000) -> list[Task]:
    """The first to be due first; those without a deadline after them, the oldest first."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        rows = list(connection.execute(_statement(wanted, now).limit(most)).mappings())
        return _tasks(connection, rows, now)


def one(engine: Engine, task_id: str) -> Task:
    """The task of that id. Raises UsageError when there is none."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        rows = list(connection.execute(_selected().where(task_table.c.id == task_id)).mappings())
        if not rows:
            raise unknown(task_id)
        return _tasks(connection, rows, now)[0]


def done(engine: Engine, task_id: str, *, outcome: str = "", by: str) -> Task:
    """The person did it; who waits for that is looked at at once. Raises UsageError unless the task is open."""
    engine.store.write(lambda connection: _finish(connection, engine, task_id, state=DONE, outcome=outcome, by=by))
    return one(engine, task_id)


def skip(engine: Engine, task_id: str, *, reason: str = "", by: str) -> Task:
    """The person will not do it; the sequence goes on without. Raises UsageError unless the task is open."""
    engine.store.write(lambda connection: _finish(connection, engine, task_id, state=SKIPPED, outcome=reason, by=by))
    return one(engine, task_id)


def _finish(connection: Connection, engine: Engine, task_id: str, *, state: str, outcome: str, by: str) -> None:
    row = connection.execute(select(task_table).where(task_table.c.id == task_id)).mappings().one_or_none()
    if row is None:
        raise unknown(task_id)
    if reviews.is_review(task_id):
        message = reviews.touch_of(task_id)
        raise UsageError(f"{task_id} asks about a message. Run: outreach review approve {message}, or reject {message}")
    waiting = [row["enrollment_id"]] if row["enrollment_id"] else []
    enrollments.lock(connection, waiting)
    now = engine.clock.now()
    changed = connection.execute(
        update(task_table)
        .where(task_table.c.id == task_id, task_table.c.state == OPEN)
        .values(state=state, outcome=outcome or None, finished_at=now, **_emptied(row))
    )
    if changed.rowcount != 1:
        raise UsageError(f"task {task_id} is {_state(connection, task_id)} already. See what is open: outreach tasks")
    deliveries.remember(connection, _event(row, state, outcome, now))
    enrollments.look_now(connection, waiting, now)
    data = {"outcome": outcome, "lead": row["lead_id"]}
    audit.write(connection, now=now, actor=by, action=f"task {state}", subject=task_id, data=data)


def _emptied(row: RowMapping) -> dict[str, str]:
    """What is about somebody erased names their records elsewhere, which is of no use afterwards."""
    return {} if row["lead_id"] else {"note": ""}


def _state(connection: Connection, task_id: str) -> str:
    state: str = connection.execute(select(task_table.c.state).where(task_table.c.id == task_id)).scalar_one()
    return state


def _event(row: RowMapping, state: str, outcome: str, now: datetime) -> dict[str, Any]:
    """`completed` tells in its data whether the task was done or skipped."""
    return {
        "key": f"task:{row['id']}",
        "kind": EventKind.COMPLETED,
        "channel": "task",
        "at": now,
        "lead_id": row["lead_id"],
        "enrollment_id": row["enrollment_id"],
        "touch_id": row["touch_id"],
        "text": outcome,
        "reason": state,
        "data": {"task_id": row["id"], "kind": row["kind"], "state": state},
        "created_at": now,
    }


def unknown(task_id: str) -> UsageError:
    """What to say of an id that no task has."""
    return UsageError(f"there is no task '{task_id}'. See the open ones: outreach tasks")


def _selected() -> Any:
    return (
        select(
            task_table,
            leads.c.first_name,
            leads.c.last_name,
            enrollment_table.c.sequence,
            touch_table.c.step,
        )
        .select_from(task_table)
        .outerjoin(leads, leads.c.id == task_table.c.lead_id)
        .outerjoin(enrollment_table, enrollment_table.c.id == task_table.c.enrollment_id)
        .outerjoin(touch_table, touch_table.c.id == task_table.c.touch_id)
    )


def _statement(wanted: Wanted, now: datetime) -> Any:
    pairs = (
        (task_table.c.state, wanted.state),
        (task_table.c.assignee, wanted.assignee),
        (task_table.c.kind, wanted.kind),
        (task_table.c.lead_id, wanted.lead_id),
        (enrollment_table.c.sequence, wanted.sequence),
    )
    statement = _selected().where(*(column == value for column, value in pairs if value is not None))
    if wanted.only_overdue:
        statement = statement.where(task_table.c.due_at < now)
    if not wanted.snoozed:
        statement = statement.where(or_(task_table.c.snoozed_until.is_(None), task_table.c.snoozed_until <= now))
    return statement.order_by(task_table.c.due_at.is_(None), task_table.c.due_at, task_table.c.id)


def _tasks(connection: Connection, rows: list[RowMapping], now: datetime) -> list[Task]:
    own = addresses_of(connection, {row["lead_id"] for row in rows if row["lead_id"]})
    return [_task(row, own.get(row["lead_id"], []), now) for row in rows]


def _task(row: RowMapping, own: list[RowMapping], now: datetime) -> Task:
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    address = next((each["value"] for each in sorted(own, key=lambda each: each["kind"] != "email")), "")
    plain_columns = ("id", "kind", "state", "lead_id", "sequence", "step", "assignee", "note", "text", "to", "outcome")
    snoozed_until = row["snoozed_until"] if row["snoozed_until"] and row["snoozed_until"] > now else None
    return Task(
        **{column: row[column] for column in plain_columns},
        lead=f"{name} <{address}>" if name and address else name or address or row["lead_id"] or ERASED,
        due_at=row["due_at"],
        snoozed_until=snoozed_until,
        is_overdue=row["state"] == OPEN and row["due_at"] is not None and row["due_at"] < now,
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
