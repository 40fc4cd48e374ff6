"""Touches with all that their messages need of enrollment, lead and company: one statement for a batch.

Columns of the touch keep their names; the others are named `<table>_<column>`, as `enrollments.load` names them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, text

from outreach.store.enrollments import Stand
from outreach.store.packed import Packed
from outreach.store.paths import Row
from outreach.store.tables import addresses, companies, enrollments, leads, touches
from outreach.store.within import among

BatchRow = dict[str, Any]

_TOUCH = (
    *("id", "enrollment_id", "lead_id", "sequence", "revision_id", "step", "action", "channel", "variant", "sender"),
    *("state", "is_first", "wanted_at", "due_at", "closes_at", "claim_id", "attempts", "used_at", "finished_at"),
    *("recipient", "message_id", "subject", "thread_id"),
)
_ENROLLMENT = ("id", "lead_id", "sequence", "revision_id", "sender", "cursor", "cursor_at", "zone", "entered_at")
_STANDING = ("state", "reason", "snoozed_until")
_LEAD = (
    *("id", "company_id", "first_name", "last_name", "title", "language", "timezone", "country", "owner", "source"),
    *("status", "pipeline", "stage", "score", "tags", "fields", "created_at"),
)
_COMPANY = ("id", "name", "domain", "fields")


def _rows() -> Select[Any]:
    more = ((enrollments, _ENROLLMENT + _STANDING), (leads, _LEAD), (companies, _COMPANY))
    labelled = [table.c[name].label(f"{table.name}_{name}") for table, names in more for name in names]
    return (
        select(*(touches.c[name] for name in _TOUCH), *labelled)
        .join_from(touches, enrollments, touches.c.enrollment_id == enrollments.c.id)
        .join(leads, enrollments.c.lead_id == leads.c.id)
        .outerjoin(companies, leads.c.company_id == companies.c.id)
    )


_OF_CLAIM = Packed(_rows().where(touches.c.claim_id == bindparam("claim_id"), text("touches.state = 'claimed'")))
_OF_IDS = Packed(_rows().where(among(touches.c.id, "ids")))


def of_claim(connection: Connection, claim_id: str) -> list[BatchRow]:
    """What a claim still holds."""
    return _OF_CLAIM.dicts(connection, {"claim_id": claim_id})


def of_touches(connection: Connection, touch_ids: Collection[str]) -> list[BatchRow]:
    """These touches, in any state."""
    return _OF_IDS.dicts(connection, {"ids": list(touch_ids)})


_ADDRESS = ("lead_id", "id", "kind", "value", "provider_id", "is_dead")
_ADDRESSES = Packed(select(*(addresses.c[name] for name in _ADDRESS)).where(among(addresses.c.lead_id, "ids")))


def addresses_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, list[BatchRow]]:
    """Every address of each lead, oldest first."""
    found: dict[str, list[BatchRow]] = defaultdict(list)
    for row in sorted(_ADDRESSES.dicts(connection, {"ids": list(lead_ids)}), key=itemgetter("id")):
        found[row["lead_id"]].append(row)
    return found


def stands(rows: Iterable[Row]) -> dict[str, Stand]:
    """How the enrollments of these rows stood when they were read."""
    return {row["enrollment_id"]: Stand(*map(row.__getitem__, _STAND)) for row in rows}


_STAND = tuple(f"enrollments_{name}" for name in Stand._fields)
