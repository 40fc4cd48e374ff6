"""Messages that wait for a person: tasks whose id is made of their touch's, so that a touch is asked about once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, case, exists, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.touch import TouchState
from outreach.store.tables import tasks, touches
from outreach.store.within import within

_PREFIX = "review-"
_WAITING = (TouchState.PLANNED, TouchState.CLAIMED)


def task_id(touch_id: str) -> str:
    """The id of the task that asks about a touch; given such an id, the same."""
    return touch_id if is_review(touch_id) else f"{_PREFIX}{touch_id}"


def is_review(task_id: str) -> bool:
    return task_id.startswith(_PREFIX)


def touch_of(task_id: str) -> str:
    """The touch that a task asks about."""
    return task_id.removeprefix(_PREFIX)


def asked(connection: Connection, touch_ids: Collection[str]) -> dict[str, RowMapping]:
    """State, text and words of a person's own of what was asked about these touches, by touch."""
    statement = select(tasks.c.id, tasks.c.state, tasks.c.text, tasks.c.edited).where(
        within(tasks.c.id, map(task_id, touch_ids))
    )
    return {touch_of(row["id"]): row for row in connection.execute(statement).mappings()}


def enrollments_of(connection: Connection, touch_ids: Collection[str]) -> dict[str, str]:
    """The enrollment of each touch, by touch."""
    statement = select(touches.c.id, touches.c.enrollment_id).where(within(touches.c.id, touch_ids))
    return {row.id: row.enrollment_id for row in connection.execute(statement)}


def count_asked(connection: Connection, revision_id: str) -> int:
    """How many messages of a revision were shown to a person so far."""
    statement = (
        select(func.count())
        .select_from(tasks)
        .join(touches, tasks.c.id == literal(_PREFIX) + touches.c.id)
        .where(tasks.c.touch_id.is_(None), touches.c.revision_id == revision_id)
    )
    return connection.execute(statement).scalar_one()


def ask(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of `tasks`. One that was asked before is opened again only if its text is another one now."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(tasks)
    new_text = insert.excluded.text
    is_new = tasks.c.text != new_text
    again = {"text": new_text, "state": "open", "outcome": None, "edited": None, "finished_at": None}
    for row in rows:
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=[tasks.c.id],
                set_={name: case((is_new, value), else_=tasks.c[name]) for name, value in again.items()},
            ).values(**row)
        )


def decide(
    connection: Connection, touch_id: str, state: str, *, outcome: str, now: datetime, edited: str | None = None
) -> bool:
    """Close the task; False if it is not open. `edited`: what is sent in place of its text."""
    statement = update(tasks).where(tasks.c.id == task_id(touch_id), tasks.c.state == "open")
    return (
        connection.execute(statement.values(state=state, outcome=outcome, edited=edited, finished_at=now)).rowcount == 1
    )


def skip_touch(connection: Connection, touch_id: str, *, why: str, now: datetime) -> None:
    """The message will not be sent."""
    statement = update(touches).where(touches.c.id == touch_id, touches.c.state == TouchState.PLANNED)
    values = {"state": TouchState.SKIPPED, "reason": why, "due_at": None, "closes_at": None, "finished_at": now}
    connection.execute(statement.values(**values))


def waiting(connection: Connection, sequence: str | None = None, *, most: int = 1_000) -> list[RowMapping]:
    """Open questions about messages that can still go out, the oldest first: the task, and sequence, step, action."""
    own = (touches.c.sequence, touches.c.step, touches.c.action)
    statement = (
        select(tasks, *own)
        .join(touches, tasks.c.id == literal(_PREFIX) + touches.c.id)
        .where(tasks.c.touch_id.is_(None), tasks.c.state == "open", touches.c.state.in_(_WAITING))
        .order_by(tasks.c.created_at, tasks.c.id)
        .limit(most)
    )
    if sequence is not None:
        statement = statement.where(touches.c.sequence == sequence)
    return list(connection.execute(statement).mappings())


def close_moot(connection: Connection, now: datetime) -> int:
    """Close questions about messages that will not go out any more; how many."""
    can_go = exists(
        select(touches.c.id).where(tasks.c.id == literal(_PREFIX) + touches.c.id, touches.c.state.in_(_WAITING))
    )
    statement = (
        update(tasks)
        .where(tasks.c.state == "open", tasks.c.touch_id.is_(None), tasks.c.id.startswith(_PREFIX), ~can_go)
        .values(state="skipped", outcome="not needed any more", finished_at=now)
    )
    return connection.execute(statement).rowcount
