"""Raw deliveries and the events understood from them, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import Clues
from outreach.store.crm_records import leads_at_records
from outreach.store.tables import addresses, deliveries, enrollments, events, touches
from outreach.store.within import within

_LONG_ENOUGH = 16
"""Characters of a provider's id that no other system makes by chance; shorter ones are only believed from itself."""


def _insert(connection: Connection, table: Any) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def keep(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a raw delivery; False if the same one is stored already."""
    statement = _insert(connection, deliveries).values(**row).returning(deliveries.c.id)
    return connection.execute(statement).scalar() is not None


def find(connection: Connection, name: str, key: str) -> str | None:
    """The id of the delivery with that key on that connection."""
    statement = select(deliveries.c.id).where(deliveries.c.connection == name, deliveries.c.key == key)
    return connection.execute(statement).scalar()


def load(connection: Connection, delivery_id: str) -> RowMapping | None:
    """The raw delivery, locked for the rest of the transaction."""
    statement = select(deliveries).where(deliveries.c.id == delivery_id).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def is_stored(connection: Connection, delivery_id: str) -> bool:
    """Does it still wait to be understood? Locked for the rest of the transaction."""
    statement = select(deliveries.c.state).where(deliveries.c.id == delivery_id).with_for_update()
    return connection.execute(statement).scalar() == "stored"


def settle(connection: Connection, delivery_id: str, **values: Any) -> None:
    """Change the state of a delivery: state, attempts, due_at, error."""
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def remember(connection: Connection, row: Mapping[str, Any]) -> int | None:
    """Store an event; its number, or None if its key was applied before."""
    statement = _insert(connection, events).values(**row).returning(events.c.number)
    number: int | None = connection.execute(statement).scalar()
    return number


def matching_touches(connection: Connection, clues: Clues) -> list[RowMapping]:
    """Touches these clues name for certain: by Message-ID, reply token, provider id or thread id."""
    provider_ids = _provider_ids(clues)
    named = [
        touches.c.message_id.in_(clues.message_ids) if clues.message_ids else None,
        touches.c.id.in_(clues.tokens) if clues.tokens else None,
        _with_key(clues.tokens),
        touches.c.provider_id.in_(provider_ids) if provider_ids else None,
        touches.c.thread_id.in_(clues.thread_ids) if clues.thread_ids else None,
    ]
    conditions = [condition for condition in named if condition is not None]
    if not conditions:
        return []
    return list(connection.execute(select(touches).where(or_(*conditions))).mappings())


def _provider_ids(clues: Clues) -> set[str]:
    """Some providers put their id in place of our Message-ID, perhaps with a domain of theirs behind it."""
    local = {part for one in clues.message_ids if len(part := one.rpartition("@")[0]) >= _LONG_ENOUGH}
    return {*clues.provider_ids, *clues.message_ids, *local}


def _with_key(tokens: Collection[str]) -> ColumnElement[bool] | None:
    """Touches by their key, `<enrollment>.<step>`: what providers without a key of their own carry along and back."""
    keys = [tuple(token.split(".", 1)) for token in list(tokens)[:50] if 0 < token.find(".") < len(token) - 1]
    return or_(*(and_(touches.c.enrollment_id == one, touches.c.step == step) for one, step in keys)) if keys else None


def leads_at(connection: Connection, wanted: Collection[tuple[str, str]]) -> list[str]:
    """Leads with one of these (kind, value) addresses or provider ids."""
    if not wanted:
        return []
    values = {value for _, value in wanted}
    statement = select(addresses.c.lead_id, addresses.c.kind, addresses.c.value, addresses.c.provider_id).where(
        or_(addresses.c.value.in_(values), addresses.c.provider_id.in_(values))
    )
    found = []
    for lead_id, kind, value, provider_id in connection.execute(statement):
        if (kind, value) in wanted or (kind, provider_id) in wanted:
            found.append(lead_id)
    return sorted({*found, *_at_records(connection, wanted)})


def _at_records(connection: Connection, wanted: Collection[tuple[str, str]]) -> set[str]:
    """A record of a CRM is an address of its lead: kind `crm:<connection>`, or `crm_deal:<connection>` for a deal."""
    found: set[str] = set()
    for name, kind in (("crm", "person"), ("crm_deal", "deal")):
        ids: dict[str, set[str]] = {}
        for place, value in wanted:
            if place.startswith(f"{name}:"):
                ids.setdefault(place.partition(":")[2], set()).add(value)
        for crm, values in ids.items():
            found.update(leads_at_records(connection, crm, kind, values))
    return found


def open_enrollments_for(connection: Connection, clues: Clues) -> list[str]:
    """Open enrollments a raw delivery may be about, in ascending id: those its hold is put on."""
    leads = {row["lead_id"] for row in matching_touches(connection, clues)}
    leads.update(leads_at(connection, set(clues.addresses)))
    if not leads:
        return []
    statement = (
        select(enrollments.c.id)
        .where(within(enrollments.c.lead_id, leads), enrollments.c.state != EnrollmentState.FINISHED)
        .order_by(enrollments.c.id)
    )
    return list(connection.execute(statement).scalars())
