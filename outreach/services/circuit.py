"""A sender whose provider fails is left alone for a while; one whose credentials are wrong is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from outreach import errors
from outreach.services.engine import Engine
from outreach.store import stops
from outreach.store.tables import senders

_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error says of the sender as a whole. `park`: leave it alone so long; None: until a person looks."""

    why: str
    park: timedelta | None


def trouble_of(error: errors.AdapterError) -> Trouble | None:
    """None when the error is about one message alone."""
    match error:
        case errors.RateLimited():
            return Trouble(str(error), error.retry_after)
        case errors.Unauthorized():
            return Trouble(str(error), None)
        case errors.Unavailable() if error.code == "":  # no answer with a code: the provider as such
            return Trouble(str(error), timedelta(0))
    return None


def note(engine: Engine, sender: str, trouble: Trouble) -> None:
    """Open the sender's circuit, or pause it."""
    engine.store.write(lambda connection: _note(connection, engine, sender, trouble))


def _note(connection: Connection, engine: Engine, sender: str, trouble: Trouble) -> None:
    now = engine.clock.now()
    if trouble.park is None:
        row = {"scope": "sender", "value": sender, "reason": trouble.why, "by": "guard", "created_at": now}
        stops.pause(connection, row)
        return
    present = connection.execute(
        select(senders.c.circuit_failures, senders.c.circuit_open_until).where(senders.c.name == sender)
    ).one_or_none()
    if present is None or (present.circuit_open_until and present.circuit_open_until > now):
        return
    until = now + (trouble.park or _growing(engine, present.circuit_failures))
    values = {"circuit_open_until": until, "circuit_reason": trouble.why[:500]}
    connection.execute(
        update(senders)
        .where(senders.c.name == sender)
        .values(circuit_failures=senders.c.circuit_failures + 1, **values)
    )


def _growing(engine: Engine, failures: int) -> timedelta:
    return min(engine.policy.circuit * (1 << min(failures, 6)), _LONGEST)


def close_recovered(connection: Connection, now: datetime) -> None:
    """Circuits whose time is over are closed; a failure soon after opens them for longer."""
    connection.execute(
        update(senders)
        .where(senders.c.circuit_open_until <= now - _LONGEST)
        .values(circuit_open_until=None, circuit_failures=0, circuit_reason=None)
    )
