"""Lift a suppression: a person may be contacted again."""

from __future__ import annotations

from sqlalchemy import Connection, update

from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope, keys_of
from outreach.errors import UsageError
from outreach.services.hearing.stop import covered_leads
from outreach.services.sending.engine import Engine
from outreach.store import audit, lead_rows, stops
from outreach.store.tables import leads


def lift(engine: Engine, scope: Scope, value: str, *, by: str) -> None:
    """Remove it; leads that nothing else suppresses are `new` again. Raises UsageError when there is none."""
    engine.store.write(lambda connection: _lift(connection, engine, scope, value, by))


def _lift(connection: Connection, engine: Engine, scope: Scope, value: str, by: str) -> None:
    now = engine.clock.now()
    if not stops.lift(connection, scope, value):
        raise UsageError(f"{scope} {value} is not suppressed. See who is: outreach suppress list")
    free = _free(connection, covered_leads(connection, scope, value))
    connection.execute(update(leads).where(leads.c.id.in_(free)).values(status=Status.NEW, updated_at=now))
    audit.write(connection, now=now, actor=by, action="lift", subject=f"{scope}:{value}")


def _free(connection: Connection, lead_ids: list[str]) -> list[str]:
    """Of these leads, those whose status says do_not_contact although no suppression covers them any more."""
    own = stops.addresses_of(connection, lead_ids)
    free = []
    for row in lead_rows.load(connection, lead_ids):
        keys = keys_of(
            lead_id=row["leads_id"],
            company_id=row["leads_company_id"],
            addresses=tuple((each["kind"], each["value"]) for each in own.get(row["leads_id"], [])),
        )
        if row["leads_status"] == Status.DO_NOT_CONTACT and not stops.suppressed(connection, keys):
            free.append(row["leads_id"])
    return free
