"""Claim what is due, by each sender's allowance: ten thousand due leads behind a cap of thirty cost thirty claims."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, select

from outreach.domain import window
from outreach.domain.quota import Allowance, Limits, Usage, allowance
from outreach.domain.sender import Sender, account_of, queue_of
from outreach.services.sending import circuit, claim_turns
from outreach.services.sending.engine import Engine
from outreach.store import lanes, stops, touches
from outreach.store.tables import senders


def enter_senders(engine: Engine) -> None:
    """Make sure each configured sender has its row; claims lock it."""

    def work(connection: Connection) -> None:
        known = set(connection.execute(select(senders.c.name)).scalars())
        missing = [{"name": name, "circuit_failures": 0} for name in sorted(engine.senders) if name not in known]
        if missing:
            connection.execute(insert(senders), missing)
        for name, sender in engine.senders.items():
            limited = [action for action in sender.limits if sender.has_limits(action)]
            if limited:
                lanes.enter(connection, name, limited)

    engine.store.write(work)


def claim_due(engine: Engine, actions: Collection[str]) -> list[str]:
    """Claims for everything that may go now; the ids to be handed to workers."""
    return list(each_claim(engine, actions))


def each_claim(engine: Engine, actions: Collection[str]) -> Iterator[str]:
    """The same one after the other, each when it is committed: workers begin while the next is made.

    One transaction for each batch of a queue. Where as much is in flight as may be, it waits until there is room for a
    whole batch.
    """
    queues = [(name, action) for name in sorted(engine.senders) for action in actions]
    with engine.store.read() as connection:
        now = engine.clock.now()
        room = engine.policy.most_in_flight - touches.in_flight(connection)
        if room < min(engine.policy.batch, engine.policy.most_in_flight):
            return
        due = touches.due_queues(connection, queues, now)
    for sender, action in due:
        for claim_id, count in _claims_of(engine, sender, action, room):
            room -= count
            yield claim_id


def _claims_of(engine: Engine, sender: str, action: str, room: int) -> Iterator[tuple[str, int]]:
    while room > 0:
        claimed = engine.store.write(partial(_claim, engine=engine, name=sender, action=action, room=room))
        if claimed is None:
            return
        yield claimed
        room -= claimed[1]
        if claimed[1] < engine.policy.batch:
            return


def _claim(connection: Connection, *, engine: Engine, name: str, action: str, room: int) -> tuple[str, int] | None:
    now = engine.clock.now()
    locked = connection.execute(_LOCK, {"name": name}).scalar()
    if locked is None or is_paused(connection, name, action):
        return None
    sender = engine.sender(name)
    if sender.is_frozen(now):
        return None
    allowed = allowed_now(connection, sender, action, now)
    tried = circuit.most_now(connection, engine, name, action, now)
    most = min(room, engine.policy.batch, *(each for each in (allowed.count, tried) if each is not None))
    if most <= 0:
        return None
    wanted = touches.Claim(
        id=engine.clock.fresh_id(), sender=name, action=action, most=most, lease_until=now + engine.policy.pick_up
    )
    if claim_turns.is_chosen(engine, sender, action):
        count = claim_turns.take(connection, engine, sender, wanted, allowed=allowed, now=now)
    else:
        count = touches.claim(connection, wanted, now)
    return (wanted.id, count) if count else None


_LOCK = select(senders.c.name).where(senders.c.name == bindparam("name")).with_for_update()


def is_paused(connection: Connection, sender: str, action: str) -> bool:
    """Is this sender, its account, this action of it, or everything paused?"""
    meant = {
        ("all", ""),
        ("sender", sender),
        (stops.ACCOUNT, account_of(sender, action.partition(".")[0])),
        (stops.ACTION, queue_of(sender, action)),
    }
    return any((row["scope"], row["value"]) in meant for row in stops.paused(connection))


def allowed_now(connection: Connection, sender: Sender, action: str, now: datetime) -> Allowance:
    """What the sender may still do of that action, counted from the stored touches."""
    limits = sender.limits_for(action)
    if limits == Limits():
        return Allowance(None)
    zone = ZoneInfo(sender.zone)
    midnight, next_midnight = window.local_day_bounds(now, zone)
    usage = _usage(connection, sender.name, action, midnight, now)
    return allowance(limits, usage, now=now, midnight=next_midnight, key=f"{sender.name}.{action}")


def _usage(connection: Connection, sender: str, action: str, midnight: datetime, now: datetime) -> Usage:
    instants = (now - timedelta(hours=1), midnight, now - timedelta(days=7))
    last_hour, today, last_7_days = touches.used_since(connection, sender, action, instants)
    first = touches.first_used(connection, sender, action)
    return Usage(
        last_hour=last_hour,
        today=today,
        last_7_days=last_7_days,
        last_used_at=touches.last_used(connection, sender, action),
        active_days=max((midnight - first).days + 1, 0) if first and first < midnight else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One line of `status`: what a sender may do of an action, and has done."""

    sender: str
    action: str
    used_today: int
    allowed: Allowance


def quotas(connection: Connection, team: Iterable[Sender], now: datetime) -> list[Quota]:
    """Used and left, for every limit of every sender."""
    found = []
    for sender in team:
        for action in sorted(sender.limits):
            midnight, _ = window.local_day_bounds(now, ZoneInfo(sender.zone))
            used = touches.used_since(connection, sender.name, action, (midnight,))[0]
            allowed = allowed_now(connection, sender, action, now)
            found.append(Quota(sender=sender.name, action=action, used_today=used, allowed=allowed))
    return found
