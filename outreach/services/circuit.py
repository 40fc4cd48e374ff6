"""A sender whose provider fails is left alone for a while; one whose credentials are wrong is paused.

A mailbox stands for its sender. On every other channel the action alone is left alone or paused, and the account if its
credentials are wrong, so that a limit of invitations stops no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, select, update

from outreach import errors
from outreach.domain.sender import account_of, queue_of
from outreach.services.engine import Engine
from outreach.store import stops
from outreach.store.tables import senders

log = structlog.get_logger()

_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error says of the sender as a whole. `park`: leave it alone so long; None: until a person looks."""

    why: str
    park: timedelta | None
    only_this_action: bool = False


def trouble_of(error: errors.AdapterError) -> Trouble | None:
    """None when the error is about one message alone."""
    match error:
        case errors.RateLimited():
            return Trouble(str(error), error.retry_after)
        case errors.Unauthorized():
            return Trouble(str(error), None, error.only_this_action)
        case errors.Unavailable() if error.code == "":  # no answer with a code: the provider as such
            return Trouble(str(error), timedelta(0))
    return None


def note(engine: Engine, sender: str, action: str, trouble: Trouble) -> None:
    """Open the circuit of what failed, or pause it."""
    if trouble.park is None:
        scope, value = _paused(sender, action, trouble)
        log.warning("paused_by_guard", scope=scope, value=value, remedy=f"outreach resume --sender {sender}")
        engine.store.write(lambda connection: _pause(connection, engine, (scope, value), trouble))
        return
    engine.store.write(lambda connection: _open(connection, engine, queue_of(sender, action), trouble))


def _paused(sender: str, action: str, trouble: Trouble) -> tuple[str, str]:
    """(scope, value) of the pause."""
    queue = queue_of(sender, action)
    if queue == sender:
        return "sender", sender
    if trouble.only_this_action:
        return stops.ACTION, queue
    return stops.ACCOUNT, account_of(sender, action.partition(".")[0])


def _pause(connection: Connection, engine: Engine, what: tuple[str, str], trouble: Trouble) -> None:
    scope, value = what
    row = {"scope": scope, "value": value, "reason": trouble.why, "by": "guard", "created_at": engine.clock.now()}
    stops.pause(connection, row)


def _open(connection: Connection, engine: Engine, queue: str, trouble: Trouble) -> None:
    """A queue that is not a sender gets a row of its own beside those of senders when it fails first."""
    now = engine.clock.now()
    stops.enter_queue(connection, queue)
    present = connection.execute(
        select(senders.c.circuit_failures, senders.c.circuit_open_until).where(senders.c.name == queue)
    ).one_or_none()
    if present is None or (present.circuit_open_until and present.circuit_open_until > now):
        return
    until = now + (trouble.park or _growing(engine, present.circuit_failures))
    values = {"circuit_open_until": until, "circuit_reason": trouble.why[:500]}
    connection.execute(
        update(senders).where(senders.c.name == queue).values(circuit_failures=senders.c.circuit_failures + 1, **values)
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
