"""Look at the enrollments that are due to be looked at, and send each on its way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from outreach.domain.planner import next_move
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import path_facts, render_context
from outreach.services.sending.moves import Planned, carry_out
from outreach.store import enrollments, paths
from outreach.store.stops import addresses_of

_MOST = 500


def advance(engine: Engine) -> int:
    """One batch of due enrollments; how many were looked at."""
    with engine.store.read() as connection:
        if not enrollments.any_due(connection, engine.clock.now()):
            return 0
    return engine.store.write(lambda connection: _advance(connection, engine))


def _advance(connection: Connection, engine: Engine) -> int:
    now = engine.clock.now()
    ids = enrollments.take_due(connection, now, _MOST)
    if ids:
        carry_out(connection, engine, plan(connection, engine, ids, now), now)
    return len(ids)


def plan(connection: Connection, engine: Engine, ids: Collection[str], now: datetime) -> list[Planned]:
    """Where these enrollments go next, by everything that is known of them."""
    rows = enrollments.load(connection, ids)
    touches = paths.touches_of(connection, ids)
    happened = paths.happened(connection, ids)
    addresses = addresses_of(connection, [row["enrollments_lead_id"] for row in rows])
    counts = paths.event_counts(connection, [row["enrollments_lead_id"] for row in rows])
    planned = []
    for row in rows:
        revision = engine.revisions.get(connection, row["enrollments_revision_id"])
        sender = engine.sender(row["enrollments_sender"])
        own = addresses.get(row["enrollments_lead_id"], [])
        enrollment_id = row["enrollments_id"]
        facts = path_facts(
            revision.sequence,
            row,
            touches.get(enrollment_id, []),
            sender=sender,
            team=engine.sender,
            happened=happened.get(enrollment_id, {}),
            context=render_context(row, own, sender, now, events=counts[row["enrollments_lead_id"]]),
        )
        planned.append(
            Planned(
                row=row,
                addresses=own,
                sequence=revision.sequence,
                pipeline=revision.pipeline,
                move=next_move(facts, now),
            )
        )
    return planned
