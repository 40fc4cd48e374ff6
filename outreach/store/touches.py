"""Touches: claimed, taken over, marked and finished. Each change repeats the state, claim and owner it starts from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from outreach.domain.touch import TouchState
from outreach.store.bulk import insert_missing, update_each
from outreach.store.tables import touches
from outreach.store.within import within

_LEASED = (TouchState.CLAIMED, TouchState.HANDED_OVER)
_HELD_BY = "touches.owner = :holder AND touches.state IN ('claimed', 'handed_over')"

_MOST_TERMS = 400
"""Of one statement: SQLite takes 500 at most."""

_FREE = {"claim_id": None, "owner": None, "lease_until": None, "used_at": None}


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Plan touches; one that exists already (same enrollment and step) is left as it is."""
    insert_missing(connection, touches, rows)


def due_queues(connection: Connection, queues: Sequence[tuple[str, str]], now: datetime) -> list[tuple[str, str]]:
    """Of these (sender, action) pairs, those with something to claim."""
    found: list[tuple[str, str]] = []
    for begin in range(0, len(queues), _MOST_TERMS):
        some = queues[begin : begin + _MOST_TERMS]
        parts = [
            select(literal(number).label("number")).where(
                exists(select(touches.c.id).where(_claimable(sender, action, now)))
            )
            for number, (sender, action) in enumerate(some)
        ]
        found += [some[number] for number in connection.execute(union_all(*parts)).scalars()]
    return found


