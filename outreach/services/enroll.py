"""Put leads into a sequence: who may enter is asked of everybody, and each refusal has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from outreach.content import calendars
from outreach.content.expressions import evaluate
from outreach.content.revision import Revision
from outreach.content.templates import Template, compile_template
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.pipeline import Status
from outreach.domain.quota import jitter_share
from outreach.domain.sender import Sender
from outreach.domain.sequence import TouchStep
from outreach.domain.suppression import keys_of
from outreach.errors import UsageError
from outreach.services.engine import Engine
from outreach.services.facts import address_for, lead_context
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
class _Entrance:
    """What is the same for every lead of one enrolling."""

    revision_id: str
    revision: Revision
    senders: tuple[Sender, ...]
    templates: tuple[tuple[str, Template], ...]  # (step, template), variants included
    channels: frozenset[str]
    where: str | None


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
        entrance = _entrance(connection, engine, sequence, selection)
        chunks = list(_chunks(connection, selection))
    for lead_ids in chunks:
        _enroll_chunk(engine, entrance, lead_ids, summary, dry_run=dry_run)
        on_progress(len(lead_ids))
    if not dry_run:
        with engine.store.begin() as connection:
            data = {"enrolled": summary.enrolled, "refused": dict(summary.refused)}
            audit.write(connection, now=engine.clock.now(), actor=by, action="enroll", subject=sequence, data=data)
    return summary


def _entrance(connection: Connection, engine: Engine, name: str, selection: Selection) -> _Entrance:
    revision_id = connection.execute(select(sequences.c.revision_id).where(sequences.c.name == name)).scalar()
    if revision_id is None:
        known = ", ".join(connection.execute(select(sequences.c.name).order_by(sequences.c.name)).scalars())
        hint = f"Applied: {known}." if known else "Nothing is applied yet."
        raise UsageError(f"sequence '{name}' is not applied. {hint} Run: outreach apply {name}")
    revision = engine.revisions.get(connection, revision_id)
    touch_steps = [step for step in revision.sequence.steps.values() if isinstance(step, TouchStep)]
    return _Entrance(
        revision_id=revision_id,
        revision=revision,
        senders=tuple(engine.sender(sender) for sender in revision.sequence.senders),
        templates=tuple(
            (step.id, compile_template(name, revision.templates[name]))
            for step in touch_steps
            for name in filter(None, (step.template, *step.variants.values()))
        ),
        channels=frozenset(step.channel for step in touch_steps) - {"task"},
        where=selection.where,
    )


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
    engine: Engine, entrance: _Entrance, lead_ids: Sequence[str], summary: Summary, *, dry_run: bool
) -> None:
    def work(connection: Connection) -> tuple[Summary, list[dict[str, Any]]]:
        found = Summary()
        rows = _rows(connection, engine, entrance, lead_ids, found)
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
    connection: Connection, engine: Engine, entrance: _Entrance, lead_ids: Sequence[str], found: Summary
) -> list[dict[str, Any]]:
    now = engine.clock.now()
    leads = lead_rows.load(connection, lead_ids)
    addresses = stops.addresses_of(connection, lead_ids)
    inside = _inside(connection, entrance.revision.sequence.name, lead_ids)
    suppressed = stops.suppressed(connection, {key for lead in leads for key in _keys(lead, addresses)})
    room = _Room(connection, entrance)
    rows = []
    for lead in leads:
        reason = _refusal(engine, entrance, lead, addresses.get(lead["leads_id"], []), now)
        if lead["leads_id"] in inside:
            reason = inside[lead["leads_id"]]
        elif any(key in suppressed for key in _keys(lead, addresses)):
            reason = "suppressed"
        reason = reason or room.refusal(lead)
        if reason:
            found.refused[reason] += 1
            found.examples.setdefault(reason, lead["leads_id"])
            continue
        zone = _zone(entrance, lead, addresses.get(lead["leads_id"], []), found)
        rows.append(_row(engine, entrance, lead, zone, now))
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


def _refusal(
    engine: Engine, entrance: _Entrance, lead: RowMapping, addresses: Sequence[RowMapping], now: datetime
) -> str | None:
    if lead["leads_status"] in (Status.DO_NOT_CONTACT, Status.CUSTOMER):
        return f"status {lead['leads_status']}"
    if "email" in entrance.channels and address_for("email", addresses) is None:
        return "no e-mail address"
    context = lead_context(lead, addresses, _sender(entrance, lead["leads_id"]), now)
    if entrance.where and not evaluate(entrance.where, context):
        return "not selected by --where"
    condition = entrance.revision.sequence.enter.when
    if condition and not evaluate(condition, context):
        return "enter.when is not true"
    return _missing(entrance, context)


def _missing(entrance: _Entrance, context: Mapping[str, object]) -> str | None:
    for step, template in entrance.templates:
        missing = template.missing(context)
        if missing:
            return f"missing {missing[0].rpartition('.')[2]} (step {step})"
    return None


class _Room:
    """How many people of a company may still enter."""

    def __init__(self, connection: Connection, entrance: _Entrance) -> None:
        self._most = entrance.revision.sequence.enter.per_company
        self._inside: Counter[str] = Counter()
        if self._most is not None:
            statement = (
                select(enrollment_table.c.company_id, func.count())
                .where(
                    enrollment_table.c.sequence == entrance.revision.sequence.name,
                    enrollment_table.c.state != EnrollmentState.FINISHED,
                    enrollment_table.c.company_id.is_not(None),
                )
                .group_by(enrollment_table.c.company_id)
            )
            self._inside.update({row[0]: row[1] for row in connection.execute(statement)})

    def refusal(self, lead: RowMapping) -> str | None:
        company = lead["leads_company_id"]
        if self._most is None or company is None:
            return None
        if self._inside[company] >= self._most:
            return f"{self._most} people of that company are inside"
        self._inside[company] += 1
        return None


def _sender(entrance: _Entrance, lead_id: str) -> Sender:
    """Chosen by a hash of the lead: stable, and evenly spread."""
    return entrance.senders[int(jitter_share(f"{lead_id}.sender") * len(entrance.senders))]


def _zone(entrance: _Entrance, lead: RowMapping, addresses: Sequence[RowMapping], found: Summary) -> str:
    """The lead's own zone, else its country's or phone's, else the sender's; how it was found is counted."""
    phone = address_for("phone", addresses)
    zone = calendars.zone_of(lead["leads_timezone"], lead["leads_country"], phone["value"] if phone else None)
    name, how = zone or (_sender(entrance, lead["leads_id"]).zone, "the sender's")
    found.zones[how] += 1
    return name


def _row(engine: Engine, entrance: _Entrance, lead: RowMapping, zone: str, now: datetime) -> dict[str, Any]:
    return {
        "id": engine.clock.fresh_id(),
        "lead_id": lead["leads_id"],
        "company_id": lead["leads_company_id"],
        "sequence": entrance.revision.sequence.name,
        "revision_id": entrance.revision_id,
        "sender": _sender(entrance, lead["leads_id"]).name,
        "state": EnrollmentState.ACTIVE,
        "cursor": entrance.revision.sequence.first,
        "cursor_at": now,
        "due_at": now,
        "zone": zone,
        "entered_at": now,
    }
