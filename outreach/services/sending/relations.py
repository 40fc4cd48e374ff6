"""Acceptance of invitations, found by looking: a provider's own news of it may come hours late.

Only for senders with invitations that nobody has answered, some times a day at irregular intervals, with a bounded
number of calls. Who is found is an event like the provider's own news; hearing of it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.channel import Relation
from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.quota import jitter_share
from outreach.errors import AdapterError
from outreach.services.hearing import react
from outreach.services.sending.engine import Engine
from outreach.services.sending.rounds import is_time
from outreach.store import invitations

log = structlog.get_logger()

EVERY = timedelta(minutes=75)
JITTER = timedelta(minutes=75)
LOOK_BACK = timedelta(days=60)
"""Invitations that are older are not waited for any more."""

_OVERLAP = timedelta(hours=1)
_HOURS = range(7, 22)  # of the sender's day: nobody looks at their network at night
_MOST = 1_000

Relations = Callable[[datetime], Awaitable[Sequence[Relation]]]
"""Who became a relation since that instant, the newest first; bounded by the adapter."""


async def look_at_relations(engine: Engine, ask: Mapping[str, Relations]) -> int:
    """For each sender whose turn it is; how many invitations were accepted."""
    return sum([await _look(engine, sender, relations) for sender, relations in ask.items()])


async def _look(engine: Engine, sender: str, relations: Relations) -> int:
    now = engine.clock.now()
    if now.astimezone(ZoneInfo(engine.sender(sender).zone)).hour not in _HOURS:
        return 0
    with engine.store.read() as connection:
        span = {"after": now - LOOK_BACK, "before": now}
        waiting = invitations.unanswered(connection, sender, most=_MOST, **span)
    every = EVERY + JITTER * jitter_share(f"{sender}.relations.{now:%Y-%m-%d %H}")
    if not waiting or not is_time(engine, f"relations:{sender}", every):
        return 0
    try:
        found = await relations(now - EVERY - JITTER - _OVERLAP)
    except AdapterError as error:
        log.warning("relations_not_read", sender=sender, error=error.said[:200])
        return 0
    accepted = _accepted(waiting, found)
    return engine.store.write(lambda connection: _tell(connection, engine, sender, accepted))


def _accepted(waiting: Collection[RowMapping], found: Collection[Relation]) -> list[tuple[RowMapping, Relation]]:
    by_person: dict[str, Relation] = {}
    for each in found:
        by_person |= {key: each for key in (each.provider_id, each.profile_url) if key}
    pairs = [(row, by_person.get(row["person"] or "") or by_person.get(row["address"] or "")) for row in waiting]
    unique = {row["touch_id"]: (row, relation) for row, relation in pairs if relation}
    return list(unique.values())


def _tell(
    connection: Connection, engine: Engine, sender: str, accepted: Collection[tuple[RowMapping, Relation]]
) -> int:
    return sum(react.apply(connection, engine, _event(engine, row, relation)) for row, relation in accepted)


def _event(engine: Engine, row: RowMapping, relation: Relation) -> Event:
    return Event(
        key=f"relation:{row['touch_id']}",
        kind=EventKind.ACCEPTED,
        at=min(relation.at or engine.clock.now(), engine.clock.now()),
        channel="linkedin",
        clues=Clues(tokens=(row["touch_id"],)),
        reason="found among the relations",
        data={"provider_id": relation.provider_id},
    )
