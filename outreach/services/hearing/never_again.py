"""A person who wants no more messages, or complained: suppressed with every address, on every channel."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope, SuppressionReason, address_value
from outreach.services.sending.engine import Engine
from outreach.store import lead_states, stops


def opt_out(
    connection: Connection,
    engine: Engine,
    lead_id: str,
    reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED,
) -> None:
    """The lead and all addresses are suppressed, the status says so; a weaker reason that stands gives way."""
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    rows = [suppression(engine, Scope.LEAD, lead_id, reason)]
    rows += [suppression(engine, Scope.ADDRESS, address_value(row["kind"], row["value"]), reason) for row in own]
    stops.suppress(connection, rows)
    stops.strengthen(connection, [(row["scope"], row["value"]) for row in rows], reason)
    lead_states.set_status(connection, [lead_id], Status.DO_NOT_CONTACT, engine.clock.now())


def suppression(engine: Engine, scope: Scope, value: str, reason: SuppressionReason) -> dict[str, Any]:
    """A row of the list, written by the engine."""
    return {
        "id": engine.clock.fresh_id(),
        "scope": scope,
        "value": value,
        "reason": reason,
        "by": "engine",
        "detail": "",
        "created_at": engine.clock.now(),
    }
