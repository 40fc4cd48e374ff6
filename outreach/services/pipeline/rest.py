"""A person says why an open lead has no next action, and until when: nobody is forgotten, and nobody is pressed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.store import audit, lead_rows
from outreach.store.tables import rests


def rest(engine: Engine, lead_id: str, because: str, *, until: datetime | None, by: str) -> None:
    """Keep the reason; a later one takes its place. Raises UsageError for no lead, no reason, or a past day."""
    now = engine.clock.now()
    if not because.strip():
        raise UsageError("why has the lead no next action? Add: --because TEXT")
    if until is not None and until <= now:
        raise UsageError(f"{until.date().isoformat()} is over already. Write a later day.")

    def work(connection: Connection) -> None:
        _check(connection, lead_id)
        values = {"because": because.strip(), "until": until, "by": by, "created_at": now}
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(rests).values(lead_id=lead_id, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=["lead_id"], set_=values))
        data = {"because": because.strip(), "until": until.isoformat() if until else None}
        audit.write(connection, now=now, actor=by, action="rest", subject=lead_id, data=data)

    engine.store.write(work)


def wake(engine: Engine, lead_id: str, *, by: str) -> bool:
    """The lead needs a next action again; False if it did not rest."""

    def work(connection: Connection) -> bool:
        _check(connection, lead_id)
        had = connection.execute(delete(rests).where(rests.c.lead_id == lead_id)).rowcount > 0
        audit.write(connection, now=engine.clock.now(), actor=by, action="wake", subject=lead_id)
        return had

    return engine.store.write(work)


def _check(connection: Connection, lead_id: str) -> None:
    if not lead_rows.load(connection, [lead_id]):
        raise UsageError(f"there is no lead '{lead_id}'. See them: outreach leads list")
