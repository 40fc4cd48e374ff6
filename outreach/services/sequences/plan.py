"""What applying the files would do: what is different, where people stand, and what becomes of them under each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, select

from outreach.content.revision import Revision, thaw
from outreach.content.revision_diff import Difference, compare
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.relocation import How, NeedsTarget
from outreach.services.sending.engine import Engine
from outreach.services.sequences import relocate
from outreach.services.sequences.forecast import Forecast, forecast
from outreach.services.sequences.revise import Change, change_of, current_id
from outreach.services.watching.plain import plain
from outreach.store.tables import enrollments, revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """People who stand at one step, and where `--move` would put them. `to` None: the end."""

    step: str | None
    people: int
    how: How | None  # None: the step is gone, and only a person can say where they go
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencePlan:
    """One sequence. Counts are of the people inside who are on another revision than the one this would make.

    `misses` and `repeats` count for each step the people who would not get it, or do not get it again, under `--move`;
    `needs` those who stand at a step that is gone; `left` those whose touch is under way at one.
    """

    change: Change
    difference: Difference
    revisions: Mapping[int, int]  # number of a revision → people inside who are on it
    standing: tuple[Standing, ...] = ()
    misses: Mapping[str, int] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    needs: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    ends: Forecast = field(default_factory=Forecast)  # the day they are through, if nobody answers

    @property
    def sequence(self) -> str:
        return self.change.sequence

    @property
    def is_empty(self) -> bool:
        """Nothing differs, and nobody is behind."""
        return not self.change.is_changed and not self.change.people_behind

    def to_json(self) -> Any:
        return plain(self)


def plan(
    engine: Engine, contents: Mapping[str, Mapping[str, Any]], *, targets: Mapping[str, str] | None = None
) -> list[SequencePlan]:
    """For each of these frozen contents (sequence → content of a revision). Writes nothing.

    Raises UsageError for a target that is not there.
    """
    with engine.store.read() as connection:
        crossings = {name: _crossing(connection, engine, name, contents[name], targets or {}) for name in contents}
        if targets:
            relocate.check_targets(connection, list(crossings.values()), targets)
        found = [_plan(connection, engine, contents[name], crossings[name]) for name in sorted(contents)]
    return [replace(each, ends=forecast(engine, crossings[each.sequence], fates)) for each, fates in found]


def _crossing(
    connection: Connection, engine: Engine, name: str, content: Mapping[str, Any], targets: Mapping[str, str]
) -> relocate.Crossing:
    change = change_of(connection, name, content)
    new_id = None if change.is_changed else current_id(connection, name)
    return relocate.Crossing(engine, name, thaw(dict(content)), new_id=new_id, targets=targets)


def _plan(
    connection: Connection, engine: Engine, content: Mapping[str, Any], crossing: relocate.Crossing
) -> tuple[SequencePlan, list[relocate.Fate]]:
    change = change_of(connection, crossing.sequence, content)
    applied = _applied(connection, engine, crossing.sequence)
    fates = [fate for some in crossing.fates(connection) for fate in some]
    effect = _effect(fates)
    found = SequencePlan(
        change=change,
        difference=compare(applied, crossing.new) if applied else Difference(),
        revisions=_revisions(connection, crossing.sequence),
        standing=_standing(effect.standing),
        misses=dict(effect.misses.most_common()),
        repeats=dict(effect.repeats.most_common()),
        needs=dict(effect.needs.most_common()),
        left=effect.left,
    )
    return found, fates


def _applied(connection: Connection, engine: Engine, name: str) -> Revision | None:
    revision_id = current_id(connection, name)
    return engine.revisions.get(connection, revision_id) if revision_id else None


def _revisions(connection: Connection, name: str) -> dict[int, int]:
    statement = (
        select(revisions.c.number, func.count())
        .join(enrollments, enrollments.c.revision_id == revisions.c.id)
        .where(enrollments.c.sequence == name, enrollments.c.state != EnrollmentState.FINISHED)
        .group_by(revisions.c.number)
        .order_by(revisions.c.number)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


_At = tuple[str | None, How | None, str | None]


@dataclass(slots=True)
class _Effect:
    standing: Counter[_At] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    needs: Counter[str] = field(default_factory=Counter)
    left: int = 0


def _effect(fates: Iterable[relocate.Fate]) -> _Effect:
    effect = _Effect()
    for fate in fates:
        cursor, place = fate.row["cursor"], fate.place
        if isinstance(place, NeedsTarget):
            effect.standing[cursor, None, None] += 1
            effect.left += fate.is_left
            effect.needs[place.step] += not fate.is_left
        else:
            effect.standing[cursor, place.how, place.cursor] += 1
            effect.misses.update(place.misses)
            effect.repeats.update(place.repeats)
    effect.needs = +effect.needs
    return effect


def _standing(found: Counter[_At]) -> tuple[Standing, ...]:
    return tuple(Standing(step=step, people=people, how=how, to=to) for (step, how, to), people in found.most_common())
