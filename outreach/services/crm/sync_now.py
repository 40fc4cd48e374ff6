"""Write and read everything of one CRM connection now, and say how far it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from outreach.crm import Operation
from outreach.services.crm import sync
from outreach.services.crm.sync import Connected
from outreach.services.hearing.read_back import begin_round, read_back
from outreach.services.sending.engine import Engine
from outreach.store import crm_connections, crm_jobs, crm_pulls

_MOST_ROUNDS = 10_000


@dataclass(slots=True)
class Synced:
    """What came of it. `waiting` jobs are due later, `dead` ones need a person; `parked_because`: it had to stop."""

    connection: str
    written: int = 0
    waiting: int = 0
    dead: int = 0
    read: int = 0
    changes: Mapping[str, int] = field(default_factory=dict)
    parked_because: str = ""


async def sync_now(
    engine: Engine,
    connected: Connected,
    *,
    owner: str,
    since: datetime | None = None,
    on_progress: Callable[[Synced], None] = lambda _: None,
) -> Synced:
    """Until nothing is due, or the vendor asks us to wait. `since`: also read again what changed there since then."""
    result, counts = Synced(connected.mapping.name), Counter[str]()
    if Operation.PULL in connected.crm.can:
        await asyncio.to_thread(_begin, engine, connected, since)
    for _ in range(_MOST_ROUNDS):
        [drained] = await sync.drain(engine.store, [connected], clock=engine.clock, owner=owner)
        back = await read_back(engine, connected)
        result.written += drained.done
        result.read += back.people
        counts.update(back.counts or {})
        result.changes = dict(counts)
        result.parked_because = drained.parked_because or back.stopped_because
        on_progress(result)
        if result.parked_because or not (drained.done or drained.put_back or back.pages):
            break
    await asyncio.to_thread(_state, engine, result)
    return result


def _begin(engine: Engine, connected: Connected, since: datetime | None) -> None:
    name = connected.mapping.name
    if since is not None:
        begin_round(engine, name, since=since)
    elif connected.mapping.poll is not None:
        now = engine.clock.now()
        engine.store.write(lambda connection: crm_pulls.want(connection, name, crm_pulls.CHANGES, due_at=now))


def _state(engine: Engine, result: Synced) -> None:
    with engine.store.read() as connection:
        numbers = crm_jobs.counts(connection).get(result.connection, {})
        states = [state for state in crm_connections.states(connection) if state.name == result.connection]
    result.waiting = numbers.get("waiting", 0) + numbers.get("claimed", 0)
    result.dead = numbers.get("dead", 0)
    if states and states[0].is_parked(engine.clock.now()):
        result.parked_because = result.parked_because or states[0].reason or "parked"
