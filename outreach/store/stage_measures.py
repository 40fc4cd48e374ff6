"""How leads go through the stages: visits, what came next, and what became of those who were there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.store.column_types import Id, Instant
from outreach.store.measures import Groups, Question, fresh, gathered, median, seconds, wanted
from outreach.store.measures_of_leads import value_of_lead
from outreach.store.tables import enrollments, events, leads, stage_moves, touches

Stage = tuple[str, str]
"""(pipeline, stage)"""


@dataclass(frozen=True, slots=True)
class Flow:
    """So many leads came into a stage and went to `then` next; None: they are still there."""

    pipeline: str
    stage: str
    then: str | None
    leads: int


def lay_out(connection: Connection, question: Question) -> None:
    """Work out once in this transaction who was where in the span, for questions that say `is_laid_out`.

    Other than what followed touches this is for the very same span. `only` makes no difference.
    """
    fresh(connection, _LAID_OUT)
    visits = _visits(question.start_at, _moving(question))
    columns = [visits.c[name] for name in _LAID_OUT.c.keys()]  # noqa: SIM118  # a collection of columns is no dict
    connection.execute(_LAID_OUT.insert().from_select(_LAID_OUT.c.keys(), select(*columns)))
    gathered(connection, _LAID_OUT)


_LAID_OUT = Table(
    "visits_once",
    MetaData(),
    Column("lead_id", Id),
    Column("pipeline", String(128)),
    Column("stage", String(128)),
    Column("entered_at", Instant),
    Column("then", String(128)),
    Column("left_at", Instant),
    Column("because", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def _visits_of(question: Question) -> FromClause:
    """The visits of leads that came into some stage in the span."""
    return _LAID_OUT if question.is_laid_out else _visits(question.start_at, _moving(question))


def _visits(since: datetime, among: CompoundSelect[Any]) -> FromClause:
    """Every stay of these leads in a stage since: lead_id, pipeline, stage, entered_at, then, left_at, reason, because.

    Where a lead begins is no move: it is where its first move comes from, else where it stands.
    """
    moves = stage_moves.alias("moves")
    number = func.row_number().over(partition_by=moves.c.lead_id, order_by=(moves.c.at, moves.c.id))
    numbered = (
        select(moves, number.label("number"))
        .where(moves.c.at >= since, moves.c.lead_id.in_(among))
        .subquery("numbered")
    )
    beginnings = (
        select(
            leads.c.id.label("lead_id"),
            func.coalesce(numbered.c.pipeline, leads.c.pipeline).label("pipeline"),
            func.coalesce(numbered.c.from_stage, leads.c.stage).label("stage"),
            leads.c.created_at.label("entered_at"),
            literal("").label("key"),
            literal("").label("reason"),
        )
        .outerjoin(numbered, and_(numbered.c.lead_id == leads.c.id, numbered.c.number == 1))
        .where(
            leads.c.id.in_(among),
            leads.c.created_at >= since,
            or_(numbered.c.id.is_(None), numbered.c.from_stage.is_not(None)),
        )
    )
    entered = select(
        numbered.c.lead_id,
        numbered.c.pipeline,
        numbered.c.to_stage.label("stage"),
        numbered.c.at.label("entered_at"),
        numbered.c.id.label("key"),
        numbered.c.reason,
    )
    rows = union_all(beginnings, entered).subquery("entered")
    following: dict[str, Any] = {"partition_by": rows.c.lead_id, "order_by": (rows.c.entered_at, rows.c.key)}
    return select(
        rows,
        func.lead(rows.c.stage).over(**following).label("then"),
        func.lead(rows.c.entered_at).over(**following).label("left_at"),
        func.lead(rows.c.reason).over(**following).label("because"),
    ).subquery("visits")


def _moving(question: Question) -> CompoundSelect[Any]:
    """Leads that came into some stage in the span."""
    moved = select(stage_moves.c.lead_id).where(
        stage_moves.c.at >= question.start_at, stage_moves.c.at < question.end_at
    )
    came = select(leads.c.id).where(leads.c.created_at >= question.start_at, leads.c.created_at < question.end_at)
    return union(moved, came)


def _decided(question: Question, closed: Collection[Stage], *, by_meeting: bool) -> CompoundSelect[Any]:
    """Leads whose case is over or who came to the goal: all others count on neither side of a share."""
    over = select(leads.c.id).where(tuple_(leads.c.pipeline, leads.c.stage).in_(list(closed)))
    if by_meeting:
        return union(
            over, select(events.c.lead_id).where(events.c.kind == EventKind.BOOKED, events.c.lead_id.is_not(None))
        )
    won = tuple_(stage_moves.c.pipeline, stage_moves.c.to_stage).in_(list(question.won))
    return union(over, select(stage_moves.c.lead_id).where(won, stage_moves.c.at >= question.start_at))


def _visited(question: Question, visits: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(visits)
        .join(leads, leads.c.id == visits.c.lead_id)
        .where(
            visits.c.entered_at >= question.start_at,
            visits.c.entered_at < question.end_at,
            *wanted(question, touches),
        )
    )


def flows(connection: Connection, question: Question) -> list[Flow]:
    """Who came into each stage in the span, by where they went next. Stages belong to leads, not to touches."""
    if question.asks_for_touches:
        return []
    visits = _visits_of(question)
    place = (visits.c.pipeline, visits.c.stage, visits.c.then)
    statement = _visited(question, visits, *place, func.count()).group_by(*place)
    return [Flow(*row) for row in connection.execute(statement)]


def days_in_stage(connection: Connection, question: Question) -> Groups:
    """The median of the days in each stage, as `stage_days`, of those who left it; by `pipeline/stage`."""
    if question.asks_for_touches:
        return {}
    visits = _visits_of(question)
    days = seconds(connection, visits.c.left_at, visits.c.entered_at) / 86_400.0
    place = (visits.c.pipeline + "/" + visits.c.stage).label("place")
    rows = _visited(question, visits, place, days.label("size")).where(visits.c.left_at.is_not(None))
    return median(connection, rows, "stage_days")


def drop_offs(connection: Connection, question: Question, closed: Collection[Stage]) -> list[tuple[Flow, str]]:
    """Who left for one of these stages, with the reason of the move; the most first."""
    if question.asks_for_touches:
        return []
    visits = _visits_of(question)
    place = (visits.c.pipeline, visits.c.stage, visits.c.then)
    number = func.count()
    statement = _visited(question, visits, *place, number, visits.c.because)
    is_closed = tuple_(visits.c.pipeline, visits.c.then).in_(list(closed))
    statement = statement.where(is_closed).group_by(*place, visits.c.because)
    statement = statement.order_by(number.desc(), *place, visits.c.because)
    return [(Flow(*row[:4]), str(row[4])) for row in connection.execute(statement)]


def moves(connection: Connection, question: Question) -> list[Flow]:
    """Moves in the span, by their stage of origin and their target."""
    if question.asks_for_touches:
        return []
    place = (stage_moves.c.pipeline, stage_moves.c.from_stage, stage_moves.c.to_stage)
    statement = (
        select(*place, func.count())
        .join(leads, leads.c.id == stage_moves.c.lead_id)
        .where(
            stage_moves.c.from_stage.is_not(None),
            stage_moves.c.at >= question.start_at,
            stage_moves.c.at < question.end_at,
            *wanted(question, touches),
        )
        .group_by(*place)
    )
    return [Flow(*row) for row in connection.execute(statement)]


def furthest(connection: Connection, question: Question, order: Mapping[Stage, int]) -> dict[tuple[str, int], int]:
    """Leads created in the span by (pipeline, how far they ever came); stages not in `order` do not count."""
    if question.asks_for_touches or not order:
        return {}
    visits = _visits_of(question)
    rank = case(
        *((and_(visits.c.pipeline == stage[0], visits.c.stage == stage[1]), at) for stage, at in order.items()),
        else_=-1,
    )
    each = (
        select(visits.c.lead_id, visits.c.pipeline, func.max(rank).label("rank"))
        .join(leads, leads.c.id == visits.c.lead_id)
        .where(
            leads.c.created_at >= question.start_at,
            leads.c.created_at < question.end_at,
            *wanted(question, touches),
        )
        .group_by(visits.c.lead_id, visits.c.pipeline)
        .subquery("each")
    )
    statement = select(each.c.pipeline, each.c.rank, func.count()).group_by(each.c.pipeline, each.c.rank)
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}


def outcomes(
    connection: Connection, question: Question, closed: Sequence[Stage], *, by_meeting: bool = False
) -> dict[Stage, tuple[int, int]]:
    """Stage → (leads that were won later, leads whose case is over), of those that came into it in the span.

    `closed` are the lost and parked stages; a lead's case is over when it was won, or stands in one of them now.
    With `by_meeting` success is a meeting booked later.
    """
    visits = _visits(question.start_at, _decided(question, closed, by_meeting=by_meeting))
    success = _met(visits) if by_meeting else _won(visits, question.won)
    is_over = tuple_(leads.c.pipeline, leads.c.stage).in_(list(closed))
    stays = (
        _visited(
            replace(question, only=()),
            visits,
            visits.c.lead_id,
            visits.c.pipeline,
            visits.c.stage,
            func.max(cast(success, Integer)).label("success"),
            func.max(case((is_over, 1), else_=0)).label("is_over"),
        )
        .group_by(visits.c.lead_id, visits.c.pipeline, visits.c.stage)
        .subquery("stays")
    )
    known = case((or_(stays.c.success == 1, stays.c.is_over == 1), 1), else_=0)
    place = (stays.c.pipeline, stays.c.stage)
    statement = select(*place, func.sum(stays.c.success), func.sum(known)).group_by(*place)
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in connection.execute(statement)}


def _won(visits: FromClause, won: Collection[Stage]) -> ColumnElement[bool]:
    later = stage_moves.alias("later")
    return exists().where(
        later.c.lead_id == visits.c.lead_id,
        later.c.at >= visits.c.entered_at,
        tuple_(later.c.pipeline, later.c.to_stage).in_(list(won)),
    )


def _met(visits: FromClause) -> ColumnElement[bool]:
    return exists().where(
        events.c.lead_id == visits.c.lead_id, events.c.kind == EventKind.BOOKED, events.c.at >= visits.c.entered_at
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Leads in a stage now: how many, how many of them have a value, and the sum of those."""

    pipeline: str
    stage: str
    leads: int
    valued: int
    value: float


