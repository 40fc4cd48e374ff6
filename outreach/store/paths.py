"""What happened on the way of an enrollment, in the words the planner asks in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, func, select

from outreach.domain.event import EventKind
from outreach.domain.planner import Had
from outreach.domain.touch import TouchState
from outreach.store.packed import Packed
from outreach.store.tables import enrollments, events, stage_moves, tasks, touches
from outreach.store.within import among, within

_STATES = {str(state): state for state in TouchState}


class Row(Protocol):
    """A row of the store, or anything else with the same keys."""

    def __getitem__(self, key: str, /) -> Any: ...


WAY = (
    "id",
    "enrollment_id",
    "step",
    "action",
    "channel",
    "state",
    "wanted_at",
    "finished_at",
    "message_id",
    "subject",
    "thread_id",
)
"""What is looked at of the touches that came before."""

EVENT_NAMES = {
    EventKind.OPENED: "open",
    EventKind.CLICKED: "click",
    EventKind.ACCEPTED: "linkedin.accepted",
    EventKind.REPLIED: "reply",
    EventKind.BOOKED: "meeting",
}
"""Event kinds under the names that `wait_for` knows."""


_IN_ORDER = (touches.c.wanted_at, touches.c.finished_at, touches.c.id)
"""The order of the path. Ids alone do not tell it: the next touch may be planned in the instant that made the first."""


def touches_of(connection: Connection, enrollment_ids: Collection[str]) -> dict[str, list[RowMapping]]:
    """Every touch of each enrollment, oldest first."""
    statement = select(touches).where(within(touches.c.enrollment_id, enrollment_ids)).order_by(*_IN_ORDER)
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(statement).mappings():
        found[row["enrollment_id"]].append(row)
    return found


_WAY = Packed(select(*(touches.c[name] for name in WAY)).where(among(touches.c.enrollment_id, "ids")))


def way_of(connection: Connection, enrollment_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The same, as far as threads and the planner ask: the columns of WAY."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = _WAY.dicts(connection, {"ids": list(enrollment_ids)}) if enrollment_ids else []
    for row in sorted(rows, key=_on_the_path):
        found[row["enrollment_id"]].append(row)
    return found


def _on_the_path(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["wanted_at"], row["finished_at"] is None, row["finished_at"] or row["wanted_at"], row["id"])


def had(rows: Collection[Row]) -> dict[str, Had]:
    """What became of each step's touch."""
    return {row["step"]: Had(_STATES[row["state"]], row["finished_at"] or row["wanted_at"]) for row in rows}


def happened(connection: Connection, enrollment_ids: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
    """For each enrollment: name → the first time it happened since the lead entered."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    _from_events(connection, enrollment_ids, found)
    _from_tasks(connection, enrollment_ids, found)
    _from_stages(connection, enrollment_ids, found)
    return found


def event_counts(connection: Connection, lead_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """For each lead: kind of event → how often it happened. Every kind is there, so that conditions can count on it."""
    none = {str(kind): 0 for kind in EventKind}
    found: dict[str, dict[str, int]] = {lead_id: dict(none) for lead_id in lead_ids}
    statement = (
        select(events.c.lead_id, events.c.kind, func.count())
        .where(within(events.c.lead_id, lead_ids))
        .group_by(events.c.lead_id, events.c.kind)
    )
    for lead_id, kind, count in connection.execute(statement):
        found[lead_id][kind] = count
    return found


def _note(found: dict[str, dict[str, datetime]], enrollment_id: str, name: str, at: datetime) -> None:
    names = found[enrollment_id]
    names[name] = min(at, names.get(name, at))


def _from_events(
    connection: Connection, enrollment_ids: Collection[str], found: dict[str, dict[str, datetime]]
) -> None:
    statement = (
        select(enrollments.c.id, events.c.kind, events.c.at)
        .join(events, events.c.lead_id == enrollments.c.lead_id)
        .where(
            within(enrollments.c.id, enrollment_ids),
            events.c.kind.in_(EVENT_NAMES),
            events.c.created_at >= enrollments.c.entered_at,
        )
    )
    for enrollment_id, kind, at in connection.execute(statement):
        _note(found, enrollment_id, EVENT_NAMES[EventKind(kind)], at)


def _from_tasks(connection: Connection, enrollment_ids: Collection[str], found: dict[str, dict[str, datetime]]) -> None:
    statement = (
        select(tasks.c.enrollment_id, touches.c.step, tasks.c.state, tasks.c.finished_at)
        .join(touches, tasks.c.touch_id == touches.c.id)
        .where(within(tasks.c.enrollment_id, enrollment_ids), tasks.c.finished_at.is_not(None))
    )
    for enrollment_id, step, state, at in connection.execute(statement):
        _note(found, enrollment_id, f"task.done:{step}", at)
        if state == "done":
            _note(found, enrollment_id, "task.done", at)


def _from_stages(
    connection: Connection, enrollment_ids: Collection[str], found: dict[str, dict[str, datetime]]
) -> None:
    statement = (
        select(enrollments.c.id, stage_moves.c.to_stage, stage_moves.c.at)
        .join(stage_moves, stage_moves.c.lead_id == enrollments.c.lead_id)
        .where(within(enrollments.c.id, enrollment_ids), stage_moves.c.at >= enrollments.c.entered_at)
    )
    for enrollment_id, stage, at in connection.execute(statement):
        _note(found, enrollment_id, f"stage:{stage}", at)
