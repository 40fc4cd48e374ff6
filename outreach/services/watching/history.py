"""What happened to a lead, from every table, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, select

from outreach.domain.touch import TouchState
from outreach.store.tables import (
    enrollments,
    events,
    field_changes,
    notes,
    rests,
    stage_moves,
    stage_sequences,
    touches,
)

_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a timeline. `kind` is what happened, in one word; `what` says it for people."""

    at: datetime
    kind: str
    what: str
    sequence: str | None = None
    step: str | None = None


def history(connection: Connection, lead_id: str) -> list[Entry]:
    """The oldest first."""
    found = chain(
        _enrollments(connection, lead_id),
        _touches(connection, lead_id),
        _events(connection, lead_id),
        _stages(connection, lead_id),
        _notes(connection, lead_id),
        _values(connection, lead_id),
        _rests(connection, lead_id),
        _sequences_of_stages(connection, lead_id),
    )
    return sorted(found, key=lambda entry: entry.at)


def _enrollments(connection: Connection, lead_id: str) -> Iterator[Entry]:
    for row in connection.execute(select(enrollments).where(enrollments.c.lead_id == lead_id)).mappings():
        yield Entry(at=row["entered_at"], kind="enrolled", what=f"sender {row['sender']}", sequence=row["sequence"])
        if row["finished_at"]:
            what = " ".join(part for part in (row["reason"], row["detail"]) if part)
            yield Entry(at=row["finished_at"], kind="finished", what=what, sequence=row["sequence"])


def _touches(connection: Connection, lead_id: str) -> Iterator[Entry]:
    over = (TouchState.SENT, TouchState.FAILED, TouchState.SKIPPED, TouchState.UNKNOWN)
    statement = select(touches).where(touches.c.lead_id == lead_id, touches.c.state.in_(over))
    for row in connection.execute(statement).mappings():
        said = row["subject"] if row["state"] == TouchState.SENT else row["reason"]
        crossed = " (crossed)" if row["crossed"] else ""
        wording = f" (wording: {row['wording']})" if row["wording"] else ""
        yield Entry(
            at=row["sent_at"] or row["finished_at"] or row["wanted_at"],
            kind=row["state"],
            what=f"{row['action']} to {row['recipient'] or '-'}{': ' + said if said else ''}{wording}{crossed}"[
                :_LONGEST
            ],
            sequence=row["sequence"],
            step=row["step"],
        )


def _events(connection: Connection, lead_id: str) -> Iterator[Entry]:
    statement = select(events).where(events.c.lead_id == lead_id)
    for row in connection.execute(statement).mappings():
        said = " ".join((row["text"] or row["reason"] or row["subject"]).split())
        yield Entry(at=row["at"], kind=row["kind"], what=f"{row['channel']}{': ' + said if said else ''}"[:_LONGEST])


def _stages(connection: Connection, lead_id: str) -> Iterator[Entry]:
    for row in connection.execute(select(stage_moves).where(stage_moves.c.lead_id == lead_id)).mappings():
        moved = f"{row['from_stage'] or '-'} → {row['to_stage']}"
        yield Entry(at=row["at"], kind="stage", what=f"{moved} ({row['reason']}, by {row['by']})"[:_LONGEST])


def _notes(connection: Connection, lead_id: str) -> Iterator[Entry]:
    for row in connection.execute(select(notes).where(notes.c.lead_id == lead_id)).mappings():
        yield Entry(at=row["created_at"], kind="note", what=f"{row['author']}: {row['text']}"[:_LONGEST])


def _values(connection: Connection, lead_id: str) -> Iterator[Entry]:
    statement = select(field_changes).where(field_changes.c.lead_id == lead_id).order_by(field_changes.c.number)
    for row in connection.execute(statement).mappings():
        changed = f"{row['before']} → {row['after'] or '-'}" if row["before"] else row["after"]
        where = ", ".join(part for part in (f"by {row['by']}", row["origin"]) if part)
        yield Entry(at=row["at"], kind="value", what=f"{row['name']}: {changed} ({where})"[:_LONGEST])


def _rests(connection: Connection, lead_id: str) -> Iterator[Entry]:
    for row in connection.execute(select(rests).where(rests.c.lead_id == lead_id)).mappings():
        until = f" until {row['until'].date().isoformat()}" if row["until"] else ""
        yield Entry(at=row["created_at"], kind="rest", what=f"{row['by']}: {row['because']}{until}"[:_LONGEST])


def _sequences_of_stages(connection: Connection, lead_id: str) -> Iterator[Entry]:
    """Those that were refused; the others show as enrollments."""
    refused = stage_sequences.c.lead_id == lead_id, stage_sequences.c.state == "refused"
    for row in connection.execute(select(stage_sequences).where(*refused)).mappings():
        what = f"not entered, as the stage {row['stage']} asks: {row['detail']}"
        yield Entry(at=row["finished_at"], kind="refused", what=what[:_LONGEST], sequence=row["sequence"])
