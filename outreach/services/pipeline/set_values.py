"""Write what was learnt about a lead: pain points, objections, answers, value. Every change keeps its history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from outreach.content.field_types import zone_name
from outreach.errors import UsageError
from outreach.services.pipeline import score
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import audit, lead_rows, lead_states

COLUMNS = ("first_name", "last_name", "title", "language", "timezone", "country", "owner")
"""Columns of a lead that people may write, beside the team's own fields."""

_NOT_HERE = {
    "stage": "Move it: outreach stage LEAD STAGE",
    "status": "The engine keeps it. To stop somebody: outreach suppress add LEAD",
    "pipeline": "Import the lead with --pipeline",
    "source": "It stays as it was when the lead came.",
    "tags": "A sequence writes them: `tag: …`",
    "id": "It stays.",
    "email": "Import it with the lead's other addresses: outreach leads import FILE",
    "company": "Import it with the lead's other values: outreach leads import FILE",
}
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NUMBER = re.compile(r"-?[0-9]{1,12}([.][0-9]{1,4})?")
_LONGEST = 5_000
SCORE = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What changed: name → what is there now; empty for what was cleared."""

    lead_id: str
    changed: Mapping[str, str]

    def to_json(self) -> Any:
        return plain(self)


def set_values(engine: Engine, lead_id: str, values: Mapping[str, str], *, by: str, origin: str = "") -> Written:
    """Write these values; an empty one clears. `origin` says where it was learnt: a call, a mail.

    Raises UsageError for a lead that is not there, and for what is no field or no value of one.
    """

    def work(connection: Connection) -> Written:
        if not lead_rows.load(connection, [lead_id]):
            raise UsageError(f"there is no lead '{lead_id}'. See them: outreach leads list")
        changed = set_within(connection, engine, lead_id, values, by=by, origin=origin)
        return Written(lead_id=lead_id, changed={name: values[name].strip() for name in changed})

    return engine.store.write(work)


def set_within(
    connection: Connection, engine: Engine, lead_id: str, values: Mapping[str, str], *, by: str, origin: str = ""
) -> list[str]:
    """The same inside a transaction, for a lead that exists; the names of what changed."""
    now = engine.clock.now()
    checked = {name: _checked(name, text) for name, text in values.items()}
    points = checked.pop(SCORE, None)
    columns = {name: text for name, text in checked.items() if name in COLUMNS}
    fields = {name.removeprefix("fields."): text for name, text in checked.items() if name not in COLUMNS}
    changed = lead_states.set_values(connection, lead_id, columns=columns, fields=fields, now=now, by=by, origin=origin)
    if points is not None and lead_states.set_score(connection, lead_id, int(points), now, by=by, origin=origin):
        changed.append(SCORE)
    if changed:
        score.rescore(connection, engine, [lead_id])
        audit.write(connection, now=now, actor=by, action="set", subject=lead_id, data={"names": changed})
    return changed


def _checked(name: str, text: str) -> str:
    """The value as it is kept. Raises UsageError."""
    bare, value = name.removeprefix("fields."), text.strip()
    if bare in _NOT_HERE and bare == name:
        raise UsageError(f"'{name}' of a lead is not written this way. {_NOT_HERE[name]}")
    if not _FIELD.fullmatch(bare):
        raise UsageError(f"'{name[:80]}' is not a field. Use small letters, digits and '_', at most 64.")
    if len(value) > _LONGEST:
        raise UsageError(f"'{name}' is longer than {_LONGEST} characters. Write it as a note: outreach note LEAD TEXT")
    if bare == "value" and value and not _NUMBER.fullmatch(value):
        raise UsageError(f"'value' is what the deal is worth, a number such as 5000 or 1250.50, not '{value[:80]}'.")
    if name == "timezone" and value:
        return _zone(value)
    if name == "country" and value and not re.fullmatch(r"[A-Za-z]{2}", value):
        raise UsageError(f"'country' is a code of two letters such as TR, not '{value[:80]}'.")
    if name == SCORE and not re.fullmatch(r"-?[0-9]{1,6}", value):
        raise UsageError(f"'score' is a whole number such as 40, not '{value[:80]}'.")
    return value.upper() if name == "country" else value


def _zone(value: str) -> str:
    try:
        return zone_name(value)
    except ValueError as error:
        raise UsageError(str(error)) from None
