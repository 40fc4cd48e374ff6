"""Senders for people: what each may do, what it has used, how it is, and why it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select

from outreach.domain.quota import Limits, daily_cap
from outreach.domain.sender import Sender
from outreach.services.sending.engine import Engine
from outreach.services.watching.status import Pause, Queue, SenderLine, senders_and_pauses
from outreach.store.tables import mailboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """One action of a sender. `most`: its cap for a day; None: there is none. `limits` says all of them in words."""

    queue: Queue
    most: int | None
    limits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCard:
    """One sender. `mailbox`: how reading its mailbox goes; None where none is read."""

    line: SenderLine
    sender: Sender
    actions: tuple[ActionLine, ...]
    pauses: tuple[Pause, ...]
    mailbox: RowMapping | None
    is_frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPage:
    at: datetime
    everything: tuple[Pause, ...]  # pauses of everything
    senders: tuple[SenderCard, ...]


def sender_page(engine: Engine) -> SenderPage:
    """Every configured sender, and those that still have something due."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        lines, pauses = senders_and_pauses(connection, engine, now)
        read = {row["name"]: row for row in connection.execute(select(mailboxes)).mappings()}
    return SenderPage(
        at=now,
        everything=tuple(each for each in pauses if each.scope == "all"),
        senders=tuple(_card(engine, line, pauses, read.get(line.name), now) for line in lines),
    )


def _card(
    engine: Engine, line: SenderLine, pauses: tuple[Pause, ...], mailbox: RowMapping | None, now: datetime
) -> SenderCard:
    sender = engine.sender(line.name)
    own = (line.name, f"{line.name}/")
    return SenderCard(
        line=line,
        sender=sender,
        actions=tuple(_action(sender, queue) for queue in line.queues),
        pauses=tuple(each for each in pauses if each.value == own[0] or each.value.startswith(own[1])),
        mailbox=mailbox,
        is_frozen=sender.is_frozen(now),
    )


def _action(sender: Sender, queue: Queue) -> ActionLine:
    limits = sender.limits_for(queue.action)
    return ActionLine(queue=queue, most=limits.per_day, limits=in_words(limits))


def in_words(limits: Limits) -> str:
    """`40 a day, ramp from 5 by 2 a day, 9 min apart`; empty: no limits."""
    parts = []
    for most, span in ((limits.per_hour, "an hour"), (limits.per_day, "a day"), (limits.per_7_days, "in 7 days")):
        if most is not None:
            parts.append(f"{most} {span}")
    if limits.ramp:
        parts.append(f"ramp from {daily_cap(limits, 0)} by {limits.ramp.step} a day")
    if limits.gap:
        parts.append(f"at least {int(limits.gap.total_seconds() // 60)} min apart")
    if limits.jitter:
        parts.append(f"and up to {int(limits.jitter.total_seconds() // 60)} min more")
    return ", ".join(parts)
