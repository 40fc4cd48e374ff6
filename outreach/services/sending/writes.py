"""What a sequence writes on a lead on its way: tags, points, values and notes. Stages are moved by `moves.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from outreach.content.step_models import SETTABLE
from outreach.domain.sequence import What, WriteStep
from outreach.services.people.note import keep_note
from outreach.services.sending.engine import Engine
from outreach.store import lead_states


def write_on_lead(
    connection: Connection, engine: Engine, lead_id: str, writes: Sequence[WriteStep], *, by: str, now: datetime
) -> None:
    """In the order of the steps; stages are left to `move_stages`."""
    tags = [write.value for write in writes if write.what is What.TAG]
    if tags:
        lead_states.add_tags(connection, lead_id, tags, now)
    points = sum(int(write.value) for write in writes if write.what is What.SCORE)
    if points:
        lead_states.add_score(connection, lead_id, points, now)
    _set(connection, lead_id, [write for write in writes if write.what is What.SET], by=by, now=now)
    for write in writes:
        if write.what is What.NOTE:
            keep_note(connection, engine, lead_id, write.value, by=by)


def _set(connection: Connection, lead_id: str, writes: Sequence[WriteStep], *, by: str, now: datetime) -> None:
    values = {name: text for write in writes for name, text in write.values.items()}
    if not values:
        return
    columns = {name: text for name, text in values.items() if name in SETTABLE}
    fields = {name: text for name, text in values.items() if name not in SETTABLE}
    lead_states.set_values(connection, lead_id, columns=columns, fields=fields, now=now, by=by)
