"""Lists of leads for people: a page at a time by where the one before ended, whatever the number of leads.

Nothing here counts or skips without a bound: a page begins behind a place (`Place`), a count stops at a limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    exists,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from outreach.domain.enrollment import EnrollmentState
from outreach.store.lead_conditions import has_tag
from outreach.store.tables import companies, enrollments, leads


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and in which direction; leads that are alike come by their ids."""

    column: str
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The last lead of a page: what it was sorted by, and its id."""

    value: datetime | int | str
    lead_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which leads; a part left empty does not filter. `also`: one more condition, over leads with their companies."""

    status: str = ""
    pipeline: str = ""
    stage: str = ""
    owner: str = ""
    source: str = ""
    tag: str = ""
    sequence: str = ""  # inside it now
    also: ColumnElement[bool] | None = None


def page(
    connection: Connection, asked: Asked, order: Order, *, after: Place | None, most: int, until: Place | None = None
) -> list[RowMapping]:
    """At most so many leads behind a place and up to another, with `company` and `company_domain`."""
    company = (companies.c.name.label("company"), companies.c.domain.label("company_domain"))
    statement = _filtered(connection, select(leads, *company), asked)
    statement = statement.where(*_between(order, after, until)).order_by(*_ends(order))
    return list(connection.execute(statement.limit(most)).mappings())


def place_behind(connection: Connection, order: Order, after: Place | None, number: int) -> Place | None:
    """The place so many leads further on, whoever they are; None: there are not so many. An index answers alone."""
    statement = select(leads.c[order.column], leads.c.id).where(*_between(order, after, None)).order_by(*_ends(order))
    row = connection.execute(statement.offset(number - 1).limit(1)).one_or_none()
    return None if row is None else Place(row[0], row[1])


def _between(order: Order, after: Place | None, until: Place | None) -> Iterator[ColumnElement[bool]]:
    column = leads.c[order.column]
    here = tuple_(column, leads.c.id)
    if after is not None:
        there = tuple_(literal(after.value, column.type), literal(after.lead_id))
        yield here < there if order.is_descending else here > there
    if until is not None:
        there = tuple_(literal(until.value, column.type), literal(until.lead_id))
        yield here >= there if order.is_descending else here <= there


def _ends(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    column = leads.c[order.column]
    return (column.desc(), leads.c.id.desc()) if order.is_descending else (column, leads.c.id)


def count(connection: Connection, asked: Asked, *, most: int) -> int:
    """How many there are; looking ends at `most`."""
    found = _filtered(connection, select(literal_column("1").label("one")), asked).limit(most).subquery("found")
    number: int = connection.execute(select(func.count()).select_from(found)).scalar_one()
    return number


def _filtered(connection: Connection, statement: Select[Any], asked: Asked) -> Select[Any]:
    statement = statement.select_from(leads.outerjoin(companies, companies.c.id == leads.c.company_id))
    for name in ("status", "pipeline", "stage", "owner", "source"):
        if value := getattr(asked, name):
            statement = statement.where(leads.c[name] == value)
    if asked.tag:
        statement = statement.where(has_tag(asked.tag, dialect=connection.dialect.name))
    if asked.sequence:
        inside = (enrollments.c.sequence == asked.sequence) & (enrollments.c.state != EnrollmentState.FINISHED)
        statement = statement.where(exists().where(enrollments.c.lead_id == leads.c.id, inside))
    return statement if asked.also is None else statement.where(asked.also)


def tail_of_stage(
    connection: Connection, pipeline: str, stage: str, *, after: Place | None, most: int
) -> list[RowMapping]:
    """Leads at a stage, the longest there first."""
    asked = Asked(pipeline=pipeline, stage=stage)
    return page(connection, asked, Order("stage_since_at", is_descending=False), after=after, most=most)
