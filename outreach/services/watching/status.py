"""How everything stands: what went out, what is due, what is held up and why, and whether anybody was forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, select

from outreach.domain import window
from outreach.domain.quota import Allowance
from outreach.domain.rules import Block
from outreach.domain.sender import queue_of
from outreach.domain.touch import TouchState
from outreach.services.measuring.winners import TrialView, trials
from outreach.services.sending import recover
from outreach.services.sending.claim import Quota, quotas
from outreach.services.sending.days_off import day_off
from outreach.services.sending.engine import Engine
from outreach.services.watching.forgotten import forgotten
from outreach.services.watching.plain import plain
from outreach.store import crm_connections, crm_jobs, figures, notices, stops
from outreach.store.tables import senders
from outreach.store.touches import TOO_LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A delivery that may be an answer keeps this lead's messages back until it is understood."""

    lead_id: str
    sequence: str
    delivery_id: str
    connection: str
    since_at: datetime
    age: timedelta
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Something a person or a guard has paused. `value` is empty where everything is."""

    scope: str
    value: str
    reason: str
    by: str
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What a sender does of one action. `left` None: no limit. `wait_until` and `because`: why it waits now."""

    action: str
    due: int
    used_today: int | None
    left: int | None
    wait_until: datetime | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderLine:
    """A sender with its queues, and its circuit where that is open."""

    name: str
    is_configured: bool
    queues: tuple[Queue, ...]
    circuit_open_until: datetime | None
    circuit_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmLine:
    """The work list of one CRM connection."""

    connection: str
    waiting: int
    claimed: int
    dead: int
    parked_until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts of one instant. Days begin at midnight in `zone`, the zone most senders live in."""

    at: datetime
    zone: str
    sent_today: int
    failed_today: int
    replies_today: int
    planned: int
    due: int
    claimed: int
    handed_over: int
    unknown: int
    failed: int
    too_late: int
    blocked: Mapping[str, int]  # reason → planned touches
    holds: tuple[Hold, ...]
    pauses: tuple[Pause, ...]
    senders: tuple[SenderLine, ...]
    tasks_open: int
    tasks_overdue: int
    deliveries_waiting: int
    deliveries_failed: int
    notices_waiting: int  # to the team
    notices_failed: int
    crms: tuple[CrmLine, ...]
    forgotten: int
    stale: int  # open leads that stand longer at their stage than it allows
    forgotten_by: Mapping[str, int]  # situation → leads
    forgotten_leads: tuple[str, ...]  # some of them
    forgotten_at: datetime  # when these and `stale` were counted: of large lists some minutes ago
    trials: tuple[TrialView, ...]  # of variants, in the sequences as they are applied
    scheduler_at: datetime | None  # when scheduling ran last
    scheduler_age: timedelta | None

    def to_json(self) -> Any:
        """The same as JSON values; spans are seconds."""
        return plain(self)


def status(engine: Engine) -> Status:
    """Read everything in one transaction."""
    with engine.store.read() as connection:
        return _status(connection, engine, engine.clock.now())


def _status(connection: Connection, engine: Engine, now: datetime) -> Status:
    zone = zone_of_the_team(engine)
    midnight, _ = window.local_day_bounds(now, ZoneInfo(zone))
    counts = figures.touch_counts(connection, now=now, today=midnight)
    tasks_open, tasks_overdue = figures.open_tasks(connection, now)
    deliveries_waiting, deliveries_failed = figures.unread_deliveries(connection)
    notices_waiting, notices_failed = notices.counts(connection)
    neglected = forgotten(connection, engine, now)
    ticked_at = recover.last_tick(connection)
    return Status(
        at=now,
        zone=zone,
        sent_today=counts.sent_today,
        failed_today=counts.failed_today,
        replies_today=figures.replies_since(connection, midnight),
        planned=counts.by_state[TouchState.PLANNED],
        due=counts.due,
        claimed=counts.by_state[TouchState.CLAIMED],
        handed_over=counts.by_state[TouchState.HANDED_OVER],
        unknown=counts.by_state[TouchState.UNKNOWN],
        failed=counts.by_state[TouchState.FAILED],
        too_late=counts.blocked.get(TOO_LATE, 0),
        blocked=dict(sorted(counts.blocked.items(), key=lambda entry: (-entry[1], entry[0]))),
        holds=tuple(_hold(row, now) for row in stops.list_holds(connection)),
        pauses=tuple(_pause(row) for row in stops.paused(connection)),
        senders=_senders(connection, engine, now),
        tasks_open=tasks_open,
        tasks_overdue=tasks_overdue,
        deliveries_waiting=deliveries_waiting,
        deliveries_failed=deliveries_failed,
        notices_waiting=notices_waiting,
        notices_failed=notices_failed,
        crms=_crms(connection, engine, now),
        forgotten=sum(neglected.by.values()),
        stale=neglected.stale,
        forgotten_by=neglected.by,
        forgotten_leads=neglected.ids,
        forgotten_at=neglected.at,
        trials=tuple(trials(connection, engine)),
        scheduler_at=ticked_at,
        scheduler_age=now - ticked_at if ticked_at else None,
    )


def senders_and_pauses(
    connection: Connection, engine: Engine, now: datetime
) -> tuple[tuple[SenderLine, ...], tuple[Pause, ...]]:
    """These two parts alone, for who does not need all the counts."""
    return _senders(connection, engine, now), tuple(_pause(row) for row in stops.paused(connection))


def crm_lines(connection: Connection, engine: Engine, now: datetime) -> tuple[CrmLine, ...]:
    """The work lists of the CRM connections alone."""
    return _crms(connection, engine, now)


def day_of_the_team(engine: Engine, day: datetime) -> datetime:
    """The instant that day begins in the zone most senders live in."""
    return day.replace(tzinfo=ZoneInfo(zone_of_the_team(engine)))


def zone_of_the_team(engine: Engine) -> str:
    """The zone most senders live in: days begin at its midnight, pages show its time."""
    zones = Counter(sender.zone for sender in engine.senders.values())
    return min(zones, key=lambda zone: (-zones[zone], zone), default="UTC")


def _hold(row: RowMapping, now: datetime) -> Hold:
    return Hold(
        lead_id=row["lead_id"],
        sequence=row["sequence"],
        delivery_id=row["delivery_id"],
        connection=row["connection"],
        since_at=row["created_at"],
        age=now - row["created_at"],
        error=row["error"],
    )


def _pause(row: RowMapping) -> Pause:
    return Pause(scope=row["scope"], value=row["value"], reason=row["reason"], by=row["by"], since_at=row["created_at"])


def _senders(connection: Connection, engine: Engine, now: datetime) -> tuple[SenderLine, ...]:
    """Every configured sender, and those that are not configured any more but still have something due."""
    due = figures.due_by_queue(connection, now)
    limits = {(quota.sender, quota.action): quota for quota in quotas(connection, engine.senders.values(), now)}
    rows = {row["name"]: row for row in connection.execute(select(senders)).mappings()}
    names = sorted({*engine.senders, *(sender for sender, _ in due)})
    lines = []
    for name in names:
        off = day_off(engine.sender(name), now)
        queues = tuple(_as_it_fails(name, queue, rows, now) for queue in _queues(name, due, limits, off))
        lines.append(_sender_line(name, rows.get(name), queues, now, is_configured=name in engine.senders))
    return tuple(lines)


def _sender_line(
    name: str, row: RowMapping | None, queues: tuple[Queue, ...], now: datetime, *, is_configured: bool
) -> SenderLine:
    until = row["circuit_open_until"] if row else None
    is_open = until is not None and until > now
    return SenderLine(
        name=name,
        is_configured=is_configured,
        queues=queues,
        circuit_open_until=until if is_open else None,
        circuit_reason=row["circuit_reason"] if row and is_open else None,
    )


def _queues(
    name: str, due: Mapping[tuple[str, str], int], limits: Mapping[tuple[str, str], Quota], off: Block | None
) -> Iterator[Queue]:
    for _, action in sorted(key for key in {*due, *limits} if key[0] == name):
        quota = limits.get((name, action))
        allowed = Allowance(0, off.until, off.because) if off else quota.allowed if quota else Allowance(None)
        yield Queue(
            action=action,
            due=due.get((name, action), 0),
            used_today=quota.used_today if quota else None,
            left=allowed.count,
            wait_until=allowed.wait_until,
            because=allowed.because,
        )


def _as_it_fails(sender: str, queue: Queue, rows: Mapping[str, RowMapping], now: datetime) -> Queue:
    """An action whose provider fails is left alone, whatever its limits allow; a failing mailbox is its sender's."""
    name = queue_of(sender, queue.action)
    until = rows[name]["circuit_open_until"] if name in rows and name != sender else None
    if until is None or until <= now:
        return queue
    return replace(queue, left=0, wait_until=until, because=rows[name]["circuit_reason"] or "")


def _crms(connection: Connection, engine: Engine, now: datetime) -> tuple[CrmLine, ...]:
    counts = crm_jobs.counts(connection)
    states = {state.name: state for state in crm_connections.states(connection)}
    return tuple(
        _crm_line(name, counts.get(name, {}), states.get(name), now)
        for name in sorted({*engine.crms, *counts, *states})
    )


def _crm_line(
    name: str, counts: Mapping[str, int], state: crm_connections.ConnectionState | None, now: datetime
) -> CrmLine:
    return CrmLine(
        connection=name,
        waiting=counts.get("waiting", 0),
        claimed=counts.get("claimed", 0),
        dead=counts.get("dead", 0),
        parked_until=state.parked_until if state and state.is_parked(now) else None,
        reason=state.reason if state else None,
    )
