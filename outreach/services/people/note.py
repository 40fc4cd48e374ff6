"""Write a note on a lead; the CRM gets it too."""

from __future__ import annotations

from sqlalchemy import Connection

from outreach.domain.crm_mapping import CrmTrigger
from outreach.errors import UsageError
from outreach.services.crm.crm_work import Entry
from outreach.services.crm.work_list import add_work, lead_facts
from outreach.services.sending.engine import Engine
from outreach.store import lead_rows
from outreach.store.tables import notes


def write_note(engine: Engine, lead_id: str, text: str, *, by: str) -> str:
    """Keep the note and put it on the work list of every CRM that wants notes; its id. Raises UsageError."""
    if not text.strip():
        raise UsageError("the note is empty. Write its text behind the lead.")
    return engine.store.write(lambda connection: _write(connection, engine, lead_id, text.strip(), by))


def _write(connection: Connection, engine: Engine, lead_id: str, text: str, by: str) -> str:
    if not lead_rows.load(connection, [lead_id]):
        raise UsageError(f"there is no lead '{lead_id}'. See them: outreach leads list")
    return keep_note(connection, engine, lead_id, text, by=by)


def keep_note(connection: Connection, engine: Engine, lead_id: str, text: str, *, by: str) -> str:
    """The same inside a transaction, for a lead that exists; the id of the note."""
    now = engine.clock.now()
    note_id = engine.clock.fresh_id()
    row = {"id": note_id, "lead_id": lead_id, "author": by, "text": text, "created_at": now}
    connection.execute(notes.insert().values(**row))
    lead = lead_facts(connection, lead_id)
    if lead is not None:
        entry = Entry(at=now, kind="note", channel="other", text=text)
        add_work(connection, engine, CrmTrigger.NOTE, event_key=f"note:{note_id}", lead=lead, entry=entry)
    return note_id
