"""Apply sequences: what stands in the files becomes a revision that every worker reads from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from outreach.content.revision import thaw
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.sequence import TouchStep
from outreach.services.engine import Engine
from outreach.store import audit
from outreach.store.tables import enrollments, facts, revisions, sequences

_CONFIG_HASHES = "config_hashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What applying a sequence does. `number` is the revision it has afterwards."""

    sequence: str
    number: int
    is_new_sequence: bool
    is_changed: bool
    people_inside: int  # they stay on the revision they began with
    steps_added: tuple[str, ...] = ()
    steps_removed: tuple[str, ...] = ()


def compare(engine: Engine, contents: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """What `apply` would do with these frozen contents (sequence name → content of a revision)."""
    with engine.store.read() as connection:
        return [_change(connection, name, contents[name]) for name in sorted(contents)]


def apply(
    engine: Engine, contents: Mapping[str, Mapping[str, Any]], *, hashes: Mapping[str, str], by: str
) -> list[Change]:
    """Store a new revision of each changed sequence; new enrollments begin with it."""

    def work(connection: Connection) -> list[Change]:
        changes = [_change(connection, name, contents[name]) for name in sorted(contents)]
        for change in changes:
            if change.is_changed:
                _store(connection, engine, change, contents[change.sequence], by)
        _remember_hashes(connection, hashes)
        return changes

    return engine.store.write(work)


def applied_hashes(connection: Connection) -> dict[str, str]:
    """Hash of each configuration file as it was applied; empty before the first `apply`."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == _CONFIG_HASHES)).scalar()
    return dict(found or {})


def _change(connection: Connection, name: str, content: Mapping[str, Any]) -> Change:
    current = (
        connection.execute(
            select(revisions.c.number, revisions.c.hash, revisions.c.content)
            .join(sequences, sequences.c.revision_id == revisions.c.id)
            .where(sequences.c.name == name)
        )
        .mappings()
        .one_or_none()
    )
    is_changed = current is None or current["hash"] != content["hash"]
    before = _step_ids(current["content"]) if current else set()
    after = _step_ids(content)
    latest = connection.execute(select(func.max(revisions.c.number)).where(revisions.c.sequence == name)).scalar() or 0
    return Change(
        sequence=name,
        number=latest + 1 if is_changed or current is None else current["number"],
        is_new_sequence=current is None,
        is_changed=is_changed,
        people_inside=_inside(connection, name),
        steps_added=tuple(sorted(after - before)) if current else (),
        steps_removed=tuple(sorted(before - after)),
    )


def _step_ids(content: Mapping[str, Any]) -> set[str]:
    steps = thaw(dict(content)).sequence.steps.values()
    return {step.id for step in steps if isinstance(step, TouchStep)}


def _inside(connection: Connection, name: str) -> int:
    statement = (
        select(func.count())
        .select_from(enrollments)
        .where(enrollments.c.sequence == name, enrollments.c.state != EnrollmentState.FINISHED)
    )
    return connection.execute(statement).scalar_one()


def _store(connection: Connection, engine: Engine, change: Change, content: Mapping[str, Any], by: str) -> None:
    now = engine.clock.now()
    revision_id = engine.clock.fresh_id()
    row = {"id": revision_id, "sequence": change.sequence, "number": change.number, "hash": content["hash"]}
    connection.execute(revisions.insert().values(**row, content=dict(content), created_at=now))
    if change.is_new_sequence:
        connection.execute(sequences.insert().values(name=change.sequence, revision_id=revision_id, applied_at=now))
    else:
        connection.execute(
            update(sequences).where(sequences.c.name == change.sequence).values(revision_id=revision_id, applied_at=now)
        )
    data = {"revision": change.number, "hash": content["hash"]}
    audit.write(connection, now=now, actor=by, action="apply", subject=change.sequence, data=data)


def _remember_hashes(connection: Connection, hashes: Mapping[str, str]) -> None:
    known = connection.execute(select(facts.c.name).where(facts.c.name == _CONFIG_HASHES)).scalar()
    if known is None:
        connection.execute(facts.insert().values(name=_CONFIG_HASHES, value=dict(hashes)))
    else:
        connection.execute(update(facts).where(facts.c.name == _CONFIG_HASHES).values(value=dict(hashes)))
