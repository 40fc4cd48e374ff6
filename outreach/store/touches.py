"""Touches: claimed, taken over, marked and finished. Each change repeats the state and the claim it starts from."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, func, literal, select, text, update
from sqlalchemy.sql.elements import TextClause

from outreach.domain.touch import TouchState
from outreach.store.bulk import insert_missing, update_each
from outreach.store.column_types import Instant
from outreach.store.tables import claims, touches
from outreach.store.within import among, within

_IN_FLIGHT = "touches.state IN ('claimed', 'handed_over')"

_FREE = {"claim_id": None, "owner": None, "used_at": None}


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Plan touches; one that exists already (same enrollment and step) is left as it is."""
    insert_missing(connection, touches, rows)


_CLAIMABLE = """touches.state = 'planned' AND touches.sender = {sender} AND touches.action = {action}
    AND touches.due_at <= :now AND (touches.closes_at IS NULL OR touches.closes_at > :now)"""


@lru_cache(maxsize=2)
def _due_queues(dialect: str) -> TextClause:
    if dialect == "sqlite":
        source = "(SELECT json_extract(value, '$[0]') AS sender, json_extract(value, '$[1]') AS action, key"
        source += " FROM json_each(:queues)) AS queue"
    else:
        source = "(SELECT value ->> 0 AS sender, value ->> 1 AS action, key - 1 AS key"
        source += " FROM json_array_elements(CAST(:queues AS json)) WITH ORDINALITY AS each(value, key)) AS queue"
    place = _CLAIMABLE.format(sender="queue.sender", action="queue.action")
    statement = f"""SELECT queue.key FROM {source}
        WHERE EXISTS (SELECT 1 FROM touches WHERE {place})"""  # noqa: S608  # names of ours, no values
    return text(statement).bindparams(bindparam("now", type_=Instant))


