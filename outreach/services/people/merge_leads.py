"""Two leads that are one person become one, and can be parted again.

The lead that is kept takes what it does not know, and every address, enrollment, touch, note and record of the other.
Suppressions are never lost: what forbade contact with one of them forbids it with both, also after parting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, update

from outreach.domain.enrollment import FinishReason
from outreach.domain.lead import FILLED
from outreach.domain.pipeline import Status
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.hearing.never_again import suppression
from outreach.services.hearing.stop import finish
from outreach.services.sending.engine import Engine
from outreach.store import audit, enrollments, leads, merging, personal_data, stops
from outreach.store.tables import leads as lead_table
from outreach.store.tables import merges

_STRONGEST_FIRST = (
    Status.DO_NOT_CONTACT,
    Status.CUSTOMER,
    Status.NOT_INTERESTED,
    Status.RESPONDED,
    Status.IN_SEQUENCE,
    Status.BOUNCED,
    Status.NEW,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did. `rows`: table → how many moved; `ended`: enrollments of the merged lead that were ended."""

    merge_id: str
    kept_id: str
    merged_id: str
    rows: Mapping[str, int]
    ended: int
    is_suppressed: bool


def merge(engine: Engine, kept_id: str, merged_id: str, *, by: str) -> Merged:
    """Make one lead of two. Raises UsageError where they are one already, or a message is being handed over."""
    if kept_id == merged_id:
        raise UsageError("these are one lead already. Name two.")
    return engine.store.write(lambda connection: _merge(connection, engine, (kept_id, merged_id), by))


def part(engine: Engine, one: str, other: str, *, by: str) -> Merged:
    """Undo the last merge of these two ids. What came in since, and what was written on the lead since, stays with it.

    Enrollments that the merge ended stay ended. Raises UsageError when there is no such merge.
    """
    return engine.store.write(lambda connection: _part(connection, engine, (one, other), by))


def _merge(connection: Connection, engine: Engine, pair: tuple[str, str], by: str) -> Merged:
    kept_id, merged_id = pair
    engine.store.lock_wide_stop(connection)
    leads.take_turns(connection)
    now, rows = engine.clock.now(), leads.lock(connection, pair)
    if set(rows) != set(pair) or any(personal_data.on_the_wire(connection, each) for each in pair):
        raise UsageError("one of these leads is gone, or a message to it is being handed over. Try again in a minute.")
    suppressed = _carry_suppression(connection, engine, pair)
    ended = _end(connection, engine, pair, is_suppressed=suppressed)
    rows = leads.lock(connection, pair)
    changes = _changes(rows[kept_id], rows[merged_id])
    before = {name: rows[kept_id][name] for name in changes}
    data = merging.move(connection, merged_id, kept_id)
    connection.execute(delete(lead_table).where(lead_table.c.id == merged_id))
    connection.execute(update(lead_table).where(lead_table.c.id == kept_id).values(**changes, updated_at=now))
    data |= {"lead": merging.packed(rows[merged_id]), "before": before, "after": changes}
    merge_id = engine.clock.fresh_id()
    row = {"id": merge_id, "kept_id": kept_id, "merged_id": merged_id, "data": data, "by": by, "at": now}
    connection.execute(merges.insert().values(**row))
    _note(connection, engine, "merge", pair, by)
    return _told(row, len(ended), suppressed)


def _carry_suppression(connection: Connection, engine: Engine, pair: tuple[str, str]) -> bool:
    """Whatever suppresses one of them suppresses both: as a person, under both ids."""
    found = stops.suppressed(connection, [(Scope.LEAD, each) for each in pair])
    if found:
        reason = SuppressionReason(next(iter(found.values())))
        stops.suppress(connection, [suppression(engine, Scope.LEAD, each, reason) for each in pair])
    return bool(found)


def _end(connection: Connection, engine: Engine, pair: tuple[str, str], *, is_suppressed: bool) -> list[str]:
    """A suppressed person is in no sequence, and nobody is in two: that of the kept lead goes on."""
    kept, merged = (enrollments.open_of_leads(connection, [each]) for each in pair)
    ids = [*kept, *merged] if is_suppressed else merged if kept else []
    enrollments.lock(connection, sorted(ids))
    reason = FinishReason.SUPPRESSED if is_suppressed else FinishReason.REMOVED
    return finish(connection, engine, ids, reason, detail="merged with another lead")


def _changes(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the kept lead that the other one fills, or whose status says more."""
    changes = {name: merged[name] for name in (*FILLED, "company_id") if merged[name] and not kept[name]}
    tags = list(dict.fromkeys([*(kept["tags"] or ()), *(merged["tags"] or ())]))
    fields = {**(merged["fields"] or {}), **{name: each for name, each in (kept["fields"] or {}).items() if each}}
    status = next(each for each in _STRONGEST_FIRST if each in (kept["status"], merged["status"]))
    both = {"tags": tags, "fields": fields, "status": str(status), "score": kept["score"] or merged["score"]}
    return changes | {name: value for name, value in both.items() if value != kept[name]}


def _part(connection: Connection, engine: Engine, pair: tuple[str, str], by: str) -> Merged:
    engine.store.lock_wide_stop(connection)
    leads.take_turns(connection)
    row = merging.last(connection, *pair)
    if row is None:
        raise UsageError(f"{pair[0]} and {pair[1]} were not merged, or were parted already.")
    later = merging.later(connection, row)
    if later is not None:
        names = f"{later['kept_id']} {later['merged_id']}"
        raise UsageError(f"another merge came after this one. Undo that first: outreach leads merge --undo {names}")
    now, data = engine.clock.now(), row["data"]
    if personal_data.on_the_wire(connection, row["kept_id"]):
        raise UsageError("a message to this lead is being handed over right now. Try again in a minute.")
    merging.restore_lead(connection, data["lead"])
    merging.give_back(connection, row["merged_id"], row["kept_id"], data)
    present = leads.lock(connection, [row["kept_id"]])[row["kept_id"]]
    back = {name: value for name, value in data["before"].items() if present[name] == data["after"][name]}
    suppressed = bool(stops.suppressed(connection, [(Scope.LEAD, row["kept_id"])]))
    if suppressed:
        back.pop("status", None)
    connection.execute(update(lead_table).where(lead_table.c.id == row["kept_id"]).values(**back, updated_at=now))
    connection.execute(update(merges).where(merges.c.id == row["id"]).values(undone_at=now))
    _note(connection, engine, "part", (row["kept_id"], row["merged_id"]), by)
    return _told(row, 0, suppressed)


def _note(connection: Connection, engine: Engine, action: str, pair: tuple[str, str], by: str) -> None:
    data = {"merged": pair[1]}
    audit.write(connection, now=engine.clock.now(), actor=by, action=action, subject=f"lead:{pair[0]}", data=data)


def _told(row: Mapping[Any, Any], ended: int, is_suppressed: bool) -> Merged:
    return Merged(
        merge_id=row["id"],
        kept_id=row["kept_id"],
        merged_id=row["merged_id"],
        rows={name: len(keys) for name, keys in row["data"]["moved"].items()},
        ended=ended,
        is_suppressed=is_suppressed,
    )