def standing(connection: Connection, closed: Collection[Stage]) -> list[Standing]:
    """Where open leads stand now. `closed`: every stage that is not open."""
    value = value_of_lead()
    place = (leads.c.pipeline, leads.c.stage)
    counts = (func.count(), func.count(value), func.coalesce(func.sum(value), 0.0))
    statement = select(*place, *counts).where(not_(tuple_(*place).in_(list(closed)))).group_by(*place)
    return [Standing(*row) for row in connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a hold-out: enrollments, and those of them with a meeting or a sale since."""

    sequence: str
    is_held_out: bool
    leads: int
    successes: int


def arms(connection: Connection, question: Question) -> list[Arm]:
    """Both sides of each sequence for enrollments that began in the span."""
    later = stage_moves.alias("later")
    met = exists().where(
        events.c.lead_id == enrollments.c.lead_id,
        events.c.kind == EventKind.BOOKED,
        events.c.at >= enrollments.c.entered_at,
    )
    won = exists().where(
        later.c.lead_id == enrollments.c.lead_id,
        later.c.at >= enrollments.c.entered_at,
        tuple_(later.c.pipeline, later.c.to_stage).in_(list(question.won)),
    )
    held = func.coalesce(enrollments.c.reason, "") == FinishReason.HELD_OUT
    rows = (
        select(
            enrollments.c.sequence,
            case((held, 1), else_=0).label("is_held_out"),
            case((or_(met, won), 1), else_=0).label("success"),
        )
        .where(enrollments.c.entered_at >= question.start_at, enrollments.c.entered_at < question.end_at)
        .subquery("rows")
    )
    place = (rows.c.sequence, rows.c.is_held_out)
    statement = select(*place, func.count(), func.sum(rows.c.success)).group_by(*place).order_by(*place)
    return [Arm(row[0], bool(row[1]), row[2], int(row[3])) for row in connection.execute(statement)]