def due_queues(connection: Connection, queues: Sequence[tuple[str, str]], now: datetime) -> list[tuple[str, str]]:
    """Of these (sender, action) pairs, those with something to claim."""
    asked = {"queues": json.dumps(queues), "now": now}
    return [queues[number] for number in connection.execute(_due_queues(connection.dialect.name), asked).scalars()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch to be claimed for one sender and action."""

    id: str
    sender: str
    action: str
    most: int
    lease_until: datetime


@lru_cache(maxsize=2)
def _claim(dialect: str) -> TextClause:
    place = _CLAIMABLE.format(sender=":sender", action=":action")
    due = f"SELECT id FROM touches WHERE {place} ORDER BY due_at LIMIT :most"  # noqa: S608  # names of ours, no values
    change = "UPDATE touches SET state = 'claimed', claim_id = :id, used_at = :now, block = NULL WHERE id IN"
    if dialect == "sqlite":
        return text(f"{change} ({due})").bindparams(bindparam("now", type_=Instant))
    locked = f"WITH due AS ({due} FOR UPDATE SKIP LOCKED) {change} (SELECT id FROM due)"  # noqa: S608  # as above
    return text(locked).bindparams(bindparam("now", type_=Instant))


def claim(connection: Connection, wanted: Claim, now: datetime) -> int:
    """Claim up to `most` due touches, oldest due first, in one statement; how many were claimed."""
    asked = {"id": wanted.id, "sender": wanted.sender, "action": wanted.action, "most": wanted.most, "now": now}
    count = connection.execute(_claim(connection.dialect.name), asked).rowcount
    if count:
        connection.execute(claims.insert(), {"id": wanted.id, "lease_until": wanted.lease_until})
    return count


_DUE = """SELECT id FROM touches WHERE {place} ORDER BY due_at LIMIT :most"""


@lru_cache(maxsize=1)
def _due() -> TextClause:
    place = _CLAIMABLE.format(sender=":sender", action=":action")
    return text(_DUE.format(place=place)).bindparams(bindparam("now", type_=Instant))


def due(connection: Connection, sender: str, action: str, now: datetime, *, most: int) -> list[str]:
    """Touches that may go as far as their time is concerned, the longest due first."""
    asked = {"sender": sender, "action": action, "now": now, "most": most}
    return list(connection.execute(_due(), asked).scalars())


_CLAIM_THESE = (
    update(touches)
    .where(text("touches.state = 'planned'"), among(touches.c.id, "ids"))
    .values(state="claimed", claim_id=bindparam("claim_id"), used_at=bindparam("used"), block=None)
    .returning(touches.c.id)
)


def claim_these(connection: Connection, wanted: Claim, touch_ids: Sequence[str], now: datetime) -> list[str]:
    """Claim these touches, chosen one by one; those that were still planned."""
    asked = {"ids": list(touch_ids), "claim_id": wanted.id, "used": now}
    claimed = list(connection.execute(_CLAIM_THESE, asked).scalars())
    if claimed:
        connection.execute(claims.insert(), {"id": wanted.id, "lease_until": wanted.lease_until})
    return claimed


_COUNT_IN_FLIGHT = select(func.count()).select_from(touches).where(text(_IN_FLIGHT))


def in_flight(connection: Connection) -> int:
    """How many touches are claimed and not finished."""
    return connection.execute(_COUNT_IN_FLIGHT).scalar_one()


def used_since(connection: Connection, sender: str, action: str, instants: Sequence[datetime]) -> list[int]:
    """How many touches have used the sender's quota since each instant."""
    counts = [
        func.count().filter(touches.c.used_at >= instant).label(f"c{number}") for number, instant in enumerate(instants)
    ]
    row = connection.execute(
        select(*counts).where(
            touches.c.sender == sender, touches.c.action == action, touches.c.used_at >= min(instants)
        )
    ).one()
    return list(row)


def last_used(connection: Connection, sender: str, action: str) -> datetime | None:
    """When the sender last used its quota for that action."""
    return connection.execute(
        select(touches.c.used_at)
        .where(touches.c.sender == sender, touches.c.action == action, touches.c.used_at.is_not(None))
        .order_by(touches.c.used_at.desc())
        .limit(1)
    ).scalar()


def first_used(connection: Connection, sender: str, action: str) -> datetime | None:
    """When the sender first used its quota for that action: where a ramp begins."""
    return connection.execute(
        select(touches.c.used_at)
        .where(touches.c.sender == sender, touches.c.action == action, touches.c.used_at.is_not(None))
        .order_by(touches.c.used_at)
        .limit(1)
    ).scalar()


_UNOWNED = select(claims.c.id).where(claims.c.owner.is_(None)).order_by(claims.c.id).limit(bindparam("most"))


def unowned_claims(connection: Connection, *, most: int) -> list[str]:
    """Claims that nobody has taken over yet, oldest first."""
    return list(connection.execute(_UNOWNED, {"most": most}).scalars())


_TAKE_OVER = (
    update(claims)
    .where(claims.c.id == bindparam("claim_id"), claims.c.owner.is_(None))
    .values(owner=bindparam("holder"), lease_until=bindparam("until"))
    .returning(claims.c.id)
)


def take_over(connection: Connection, claim_id: str, *, owner: str, lease_until: datetime) -> bool:
    """Make a claim this worker's; False if it is another's, was swept, or is done."""
    asked = {"claim_id": claim_id, "holder": owner, "until": lease_until}
    return connection.execute(_TAKE_OVER, asked).scalar() is not None


def renew(connection: Connection, claim_ids: Collection[str], *, owner: str, lease_until: datetime) -> int:
    """The owner is alive and works on these claims: what it holds of them stays its own until then."""
    statement = update(claims).where(within(claims.c.id, claim_ids), claims.c.owner == owner)
    return connection.execute(statement.values(lease_until=lease_until)).rowcount


def mark(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """`claimed → handed_over`; the ids that were marked. Each row: id, claim_id, owner, handed_over_at.

    A claim has one owner, so the claim's id alone fences: a worker that slept through its lease marks nothing.
    """
    return update_each(
        connection,
        touches,
        rows,
        where="touches.state = 'claimed'",
        key=("id", "claim_id"),
        also="state = 'handed_over', attempts = attempts + 1",
    )


def give_back(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Nothing was handed over: back to planned. Each row: id, claim_id, due_at, closes_at, block. The ids that went."""
    return update_each(
        connection,
        touches,
        rows,
        where=_IN_FLIGHT,
        key=("id", "claim_id"),
        also="state = 'planned', handed_over_at = NULL, claim_id = NULL, owner = NULL, used_at = NULL",
    )


def put_back(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The provider is away: back to planned as if nothing had been tried, with the same place in the order.

    Each row: id, claim_id, due_at, closes_at, attempts, block. The ids that went.
    """
    return update_each(
        connection,
        touches,
        rows,
        where=_IN_FLIGHT,
        key=("id", "claim_id"),
        also="state = 'planned', handed_over_at = NULL, claim_id = NULL, owner = NULL, used_at = NULL",
    )


def finish(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Record outcomes: rows of the columns they change, with id and claim_id. The ids that were still of that claim."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[tuple(row)].append(row)
    return {
        touch_id
        for some in alike.values()
        for touch_id in update_each(connection, touches, some, where=_IN_FLIGHT, key=("id", "claim_id"))
    }


def skip_planned(connection: Connection, enrollment_ids: Collection[str], *, why: str, now: datetime) -> None:
    """The enrollments are over: what was planned for them will not be sent."""
    connection.execute(
        update(touches)
        .where(within(touches.c.enrollment_id, enrollment_ids), touches.c.state == TouchState.PLANNED)
        .values(state=TouchState.SKIPPED, reason=why, due_at=None, closes_at=None, finished_at=now)
    )


def set_crossed(connection: Connection, enrollment_ids: Collection[str], *, crossed: bool) -> None:
    """A stop or hold came while these were on the wire; or it turned out to be none."""
    statement = update(touches).where(within(touches.c.enrollment_id, enrollment_ids))
    if crossed:
        statement = statement.where(touches.c.state == TouchState.HANDED_OVER)
    else:
        statement = statement.where(touches.c.crossed)
    connection.execute(statement.values(crossed=crossed))


def wake(connection: Connection, enrollment_ids: Collection[str], *, now: datetime) -> None:
    """What was blocked until something changes is due; its window is looked up again (`closes_at` = now)."""
    connection.execute(
        update(touches)
        .where(
            within(touches.c.enrollment_id, enrollment_ids),
            touches.c.state == TouchState.PLANNED,
            touches.c.due_at.is_(None),
        )
        .values(due_at=now, closes_at=now, block=None)
    )


_ANY_OUTSIDE = select(
    exists(select(touches.c.id).where(text("touches.state = 'planned'"), touches.c.closes_at <= bindparam("now")))
)


def any_outside_window(connection: Connection, now: datetime) -> bool:
    """Is there anything for `outside_window`?"""
    return connection.execute(_ANY_OUTSIDE, {"now": now}).scalar_one() not in (0, False)


def outside_window(connection: Connection, now: datetime, most: int) -> list[RowMapping]:
    """Planned touches whose window is over: they need a new one."""
    statement = (
        select(touches.c.id, touches.c.enrollment_id, touches.c.lead_id, touches.c.revision_id, touches.c.sender)
        .where(touches.c.state == TouchState.PLANNED, touches.c.closes_at <= now)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(connection.execute(statement).mappings())


def set_windows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New windows, in one statement. Each row: id, due_at, closes_at."""
    update_each(connection, touches, rows, where="touches.state = 'planned'")


TOO_LATE = "too_late"
"""The block of touches that an outage made later than `max_late`."""


def hold_late(connection: Connection, before: datetime, *, queue: tuple[str, str] | None = None) -> int:
    """Hold back planned touches that were due before that instant, all or those of one (sender, action); how many."""
    statement = update(touches).where(touches.c.state == TouchState.PLANNED, touches.c.due_at < before)
    if queue:
        statement = statement.where(touches.c.sender == queue[0], touches.c.action == queue[1])
    return connection.execute(statement.values(due_at=None, closes_at=None, block=TOO_LATE)).rowcount


_PROBE = (
    select(touches.c.state, func.count())
    .where(
        touches.c.sender == bindparam("sender"),
        touches.c.action == bindparam("action"),
        touches.c.used_at >= bindparam("since"),
    )
    .group_by(touches.c.state)
)


def states_since(connection: Connection, sender: str, action: str, since: datetime) -> dict[str, int]:
    """State → touches that have used the sender's quota since then."""
    return {row[0]: row[1] for row in connection.execute(_PROBE, {"sender": sender, "action": action, "since": since})}


def settle_late(connection: Connection, now: datetime, *, skip: bool) -> list[str]:
    """Let go of the held-back touches, or skip them; the enrollments concerned."""
    statement = update(touches).where(touches.c.state == TouchState.PLANNED, touches.c.block == TOO_LATE)
    if skip:
        statement = statement.values(state=TouchState.SKIPPED, reason=TOO_LATE, finished_at=now)
    else:
        statement = statement.values(due_at=now, closes_at=now, block=None)
    return list(connection.execute(statement.returning(touches.c.enrollment_id)).scalars())


def expired_claims(connection: Connection, now: datetime, most: int) -> list[str]:
    """Claims whose owner has not been heard of in time, locked; and ids of claims that are not there any more."""
    late = select(claims.c.id).where(claims.c.lease_until < now).limit(most).with_for_update(skip_locked=True)
    lost = (
        select(touches.c.claim_id)
        .where(text(_IN_FLIGHT), ~exists(select(claims.c.id).where(claims.c.id == touches.c.claim_id)))
        .limit(most)
    )
    return list(connection.execute(late).scalars()) + list(connection.execute(lost).scalars())


def of_claims(connection: Connection, claim_ids: Collection[str], state: TouchState) -> list[RowMapping]:
    """The touches of these claims in that state, locked. One that is being written at this moment is left for later:
    its worker may be asleep in the middle of a transaction."""
    statement = select(touches).where(within(touches.c.claim_id, claim_ids), touches.c.state == state)
    return list(connection.execute(statement.with_for_update(skip_locked=True)).mappings())


def release(connection: Connection, claim_ids: Collection[str]) -> int:
    """Claims nobody works on: what was not handed over goes back to planned. How many touches did."""
    ids = [row["id"] for row in of_claims(connection, claim_ids, TouchState.CLAIMED)]
    if ids:
        connection.execute(update(touches).where(within(touches.c.id, ids)).values(state=TouchState.PLANNED, **_FREE))
    return len(ids)


def forget_claims(connection: Connection) -> None:
    """Claims of which nothing is in flight any more."""
    busy = exists(select(touches.c.id).where(touches.c.claim_id == claims.c.id, text(_IN_FLIGHT)))
    connection.execute(delete(claims).where(~busy))


def resolve(connection: Connection, touch_id: str, state: TouchState, *, now: datetime, why: str) -> bool:
    """An unknown touch becomes sent, failed or planned again; False if it is not unknown any more."""
    values: dict[str, Any] = {"state": state, "reason": why, "finished_at": now}
    if state is TouchState.SENT:
        values["sent_at"] = func.coalesce(touches.c.handed_over_at, literal(now, touches.c.sent_at.type))
    if state is TouchState.PLANNED:
        values |= {**_FREE, "due_at": now, "closes_at": now, "finished_at": None, "handed_over_at": None}
        values["doubt_until"] = None  # whoever decided that knows that it did not go out
    statement = update(touches).where(touches.c.id == touch_id, touches.c.state == TouchState.UNKNOWN).values(**values)
    return connection.execute(statement).rowcount == 1
