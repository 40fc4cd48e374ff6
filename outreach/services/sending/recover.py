"""Sweepers: no state is left that nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping, select, update

from outreach.domain import window
from outreach.domain.touch import TouchState
from outreach.services.sending import circuit
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import holidays_of, zone_of
from outreach.store import enrollments, touches
from outreach.store.tables import facts
from outreach.store.tables import touches as touch_table

log = structlog.get_logger()

_MOST = 1_000
_LAST_TICK = "last_tick"
_NOTE_EVERY = timedelta(seconds=2)

Dedupes = Callable[[str, str], bool]
"""(sender, channel) → does that provider accept the same key only once?"""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found."""

    released: int
    unknown: int
    repeated: int
    forgotten: int


def sweep(engine: Engine, dedupes: Dedupes) -> Swept:
    """Claims nobody works on go back; hand-overs nobody answered for become unknown; nobody is forgotten."""
    return engine.store.write(lambda connection: _sweep(connection, engine, dedupes))


def _sweep(connection: Connection, engine: Engine, dedupes: Dedupes) -> Swept:
    now = engine.clock.now()
    expired = touches.expired_claims(connection, now, _MOST)
    released = touches.release(connection, expired) if expired else 0
    lost = touches.of_claims(connection, expired, TouchState.HANDED_OVER) if expired else []
    unknown, repeated = _resolve_lost(connection, engine, dedupes, lost, now)
    touches.forget_claims(connection)
    forgotten = enrollments.forgotten(connection, _MOST)
    enrollments.look_now(connection, forgotten, now)
    circuit.close_recovered(connection, now)
    found = Swept(released, unknown, repeated, len(forgotten))
    if any((released, unknown, repeated, len(forgotten))):
        log.info("swept", released=released, unknown=unknown, repeated=repeated, forgotten=len(forgotten))
    return found


def _resolve_lost(
    connection: Connection, engine: Engine, dedupes: Dedupes, lost: Sequence[RowMapping], now: datetime
) -> tuple[int, int]:
    again = [row["id"] for row in lost if _may_repeat(engine, dedupes, row["sender"], row["channel"], row["attempts"])]
    doubtful = [row["id"] for row in lost if row["id"] not in set(again)]
    _set(connection, again, now, state=TouchState.PLANNED, due_at=now, closes_at=now, handed_over_at=None, used_at=None)
    _set(connection, doubtful, now, state=TouchState.UNKNOWN, finished_at=now, reason="no answer after hand-over")
    return len(doubtful), len(again)


def _may_repeat(engine: Engine, dedupes: Dedupes, sender: str, channel: str, attempts: int) -> bool:
    """A task is written in our own database, so a lost one was not written; some providers dedupe by key."""
    if channel not in engine.sender(sender).channels or dedupes(sender, channel):
        return True
    return engine.policy.resend_unknown_once and attempts < 2


def _set(connection: Connection, ids: list[str], now: datetime, **values: object) -> None:
    if not ids:
        return
    connection.execute(
        update(touch_table)
        .where(
            touch_table.c.id.in_(ids),
            touch_table.c.state == TouchState.HANDED_OVER,
        )
        .values(claim_id=None, owner=None, **values)
    )


def open_windows(engine: Engine) -> int:
    """Planned touches whose window has closed get the next one; how many."""
    with engine.store.read() as connection:
        if not touches.any_outside_window(connection, engine.clock.now()):
            return 0
    return engine.store.write(lambda connection: _open_windows(connection, engine))


def _open_windows(connection: Connection, engine: Engine) -> int:
    now = engine.clock.now()
    stale = touches.outside_window(connection, now, _MOST)
    rows = {row["enrollments_id"]: row for row in enrollments.load(connection, {t["enrollment_id"] for t in stale})}
    touches.set_windows(connection, [_next_window(connection, engine, t, rows[t["enrollment_id"]], now) for t in stale])
    return len(stale)


def _next_window(
    connection: Connection, engine: Engine, touch: RowMapping, row: RowMapping, now: datetime
) -> dict[str, object]:
    schedule = engine.revisions.get(connection, touch["revision_id"]).sequence.schedule
    zone = zone_of(schedule, row, engine.sender(touch["sender"]))
    is_holiday = holidays_of(schedule, row["leads_country"])
    opening = window.next_open(schedule, zone, now, is_holiday=is_holiday)
    return {"id": touch["id"], "due_at": opening.opens_at, "closes_at": opening.closes_at}


def note_tick(engine: Engine) -> int:
    """Remember that scheduling ran now. After an outage longer than `max_late`, what it made too late is held back.

    How many touches were held back: they stay planned with the block `too_late` until a person decides.
    """
    with engine.store.read() as connection:
        last = last_tick(connection)
    if last is not None and timedelta(0) <= engine.clock.now() - last < _NOTE_EVERY:
        return 0
    return engine.store.write(lambda connection: _note_tick(connection, engine))


_READ_LAST_TICK = select(facts.c.value).where(facts.c.name == _LAST_TICK)


def last_tick(connection: Connection) -> datetime | None:
    """When scheduling ran last, to some seconds; None: never on this database."""
    last = connection.execute(_READ_LAST_TICK).scalar()
    return None if last is None else datetime.fromisoformat(str(last))


def _note_tick(connection: Connection, engine: Engine) -> int:
    now = engine.clock.now()
    last = last_tick(connection)
    if last is None:
        connection.execute(facts.insert().values(name=_LAST_TICK, value=now.isoformat()))
        return 0
    connection.execute(update(facts).where(facts.c.name == _LAST_TICK).values(value=now.isoformat()))
    if now - last <= engine.policy.max_late:
        return 0
    return touches.hold_late(connection, now - engine.policy.max_late)
