"""A sender whose provider fails is left alone for a while; one whose credentials are wrong is paused.

A mailbox stands for its sender. On every other channel the action alone is left alone or paused, and the account if its
credentials are wrong, so that a limit of invitations stops no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, func, literal, select, update

from outreach import errors
from outreach.domain.notice import Notice, NoticeKind
from outreach.domain.sender import account_of, queue_of
from outreach.domain.touch import TouchState
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import tell
from outreach.store import stops, touches
from outreach.store.tables import senders

log = structlog.get_logger()

_LONGEST = timedelta(hours=1)
_MEND = "When it is mended: outreach resume --sender NAME"
_MANY_FAILURES = 12
_MORE_PROBES = 3
"""After so many failures in a row more than one touch is tried: the first may be the trouble itself."""


_CLOSED = {"circuit_open_until": None, "circuit_since_at": None, "circuit_failures": 0, "circuit_reason": None}


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
    if stops.pause(connection, row):
        _tell(connection, engine, NoticeKind.RESTRICTION, value, f"{value} is paused: {trouble.why}. {_MEND}")


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
    since = func.coalesce(senders.c.circuit_since_at, literal(now, senders.c.circuit_since_at.type))
    values = {"circuit_open_until": until, "circuit_reason": trouble.why[:500], "circuit_since_at": since}
    connection.execute(
        update(senders).where(senders.c.name == queue).values(circuit_failures=senders.c.circuit_failures + 1, **values)
    )
    if _is_news(trouble, present.circuit_failures):
        text = f"{queue} waits until {until:%Y-%m-%d %H:%M} UTC: {trouble.why}. Nothing is lost. See: outreach status"
        _tell(connection, engine, NoticeKind.CIRCUIT, queue, text)


def _is_news(trouble: Trouble, failures: int) -> bool:
    """The first failure of a provider, and a limit that holds for long; a limit of minutes is everyday life."""
    return trouble.park >= _LONGEST if trouble.park else failures == 0


def _tell(connection: Connection, engine: Engine, kind: NoticeKind, what: str, text: str) -> None:
    now = engine.clock.now()
    tell(connection, engine.notify, Notice(kind=kind, key=f"{kind}:{what}:{now.isoformat()}", text=text), now)


def _growing(engine: Engine, failures: int) -> timedelta:
    return min(engine.policy.circuit * (1 << min(failures, 6)), _LONGEST)


def most_now(connection: Connection, engine: Engine, sender: str, action: str, now: datetime) -> int | None:
    """How many touches may be tried while nobody knows whether the provider is back; None: it is not failing.

    When its time is over a circuit lets one touch through. What waits behind it follows when that one was taken, so
    that nothing is tried in vain and no order is lost.
    """
    queue = queue_of(sender, action)
    row = connection.execute(select(senders).where(senders.c.name == queue)).mappings().one_or_none()
    until = row["circuit_open_until"] if row else None
    if row is None or until is None:
        return None
    if until > now:
        return 0
    if action == "task":
        return None
    states = touches.states_since(connection, sender, action, until)
    if states.get(TouchState.SENT):
        close(connection, queue)
        return None
    if states.get(TouchState.CLAIMED) or states.get(TouchState.HANDED_OVER):
        return 0
    _hold_late(connection, engine, (sender, action), since=row["circuit_since_at"], now=now)
    return _MORE_PROBES if row["circuit_failures"] >= _MANY_FAILURES else 1


def _hold_late(
    connection: Connection, engine: Engine, queue: tuple[str, str], *, since: datetime | None, now: datetime
) -> None:
    """What an outage made later than `max_late` waits for a person."""
    if since is not None and now - since > engine.policy.max_late:
        touches.hold_late(connection, now - engine.policy.max_late, queue=queue)


def close(connection: Connection, queue: str) -> None:
    """It works again."""
    connection.execute(update(senders).where(senders.c.name == queue).values(**_CLOSED))


def close_recovered(connection: Connection, now: datetime) -> None:
    """Circuits whose time is over are closed; a failure soon after opens them for longer."""
    connection.execute(update(senders).where(senders.c.circuit_open_until <= now - _LONGEST).values(**_CLOSED))