def _claimable(sender: str, action: str, now: datetime) -> Any:
    return and_(
        touches.c.state == TouchState.PLANNED,
        touches.c.sender == sender,
        touches.c.action == action,
        touches.c.due_at <= now,
        or_(touches.c.closes_at.is_(None), touches.c.closes_at > now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch to be claimed for one sender and action."""

    id: str
    sender: str
    action: str
    most: int
    lease_until: datetime


def claim(connection: Connection, wanted: Claim, now: datetime) -> int:
    """Claim up to `most` due touches, oldest due first, in one statement; how many were claimed."""
    due = (
        select(touches.c.id)
        .where(_claimable(wanted.sender, wanted.action, now))
        .order_by(touches.c.due_at)
        .limit(wanted.most)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (  # counted by its rows: drivers do not count what begins with WITH
        update(touches)
        .where(touches.c.id == due.c.id)
        .values(
            state=TouchState.CLAIMED,
            claim_id=wanted.id,
            owner=None,
            lease_until=wanted.lease_until,
            used_at=now,
            block=None,
        )
        .returning(touches.c.id)
    )
    return len(connection.execute(statement).all())


def in_flight(connection: Connection) -> int:
    """How many touches are claimed and not finished."""
    leased = (TouchState.CLAIMED, TouchState.HANDED_OVER)
    return connection.execute(
        select(func.count()).select_from(touches).where(touches.c.state.in_(leased), touches.c.lease_until.is_not(None))
    ).scalar_one()


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


def unowned_claims(connection: Connection, *, most: int) -> list[str]:
    """Claims that nobody has taken over yet, oldest first."""
    statement = (
        select(touches.c.claim_id)
        .where(touches.c.state == TouchState.CLAIMED, touches.c.owner.is_(None), touches.c.lease_until.is_not(None))
        .group_by(touches.c.claim_id)
        .order_by(touches.c.claim_id)
        .limit(most)
    )
    return [claim_id for claim_id in connection.execute(statement).scalars() if claim_id]


def take_over(connection: Connection, claim_id: str, *, owner: str, lease_until: datetime) -> list[RowMapping]:
    """Make a claim this worker's; empty if it is another's, was swept, or is done."""
    statement = (
        update(touches)
        .where(touches.c.claim_id == claim_id, touches.c.state == TouchState.CLAIMED, touches.c.owner.is_(None))
        .values(owner=owner, lease_until=lease_until)
        .returning(touches)
    )
    return list(connection.execute(statement).mappings())


def renew(connection: Connection, claim_ids: Collection[str], *, owner: str, lease_until: datetime) -> int:
    """The owner is alive and works on these claims: what it holds of them stays its own until then.

    Rows that are being written at this moment are left to the next beat: waiting for them could deadlock.
    """
    held = (
        select(touches.c.id)
        .where(within(touches.c.claim_id, claim_ids), touches.c.owner == owner, touches.c.state.in_(_LEASED))
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = update(touches).where(touches.c.id.in_(held)).values(lease_until=lease_until)
    return connection.execute(statement).rowcount


def mark(connection: Connection, touch_ids: Collection[str], *, owner: str, now: datetime) -> set[str]:
    """`claimed → handed_over` for those still claimed by this owner; the ids that were marked."""
    statement = (
        update(touches)
        .where(within(touches.c.id, touch_ids), touches.c.state == TouchState.CLAIMED, touches.c.owner == owner)
        .values(state=TouchState.HANDED_OVER, handed_over_at=now, attempts=touches.c.attempts + 1)
        .returning(touches.c.id)
    )
    return set(connection.execute(statement).scalars())


def give_back(connection: Connection, rows: Sequence[Mapping[str, Any]], *, owner: str) -> set[str]:
    """Nothing was handed over: back to planned. Each row: id, due_at, closes_at, block. The ids that went back."""
    planned = {"state": TouchState.PLANNED, "handed_over_at": None, **_FREE}
    return update_each(
        connection, touches, [{**row, **planned} for row in rows], where=_HELD_BY, given={"holder": owner}
    )


def finish(connection: Connection, rows: Sequence[Mapping[str, Any]], *, owner: str) -> set[str]:
    """Record outcomes: rows of the columns they change, `id` among them. The ids that were still this owner's."""
    return update_each(connection, touches, rows, where=_HELD_BY, given={"holder": owner})


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
    """New windows. Each row: touch_id, new_due_at, new_closes_at."""
    if not rows:
        return
    statement = (
        update(touches)
        .where(touches.c.id == bindparam("touch_id"), touches.c.state == TouchState.PLANNED)
        .values(due_at=bindparam("new_due_at"), closes_at=bindparam("new_closes_at"))
    )
    connection.execute(statement, [dict(row) for row in rows])


TOO_LATE = "too_late"
"""The block of touches that an outage made later than `max_late`."""


def hold_late(connection: Connection, before: datetime) -> int:
    """Hold back planned touches that were due before that instant; how many."""
    statement = (
        update(touches)
        .where(touches.c.state == TouchState.PLANNED, touches.c.due_at < before)
        .values(due_at=None, closes_at=None, block=TOO_LATE)
    )
    return connection.execute(statement).rowcount


def settle_late(connection: Connection, now: datetime, *, skip: bool) -> list[str]:
    """Let go of the held-back touches, or skip them; the enrollments concerned."""
    statement = update(touches).where(touches.c.state == TouchState.PLANNED, touches.c.block == TOO_LATE)
    if skip:
        statement = statement.values(state=TouchState.SKIPPED, reason=TOO_LATE, finished_at=now)
    else:
        statement = statement.values(due_at=now, closes_at=now, block=None)
    return list(connection.execute(statement.returning(touches.c.enrollment_id)).scalars())


def expired(connection: Connection, now: datetime, state: TouchState, most: int) -> list[RowMapping]:
    """Claimed or handed-over touches whose owner has not been heard of in time."""
    statement = (
        select(touches)
        .where(touches.c.state == state, touches.c.lease_until < now)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(connection.execute(statement).mappings())


def release(connection: Connection, touch_ids: Collection[str], now: datetime) -> int:
    """Claims nobody works on go back to planned; they were not handed over."""
    statement = (
        update(touches)
        .where(within(touches.c.id, touch_ids), touches.c.state == TouchState.CLAIMED, touches.c.lease_until < now)
        .values(state=TouchState.PLANNED, **_FREE)
    )
    return connection.execute(statement).rowcount


def resolve(connection: Connection, touch_id: str, state: TouchState, *, now: datetime, why: str) -> bool:
    """An unknown touch becomes sent, failed or planned again; False if it is not unknown any more."""
    values: dict[str, Any] = {"state": state, "reason": why, "finished_at": now}
    if state is TouchState.SENT:
        values["sent_at"] = func.coalesce(touches.c.handed_over_at, literal(now, touches.c.sent_at.type))
    if state is TouchState.PLANNED:
        values |= {**_FREE, "due_at": now, "closes_at": now, "finished_at": None, "handed_over_at": None}
    statement = update(touches).where(touches.c.id == touch_id, touches.c.state == TouchState.UNKNOWN).values(**values)
    return connection.execute(statement).rowcount == 1
