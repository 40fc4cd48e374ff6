"""Take back invitations that nobody answered for long: LinkedIn counts them, and restricts who has too many.

Within the limits of `linkedin.withdraw`, inside the window of the sequence that invited, never while the sender, the
account or the action is paused. Taking back is safe to repeat, because the channel first looks whether the invitation
is still there. Without an account that can do it, it is a task for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.channel import Channel, Message
from outreach.domain import window
from outreach.domain.quota import Usage, allowance
from outreach.domain.sender import Sender
from outreach.errors import AdapterError, Refused
from outreach.services.sending import circuit
from outreach.services.sending.claim import is_paused
from outreach.services.sending.engine import Engine
from outreach.store import invitations, touches
from outreach.store.invitations import WITHDRAW
from outreach.store.tables import senders, tasks

log = structlog.get_logger()

_LONGEST_AGO = timedelta(days=365)
_MOST = 100
_MOST_ATTEMPTS = 5
_LEASE = timedelta(minutes=10)
_PAUSE = timedelta(hours=1)
_NOTE = "Withdraw the invitation on LinkedIn: nobody has answered it"

ChannelOf = Callable[[str, str], Channel | None]


async def withdraw_old(engine: Engine, ages: Mapping[str, timedelta], channel_of: ChannelOf) -> int:
    """For each sender that says after how long: list what is old, take back what may be now; how many went."""
    done = 0
    for sender, age in ages.items():
        channel = channel_of(sender, "linkedin")
        can = channel is not None and not {"*", "withdraw"}.isdisjoint(channel.can.actions)
        _list_old(engine, sender, age, is_task=not can)
        chosen = _choose(engine, sender) if can else None
        if channel is not None and chosen is not None:
            done += await _withdraw(engine, sender, channel, chosen)
    return done


def _list_old(engine: Engine, sender: str, age: timedelta, *, is_task: bool) -> None:
    now = engine.clock.now()
    span = {"after": now - _LONGEST_AGO, "before": now - age}
    with engine.store.read() as connection:
        if not invitations.unanswered(connection, sender, most=1, **span):
            return

    def work(connection: Connection) -> None:
        rows = {row["touch_id"]: row for row in invitations.unanswered(connection, sender, most=_MOST, **span)}
        state = {"state": "task"} if is_task else {}
        invitations.enter(
            connection,
            [
                {"touch_id": each, "lead_id": row["lead_id"], "sender": sender, "due_at": now, **state}
                for each, row in rows.items()
            ],
        )
        if is_task:
            connection.execute(tasks.insert(), [_task(engine, sender, row, now) for row in rows.values()])

    engine.store.write(work)


def _task(engine: Engine, sender: str, row: RowMapping, now: datetime) -> dict[str, Any]:
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": row["lead_id"],
        "kind": "linkedin",
        "assignee": sender,
        "note": _NOTE,
        "text": "",
        "to": row["address"] or row["recipient"] or "",
        "state": "open",
        "created_at": now,
    }


def _choose(engine: Engine, name: str) -> RowMapping | None:
    """The next one that may go now; it counts from here on, and comes again if nobody comes back."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        if invitations.next_due(connection, name, now) is None:
            return None

    def work(connection: Connection) -> RowMapping | None:
        connection.execute(senders.select().where(senders.c.name == name).with_for_update())
        row = invitations.next_due(connection, name, now)
        if row is None or not _may(connection, engine, engine.sender(name), row, now):
            return None
        values = {"used_at": now, "due_at": now + _LEASE, "attempts": row["attempts"] + 1}
        invitations.write(connection, row["touch_id"], **values)
        return row

    return engine.store.write(work)


def _may(connection: Connection, engine: Engine, sender: Sender, row: RowMapping, now: datetime) -> bool:
    if is_paused(connection, sender.name, WITHDRAW) or sender.is_frozen(now):
        return False
    if circuit.most_now(connection, engine, sender.name, WITHDRAW, now) == 0:
        return False
    schedule = engine.revisions.get(connection, row["revision_id"]).sequence.schedule
    zone = ZoneInfo(sender.zone)  # nobody is written to: what counts is when the sender works
    if window.next_open(schedule, zone, now, is_holiday=lambda _: False).opens_at > now:
        return False
    return _has_room(connection, sender, now)


def _has_room(connection: Connection, sender: Sender, now: datetime) -> bool:
    midnight, next_midnight = window.local_day_bounds(now, ZoneInfo(sender.zone))
    instants = (now - timedelta(hours=1), midnight, now - timedelta(days=7))
    ours = invitations.used_since(connection, sender.name, instants)
    steps = touches.used_since(connection, sender.name, WITHDRAW, instants)
    times = (invitations.last_used(connection, sender.name), touches.last_used(connection, sender.name, WITHDRAW))
    usage = Usage(
        last_hour=ours[0] + steps[0],
        today=ours[1] + steps[1],
        last_7_days=ours[2] + steps[2],
        last_used_at=max((each for each in times if each), default=None),
    )
    limits = sender.limits_for(WITHDRAW)
    allowed = allowance(limits, usage, now=now, midnight=next_midnight, key=f"{sender.name}.{WITHDRAW}")
    return allowed.count is None or allowed.count > 0


async def _withdraw(engine: Engine, sender: str, channel: Channel, row: RowMapping) -> bool:
    to = row["recipient"] or row["address"] or ""
    message = Message(key=f"{row['touch_id']}.withdraw", action=WITHDRAW, to=to, address=row["address"] or "", text="")
    try:
        receipt = await channel.send(message, last_look=_nothing_to_look_at)
    except AdapterError as error:
        _put_off(engine, sender, row, error)
        return False
    _write(engine, row, state="done", due_at=None, said=receipt.reply[:500])
    log.info("invitation_withdrawn", sender=sender, touch_id=row["touch_id"])
    return True


async def _nothing_to_look_at() -> None:
    """Nobody is written to: taking back is right after a reply, an opt-out and a stop as well."""


def _put_off(engine: Engine, sender: str, row: RowMapping, error: AdapterError) -> None:
    trouble = circuit.trouble_of(error)
    if trouble is not None:
        circuit.note(engine, sender, WITHDRAW, trouble)
        _write(engine, row, due_at=engine.clock.now() + _PAUSE, attempts=row["attempts"], used_at=None, said=str(error))
        return
    is_over = isinstance(error, Refused) or row["attempts"] + 1 >= _MOST_ATTEMPTS
    state = {"state": "failed", "due_at": None} if is_over else {"due_at": engine.clock.now() + _PAUSE}
    _write(engine, row, said=str(error)[:500], **state)


def _write(engine: Engine, row: RowMapping, **values: Any) -> None:
    engine.store.write(lambda connection: invitations.write(connection, row["touch_id"], **values))
