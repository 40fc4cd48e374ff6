"""When something that is done by the sweep was done last, so that several schedulers do it once in its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.services.sending.engine import Engine
from outreach.store.tables import facts

_PREFIX = "round:"


def is_time(engine: Engine, name: str, every: timedelta) -> bool:
    """Has the time of that round come? If so it is noted as begun, and nobody else is told so."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        if not _has_come(read(connection, name), every, now):
            return False

    def begin(connection: Connection) -> bool:
        if not _has_come(locked(connection, name), every, now):
            return False
        keep(connection, name, {"began_at": now.isoformat()})
        return True

    return engine.store.write(begin)


def _has_come(place: Mapping[str, Any], every: timedelta, now: datetime) -> bool:
    return "began_at" not in place or now >= datetime.fromisoformat(place["began_at"]) + every


def read(connection: Connection, name: str) -> dict[str, Any]:
    """Where that round stands, as it was kept last."""
    return dict(connection.execute(select(facts.c.value).where(facts.c.name == _PREFIX + name)).scalar() or {})


def locked(connection: Connection, name: str) -> dict[str, Any]:
    """Where that round stands, locked until the end of the transaction; empty at the beginning."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    first = dialect.insert(facts).values(name=_PREFIX + name, value={}).on_conflict_do_nothing()
    connection.execute(first)
    statement = select(facts.c.value).where(facts.c.name == _PREFIX + name).with_for_update()
    return dict(connection.execute(statement).scalar() or {})


def keep(connection: Connection, name: str, place: Mapping[str, Any]) -> None:
    """Where it stands from now on."""
    connection.execute(update(facts).where(facts.c.name == _PREFIX + name).values(value=dict(place)))
