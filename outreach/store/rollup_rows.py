"""The rows that rollups are packed from: one statement for each kind, for the rows of a span of instants.

What followed a touch, the value of a dimension, the touch before something that happened: all of it is asked with the
expressions of `measures.py`, so that what is packed and what is read live is one thing. Each kind has its rows in the
order in which things happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.types import BigInteger

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.domain.measure import OF_TOUCHES, Dimension
from outreach.domain.touch import TouchState
from outreach.store import measures
from outreach.store.measures import Question, dimension, last_touch, told_of
from outreach.store.measures_of_leads import value_of_lead
from outreach.store.tables import enrollments, events, leads, stage_moves, tasks, touches

FLAGS = {
    "bounced": 2,
    "opened": 4,
    "clicked": 8,
    "complained": 16,
    "accepted": 32,
    "opted_out": 64,
    "positive": 128,
}
"""Bits of the column `flags` of a touch. 1: it is the first one of its enrollment."""
IS_FIRST = 1
_OF_TOUCHES = tuple(sorted(OF_TOUCHES))
_DIMENSIONS = {str(each): "word" for each in _OF_TOUCHES}

Instants = Callable[[ColumnElement[Any]], ColumnElement[Any]]
"""An instant as microseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of rows. `seen` gives the instants of all rows its days are made of, to find days that changed."""

    name: str
    sorts: Mapping[str, str]
    rows: Callable[[Connection, Question], Any]
    seen: Callable[[], tuple[Select[Any], ...]]


def microseconds(connection: Connection) -> Instants:
    """How an instant is read as microseconds since 1970."""
    if connection.dialect.name == "sqlite":
        return lambda at: type_coerce(at, BigInteger)
    return lambda at: cast(func.extract("epoch", at) * 1_000_000, BigInteger)


def _inside(at: ColumnElement[Any], question: Question) -> ColumnElement[bool]:
    return and_(at >= question.start_at, at < question.end_at)


def _of_touch(touch: FromClause) -> list[ColumnElement[Any]]:
    return [dimension(each, touch, "").label(str(each)) for each in _OF_TOUCHES]


def _bit(told: FromClause, name: str) -> ColumnElement[int]:
    return func.coalesce(told.c[name], 0) * FLAGS[name]


def _touches(connection: Connection, question: Question) -> Any:
    """Touches sent, with what followed: `until` is how many were sent in the enrollment up to an answered one."""
    told, at = told_of(question), microseconds(connection)
    earlier = touches.alias("until")
    until = (
        select(func.count())
        .where(
            earlier.c.enrollment_id == touches.c.enrollment_id,
            earlier.c.action != "task",
            earlier.c.sent_at <= touches.c.sent_at,
        )
        .scalar_subquery()
    )
    return (
        select(
            touches.c.lead_id,
            touches.c.enrollment_id,
            *_of_touch(touches),
            touches.c.action,
            at(touches.c.sent_at),
            sum((_bit(told, name) for name in FLAGS), cast(touches.c.is_first, Integer)),
            at(told.c.answered_at),
            case((told.c.answered_at.is_not(None), until)),
        )
        .select_from(touches)
        .outerjoin(told, told.c.touch_id == touches.c.id)
        .where(touches.c.state == TouchState.SENT, touches.c.action != "task", _inside(touches.c.sent_at, question))
        .order_by(touches.c.sent_at, touches.c.id)
    )


def _leads(connection: Connection, question: Question) -> Any:
    at = microseconds(connection)
    return (
        select(
            leads.c.id,
            at(leads.c.created_at),
            *(dimension(each, touches, question.segment) for each in (Dimension.OWNER, Dimension.SOURCE)),
            dimension(Dimension.SEGMENT, touches, question.segment),
            leads.c.pipeline,
            leads.c.stage,
            value_of_lead(),
        )
        .where(_inside(leads.c.created_at, question))
        .order_by(leads.c.created_at, leads.c.id)
    )


def _moves(connection: Connection, question: Question) -> Any:
    """`is_further`: into a stage of proposals, by a lead that had moved into one; None: into another stage."""
    at, before = microseconds(connection), stage_moves.alias("before")
    again = exists().where(
        before.c.lead_id == stage_moves.c.lead_id,
        before.c.to_stage.in_(question.proposals),
        or_(before.c.at < stage_moves.c.at, and_(before.c.at == stage_moves.c.at, before.c.id < stage_moves.c.id)),
    )
    offered = stage_moves.c.to_stage.in_(question.proposals)
    touch = touches.alias("touch")
    return (
        select(
            stage_moves.c.lead_id,
            at(stage_moves.c.at),
            stage_moves.c.pipeline,
            stage_moves.c.from_stage,
            stage_moves.c.to_stage,
            stage_moves.c.reason,
            case((offered, case((again, 1), else_=0))),
            *_of_touch(touch),
        )
        .select_from(stage_moves)
        .outerjoin(touch, touch.c.id == last_touch(stage_moves.c.lead_id, stage_moves.c.at))
        .where(_inside(stage_moves.c.at, question))
        .order_by(stage_moves.c.at, stage_moves.c.id)
    )


def _things(connection: Connection, question: Question) -> Any:
    """Meetings booked and cancelled, and tasks done; `task` is the kind of a task."""
    kinds = events.c.kind.in_([EventKind.BOOKED, EventKind.CANCELLED])
    met = select(
        events.c.kind.label("kind"),
        null().label("task"),
        events.c.lead_id,
        events.c.at.label("at"),
        func.coalesce(events.c.touch_id, last_touch(events.c.lead_id, events.c.at)).label("touch_id"),
    ).where(kinds, events.c.lead_id.is_not(None), _inside(events.c.at, question))
    done = select(
        literal("task").label("kind"),
        tasks.c.kind.label("task"),
        tasks.c.lead_id,
        tasks.c.finished_at.label("at"),
        func.coalesce(tasks.c.touch_id, last_touch(tasks.c.lead_id, tasks.c.finished_at)).label("touch_id"),
    ).where(tasks.c.state == "done", tasks.c.lead_id.is_not(None), _inside(tasks.c.finished_at, question))
    rows, touch = union_all(met, done).subquery("things"), touches.alias("touch")
    return (
        select(rows.c.kind, rows.c.task, rows.c.lead_id, microseconds(connection)(rows.c.at), *_of_touch(touch))
        .select_from(rows)
        .outerjoin(touch, touch.c.id == rows.c.touch_id)
        .order_by(rows.c.at)
    )


def _enrollments(connection: Connection, question: Question) -> Any:
    held = func.coalesce(enrollments.c.reason, "") == FinishReason.HELD_OUT
    return (
        select(
            enrollments.c.lead_id,
            enrollments.c.sequence,
            case((held, 1), else_=0),
            microseconds(connection)(enrollments.c.entered_at),
        )
        .where(_inside(enrollments.c.entered_at, question))
        .order_by(enrollments.c.entered_at)
    )


def _seen_things() -> tuple[Select[Any], ...]:
    kinds = events.c.kind.in_([EventKind.BOOKED, EventKind.CANCELLED])
    done = select(tasks.c.finished_at.label("at")).where(tasks.c.state == "done", tasks.c.lead_id.is_not(None))
    return select(events.c.at.label("at")).where(kinds, events.c.lead_id.is_not(None)), done


TOUCHES = Kind(
    name="touches",
    sorts={
        "lead": "name",
        "enrollment": "name",
        **_DIMENSIONS,
        "action": "word",
        "sent_at": "at",
        "flags": "number",
        "answered_at": "at",
        "until": "number",
    },
    rows=_touches,
    seen=lambda: (select(touches.c.sent_at.label("at")).where(touches.c.sent_at.is_not(None)),),
)
LEADS = Kind(
    name="leads",
    sorts={
        "lead": "name",
        "created_at": "at",
        "owner": "word",
        "source": "word",
        "segment": "word",
        "pipeline": "word",
        "stage": "word",
        "value": "size",
    },
    rows=_leads,
    seen=lambda: (select(leads.c.created_at.label("at")),),
)
MOVES = Kind(
    name="moves",
    sorts={
        "lead": "name",
        "at": "at",
        "pipeline": "word",
        "from_stage": "word",
        "to_stage": "word",
        "reason": "word",
        "is_further": "number",
        **_DIMENSIONS,
    },
    rows=_moves,
    seen=lambda: (select(stage_moves.c.at.label("at")),),
)
THINGS = Kind(
    name="things",
    sorts={"kind": "word", "task": "word", "lead": "name", "at": "at", **_DIMENSIONS},
    rows=_things,
    seen=_seen_things,
)
ENROLLMENTS = Kind(
    name="enrollments",
    sorts={"lead": "name", "sequence": "word", "is_held_out": "number", "entered_at": "at"},
    rows=_enrollments,
    seen=lambda: (select(enrollments.c.entered_at.label("at")),),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (TOUCHES, LEADS, MOVES, THINGS, ENROLLMENTS)}


def read(connection: Connection, kind: Kind, question: Question) -> list[Any]:
    """The rows of that kind in the span of the question, in the order of `kind.sorts`."""
    measures.read_much(connection)
    return list(connection.execute(kind.rows(connection, question)))
