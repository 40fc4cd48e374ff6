"""Apply sequences: what stands in the files becomes a revision that every worker reads from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from outreach.content.revision import thaw
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.sequence import TouchStep
from outreach.services.sending.engine import Engine
from outreach.services.sequences import relocate
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
    people_inside: int
    people_behind: int = 0  # of them, on a revision before the present one
    steps_added: tuple[str, ...] = ()
    steps_removed: tuple[str, ...] = ()
    moved: int = 0  # enrollments that went to this revision; without `move` people stay on the one they began with
    left: int = 0  # with `move`: a touch of theirs was under way at a step that is gone


def compare(engine: Engine, contents: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """What `apply` would do with these frozen contents (sequence name → content of a revision)."""
    with engine.store.read() as connection:
        return [change_of(connection, name, contents[name]) for name in sorted(contents)]


def apply(
    engine: Engine,
    contents: Mapping[str, Mapping[str, Any]],
    *,
    hashes: Mapping[str, str],
    by: str,
    targets: Mapping[str, str] | None = None,
    action: str = "apply",
) -> list[Change]:
    """Store a new revision of each changed sequence; new enrollments begin with it.

    With `targets` (step that is gone → where those go who stand there; may be empty) everybody inside is moved to the
    newest revision in the same transaction. Raises UsageError naming steps that need a target; then nothing changes.
    """

    def work(connection: Connection) -> list[Change]:
        changes = [change_of(connection, name, contents[name]) for name in sorted(contents)]
        for change in changes:
            if change.is_changed:
                _store(connection, engine, change, contents[change.sequence], by, action=action)
        if hashes:
            _remember_hashes(connection, hashes)
        if targets is None:
            return changes
        return _move_all(connection, engine, changes, targets, by)

    return engine.store.write(work)


def current_id(connection: Connection, name: str) -> str | None:
    """The id of the revision that new enrollments begin with; None: the sequence was never applied."""
    found: str | None = connection.execute(select(sequences.c.revision_id).where(sequences.c.name == name)).scalar()
    return found


def _move_all(
    connection: Connection, engine: Engine, changes: list[Change], targets: Mapping[str, str], by: str
) -> list[Change]:
    inside = [change for change in changes if not change.is_new_sequence]
    crossings = [_crossing(connection, engine, change.sequence, targets) for change in inside]
    relocate.check_targets(connection, crossings, targets)
    moved = {each.sequence: relocate.move(connection, engine, each) for each in crossings}
    for name, found in moved.items():
        if found.moved or found.left:
            data = {"moved": found.moved, "left": found.left, "targets": dict(targets)}
            audit.write(connection, now=engine.clock.now(), actor=by, action="move", subject=name, data=data)
    return [
        replace(change, moved=moved[change.sequence].moved, left=moved[change.sequence].left)
        if change.sequence in moved
        else change
        for change in changes
    ]


def _crossing(connection: Connection, engine: Engine, name: str, targets: Mapping[str, str]) -> relocate.Crossing:
    new_id = current_id(connection, name)
    assert new_id is not None
    new = engine.revisions.get(connection, new_id)
    return relocate.Crossing(engine, name, new, new_id=new_id, targets=targets)


def applied_hashes(connection: Connection) -> dict[str, str]:
    """Hash of each configuration file as it was applied; empty before the first `apply`."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == _CONFIG_HASHES)).scalar()
    return dict(found or {})


def change_of(connection: Connection, name: str, content: Mapping[str, Any]) -> Change:
    """What applying this content would do to the sequence."""
    current = (
        connection.execute(
            select(revisions.c.id, revisions.c.number, revisions.c.hash, revisions.c.content)
            .join(sequences, sequences.c.revision_id == revisions.c.id)
            .where(sequences.c.name == name)
        )
        .mappings()
        .one_or_none()
    )
    is_changed = current is None or current["hash"] != content["hash"]
    present_id = current["id"] if current else ""
    before = _step_ids(current["content"]) if current else set()
    inside = _inside(connection, name)
    after = _step_ids(content)
    latest = connection.execute(select(func.max(revisions.c.number)).where(revisions.c.sequence == name)).scalar() or 0
    return Change(
        sequence=name,
        number=latest + 1 if is_changed or current is None else current["number"],
        is_new_sequence=current is None,
        is_changed=is_changed,
        people_inside=inside,
        people_behind=inside if is_changed else _inside(connection, name, but_not_on=present_id),
        steps_added=tuple(sorted(after - before)) if current else (),
        steps_removed=tuple(sorted(before - after)),
    )


def _step_ids(content: Mapping[str, Any]) -> set[str]:
    steps = thaw(dict(content)).sequence.steps.values()
    return {step.id for step in steps if isinstance(step, TouchStep)}


def _inside(connection: Connection, name: str, *, but_not_on: str = "") -> int:
    statement = (
        select(func.count())
        .select_from(enrollments)
        .where(
            enrollments.c.sequence == name,
            enrollments.c.state != EnrollmentState.FINISHED,
            enrollments.c.revision_id != but_not_on,
        )
    )
    return connection.execute(statement).scalar_one()


def _store(
    connection: Connection,
    engine: Engine,
    change: Change,
    content: Mapping[str, Any],
    by: str,
    *,
    action: str,
) -> None:
    """A new revision with that content; it is the present one from now on."""
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
    audit.write(connection, now=now, actor=by, action=action, subject=change.sequence, data=data)


def _remember_hashes(connection: Connection, hashes: Mapping[str, str]) -> None:
    known = connection.execute(select(facts.c.name).where(facts.c.name == _CONFIG_HASHES)).scalar()
    if known is None:
        connection.execute(facts.insert().values(name=_CONFIG_HASHES, value=dict(hashes)))
    else:
        connection.execute(update(facts).where(facts.c.name == _CONFIG_HASHES).values(value=dict(hashes)))
