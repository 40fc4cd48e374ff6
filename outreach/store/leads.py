"""Leads and their addresses, written in batches and read for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
)

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.lead import Address, AddressKind
from outreach.domain.touch import TouchState
from outreach.store import bulk
from outreach.store.tables import addresses, enrollments, leads, touches
from outreach.store.within import among

_TURNS_LOCK = 7_206_155
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key), set_config('plan_cache_mode', 'force_custom_plan', true)")
_WRITE_NOW = text("SELECT set_config('plan_cache_mode', 'auto', true)")
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
    """Writers of many leads take turns, so that two imports of one person make one lead. Others do not wait.

    What they look for is planned for the rows at hand, until `writes_now`: tables that grow a thousandfold outgrow a
    plan that is kept.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE_TURNS, {"key": _TURNS_LOCK})


def writes_now(connection: Connection) -> None:
    """Nothing more is looked for. The checks of foreign keys have plans as well, which would be made for each row."""
    if connection.dialect.name == "postgresql":
        connection.execute(_WRITE_NOW)


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
