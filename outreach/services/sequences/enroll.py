"""Put leads into a sequence: who may enter is asked of everybody, and each refusal has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.pipeline import Status
from outreach.domain.shares import is_held_out
from outreach.domain.suppression import DEAD, Scope, keys_of
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sequences.entrance import Entrance, Room, entrance_of, refusal, sender_for, zone_for
from outreach.store import audit, enrollments, lead_rows, lead_states, stops
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import sequences
from outreach.store.within import within

_CHUNK = 1_000
_BEFORE = "was in this sequence before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Whom to enroll: named leads, those an expression is true for, or everybody."""

    lead_ids: tuple[str, ...] = ()
    where: str | None = None
    everybody: bool = False


@dataclass(slots=True)
class Summary:
    """How many entered, and how many did not for each reason. `zones` counts how each zone was found.

    `held_out` leads count as neither: they will not be contacted, so that what the sequence causes can be told.
    """

    enrolled: int = 0
    held_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # reason → one lead it applies to

    @property
    def asked(self) -> int:
        return self.enrolled + self.held_out + self.refused.total()

    def add(self, other: Summary) -> None:
        """Count the other's people as well."""
        self.enrolled += other.enrolled
        self.held_out += other.held_out
        self.refused += other.refused
        self.zones += other.zones
        self.examples = other.examples | self.examples


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolling:
    """What is the same for every lead: the revision they enter, and who may."""

    revision_id: str
    entrance: Entrance
    most: int | None = None  # how many may enter; None: everybody
    is_again: bool = False  # another round of somebody who was inside before
    sender: str | None = None  # who writes to the lead already, and goes on if the sequence knows that sender


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
            data = {"enrolled": summary.enrolled, "held_out": summary.held_out, "refused": dict(summary.refused)}
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
    summary.add(
        engine.store.write(lambda connection: _put_in(connection, engine, enrolling, lead_ids, write=not dry_run))
    )


def enroll_some(
    connection: Connection, engine: Engine, sequence: str, lead_ids: Sequence[str], *, most: int | None = None
) -> Summary:
    """Enroll those of these leads who may enter, at most so many, inside a transaction.

    Leads are asked in ascending order of their ids; those behind the last who entered are not asked.
    """
    enrolling = replace(_enrolling(connection, engine, sequence, Selection()), most=most)
    return _put_in(connection, engine, enrolling, lead_ids)


def hand_over(connection: Connection, engine: Engine, sequence: str, lead_id: str, *, sender: str) -> str | None:
    """Enroll somebody who comes from another sequence, or for another round; why not, if not.

    The sender stays the same where the sequence knows it: a lead keeps its sender for the whole conversation.
    """
    try:
        enrolling = _enrolling(connection, engine, sequence, Selection())
    except UsageError:
        return "it is not applied"
    found = _put_in(connection, engine, replace(enrolling, is_again=True, sender=sender), [lead_id])
    return next(iter(found.refused), None)


def _put_in(
    connection: Connection, engine: Engine, enrolling: _Enrolling, lead_ids: Sequence[str], *, write: bool = True
) -> Summary:
    found = Summary()
    rows = _rows(connection, engine, enrolling, lead_ids, found)
    if write:
        inside = [row["lead_id"] for row in rows if row["state"] != EnrollmentState.FINISHED]
        enrollments.insert(connection, rows)
        lead_states.set_status(connection, inside, Status.IN_SEQUENCE, engine.clock.now())
    return found


def _rows(
    connection: Connection, engine: Engine, enrolling: _Enrolling, lead_ids: Sequence[str], found: Summary
) -> list[dict[str, Any]]:
    now, entrance = engine.clock.now(), enrolling.entrance
    leads = lead_rows.load(connection, lead_ids)
    addresses = stops.addresses_of(connection, lead_ids)
    stored = stored_refusals(connection, entrance.revision.sequence.name, leads, addresses, is_again=enrolling.is_again)
    room = Room(entrance, inside_by_company(connection, entrance))
    rows = []
    for lead in leads:
        if enrolling.most is not None and found.enrolled >= enrolling.most:
            break
        own = addresses.get(lead["leads_id"], [])
        reason = stored.get(lead["leads_id"]) or refusal(entrance, lead, own, now)
        held_out = reason is None and _is_held_out(entrance, lead["leads_id"])
        if not held_out:
            reason = reason or room.refusal(lead["leads_company_id"])
        zone, how = zone_for(entrance, lead, own)
        _count(found, lead["leads_id"], reason, how, held_out=held_out)
        if reason is None:
            sender = _sender(enrolling, lead, own)
            rows.append(_row(engine, enrolling, lead, zone, sender=sender) | (_held_out(now) if held_out else {}))
    return rows


def _is_held_out(entrance: Entrance, lead_id: str) -> bool:
    sequence = entrance.revision.sequence
    return is_held_out(sequence.name, lead_id, sequence.holdout)


def _held_out(now: datetime) -> dict[str, Any]:
    """Over before it began, with a reason of its own."""
    over = {"state": EnrollmentState.FINISHED, "reason": FinishReason.HELD_OUT, "finished_at": now}
    return over | {"cursor": None, "due_at": None}


def _count(found: Summary, lead_id: str, reason: str | None, zone: str, *, held_out: bool) -> None:
    if reason is not None:
        found.refused[reason] += 1
        found.examples.setdefault(reason, lead_id)
    elif held_out:
        found.held_out += 1
    else:
        found.enrolled += 1
        found.zones[zone] += 1


def stored_refusals(
    connection: Connection,
    sequence: str,
    leads: Sequence[RowMapping],
    addresses: Mapping[str, Sequence[RowMapping]],
    *,
    is_again: bool = False,
) -> dict[str, str]:
    """Why these leads may not enter, by what the database knows of them; others are left out."""
    keys = {lead["leads_id"]: list(_keys(lead, addresses)) for lead in leads}
    suppressed = stops.suppressed(connection, {key for own in keys.values() for key in own})
    found = {lead_id: "suppressed" for lead_id, own in keys.items() if any(_forbids(key, suppressed) for key in own)}
    inside = _inside(connection, sequence, list(keys))
    return found | {lead_id: why for lead_id, why in inside.items() if not (is_again and why == _BEFORE)}


def _forbids(key: tuple[Scope, str], suppressed: Mapping[tuple[Scope, str], str]) -> bool:
    """A dead address keeps nobody out by itself; whoever has no other is refused for having none."""
    return key in suppressed and not (key[0] is Scope.ADDRESS and suppressed[key] in DEAD)


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
            found.setdefault(lead_id, _BEFORE)
    return found


def inside_by_company(connection: Connection, entrance: Entrance) -> dict[str, int]:
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


def _row(engine: Engine, enrolling: _Enrolling, lead: RowMapping, zone: str, *, sender: str) -> dict[str, Any]:
    entrance, now = enrolling.entrance, engine.clock.now()
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": lead["leads_id"],
        "company_id": lead["leads_company_id"],
        "sequence": entrance.revision.sequence.name,
        "revision_id": enrolling.revision_id,
        "sender": sender,
        "state": EnrollmentState.ACTIVE,
        "reason": None,
        "cursor": entrance.revision.sequence.first,
        "cursor_at": now,
        "due_at": now,
        "zone": zone,
        "entered_at": now,
        "finished_at": None,
    }


def _sender(enrolling: _Enrolling, lead: RowMapping, addresses: Sequence[RowMapping]) -> str:
    if enrolling.sender in enrolling.entrance.revision.sequence.senders:
        return str(enrolling.sender)
    return sender_for(enrolling.entrance, lead, addresses).name
