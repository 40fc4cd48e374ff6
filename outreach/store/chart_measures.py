"""What charts are drawn from: when touches went out and were answered, and how quickly each month's people answered.

Times are counted by quarters of an hour since 1970, which begin and end with the hours and days of every zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, case, cast, func, select, type_coerce
from sqlalchemy.types import BigInteger

from outreach.store.measures import Question, seconds, sent_rows, told_of
from outreach.store.tables import touches

QUARTER_SECONDS = 900


def _quarter(connection: Connection, at: ColumnElement[Any]) -> ColumnElement[int]:
    if connection.dialect.name == "sqlite":
        return _whole(connection, type_coerce(at, BigInteger) / (QUARTER_SECONDS * 1_000_000))
    return _whole(connection, func.date_part("epoch", at) / QUARTER_SECONDS)


def _whole(connection: Connection, number: ColumnElement[Any]) -> ColumnElement[int]:
    """What stands before the point of a number that is not negative. PostgreSQL would round, SQLite cuts."""
    return cast(number if connection.dialect.name == "sqlite" else func.floor(number), Integer)


def by_quarter(connection: Connection, question: Question) -> tuple[dict[int, int], dict[int, int]]:
    """Quarter of an hour → touches sent in it; and → first answers that came in it, to touches of the span."""
    told = told_of(question)
    went = _quarter(connection, touches.c.sent_at).label("quarter")
    came = _quarter(connection, told.c.answered_at).label("quarter")
    sent = sent_rows(question, told, went, func.count().label("count")).group_by("place", "quarter")
    answers = sent_rows(question, told, came, func.count().label("count"))
    answered = answers.where(told.c.answered_at.is_not(None)).group_by("place", "quarter")
    return _counted(connection, sent), _counted(connection, answered)


def _counted(connection: Connection, statement: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in connection.execute(statement):
        found[row.quarter] = found.get(row.quarter, 0) + row[2]
    return found


def cohorts(
    connection: Connection, question: Question, starts: Sequence[datetime]
) -> dict[tuple[int, int | None], int]:
    """(number of the cohort, weeks to the first answer) → enrollments whose first touch fell into that cohort.

    Cohorts begin at `starts`, in order; weeks are None where nobody answered.
    """
    told = told_of(question)
    each = (
        sent_rows(
            question,
            told,
            touches.c.enrollment_id,
            func.min(case((touches.c.is_first, touches.c.sent_at))).label("first_at"),
            func.min(told.c.answered_at).label("answered_at"),
        )
        .group_by("place", touches.c.enrollment_id)
        .having(func.max(case((touches.c.is_first, 1), else_=0)) == 1)
        .subquery("each")
    )
    weeks = _whole(connection, seconds(connection, each.c.answered_at, each.c.first_at) / (7 * 86_400.0))
    number = case(*((each.c.first_at >= start, at) for at, start in reversed(list(enumerate(starts)))), else_=-1)
    rows = select(number.label("number"), weeks.label("weeks")).subquery("rows")
    statement = select(rows.c.number, rows.c.weeks, func.count()).group_by(rows.c.number, rows.c.weeks)
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}
