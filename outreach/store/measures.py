"""What measures are made from: questions, their groups, and counts of touches with what followed them.

Every function answers a `Question` and returns group → counts; without `by` the only group is "". A partition of a
question by any dimension adds up to the question itself, except for people, who may be in several groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    MetaData,
    ScalarSelect,
    Select,
    Table,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    select,
    text,
    type_coerce,
)
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import BigInteger

from outreach.domain.event import EventKind
from outreach.domain.kpi import POSITIVE
from outreach.domain.measure import OF_LEADS, Dimension
from outreach.domain.reply import ReplyClass
from outreach.domain.touch import TouchState
from outreach.store.column_types import Id, Instant
from outreach.store.tables import companies, events, leads, replies, touches

Groups = dict[str, dict[str, Any]]
"""Group → name of a count → its value."""

_TOLD = (
    EventKind.BOUNCED,
    EventKind.REJECTED,
    EventKind.OPENED,
    EventKind.CLICKED,
    EventKind.REPLIED,
    EventKind.AUTORESPONDED,
    EventKind.UNSUBSCRIBED,
    EventKind.COMPLAINED,
    EventKind.ACCEPTED,
)
_CLOCKS_DIFFER = timedelta(days=1)  # a provider's clock may be behind ours
NO_VARIANT = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which span, taken apart by what, of what alone. `segment` names the value of a lead that is its segment.

    `won` and `lost` are (pipeline, stage) pairs of those kinds; `proposals` are names of stages.
    """

    start_at: datetime
    end_at: datetime
    by: Dimension | None = None
    only: tuple[tuple[Dimension, str], ...] = ()
    segment: str = "fields.segment"
    won: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    proposals: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()  # only touches of these; empty: of any
    is_laid_out: bool = False  # see `lay_out` and `stage_measures.lay_out`

    @property
    def asks_for_touches(self) -> bool:
        """Does it need to know to which touch something belongs?"""
        named = {self.by, *(dimension for dimension, _ in self.only)} - {None}
        return bool(named - OF_LEADS)


def read_much(connection: Connection) -> None:
    """What is read in this transaction is large: sort in memory, and compile no statement that runs once."""
    if connection.dialect.name == "postgresql":
        connection.execute(_READ_MUCH)


_READ_MUCH = text("SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")


def dimension(by: Dimension, touch: FromClause, segment: str) -> ColumnElement[str]:
    """The value of a dimension, never null, of a lead and its touch."""
    variant = func.coalesce(touch.c.variant, NO_VARIANT)
    step = touch.c.sequence + "/" + touch.c.step
    found: Mapping[Dimension, ColumnElement[Any]] = {
        Dimension.SEQUENCE: touch.c.sequence,
        Dimension.STEP: step,
        Dimension.VARIANT: step + ": " + variant,
        Dimension.SENDER: touch.c.sender,
        Dimension.OWNER: leads.c.owner,
        Dimension.SOURCE: leads.c.source,
    }
    column = found[by] if by in found else lead_value(segment)
    return func.coalesce(column, "")


def lead_value(path: str) -> ColumnElement[Any]:
    """A value of a lead as text: `country`, `fields.industry`, `company.size`."""
    place, _, name = path.rpartition(".")
    if place == "company":
        column = companies.c[name] if name in ("name", "domain") else companies.c.fields[name].as_string()
        return select(column).where(companies.c.id == leads.c.company_id).scalar_subquery()
    return leads.c.fields[name].as_string() if place or name not in leads.c else leads.c[name]


def seconds(connection: Connection, later: ColumnElement[Any], earlier: ColumnElement[Any]) -> ColumnElement[Any]:
    """The seconds between two instants."""
    if connection.dialect.name == "sqlite":
        between = type_coerce(later, BigInteger) - type_coerce(earlier, BigInteger)
        return cast(between, Float) / 1_000_000.0
    return func.date_part("epoch", later - earlier, type_=Float)


def grouped(question: Question, touch: FromClause) -> ColumnElement[str]:
    return dimension(question.by, touch, question.segment) if question.by else literal("")


def wanted(question: Question, touch: FromClause) -> list[ColumnElement[bool]]:
    """The conditions of `only`."""
    conditions = [dimension(by, touch, question.segment) == value for by, value in question.only]
    return [*conditions, touch.c.revision_id.in_(question.revisions)] if question.revisions else conditions


