"""Send messages in doubt again under the same key, where the provider documents for how long it takes a key only once.

A repeat there is no second message: it gets the answer of the first. What stays planned until the key has run out (a
closed window, a cap) is in doubt again, and then a person decides. Channels that take a key once for ever
(`dedupes_by_key`) need none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.services.sending.engine import Engine
from outreach.services.sending.outcomes import back_off
from outreach.store import doubts, enrollments

log = structlog.get_logger()

MARGIN = timedelta(hours=1)
"""So much earlier than documented a key counts as forgotten: clocks differ, and a claim may lie for a while."""

_MOST = 200

KeysLast = Callable[[str, str], timedelta | None]
"""(sender, channel) → for how long that provider takes a key only once; None: it does not say."""


def repeat_doubts(engine: Engine, keys_last: KeysLast) -> int:
    """Plan what is in doubt again, with growing pauses, as long as its key is remembered; how many."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        found = doubts.open_ones(connection, most=_MOST)
    ready = [(touch, until) for touch in found if (until := _may_go_until(engine, keys_last, touch, now))]
    if not ready:
        return 0
    return engine.store.write(lambda connection: _plan_again(connection, ready, now))


def _may_go_until(engine: Engine, keys_last: KeysLast, touch: RowMapping, now: datetime) -> datetime | None:
    lasts = keys_last(touch["sender"], touch["channel"])
    if lasts is None or not 0 < touch["attempts"] < engine.policy.most_attempts:
        return None
    until: datetime = touch["doubt_until"] or touch["handed_over_at"] + lasts - MARGIN
    is_time = touch["finished_at"] + back_off(touch["attempts"] - 1) <= now
    return until if is_time and now < until else None


def _plan_again(connection: Connection, ready: list[tuple[RowMapping, datetime]], now: datetime) -> int:
    enrollments.lock(connection, sorted({touch["enrollment_id"] for touch, _ in ready}))
    why = "in doubt: goes again with the same key, which the provider takes once"
    again = [doubts.plan_again(connection, touch["id"], now=now, until=until, why=why) for touch, until in ready]
    log.info("doubts_repeated", touches=sum(again))
    return sum(again)


def end_doubts(engine: Engine) -> int:
    """What could not go again while its key was remembered waits for a person; how many."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        if not doubts.any_run_out(connection, now):
            return 0
    why = "in doubt, and the provider has forgotten its key"
    return engine.store.write(lambda connection: doubts.end(connection, now, why=why))
