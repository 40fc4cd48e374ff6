"""Lists of leads for people: a page at a time by where the one before ended, whatever the number of leads.

Nothing here counts or skips without a bound: a page begins behind a place (`Place`), a count stops at a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    or_,
    select,
    tuple_,
    union_all,
)

from outreach.domain.enrollment import EnrollmentState
from outreach.store.lead_conditions import has_tag
from outreach.store.tables import addresses, companies, enrollments, leads

_MOST_WORDS = 5


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
    """Which leads; a part left empty does not filter. `search`: words a name or an address begins with, or that stand
    in the name or domain of the company. `also`: one more condition, over leads with their companies."""

    search: str = ""
    status: str = ""
    pipeline: str = ""
    stage: str = ""
    owner: str = ""
    source: str = ""
    tag: str = ""
    sequence: str = ""  # inside it now
    also: ColumnElement[bool] | None = None


def page(connection: Connection, asked: Asked, order: Order, *, after: Place | None, most: int) -> list[RowMapping]:
    """At most so many leads behind a place, with `company` and `company_domain`."""
    column = leads.c[order.column]
    company = (companies.c.name.label("company"), companies.c.domain.label("company_domain"))
    statement = _filtered(connection, select(leads, *company), asked)
    if after is not None:
        here, there = tuple_(column, leads.c.id), tuple_(literal(after.value, column.type), literal(after.lead_id))
        statement = statement.where(here < there if order.is_descending else here > there)
    ends = (column.desc(), leads.c.id.desc()) if order.is_descending else (column, leads.c.id)
    return list(connection.execute(statement.order_by(*ends).limit(most)).mappings())


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
    for word in asked.search.split()[:_MOST_WORDS]:
        statement = statement.where(leads.c.id.in_(_said_by(word)))
    return statement if asked.also is None else statement.where(asked.also)


def _said_by(word: str) -> Select[Any]:
    """Leads a word is about: each table is asked by itself, so that each may use an index of its own."""
    named = leads.alias("named")
    employed = leads.alias("employed")
    company = or_(*(column.icontains(word, autoescape=True) for column in (companies.c.name, companies.c.domain)))
    parts = union_all(
        select(named.c.id).where(or_(*_begins(named.c.first_name, word), *_begins(named.c.last_name, word))),
        select(employed.c.id).where(employed.c.company_id.in_(select(companies.c.id).where(company))),
        select(addresses.c.lead_id).where(addresses.c.value.contains(word.lower(), autoescape=True)),
    ).subquery("said")
    return select(parts.c.id)


def _begins(column: ColumnElement[Any], word: str) -> Sequence[ColumnElement[bool]]:
    """Names are kept as people write them, and an index knows no case: each way of writing is looked for."""
    ways = dict.fromkeys((word, word.lower(), word.capitalize(), word.title(), word.upper()))
    if word[0] == "i":
        ways["İ" + word[1:]] = None  # as Turkish writes it
    return [column.startswith(way, autoescape=True) for way in ways]


def tail_of_stage(
    connection: Connection, pipeline: str, stage: str, *, after: Place | None, most: int
) -> list[RowMapping]:
    """Leads at a stage, the longest there first."""
    asked = Asked(pipeline=pipeline, stage=stage)
    return page(connection, asked, Order("stage_since_at", is_descending=False), after=after, most=most)
