"""What a lead must have before it enters a stage, asked the same way whoever moves it.

A person who moves a lead is told what is missing. A move that nobody is there to answer for (a sequence, a CRM, the
score) is not made: a task asks a person, and is done as soon as the lead enters the stage after all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from outreach.domain.lead import AddressKind
from outreach.domain.pipeline import Stage
from outreach.store import lead_rows, reply_tasks, scores, stops
from outreach.store.lead_states import StageMove
from outreach.store.tables import tasks
from outreach.store.within import within

REASON = "reason"
"""A requirement that the move fulfils and not the lead: somebody says why."""

BY_SCORE = "score"
"""Who moves leads at the threshold. It tries again and again, so it asks once."""

_TIME = timedelta(days=2)
_LONGEST_ID = 64


def missing(connection: Connection, lead: RowMapping, stage: Stage) -> list[str]:
    """What the stage requires and the lead (row of `lead_rows.load`) lacks; `reason` is left to who moves."""
    return [name for name in stage.requires if name != REASON and not _has(connection, lead, name)]


def _has(connection: Connection, lead: RowMapping, name: str) -> bool:
    """A column, one of the lead's own fields, `company.x`, or a kind of address."""
    if _value(lead, name) not in (None, ""):
        return True
    if name not in set(AddressKind):
        return False
    own = stops.addresses_of(connection, [lead["leads_id"]]).get(lead["leads_id"], [])
    return any(row["kind"] == name and not row["is_dead"] for row in own)


def _value(lead: RowMapping, name: str) -> Any:
    fields: Mapping[str, Any] = lead["leads_fields"] or {}
    if name.startswith("company."):
        own = lead["companies_fields"] or {}
        bare = name.removeprefix("company.")
        return lead[f"companies_{bare}"] if f"companies_{bare}" in lead else own.get(bare.removeprefix("fields."))
    if f"leads_{name}" in lead:
        return lead[f"leads_{name}"]
    return fields.get(name.removeprefix("fields."))


@dataclass(slots=True)
class Demands:
    """Do wanted moves meet what their stages require? Nothing is read where no stage requires anything."""

    connection: Connection
    wanted: Sequence[StageMove]
    unmet: list[tuple[StageMove, list[str]]] = field(default_factory=list)
    _leads: dict[str, RowMapping] | None = None

    def meets(self, move: StageMove) -> bool:
        """Asked under the lock of the lead; an unmet move is kept in `unmet`."""
        stage = move.pipeline.stage(move.stage)
        if stage is None or not stage.requires:
            return True
        lacking = missing(self.connection, self._lead(move), stage)
        if lacking:
            self.unmet.append((move, lacking))
        return not lacking

    def _lead(self, move: StageMove) -> RowMapping:
        if self._leads is None:
            rows = lead_rows.load(self.connection, {each.lead_id for each in self.wanted})
            self._leads = {row["leads_id"]: row for row in rows}
        return self._leads[move.lead_id]


def ask_for(connection: Connection, unmet: Collection[tuple[StageMove, list[str]]], now: datetime) -> None:
    """One task for each lead and stage, for the lead's owner; asked again it is opened again."""
    if not unmet:
        return
    owners = {row["leads_id"]: row["leads_owner"] for row in _loaded(connection, unmet)}
    of_score = [_task_id(move) for move, _ in unmet if move.by == BY_SCORE]
    asked = scores.asked_before(connection, of_score) if of_score else set()
    for move, lacking in unmet:
        if _task_id(move) in asked:
            continue
        named = ", ".join(lacking)
        written = " ".join(f"--set {name.removeprefix('fields.')}=…" for name in lacking)
        note = (
            f"The stage {move.stage} needs {named}, which the lead lacks ({move.reason}). "
            f"Then: outreach stage {move.lead_id} {move.stage} {written}"
        )
        row = {"lead_id": move.lead_id, "assignee": owners.get(move.lead_id), "due_at": now + _TIME}
        reply_tasks.open_one(connection, _task_id(move), row, note=note, now=now)


def _loaded(connection: Connection, unmet: Collection[tuple[StageMove, list[str]]]) -> list[RowMapping]:
    return lead_rows.load(connection, {move.lead_id for move, _ in unmet})


def settle(connection: Connection, moved: Collection[StageMove], now: datetime) -> None:
    """What was asked for is there: the task is done."""
    ids = [_task_id(move) for move in moved if (stage := move.pipeline.stage(move.stage)) and stage.requires]
    if ids:
        is_open = within(tasks.c.id, ids), tasks.c.state == "open"
        connection.execute(update(tasks).where(*is_open).values(state="done", outcome="moved", finished_at=now))


def _task_id(move: StageMove) -> str:
    return f"needs-{move.lead_id}-{move.stage}"[:_LONGEST_ID]
