"""Turn stored deliveries into events, and apply them; re-runnable, each event once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, RowMapping, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.event import Event
from outreach.receiver import Delivery, Receiver, wakes_of
from outreach.services.hearing.classify import classified
from outreach.services.hearing.react import apply
from outreach.services.sending.engine import Engine
from outreach.store import deliveries, enrollments, mailboxes, stops, touches
from outreach.store.session import OUTAGES
from outreach.store.tables import deliveries as delivery_table

log = structlog.get_logger()

_MOST = 200
_MOST_ATTEMPTS = 5
_PAUSE = timedelta(seconds=10)


def understand_due(engine: Engine, receivers: Mapping[str, Receiver]) -> int:
    """Every stored delivery that is due; how many were looked at."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        waiting = list(
            connection.execute(
                select(delivery_table)
                .where(delivery_table.c.state == "stored", delivery_table.c.due_at <= now)
                .order_by(delivery_table.c.received_at)
                .limit(_MOST)
            ).mappings()
        )
    for row in waiting:
        understand(engine, receivers, row)
    return len(waiting)


_UNREADABLE = "part of it cannot be read; a person decides: outreach inbox"
"""It may have been a reply, so its holds stand until somebody has looked."""

_LEFT_TO_THE_BELL = timedelta(seconds=2)


def waiting_deliveries(engine: Engine) -> list[str]:
    """Stored deliveries that nobody has looked at although it is time."""
    statement = (
        select(delivery_table.c.id)
        .where(delivery_table.c.state == "stored", delivery_table.c.due_at <= engine.clock.now() - _LEFT_TO_THE_BELL)
        .order_by(delivery_table.c.due_at)
        .limit(_MOST)
    )
    with engine.store.read() as connection:
        return list(connection.execute(statement).scalars())


def understand_one(engine: Engine, receivers: Mapping[str, Receiver], delivery_id: str) -> None:
    """The delivery of that id, if it still waits to be understood."""
    with engine.store.read() as connection:
        row = (
            connection.execute(select(delivery_table).where(delivery_table.c.id == delivery_id))
            .mappings()
            .one_or_none()
        )
    if row is not None and row["state"] == "stored":
        understand(engine, receivers, row)


def understand(engine: Engine, receivers: Mapping[str, Receiver], row: RowMapping) -> None:
    """Parse outside of any transaction, then apply inside one. What is not understood stays stored and held."""
    receiver = receivers.get(row["connection"])
    try:
        if receiver is None:
            raise ValueError(f"no connection '{row['connection']}' is configured any more")
        delivery = _delivery(row)
        events = [classified(engine, event) for event in receiver.parse(delivery)]
        woken = wakes_of(receiver, delivery)
    except Exception as error:  # noqa: BLE001  # whatever a body does to a parser, the delivery must not be lost
        _put_off(engine, row, error)
        return
    if woken:
        engine.store.write(lambda connection: mailboxes.want(connection, woken, engine.clock.now()))
    try:
        engine.store.write(lambda connection: _apply(connection, engine, row["id"], events))
    except OUTAGES:  # nothing is wrong with the delivery
        raise
    except Exception as error:  # noqa: BLE001  # one event that cannot be applied must not be tried for ever
        if row["attempts"] + 1 >= _MOST_ATTEMPTS:
            _apply_apart(engine, row["id"], events)
        _put_off(engine, row, error)


def _apply_apart(engine: Engine, delivery_id: str, events: Sequence[Event]) -> None:
    """Together they could not be applied: what can be is, and a person looks at the rest."""
    for event in events:
        try:
            engine.store.write(partial(_apply_alone, engine=engine, delivery_id=delivery_id, event=event))
        except OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001  # told of with the delivery
            log.warning("event_not_applied", delivery_id=delivery_id, key=event.key, error=type(error).__name__)


def _apply_alone(connection: Connection, *, engine: Engine, delivery_id: str, event: Event) -> None:
    if deliveries.is_stored(connection, delivery_id) and not event.data.get("is_quarantined"):
        apply(connection, engine, event, delivery_id=delivery_id)


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        connection=row["connection"],
        method=row["method"],
        url=row["url"],
        headers=row["headers"],
        body=row["body"],
        received_at=row["received_at"],
    )


def _apply(connection: Connection, engine: Engine, delivery_id: str, events: Sequence[Event]) -> None:
    now = engine.clock.now()
    if not deliveries.is_stored(connection, delivery_id):
        return
    readable = [event for event in events if not event.data.get("is_quarantined")]
    for event in readable:
        apply(connection, engine, event, delivery_id=delivery_id)
    if len(readable) < len(events):
        deliveries.settle(connection, delivery_id, state="failed", due_at=None, error=_UNREADABLE)
        return
    let_go(connection, delivery_id, now)
    deliveries.settle(connection, delivery_id, state="understood", due_at=None, error=None)


def let_go(connection: Connection, delivery_id: str, now: datetime) -> None:
    """The holds become what the events made of them; who was not stopped goes on."""
    held = stops.release(connection, delivery_id)
    states = enrollments.states(connection, held)
    going = [each for each in held if states[each].state != EnrollmentState.FINISHED]
    if going:
        touches.set_crossed(connection, going, crossed=False)
        touches.wake(connection, going, now=now)


def _put_off(engine: Engine, row: RowMapping, error: Exception) -> None:
    attempts = row["attempts"] + 1
    is_over = attempts >= _MOST_ATTEMPTS
    values = {
        "attempts": attempts,
        "state": "failed" if is_over else "stored",
        "due_at": None if is_over else engine.clock.now() + _PAUSE * 2**attempts,
        "error": f"{type(error).__name__}: {error}"[:500],
    }
    log.warning("delivery_not_understood", delivery_id=row["id"], attempts=attempts, error=type(error).__name__)
    with engine.store.begin() as connection:
        deliveries.settle(connection, row["id"], **values)
