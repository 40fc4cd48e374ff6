"""Leads and their addresses, written in batches and read for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.lead import Address, AddressKind
from outreach.domain.touch import TouchState
from outreach.store import bulk
from outreach.store.tables import addresses, companies, enrollments, leads, touches
from outreach.store.within import among

_TURNS_LOCK = 7_206_155
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
        rows = connection.execute(_OWNERS, {"kind": kind, "values": list(values)})
        found.update({Address(kind, value): lead_id for value, lead_id in rows})
    return found


_OWNERS = select(addresses.c.value, addresses.c.lead_id).where(
    addresses.c.kind == bindparam("kind"), among(addresses.c.value, "values")
)


def addresses_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, list[Address]]:
    """Every address of each lead, oldest first."""
    found: dict[str, list[Address]] = {lead_id: [] for lead_id in lead_ids}
    for lead_id, kind, value in connection.execute(_ADDRESSES, {"ids": list(found)}) if found else ():
        found[lead_id].append(Address(AddressKind(kind), value))
    return found


_ADDRESSES = (
    select(addresses.c.lead_id, addresses.c.kind, addresses.c.value)
    .where(among(addresses.c.lead_id, "ids"))
    .order_by(addresses.c.id)
)


def lock(connection: Connection, lead_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """These leads by id, locked in ascending id until the end of the transaction."""
    if not lead_ids:
        return {}
    rows = connection.execute(_LOCK, {"ids": list(lead_ids)})
    names = tuple(leads.c.keys())
    return {row.id: dict(zip(names, row, strict=True)) for row in rows}


_LOCK = select(leads).where(among(leads.c.id, "ids")).order_by(leads.c.id).with_for_update()


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New leads; give them their addresses next (`add_addresses`)."""
    bulk.insert_all(connection, leads, rows)


def update(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write leads back. Each row is whole; pipeline, stage, source and birth stay as they are in the table."""
    if not rows:
        return
    written = [{"id": row["id"], **{name: row[name] for name in _UPDATED}} for row in rows]
    bulk.update_each(connection, leads, written, where="true")


def add_addresses(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add addresses; one that somebody has by now stays theirs. How many were added."""
    return bulk.insert_missing(connection, addresses, [{"is_dead": False, **row} for row in rows])


def drop_unreachable(connection: Connection, lead_ids: Collection[str]) -> list[str]:
    """Of these new leads, remove those that came too late to have an address; their ids."""
    if not lead_ids:
        return []
    return list(connection.execute(_DROP, {"ids": list(lead_ids)}).scalars())


_DROP = (
    delete(leads)
    .where(among(leads.c.id, "ids"), ~exists().where(addresses.c.lead_id == leads.c.id))
    .returning(leads.c.id)
)


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
