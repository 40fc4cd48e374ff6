"""What can keep a touch from going out: suppressions, pauses and holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    RowMapping,
    delete,
    literal,
    null,
    select,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.suppression import Scope, SuppressionReason
from outreach.store.tables import addresses, deliveries, enrollments, holds, pauses, senders, suppressions
from outreach.store.within import among

Key = tuple[Scope, str]


def _insert(connection: Connection, table: Any) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def suppress(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add suppressions; one that exists keeps its first reason."""
    if rows:
        connection.execute(_insert(connection, suppressions), [dict(row) for row in rows])


_WEAKER = {
    SuppressionReason.UNSUBSCRIBED: (SuppressionReason.BOUNCED, SuppressionReason.REFUSED),
    SuppressionReason.COMPLAINED: (
        SuppressionReason.BOUNCED,
        SuppressionReason.REFUSED,
        SuppressionReason.UNSUBSCRIBED,
    ),
}
"""What the will of a person, or a complaint, is written over; so the order in which they arrive makes no difference."""


def strengthen(connection: Connection, keys: Iterable[Key], reason: SuppressionReason) -> None:
    """Write a stronger reason over the weaker one of suppressions that exist."""
    for scope, value in keys:
        connection.execute(
            update(suppressions)
            .where(suppressions.c.scope == scope, suppressions.c.value == value)
            .where(suppressions.c.reason.in_(_WEAKER.get(reason, ())))
            .values(reason=reason)
        )


def suppressed(connection: Connection, keys: Iterable[Key]) -> dict[Key, str]:
    """Of these (scope, value) keys, the suppressed ones with their reason."""
    wanted = list(keys)
    if not wanted:
        return {}
    found = connection.execute(_SUPPRESSED, {"values": list({value for _, value in wanted})}).all()
    known = {(Scope(scope), value): reason for scope, value, reason in found}
    return {key: known[key] for key in wanted if key in known} if known else {}


def is_anything_suppressed(connection: Connection) -> bool:
    """Is there any suppression at all? Lists of a million people are looked through only if so."""
    return bool(connection.execute(select(select(suppressions.c.id).exists())).scalar())


_SUPPRESSED = select(suppressions.c.scope, suppressions.c.value, suppressions.c.reason).where(
    among(suppressions.c.value, "values")
)


def lift(connection: Connection, scope: Scope, value: str) -> bool:
    """Remove a suppression; False if there was none."""
    statement = delete(suppressions).where(suppressions.c.scope == scope, suppressions.c.value == value)
    return connection.execute(statement).rowcount > 0


def list_suppressions(connection: Connection) -> list[RowMapping]:
    """All of them, newest first."""
    return list(connection.execute(select(suppressions).order_by(suppressions.c.created_at.desc())).mappings())


def pause(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Pause a sequence, sender, domain, company or all; False if it was paused already."""
    statement = _insert(connection, pauses).values(dict(row)).returning(pauses.c.scope)
    return connection.execute(statement).scalar() is not None


def unpause(connection: Connection, scope: str, value: str) -> bool:
    """Lift a pause; False if there was none."""
    statement = delete(pauses).where(pauses.c.scope == scope, pauses.c.value == value)
    return connection.execute(statement).rowcount > 0


CIRCUIT = "circuit"
ACCOUNT = "account"
"""Scope of a pause: the account of a sender on one channel, `anna/linkedin`."""
ACTION = "action"
"""Scope of a pause: one action of a sender, `anna/linkedin.invite`."""


def enter_queue(connection: Connection, queue: str) -> None:
    """Make sure that what may fail has its row: a sender, or one of its actions (`anna/linkedin.invite`)."""
    connection.execute(_insert(connection, senders), [{"name": queue, "circuit_failures": 0}])


def unpause_accounts(connection: Connection, sender: str) -> bool:
    """Lift the pauses of a sender's accounts and actions; False if there was none."""
    own = pauses.c.scope.in_((ACCOUNT, ACTION)), pauses.c.value.startswith(f"{sender}/", autoescape=True)
    return connection.execute(delete(pauses).where(*own)).rowcount > 0


def in_force(connection: Connection) -> list[RowMapping]:
    """Every pause, and every open circuit as scope `circuit`: its sender or queue as value, its end as `until`."""
    return list(connection.execute(_IN_FORCE).mappings())


def _in_force() -> CompoundSelect[Any]:
    circuits = select(
        literal(CIRCUIT).label("scope"),
        senders.c.name.label("value"),
        senders.c.circuit_reason.label("reason"),
        senders.c.circuit_open_until.label("until"),
    ).where(senders.c.circuit_open_until.is_not(None))
    no_end = type_coerce(null(), senders.c.circuit_open_until.type).label("until")
    lasting = select(pauses.c.scope, pauses.c.value, pauses.c.reason, no_end)
    return union_all(circuits, lasting)


_IN_FORCE = _in_force()


def paused(connection: Connection) -> list[RowMapping]:
    """Every pause; there are few."""
    return list(connection.execute(select(pauses).order_by(pauses.c.scope, pauses.c.value)).mappings())


def hold(connection: Connection, enrollment_ids: Collection[str], delivery_id: str, now: datetime) -> None:
    """Nothing is handed over for these until the delivery is understood."""
    rows = [{"enrollment_id": each, "delivery_id": delivery_id, "created_at": now} for each in enrollment_ids]
    if rows:
        connection.execute(_insert(connection, holds), rows)


def release(connection: Connection, delivery_id: str) -> list[str]:
    """The delivery is understood: lift its holds. The enrollments that were held by it."""
    statement = delete(holds).where(holds.c.delivery_id == delivery_id).returning(holds.c.enrollment_id)
    return list(connection.execute(statement).scalars())


def list_holds(connection: Connection) -> list[RowMapping]:
    """Holds with the lead and the delivery they come from, oldest first."""
    statement = (
        select(
            holds.c.enrollment_id,
            holds.c.delivery_id,
            holds.c.created_at,
            enrollments.c.lead_id,
            enrollments.c.sequence,
            deliveries.c.connection,
            deliveries.c.error,
        )
        .join(enrollments, enrollments.c.id == holds.c.enrollment_id)
        .join(deliveries, deliveries.c.id == holds.c.delivery_id)
        .order_by(holds.c.created_at)
    )
    return list(connection.execute(statement).mappings())


def know_person(connection: Connection, lead_id: str, kind: str, provider_id: str) -> None:
    """Keep the provider's own id of a person beside the address it belongs to."""
    connection.execute(
        update(addresses)
        .where(addresses.c.lead_id == lead_id, addresses.c.kind == kind, addresses.c.provider_id.is_(None))
        .values(provider_id=provider_id)
    )


def addresses_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, list[RowMapping]]:
    """Every address of each lead, oldest first, but for when it was added."""
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(_ADDRESSES, {"ids": list(lead_ids)}).mappings():
        found[row["lead_id"]].append(row)
    return found


_ADDRESSES = (
    select(*(column for column in addresses.c if column.name != "created_at"))
    .where(among(addresses.c.lead_id, "ids"))
    .order_by(addresses.c.id)
)
