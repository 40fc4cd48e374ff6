"""Put leads into a sequence: who may enter is asked of everybody, and each refusal has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.pipeline import Status
from outreach.domain.suppression import keys_of
from outreach.errors import UsageError
from outreach.services.engine import Engine
from outreach.services.entrance import Entrance, Room, entrance_of, refusal, sender_for, zone_for
from outreach.store import audit, enrollments, lead_rows, lead_states, stops
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import sequences
from outreach.store.within import within

_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Whom to enroll: named leads, those an expression is true for, or everybody."""

    lead_ids: tuple[str, ...] = ()
    where: str | None = None
    everybody: bool = False


@dataclass(slots=True)
class Summary:
    """How many entered, and how many did not for each reason. `zones` counts how each zone was found."""

    enrolled: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # reason → one lead it applies to

    @property
    def asked(self) -> int:
        return self.enrolled + self.refused.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolling:
    """What is the same for every lead: the revision they enter, and who may."""

    revision_id: str
    entrance: Entrance


def enroll(
    engine: Engine,
    sequence: str,
    selection: Selection,
    *,
    dry_run: bool = False,
    by: str = "cli",
    on_progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Enroll everybody who may enter. Raises UsageError when the sequence was not applied. One transaction a chunk."""
    summary = Summary()
    with engine.store.read() as connection:
        enrolling = _enrolling(connection, engine, sequence, selection)
        chunks = list(_chunks(connection, selection))
    for lead_ids in chunks:
        _enroll_chunk(engine, enrolling, lead_ids, summary, dry_run=dry_run)
        on_progress(len(lead_ids))
    if not dry_run:
        with engine.store.begin() as connection:
            data = {"enrolled": summary.enrolled, "refused": dict(summary.refused)}
            audit.write(connection, now=engine.clock.now(), actor=by, action="enroll", subject=sequence, data=data)
    return summary


def _enrolling(connection: Connection, engine: Engine, name: str, selection: Selection) -> _Enrolling:
    revision_id = connection.execute(select(sequences.c.revision_id).where(sequences.c.name == name)).scalar()
    if revision_id is None:
        known = ", ".join(connection.execute(select(sequences.c.name).order_by(sequences.c.name)).scalars())
        hint = f"Applied: {known}." if known else "Nothing is applied yet."
        raise UsageError(f"sequence '{name}' is not applied. {hint} Run: outreach apply {name}")
    revision = engine.revisions.get(connection, revision_id)
    senders = [engine.sender(sender) for sender in revision.sequence.senders]
    return _Enrolling(revision_id=revision_id, entrance=entrance_of(revision, senders, where=selection.where))


def _chunks(connection: Connection, selection: Selection) -> Iterator[list[str]]:
    if selection.lead_ids:
        ids = sorted(set(selection.lead_ids))
    elif selection.everybody or selection.where:
        ids = lead_rows.all_ids(connection)
    else:
        raise UsageError("nobody to enroll. Name leads (--lead), a file (--file), a condition (--where) or --all.")
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _enroll_chunk(
    engine: Engine, enrolling: _Enrolling, lead_ids: Sequence[str], summary: Summary, *, dry_run: bool
) -> None:
    def work(connection: Connection) -> tuple[Summary, list[dict[str, Any]]]:
        found = Summary()
        rows = _rows(connection, engine, enrolling, lead_ids, found)
        if not dry_run:
            _write(connection, engine, rows, found)
        return found, rows

    found, rows = engine.store.write(work)
    summary.enrolled += len(rows)
    summary.refused += found.refused
    summary.zones += found.zones
    summary.examples = found.examples | summary.examples


def _write(connection: Connection, engine: Engine, rows: list[dict[str, Any]], found: Summary) -> None:
    enrollments.insert(connection, rows)
    lead_states.set_status(connection, [row["lead_id"] for row in rows], Status.IN_SEQUENCE, engine.clock.now())


def _rows(
    connection: Connection, engine: Engine, enrolling: _Enrolling, lead_ids: Sequence[str], found: Summary
) -> list[dict[str, Any]]:
    now, entrance = engine.clock.now(), enrolling.entrance
    leads = lead_rows.load(connection, lead_ids)
    addresses = stops.addresses_of(connection, lead_ids)
    inside = _inside(connection, entrance.revision.sequence.name, lead_ids)
    suppressed = stops.suppressed(connection, {key for lead in leads for key in _keys(lead, addresses)})
    room = Room(entrance, _inside_by_company(connection, entrance))
    rows = []
    for lead in leads:
        own = addresses.get(lead["leads_id"], [])
        reason = refusal(entrance, lead, own, now)
        if lead["leads_id"] in inside:
            reason = inside[lead["leads_id"]]
        elif any(key in suppressed for key in _keys(lead, addresses)):
            reason = "suppressed"
        reason = reason or room.refusal(lead["leads_company_id"])
        if reason:
            found.refused[reason] += 1
            found.examples.setdefault(reason, lead["leads_id"])
            continue
        zone, how = zone_for(entrance, lead, own)
        found.zones[how] += 1
        rows.append(_row(engine, enrolling, lead, zone, now))
    return rows


def _keys(lead: RowMapping, addresses: Mapping[str, Sequence[RowMapping]]) -> Any:
    own = addresses.get(lead["leads_id"], [])
    return keys_of(
        lead_id=lead["leads_id"],
        company_id=lead["leads_company_id"],
        addresses=tuple((row["kind"], row["value"]) for row in own),
    )


def _inside(connection: Connection, sequence: str, lead_ids: Sequence[str]) -> dict[str, str]:
    """Leads who are in a sequence, or have been in this one."""
    statement = select(enrollment_table.c.lead_id, enrollment_table.c.sequence, enrollment_table.c.state).where(
        within(enrollment_table.c.lead_id, lead_ids)
    )
    found = {}
    for lead_id, name, state in connection.execute(statement):
        if state != EnrollmentState.FINISHED:
            found[lead_id] = "already inside this sequence" if name == sequence else f"already inside {name}"
        elif name == sequence:
            found.setdefault(lead_id, "was in this sequence before")
    return found


def _inside_by_company(connection: Connection, entrance: Entrance) -> dict[str, int]:
    """How many people of each company are inside; nothing where the sequence does not ask."""
    if entrance.revision.sequence.enter.per_company is None:
        return {}
    statement = (
        select(enrollment_table.c.company_id, func.count())
        .where(
            enrollment_table.c.sequence == entrance.revision.sequence.name,
            enrollment_table.c.state != EnrollmentState.FINISHED,
            enrollment_table.c.company_id.is_not(None),
        )
        .group_by(enrollment_table.c.company_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _row(engine: Engine, enrolling: _Enrolling, lead: RowMapping, zone: str, now: datetime) -> dict[str, Any]:
    entrance = enrolling.entrance
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": lead["leads_id"],
        "company_id": lead["leads_company_id"],
        "sequence": entrance.revision.sequence.name,
        "revision_id": enrolling.revision_id,
        "sender": sender_for(entrance, lead["leads_id"]).name,
        "state": EnrollmentState.ACTIVE,
        "cursor": entrance.revision.sequence.first,
        "cursor_at": now,
        "due_at": now,
        "zone": zone,
        "entered_at": now,
    }
