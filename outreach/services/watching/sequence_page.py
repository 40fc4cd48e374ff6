"""Sequences for people: those that are applied, and one of them with its steps, its people and its revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.sequence import (
    IfStep,
    Sequence,
    SplitStep,
    Step,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)
from outreach.services.sending.engine import Engine
from outreach.services.watching.explain import describe
from outreach.services.watching.explain_sequence import SequenceExplanation, explain_sequence
from outreach.store import stops
from outreach.store.tables import enrollments, revisions, sequences

_MOST_REVISIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceLine:
    """One applied sequence. `finished` includes those that were held out."""

    name: str
    revision: int
    applied_at: datetime
    active: int
    paused: int
    finished: int
    because: str  # why it is paused; empty: it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step. `people` stand at it. `ways`: where it leads, (when, step id); the id is empty at the end."""

    id: str
    says: str
    people: int
    template: str
    variants: tuple[tuple[str, str], ...]  # (name, template)
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionLine:
    number: int
    hash: str
    created_at: datetime
    is_current: bool
    inside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencePage:
    sequence: Sequence
    people: SequenceExplanation
    steps: tuple[StepRow, ...]
    revisions: tuple[RevisionLine, ...]
    because: str


def names_of_sequences(engine: Engine) -> list[str]:
    """Of those that are applied."""
    with engine.store.read() as connection:
        return list(connection.execute(select(sequences.c.name).order_by(sequences.c.name)).scalars())


def list_sequences(engine: Engine) -> list[SequenceLine]:
    """By their names."""
    with engine.store.read() as connection:
        paused = _paused(connection)
        counts = _counts(connection)
        statement = (
            select(sequences.c.name, sequences.c.applied_at, revisions.c.number)
            .join(revisions, revisions.c.id == sequences.c.revision_id)
            .order_by(sequences.c.name)
        )
        rows = connection.execute(statement).all()
    return [
        SequenceLine(
            name=row.name,
            revision=row.number,
            applied_at=row.applied_at,
            active=counts.get((row.name, EnrollmentState.ACTIVE), 0),
            paused=counts.get((row.name, EnrollmentState.PAUSED), 0),
            finished=counts.get((row.name, EnrollmentState.FINISHED), 0),
            because=paused.get(row.name, paused.get("", "")),
        )
        for row in rows
    ]


def _paused(connection: Connection) -> dict[str, str]:
    """Sequence → why; "" for everything."""
    rows = stops.paused(connection)
    return {row["value"]: row["reason"] or "paused" for row in rows if row["scope"] in ("all", "sequence")}


def _counts(connection: Connection) -> dict[tuple[str, str], int]:
    statement = select(enrollments.c.sequence, enrollments.c.state, func.count()).group_by(
        enrollments.c.sequence, enrollments.c.state
    )
    return {(name, state): number for name, state, number in connection.execute(statement)}


def sequence_page(engine: Engine, name: str) -> SequencePage:
    """Raises UsageError when the sequence was never applied."""
    people = explain_sequence(engine, name)
    with engine.store.read() as connection:
        revision_id = connection.execute(select(sequences.c.revision_id).where(sequences.c.name == name)).scalar_one()
        sequence = engine.revisions.get(connection, revision_id).sequence
        history = tuple(_revisions(connection, name, revision_id))
        paused = _paused(connection)
    steps = tuple(_row(sequence, step, people) for step in sequence.steps.values())
    because = paused.get(name, paused.get("", ""))
    return SequencePage(sequence=sequence, people=people, steps=steps, revisions=history, because=because)


def _row(sequence: Sequence, step: Step, people: SequenceExplanation) -> StepRow:
    touch = step if isinstance(step, TouchStep) else None
    return StepRow(
        id=step.id,
        says=describe(sequence, step.id, coming=True),
        people=people.steps.get(step.id, 0),
        template=touch.template or "" if touch else "",
        variants=tuple(touch.variants.items()) if touch else (),
        ways=tuple((when, target or "") for when, target in _ways(step)),
    )


def _ways(step: Step) -> Iterator[tuple[str, str | None]]:
    match step:
        case TouchStep() | WaitStep() | WriteStep():
            yield "", step.then
        case WaitForStep():
            yield "if it happens", step.happened
            yield "if not", step.missed
        case IfStep():
            yield "if so", step.yes
            yield "else", step.no
        case SplitStep():
            for share in step.shares:
                yield share.name, share.first


def _revisions(connection: Connection, name: str, current: str) -> Iterator[RevisionLine]:
    """The newest first."""
    is_inside = enrollments.c.state.in_([EnrollmentState.ACTIVE, EnrollmentState.PAUSED])
    people = (
        select(enrollments.c.revision_id, func.count())
        .where(enrollments.c.sequence == name, is_inside)
        .group_by(enrollments.c.revision_id)
    )
    inside = {row[0]: int(row[1]) for row in connection.execute(people)}
    columns = (revisions.c.id, revisions.c.number, revisions.c.hash, revisions.c.created_at)
    statement = select(*columns).where(revisions.c.sequence == name).order_by(revisions.c.number.desc())
    for row in connection.execute(statement.limit(_MOST_REVISIONS)):
        yield RevisionLine(
            number=row.number,
            hash=row.hash[:12],
            created_at=row.created_at,
            is_current=row.id == current,
            inside=inside.get(row.id, 0),
        )