def last_touch(lead_id: ColumnElement[Any], at: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The last touch sent to a lead before an instant."""
    earlier = touches.alias("earlier")
    return (
        select(earlier.c.id)
        .where(earlier.c.lead_id == lead_id, earlier.c.sent_at <= at, earlier.c.action != "task")
        .order_by(earlier.c.sent_at.desc(), earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _meaning() -> ColumnElement[str]:
    """The class of an answer: a person's or the rules', else what its kind says."""
    by_kind = case(
        (events.c.kind == EventKind.AUTORESPONDED, ReplyClass.AUTO_REPLY.value),
        (events.c.kind == EventKind.UNSUBSCRIBED, ReplyClass.OPT_OUT.value),
        (events.c.kind == EventKind.REPLIED, ReplyClass.UNCLEAR.value),
    )
    return case((by_kind.is_not(None), func.coalesce(replies.c.reply_class, by_kind)))


def written_to(question: Question) -> Select[Any]:
    """Leads to whom a touch was sent in the span: what happened to others need not be looked at."""
    sent = touches.alias("sent")
    inside = sent.c.sent_at >= question.start_at, sent.c.sent_at < question.end_at
    return select(sent.c.lead_id).where(sent.c.state == TouchState.SENT, *inside)


def lay_out(connection: Connection, question: Question) -> None:
    """Work out once in this transaction what followed the touches of the span.

    Questions about this span or a part of it that say `is_laid_out` read it from there. `only` makes no difference.
    """
    fresh(connection, _LAID_OUT)
    connection.execute(_LAID_OUT.insert().from_select(_LAID_OUT.c.keys(), _told(question)))
    gathered(connection, _LAID_OUT)


_FLAGS = ("bounced", "opened", "clicked", "complained", "accepted", "opted_out", "positive")
_LAID_OUT = Table(
    "told_once",
    MetaData(),
    Column("touch_id", Id, primary_key=True),
    *(Column(name, Integer) for name in _FLAGS),
    Column("answered_at", Instant),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def fresh(connection: Connection, table: Table) -> None:
    """Make a table of this transaction; SQLite keeps one as long as its connection, so the last one goes first."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP TABLE IF EXISTS temp.{table.name}"))
    connection.execute(CreateTable(table))


