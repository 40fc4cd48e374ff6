"""Leads and their addresses, written in batches and read for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.lead import Address, AddressKind
from outreach.domain.touch import TouchState
from outreach.store.tables import addresses, companies, enrollments, leads, touches

T = TypeVar("T")

_TURNS_LOCK = 7_206_155
_MOST_VALUES = 10_000  # bound values in one statement; SQLite takes 32,766, PostgreSQL 65,535
_UPDATED = (
    "company_id",
    "first_name",
    "last_name",
    "title",
    "language",
    "timezone",
    "country",
    "owner",
    "status",
    "score",
    "tags",
    "fields",
    "updated_at",
)


def take_turns(connection: Connection) -> None:
    """Writers of many leads take turns, so that two imports of one person make one lead. Others do not wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURNS_LOCK})


def owners_of(connection: Connection, wanted: Iterable[Address]) -> dict[Address, str]:
    """Address → lead id, for those of these addresses that somebody has."""
    found: dict[Address, str] = {}
    by_kind: dict[AddressKind, set[str]] = defaultdict(set)
    for address in wanted:
        by_kind[address.kind].add(address.value)
    for kind, values in by_kind.items():
        for some in _slices(values):
            statement = select(addresses.c.value, addresses.c.lead_id).where(
                addresses.c.kind == kind, addresses.c.value.in_(some)
            )
            found.update({Address(kind, value): lead_id for value, lead_id in connection.execute(statement)})
    return found


def addresses_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, list[Address]]:
    """Every address of each lead, oldest first."""
    found: dict[str, list[Address]] = {lead_id: [] for lead_id in lead_ids}
    for some in _slices(lead_ids):
        statement = (
            select(addresses.c.lead_id, addresses.c.kind, addresses.c.value)
            .where(addresses.c.lead_id.in_(some))
            .order_by(addresses.c.id)
        )
        for lead_id, kind, value in connection.execute(statement):
            found[lead_id].append(Address(AddressKind(kind), value))
    return found


def lock(connection: Connection, lead_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """These leads by id, locked in ascending id until the end of the transaction."""
    found: dict[str, dict[str, Any]] = {}
    for some in _slices(sorted(lead_ids)):
        statement = select(leads).where(leads.c.id.in_(some)).order_by(leads.c.id).with_for_update()
        found.update({row["id"]: dict(row) for row in connection.execute(statement).mappings()})
    return found


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New leads; give them their addresses next (`add_addresses`)."""
    if rows:
        connection.execute(leads.insert(), [dict(row) for row in rows])


def update(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write leads back. Each row is whole; pipeline, stage, source and birth stay as they are in the table."""
    if not rows:
        return
    statement = (
        sql_update(leads)
        .where(leads.c.id == bindparam("of_lead"))
        .values({name: bindparam(f"to_{name}") for name in _UPDATED})
    )
    values = [{"of_lead": row["id"], **{f"to_{name}": row[name] for name in _UPDATED}} for row in rows]
    connection.execute(statement, values)


def add_addresses(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add addresses; one that somebody has by now stays theirs."""
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(addresses).on_conflict_do_nothing(), [dict(row) for row in rows])


def drop_unreachable(connection: Connection, lead_ids: Collection[str]) -> list[str]:
    """Of these new leads, remove those that came too late to have an address; their ids."""
    dropped: list[str] = []
    for some in _slices(lead_ids):
        reachable = exists().where(addresses.c.lead_id == leads.c.id)
        statement = delete(leads).where(leads.c.id.in_(some), ~reachable).returning(leads.c.id)
        dropped += connection.execute(statement).scalars()
    return dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which leads; a part left empty does not filter. `search` is looked for in names, company and addresses."""

    search: str = ""
    status: str = ""
    pipeline: str = ""
    stage: str = ""
    owner: str = ""
    source: str = ""
    sequence: str = ""  # inside it now


def find(connection: Connection, wanted: Filter, *, limit: int, offset: int = 0) -> list[RowMapping]:
    """Leads with `company` and `company_domain`, newest first."""
    statement = (
        _filtered(select(leads, companies.c.name.label("company"), companies.c.domain.label("company_domain")), wanted)
        .order_by(leads.c.created_at.desc(), leads.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(connection.execute(statement).mappings())


def count(connection: Connection, wanted: Filter) -> int:
    """How many leads `find` would give without a limit."""
    number: int = connection.execute(_filtered(select(func.count()), wanted)).scalar_one()
    return number


def count_by_status(connection: Connection) -> list[tuple[str, int]]:
    """Status → how many leads, most first."""
    statement = select(leads.c.status, func.count()).group_by(leads.c.status)
    return sorted(((status, number) for status, number in connection.execute(statement)), key=lambda pair: -pair[1])


def about(connection: Connection, table: Table, lead_id: str) -> list[RowMapping]:
    """Everything that table holds about one lead (`lead_id`), in the order it came."""
    key = next(iter(table.primary_key.columns))
    statement = select(table).where(table.c.lead_id == lead_id).order_by(key)
    return list(connection.execute(statement).mappings())


def next_steps(connection: Connection, lead_ids: Collection[str]) -> dict[str, tuple[str, datetime | None]]:
    """Lead id → the sequence it is in, and when something is due there next."""
    planned = (
        select(touches.c.enrollment_id, func.min(touches.c.due_at).label("due_at"))
        .where(touches.c.lead_id.in_(lead_ids), touches.c.state == TouchState.PLANNED)
        .group_by(touches.c.enrollment_id)
        .subquery()
    )
    statement = (
        select(
            enrollments.c.lead_id,
            enrollments.c.sequence,
            func.coalesce(planned.c.due_at, enrollments.c.due_at, type_=enrollments.c.due_at.type),
        )
        .outerjoin(planned, planned.c.enrollment_id == enrollments.c.id)
        .where(enrollments.c.lead_id.in_(lead_ids), enrollments.c.state != EnrollmentState.FINISHED)
        .order_by(enrollments.c.id.desc())
    )
    return {lead_id: (sequence, due_at) for lead_id, sequence, due_at in connection.execute(statement)}


def _filtered(statement: Select[Any], wanted: Filter) -> Select[Any]:
    statement = statement.select_from(leads.outerjoin(companies, companies.c.id == leads.c.company_id))
    for name in ("status", "pipeline", "stage", "owner", "source"):
        value = getattr(wanted, name)
        if value:
            statement = statement.where(leads.c[name] == value)
    if wanted.sequence:
        inside = (enrollments.c.sequence == wanted.sequence) & (enrollments.c.state != EnrollmentState.FINISHED)
        statement = statement.where(exists().where(enrollments.c.lead_id == leads.c.id, inside))
    for word in wanted.search.split():
        statement = statement.where(_says(word))
    return statement


def _says(word: str) -> ColumnElement[bool]:
    """Every word has to stand somewhere, in any case."""
    has_address = exists().where(addresses.c.lead_id == leads.c.id, addresses.c.value.icontains(word, autoescape=True))
    texts = (leads.c.first_name, leads.c.last_name, leads.c.title, companies.c.name, companies.c.domain)
    return or_(*(column.icontains(word, autoescape=True) for column in texts), has_address)


def _slices(values: Collection[T]) -> Iterator[list[T]]:
    left = iter(values)
    while some := list(islice(left, _MOST_VALUES)):
        yield some
