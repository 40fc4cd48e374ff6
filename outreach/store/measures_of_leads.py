"""What measures are made from, as far as it happens to leads: meetings, sales, tasks done, offers.

Such a thing belongs to the last touch sent to the lead before it, for questions that ask for touches.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from outreach.domain.event import EventKind
from outreach.store.measures import Groups, Question, by_group, grouped, last_touch, median, seconds, wanted
from outreach.store.tables import events, leads, stage_moves, tasks, touches

_NUMBER = r"^\s*[0-9]{1,15}(\.[0-9]{1,4})?\s*$"


def meetings(connection: Connection, question: Question) -> Groups:
    """Meetings booked in the span and not cancelled since."""
    later = events.alias("later")
    cancelled = exists().where(
        later.c.lead_id == events.c.lead_id, later.c.kind == EventKind.CANCELLED, later.c.at >= events.c.at
    )
    touch_id = func.coalesce(events.c.touch_id, last_touch(events.c.lead_id, events.c.at))
    rows = select(events.c.number, events.c.lead_id, touch_id.label("touch_id")).where(
        events.c.kind == EventKind.BOOKED,
        events.c.lead_id.is_not(None),
        events.c.at >= question.start_at,
        events.c.at < question.end_at,
        ~cancelled,
    )
    statement = _belonging(question, rows.subquery("things"), func.count().label("meetings"))
    return by_group(connection, statement.group_by("place"))


def _belonging(question: Question, things: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
    """Things that have a lead_id and perhaps a touch_id, with their group."""
    return (
        select(grouped(question, touches).label("place"), *columns)
        .select_from(things)
        .join(leads, leads.c.id == things.c.lead_id)
        .outerjoin(touches, touches.c.id == things.c.touch_id)
        .where(*wanted(question, touches))
    )


def created(connection: Connection, question: Question) -> Groups:
    """Leads that came in; they belong to no touch."""
    if question.asks_for_touches:
        return {}
    statement = select(grouped(question, touches).label("place"), func.count().label("leads")).select_from(leads)
    inside = leads.c.created_at >= question.start_at, leads.c.created_at < question.end_at
    return by_group(connection, statement.where(*inside, *wanted(question, touches)).group_by("place"))


def closings(question: Question) -> Select[Any]:
    """The last closing of each lead in the span: lead_id, at, is_won, reason, touch_id."""
    move, was = tuple_(stage_moves.c.pipeline, stage_moves.c.to_stage), stage_moves.c.from_stage
    is_won = and_(move.in_(question.won), _was_not(was, question.won))
    is_lost = and_(move.in_(question.lost), _was_not(was, question.lost))
    number = func.row_number().over(
        partition_by=stage_moves.c.lead_id, order_by=(stage_moves.c.at.desc(), stage_moves.c.id.desc())
    )
    rows = (
        select(stage_moves, case((is_won, 1), else_=0).label("is_won"), number.label("number"))
        .where(or_(is_won, is_lost), stage_moves.c.at >= question.start_at, stage_moves.c.at < question.end_at)
        .subquery("closed")
    )
    touch_id = last_touch(rows.c.lead_id, rows.c.at) if question.asks_for_touches else literal(None, String)
    columns = (rows.c.lead_id, rows.c.at, rows.c.is_won, rows.c.reason, touch_id.label("touch_id"))
    return select(*columns).where(rows.c.number == 1)


def _was_not(was: ColumnElement[Any], kind: Collection[tuple[str, str]]) -> ColumnElement[bool]:
    """A move inside the kind, such as from won to retention, closes nothing."""
    return or_(was.is_(None), tuple_(stage_moves.c.pipeline, was).not_in(list(kind)))


def value_of_lead() -> ColumnElement[float]:
    """The field `value` where it is a plain number, else null."""
    text = cast(leads.c.fields["value"].as_string(), String)
    return case((text.regexp_match(_NUMBER), cast(func.trim(text), Float)))


def sales(connection: Connection, question: Question) -> Groups:
    """Leads closed, won and lost in the span, and the value of those won."""
    things = closings(question).subquery("things")
    won = things.c.is_won == 1
    value = value_of_lead()
    statement = _belonging(
        question,
        things,
        func.count().label("closed"),
        func.sum(things.c.is_won).label("won"),
        func.sum(case((won, func.coalesce(value, 0.0)), else_=0.0)).label("won_value"),
        func.sum(case((and_(won, value.is_not(None)), 1), else_=0)).label("won_with_value"),
    )
    return by_group(connection, statement.group_by("place"))


def cycle_days(connection: Connection, question: Question) -> Groups:
    """The median of the days from coming in to being won."""
    return median(connection, _cycles(connection, question), "cycle_days")


def _cycles(connection: Connection, question: Question) -> Select[Any]:
    things = closings(question).subquery("things")
    days = seconds(connection, things.c.at, leads.c.created_at) / 86_400.0
    return _belonging(question, things, days.label("size")).where(things.c.is_won == 1)


def cycle_lengths(connection: Connection, question: Question) -> dict[str, list[float]]:
    """The days of each sale, by group, the shortest first; as many numbers as there were sales."""
    found: dict[str, list[float]] = {}
    for place, size in connection.execute(_cycles(connection, question).order_by("size")):
        found.setdefault(place, []).append(float(size))
    return found


def work_done(connection: Connection, question: Question) -> Groups:
    """Tasks done in the span."""
    touch_id = func.coalesce(tasks.c.touch_id, last_touch(tasks.c.lead_id, tasks.c.finished_at))
    rows = select(tasks.c.lead_id, tasks.c.kind, touch_id.label("touch_id")).where(
        tasks.c.state == "done", tasks.c.finished_at >= question.start_at, tasks.c.finished_at < question.end_at
    )
    things = rows.subquery("things")
    calls = func.sum(case((things.c.kind == "call", 1), else_=0)).label("calls")
    statement = _belonging(question, things, func.count().label("tasks_done"), calls)
    return by_group(connection, statement.group_by("place"))


def offers(connection: Connection, question: Question) -> Groups:
    """First and further moves into a stage of proposals."""
    before = stage_moves.alias("before")
    again = exists().where(
        before.c.lead_id == stage_moves.c.lead_id,
        before.c.to_stage.in_(question.proposals),
        or_(before.c.at < stage_moves.c.at, and_(before.c.at == stage_moves.c.at, before.c.id < stage_moves.c.id)),
    )
    touch_id = (
        last_touch(stage_moves.c.lead_id, stage_moves.c.at) if question.asks_for_touches else literal(None, String)
    )
    rows = select(
        stage_moves.c.lead_id, case((again, 1), else_=0).label("is_further"), touch_id.label("touch_id")
    ).where(
        stage_moves.c.to_stage.in_(question.proposals),
        stage_moves.c.at >= question.start_at,
        stage_moves.c.at < question.end_at,
    )
    things = rows.subquery("things")
    further = func.sum(things.c.is_further)
    counts = ((func.count() - further).label("proposals"), further.label("offers"))
    return by_group(connection, _belonging(question, things, *counts).group_by("place"))
