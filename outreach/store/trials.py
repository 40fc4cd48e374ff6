"""Trials of variants: what was counted, how often it was looked at, and which variant has won."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.measure import Dimension
from outreach.store import measures
from outreach.store.tables import enrollments, revisions, sequences, trials

Key = tuple[str, str, str]
"""(sequence, step, fingerprint)"""


def winners(connection: Connection, sequence: str) -> dict[tuple[str, str], str]:
    """(step, fingerprint) → the variant that has won."""
    statement = select(trials.c.step, trials.c.fingerprint, trials.c.winner).where(
        trials.c.sequence == sequence, trials.c.winner.is_not(None)
    )
    return {(row.step, row.fingerprint): row.winner for row in connection.execute(statement)}


def of_sequences(connection: Connection, names: Iterable[str]) -> dict[Key, RowMapping]:
    """Every trial of these sequences that was looked at."""
    statement = select(trials).where(trials.c.sequence.in_(list(names)))
    rows = connection.execute(statement).mappings()
    return {(row["sequence"], row["step"], row["fingerprint"]): row for row in rows}


def locked(connection: Connection, key: Key, *, measure: str, now: datetime) -> RowMapping:
    """The row of a trial, made where there is none, locked until the end of the transaction."""
    sequence, step, fingerprint = key
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    first = {"sequence": sequence, "step": step, "fingerprint": fingerprint, "measure": measure, "counts": {}}
    connection.execute(
        dialect.insert(trials).values(**first, looks=0, people=0, looked_at=now).on_conflict_do_nothing()
    )
    return connection.execute(select(trials).where(_is(key)).with_for_update()).mappings().one()


def keep(connection: Connection, key: Key, values: Mapping[str, Any]) -> None:
    """What came of a look."""
    connection.execute(update(trials).where(_is(key)).values(**values))


def _is(key: Key) -> Any:
    sequence, step, fingerprint = key
    return (trials.c.sequence == sequence) & (trials.c.step == step) & (trials.c.fingerprint == fingerprint)


def applied(connection: Connection) -> dict[str, str]:
    """Sequence → the revision that new people enter."""
    return {row.name: row.revision_id for row in connection.execute(select(sequences.c.name, sequences.c.revision_id))}


def of_people_inside(connection: Connection) -> dict[str, str]:
    """Revision → sequence, of every revision somebody still is in."""
    pairs = select(enrollments.c.revision_id, enrollments.c.sequence).distinct()
    rows = connection.execute(pairs.where(enrollments.c.state != EnrollmentState.FINISHED))
    return {row.revision_id: row.sequence for row in rows}


def revisions_of(connection: Connection, sequence: str) -> dict[str, datetime]:
    """Revision → since when it is there, of one sequence."""
    statement = select(revisions.c.id, revisions.c.created_at).where(revisions.c.sequence == sequence)
    return {row.id: row.created_at for row in connection.execute(statement)}


def counts(
    connection: Connection, sequence: str, step: str, *, since: Mapping[str, datetime], until: datetime
) -> dict[str, Mapping[str, Any]]:
    """Variant → what followed the touches of that step that were sent before `until`, by the names of `measures.sent`.

    `since` are the revisions that count, with the time they were made.
    """
    if not since:
        return {}
    question = measures.Question(
        start_at=min(since.values()),
        end_at=until,
        by=Dimension.VARIANT,
        only=((Dimension.STEP, f"{sequence}/{step}"),),
        revisions=tuple(sorted(since)),
    )
    found = measures.sent(connection, question)
    return {place.rpartition(": ")[2]: values for place, values in found.items()}