def gathered(connection: Connection, table: Table) -> None:
    """PostgreSQL plans for what is in the table; nothing else looks into one of a transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ANALYZE {table.name}"))


def told_of(question: Question) -> FromClause:
    """What followed each touch: touch_id, one flag for each thing, and when the first answer came."""
    return _LAID_OUT if question.is_laid_out else _told(question).subquery("told")


def _told(question: Question) -> Select[Any]:
    rows = (
        select(
            func.coalesce(events.c.touch_id, last_touch(events.c.lead_id, events.c.at)).label("touch_id"),
            events.c.kind,
            events.c.at,
            _meaning().label("meaning"),
        )
        .outerjoin(replies, replies.c.event_number == events.c.number)
        .where(
            events.c.kind.in_(_TOLD),
            events.c.at >= question.start_at - _CLOCKS_DIFFER,
            events.c.lead_id.in_(written_to(question)),
        )
        .subquery("news")
    )
    flags = {
        "bounced": rows.c.kind.in_([EventKind.BOUNCED, EventKind.REJECTED]),
        "opened": rows.c.kind == EventKind.OPENED,
        "clicked": rows.c.kind == EventKind.CLICKED,
        "complained": rows.c.kind == EventKind.COMPLAINED,
        "accepted": rows.c.kind == EventKind.ACCEPTED,
        "opted_out": rows.c.meaning == ReplyClass.OPT_OUT,
        "positive": rows.c.meaning.in_(list(POSITIVE)),
    }
    answered_at = case((rows.c.meaning.not_in([ReplyClass.AUTO_REPLY, ReplyClass.OPT_OUT]), rows.c.at))
    columns = [func.max(case((flags[name], 1), else_=0)).label(name) for name in _FLAGS]
    return (
        select(rows.c.touch_id, *columns, func.min(answered_at).label("answered_at"))
        .where(rows.c.touch_id.is_not(None))
        .group_by(rows.c.touch_id)
    )


def sent_rows(question: Question, told: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
    """Touches sent in the span, with their lead and what followed."""
    return (
        select(grouped(question, touches).label("place"), *columns)
        .select_from(touches)
        .join(leads, leads.c.id == touches.c.lead_id)
        .outerjoin(told, told.c.touch_id == touches.c.id)
        .where(
            touches.c.state == TouchState.SENT,
            touches.c.action != "task",
            touches.c.sent_at >= question.start_at,
            touches.c.sent_at < question.end_at,
            *wanted(question, touches),
        )
    )


def sent(connection: Connection, question: Question) -> Groups:
    """Touches sent in the span and what followed: see the names below."""
    told = told_of(question)
    bounced = func.coalesce(told.c.bounced, 0) == 1
    mail = and_(touches.c.action == "email", ~bounced)
    invitation = touches.c.action == "linkedin.invite"

    def number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*conditions), 1), else_=0))

    def people(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(distinct(case((condition, touches.c.lead_id))))

    answered = told.c.answered_at.is_not(None)
    counts = {
        "sent": func.count(),
        "bounced": number(bounced),
        "delivered": number(~bounced),
        "mails": number(mail),
        "opened": number(mail, told.c.opened == 1),
        "clicked": number(mail, told.c.clicked == 1),
        "complained": number(mail, told.c.complained == 1),
        "answered": number(answered),
        "invitations": number(invitation),
        "accepted": number(invitation, told.c.accepted == 1),
        "people": func.count(distinct(touches.c.lead_id)),
        "people_replied": people(answered),
        "people_positive": people(and_(answered, told.c.positive == 1)),
        "people_opted_out": people(told.c.opted_out == 1),
    }
    columns = [column.label(name) for name, column in counts.items()]
    return by_group(connection, sent_rows(question, told, *columns).group_by("place"))


def by_group(connection: Connection, statement: Any) -> Groups:
    """Rows that have a `place`, by it. Sums of PostgreSQL are decimals: they become integers."""
    found: Groups = {}
    for row in connection.execute(statement).mappings():
        values = {name: int(value) if _is_whole(value) else value for name, value in row.items() if name != "place"}
        if any(value is not None for value in values.values()):
            found[row["place"]] = values
    return found


def _is_whole(value: object) -> bool:
    return value is not None and not isinstance(value, int | float | str | datetime)


def reply_hours(connection: Connection, question: Question) -> Groups:
    """The median of the hours from an answered touch to its first answer."""
    told = told_of(question)
    hours = (seconds(connection, told.c.answered_at, touches.c.sent_at) / 3600.0).label("size")
    statement = sent_rows(question, told, hours).where(told.c.answered_at >= touches.c.sent_at)
    return median(connection, statement, "reply_hours")


def median(connection: Connection, rows: Select[Any], name: str) -> Groups:
    """The median of `size` in each `place` of these rows."""
    inner = rows.subquery("sizes")
    numbered = select(
        inner.c.place,
        inner.c.size,
        func.row_number().over(partition_by=inner.c.place, order_by=inner.c.size).label("number"),
        func.count().over(partition_by=inner.c.place).label("total"),
    ).subquery("numbered")
    twice = numbered.c.number * 2
    is_middle = twice.in_([numbered.c.total, numbered.c.total + 1, numbered.c.total + 2])
    statement = select(numbered.c.place, func.avg(cast(numbered.c.size, Float)).label(name)).where(is_middle)
    return by_group(connection, statement.group_by(numbered.c.place))


def touches_to_reply(connection: Connection, question: Question) -> Groups:
    """Enrollments with an answered touch, and the touches sent in them up to the one answered first."""
    told = told_of(question)
    until = touches.alias("until")
    number = (
        select(func.count())
        .where(
            until.c.enrollment_id == touches.c.enrollment_id,
            until.c.action != "task",
            until.c.sent_at <= touches.c.sent_at,
        )
        .scalar_subquery()
    )
    answered = sent_rows(question, told, touches.c.enrollment_id, number.label("number"))
    rows = answered.where(told.c.answered_at.is_not(None)).subquery("answered")
    first = (
        select(rows.c.place, rows.c.enrollment_id, func.min(rows.c.number).label("number"))
        .group_by(rows.c.place, rows.c.enrollment_id)
        .subquery("first")
    )
    counts = (func.sum(first.c.number).label("touches_until_reply"), func.count().label("enrollments_replied"))
    return by_group(connection, select(first.c.place, *counts).group_by(first.c.place))
