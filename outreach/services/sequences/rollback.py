"""Make an earlier revision of a sequence the present one again: as a new revision, so that the history stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from outreach.content.suggestions import did_you_mean
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sequences import revise
from outreach.store.tables import revisions, sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The revision to go back to, and the present one."""

    sequence: str
    number: int
    content: Mapping[str, Any]
    present: int


def earlier(engine: Engine, name: str, *, to: int | None = None) -> Earlier:
    """The revision before the present one, or the one of that number. Raises UsageError when there is none.

    A revision that is itself a return counts as the one it returned to, so that going back twice goes further back.
    """
    with engine.store.read() as connection:
        history = _history(connection, name)
        present = next(row for row in history if row["id"] == revise.current_id(connection, name))
        found = _numbered(history, name, to) if to is not None else _before(history, present, name)
        content = connection.execute(select(revisions.c.content).where(revisions.c.id == found["id"])).scalar_one()
    if found["hash"] == present["hash"]:
        raise UsageError(f"sequence '{name}' is as revision {found['number']} has it already.")
    return Earlier(sequence=name, number=found["number"], content=content, present=present["number"])


def rollback(engine: Engine, back: Earlier, *, by: str, targets: Mapping[str, str] | None = None) -> revise.Change:
    """Store the earlier content as a new revision. With `targets` people are moved as by `apply --move`."""
    done = revise.apply(engine, {back.sequence: back.content}, hashes={}, by=by, targets=targets, action="rollback")
    return done[0]


def _history(connection: Connection, name: str) -> list[RowMapping]:
    """Every revision, the newest first."""
    statement = (
        select(revisions.c.id, revisions.c.number, revisions.c.hash)
        .where(revisions.c.sequence == name)
        .order_by(revisions.c.number.desc())
    )
    found = list(connection.execute(statement).mappings())
    if not found:
        known = list(connection.execute(select(sequences.c.name).order_by(sequences.c.name)).scalars())
        raise UsageError(f"sequence '{name}' was never applied. {did_you_mean(name, known)}".strip())
    return found


def _numbered(history: list[RowMapping], name: str, number: int) -> RowMapping:
    found = next((row for row in history if row["number"] == number), None)
    if found is None:
        raise UsageError(f"sequence '{name}' has no revision {number}. The newest is {history[0]['number']}.")
    return found


def _before(history: list[RowMapping], present: RowMapping, name: str) -> RowMapping:
    first = min((row for row in history if row["hash"] == present["hash"]), key=lambda row: int(row["number"]))
    older = [row for row in history if row["number"] < first["number"]]
    if not older:
        raise UsageError(f"sequence '{name}' has no revision before {present['number']}.")
    return older[0]
