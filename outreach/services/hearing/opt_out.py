"""Leave by the link in a mail: one POST is the whole consent, honoured before the next hand-over (RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.suppression import Scope
from outreach.services.hearing.react import apply
from outreach.services.sending.engine import Engine
from outreach.store import stops
from outreach.store.tables import leads, touches


@dataclass(frozen=True, slots=True)
class Leaving:
    """What the page may know: how to speak, for whom, and whether it has happened."""

    language: str | None
    organisation: str
    is_done: bool


def look(engine: Engine, touch_id: str) -> Leaving | None:
    """What to ask the person who was sent that touch; None if there is none. Changes nothing."""
    with engine.store.read() as connection:
        return _leaving(connection, engine, touch_id)


def leave(engine: Engine, touch_id: str) -> Leaving | None:
    """Opt the person out, once and for all sequences and channels; a repeat answers the same."""

    def work(connection: Connection) -> Leaving | None:
        present = _leaving(connection, engine, touch_id)
        if present is None or present.is_done:
            return present
        apply(connection, engine, _event(engine, touch_id))
        return _leaving(connection, engine, touch_id)

    return engine.store.write(work)


def _event(engine: Engine, touch_id: str) -> Event:
    """A new one each time: who was let in again by hand may leave again by the same link."""
    now = engine.clock.now()
    return Event(
        key=f"opt_out:{touch_id}:{engine.clock.fresh_id()}",
        kind=EventKind.UNSUBSCRIBED,
        at=now,
        channel="email",
        clues=Clues(tokens=(touch_id,)),
        reason="link",
    )


def _leaving(connection: Connection, engine: Engine, touch_id: str) -> Leaving | None:
    statement = (
        select(leads.c.id, leads.c.language)
        .join(touches, touches.c.lead_id == leads.c.id)
        .where(touches.c.id == touch_id)
    )
    lead = connection.execute(statement).one_or_none()
    if lead is None:
        return None
    is_done = bool(stops.suppressed(connection, {(Scope.LEAD, lead.id)}))
    return Leaving(lead.language, engine.policy.organisation, is_done)
