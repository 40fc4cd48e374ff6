"""Whether anybody was forgotten: counted at once, and of large lists some minutes ago, because it looks at everybody.

The scheduler counts again and again, at rest for thirty times as long as it took. What was counted names its instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from outreach.domain.pipeline import StageKind
from outreach.services.sending.engine import Engine
from outreach.store import figures, measures, rollups

LARGE = 20_000
"""More leads or touches than that, and what was counted is kept."""
USABLE_FOR = timedelta(minutes=30)
_LEAST_REST = timedelta(minutes=1)
_REST = 30
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Open leads without a next action by situation, some of their ids, and leads too long at their stage."""

    at: datetime
    by: Mapping[str, int]
    ids: tuple[str, ...]
    stale: int


def forgotten(connection: Connection, engine: Engine, now: datetime, *, large: int = LARGE) -> Forgotten:
    """As it was counted lately if the list is large, else as it is now."""
    noted = figures.noted_forgotten(connection)
    if not noted or datetime.fromisoformat(noted["at"]) <= now - USABLE_FOR:
        return _count(connection, engine, now)
    if not rollups.is_large(connection, large):
        return _count(connection, engine, now)
    still = figures.forgotten_among(connection, closed_stages(engine), now, noted["ids"]) if noted["ids"] else set()
    return Forgotten(
        at=datetime.fromisoformat(noted["at"]),
        by=noted["by"],
        ids=tuple(each for each in noted["ids"] if each in still),
        stale=noted["stale"],
    )


def count_again(engine: Engine, *, large: int = LARGE) -> bool:
    """Count and keep it, where the list is large and the time has come; was it counted?"""
    now, begun = engine.clock.now(), engine.clock.monotonic()
    with engine.store.read() as connection:
        if not rollups.is_large(connection, large):
            return False
        noted = figures.noted_forgotten(connection)
        if noted and now < datetime.fromisoformat(noted["at"]) + max(
            _LEAST_REST, _REST * timedelta(seconds=noted["took"])
        ):
            return False
        measures.read_much(connection)
        found = _count(connection, engine, now)
    kept = {"at": now.isoformat(), "took": engine.clock.monotonic() - begun, "stale": found.stale}
    kept |= {"by": dict(found.by), "ids": list(found.ids)}
    engine.store.write(lambda connection: figures.note_forgotten(connection, kept))
    return True


def _rests_until(noted: Mapping[str, Any]) -> datetime:
    rest = max(_LEAST_REST, _REST * timedelta(seconds=noted["took"]))
    return datetime.fromisoformat(noted["at"]) + rest


def _count(connection: Connection, engine: Engine, now: datetime) -> Forgotten:
    closed = closed_stages(engine)
    by = figures.forgotten(connection, closed, now)
    ids = figures.forgotten_ids(connection, closed, now, most=_MOST_NAMED) if by else ()
    return Forgotten(at=now, by=by, ids=tuple(ids), stale=figures.stale(connection, stale_stages(engine, now), now))


def closed_stages(engine: Engine) -> list[tuple[str, str]]:
    """(pipeline, stage) of every stage in which a lead needs no next action: won, lost or parked."""
    return [
        (pipeline.name, stage.name)
        for pipeline in engine.pipelines.values()
        for stage in pipeline.stages
        if stage.kind is not StageKind.OPEN
    ]


def stale_stages(engine: Engine, now: datetime) -> list[tuple[str, str, datetime]]:
    """(pipeline, stage, since): who stands there since before that instant is stale."""
    return [
        (pipeline.name, stage.name, now - stage.stale_after.elapsed)
        for pipeline in engine.pipelines.values()
        for stage in pipeline.stages
        if stage.kind is StageKind.OPEN and stage.stale_after
    ]
