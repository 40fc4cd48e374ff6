"""What CRMs still hold of a person who is erased here: they are asked to delete it, or a person of the team is.

`on_erase: delete` writes a job onto the work list, which deletes the record with patience and tells of what it gives
up. Everything else becomes a task that names the record: of connections that say `task` or are not configured any
more, and deals, which are the company's own but bear the name of whom they are with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert

from outreach.crm import Operation
from outreach.domain.crm_mapping import OnErase
from outreach.services.sending.engine import Engine
from outreach.store.crm_jobs import NewJob, add_jobs
from outreach.store.tables import tasks

TIME_FOR_IT = timedelta(days=7)
"""Until the task is overdue; the law leaves a month (GDPR, article 12 (3))."""

Record = Mapping[str, Any]
"""connection, kind (person, deal), remote_id, url."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many records CRMs are asked to delete, and the ids of tasks for the others."""

    deletions: int
    tasks: tuple[str, ...]


def ask(connection: Connection, engine: Engine, lead_id: str, records: Sequence[Record], *, owner: str) -> Asked:
    """Write jobs and tasks, in the transaction that erases the lead: after its own jobs and tasks are gone."""
    doing = [each for each in records if _is_deleted_there(engine, each)]
    for number, each in enumerate(doing):
        add_jobs(
            connection,
            crm=each["connection"],
            lead_id=lead_id,
            event_key=f"erase:{lead_id}:{number}",
            jobs=[NewJob(operation=Operation.FORGET, payload={"person_id": each["remote_id"]})],
            now=engine.clock.now(),
        )
    left = [each for each in records if each not in doing]
    names = sorted({each["connection"] for each in left})
    made = [_task(connection, engine, [each for each in left if each["connection"] == name], owner) for name in names]
    return Asked(len(doing), tuple(made))


def _is_deleted_there(engine: Engine, record: Record) -> bool:
    mapping = engine.crms.get(record["connection"])
    return record["kind"] == "person" and mapping is not None and mapping.on_erase is OnErase.DELETE


def _task(connection: Connection, engine: Engine, records: Sequence[Record], owner: str) -> str:
    """One for each connection. It belongs to no lead: there is none any more."""
    task_id, now = engine.clock.fresh_id(), engine.clock.now()
    name = records[0]["connection"]
    row = {
        "id": task_id,
        "lead_id": None,
        "kind": "custom",
        "assignee": owner or None,
        "note": f"Somebody was erased who is known to {name} as well. "
        f"Erase there: {', '.join(_words(each) for each in records)}",
        "state": "open",
        "due_at": now + TIME_FOR_IT,
        "created_at": now,
    }
    connection.execute(insert(tasks).values(**row))
    return task_id


def _words(record: Record) -> str:
    what = "person" if record["kind"] == "person" else "the name in deal"
    return f"{what} {record['remote_id']} {record['url'] or ''}".rstrip()
