"""Move people from older revisions of a sequence to its newest one: foreseen for `plan`, carried out by `apply --move`.

Everything happens in one transaction that holds the enrollments and their planned touches: nobody is half moved, and no
worker claims a touch meanwhile. What is under way already finishes under its old revision; its enrollment goes on in
the new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from outreach.content.revision import Revision
from outreach.content.suggestions import did_you_mean
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.planner import PlanTouch, next_move
from outreach.domain.relocation import END, How, NeedsTarget, Place, Relocation
from outreach.domain.sequence import Sequence as Path
from outreach.domain.sequence import TouchStep
from outreach.domain.touch import TouchState
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import path_facts
from outreach.services.sending.moves import Planned, touch_row
from outreach.store import enrollments as enrollment_rows
from outreach.store.stops import addresses_of
from outreach.store.tables import enrollments, touches
from outreach.store.touches import TOO_LATE
from outreach.store.within import within

_CHUNK = 1_000
_UNDER_WAY = frozenset({TouchState.CLAIMED, TouchState.HANDED_OVER, TouchState.UNKNOWN})

_OF_A_TOUCH = tuple(touches.c[name] for name in ("id", "enrollment_id", "step", "state", "due_at", "finished_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one enrollment. `planned`: the touch that is planned for it now."""

    row: RowMapping  # of enrollments
    place: Place | NeedsTarget
    planned: RowMapping | None = None
    had_at: datetime | None = None  # when the touch it stands at was finished, if it was
    is_under_way: bool = False

    @property
    def is_left(self) -> bool:
        """A touch that is gone is being sent at this moment: the enrollment is moved another time."""
        return self.is_under_way and isinstance(self.place, NeedsTarget)


@dataclass(slots=True)
class Moved:
    """How many were moved; `left`: those whose touch was under way at a step that is gone."""

    moved: int = 0
    left: int = 0


class Crossing:
    """From every older revision that somebody stands on to a new one. `new_id` None: it is not stored yet."""

    def __init__(
        self, engine: Engine, sequence: str, new: Revision, *, new_id: str | None, targets: Mapping[str, str]
    ) -> None:
        self.new = new
        self.new_id = new_id
        self._engine = engine
        self.sequence = sequence
        self._targets = targets
        self._relocations: dict[str, Relocation] = {}

    def fates(self, connection: Connection, *, lock: bool = False) -> Iterator[list[Fate]]:
        """Everybody who is inside and on another revision, some at a time."""
        ids = self._inside(connection, lock=lock)
        for start in range(0, len(ids), _CHUNK):
            yield self._some(connection, ids[start : start + _CHUNK], lock=lock)

    def _inside(self, connection: Connection, *, lock: bool) -> list[str]:
        statement = (
            select(enrollments.c.id)
            .where(
                enrollments.c.sequence == self.sequence,
                enrollments.c.state != EnrollmentState.FINISHED,
                enrollments.c.revision_id != (self.new_id or ""),
            )
            .order_by(enrollments.c.id)
        )
        return list(connection.execute(statement.with_for_update() if lock else statement).scalars())

    def _some(self, connection: Connection, ids: Collection[str], *, lock: bool) -> list[Fate]:
        """Read after the lock, so that nothing that others wrote meanwhile is missed."""
        still = enrollments.c.state != EnrollmentState.FINISHED
        rows = select(enrollments).where(within(enrollments.c.id, ids), still).order_by(enrollments.c.id)
        own = select(*_OF_A_TOUCH).where(within(touches.c.enrollment_id, ids)).order_by(touches.c.id)
        if lock:
            planned = within(touches.c.enrollment_id, ids) & (touches.c.state == TouchState.PLANNED)
            connection.execute(select(touches.c.id).where(planned).order_by(touches.c.id).with_for_update()).all()
        by_enrollment: dict[str, list[RowMapping]] = defaultdict(list)
        for touch in connection.execute(own).mappings():
            by_enrollment[touch["enrollment_id"]].append(touch)
        return [self._fate(connection, row, by_enrollment[row["id"]]) for row in connection.execute(rows).mappings()]

    def _fate(self, connection: Connection, row: RowMapping, own: Sequence[RowMapping]) -> Fate:
        had = {touch["step"]: touch for touch in own if touch["state"] != TouchState.PLANNED}
        here = had.get(row["cursor"])
        is_under_way = here is not None and here["state"] in _UNDER_WAY
        planned = next((touch for touch in own if touch["state"] == TouchState.PLANNED), None)
        has_time = planned is not None and planned["due_at"] is not None  # what is blocked waits for something else
        relocation = self._relocation(connection, row["revision_id"])
        return Fate(
            row=row,
            place=relocation.place(row["cursor"], had.keys(), is_planned=has_time, is_under_way=is_under_way),
            planned=planned,
            had_at=here["finished_at"] if here is not None else None,
            is_under_way=is_under_way,
        )

    def _relocation(self, connection: Connection, revision_id: str) -> Relocation:
        if revision_id not in self._relocations:
            self._relocations[revision_id] = Relocation(
                self.old(connection, revision_id), self.new.sequence, self._targets
            )
        return self._relocations[revision_id]

    def steps_before(self, connection: Connection) -> set[str]:
        """Every step of the revisions that somebody is on, or was."""
        statement = select(enrollments.c.revision_id).where(enrollments.c.sequence == self.sequence).distinct()
        ids = list(connection.execute(statement).scalars())
        return {name for each in ids for name in self.old(connection, each).steps}

    def old(self, connection: Connection, revision_id: str) -> Path:
        """The sequence as that revision has it."""
        return self._engine.revisions.get(connection, revision_id).sequence


def move(connection: Connection, engine: Engine, crossing: Crossing) -> Moved:
    """Move everybody inside, in the caller's transaction. Raises UsageError naming the steps that need a target."""
    found = Moved()
    needy: dict[str, int] = defaultdict(int)
    for some in crossing.fates(connection, lock=True):
        for fate in some:
            if isinstance(fate.place, NeedsTarget) and not fate.is_left:
                needy[fate.place.step] += 1
        if not needy:
            _write(connection, engine, crossing, [fate for fate in some if not fate.is_left])
        found.moved += sum(not fate.is_left for fate in some)
        found.left += sum(fate.is_left for fate in some)
    if needy:
        raise missing_targets(crossing.new.sequence, needy)
    return found


def missing_targets(new: Path, needy: Mapping[str, int]) -> UsageError:
    """Which steps are gone while people stand at them, and what to write."""
    listed = ", ".join(f"{step} ({count})" for step, count in needy.items())
    written = " ".join(f"--map {step}=STEP" for step in needy)
    steps = ", ".join(step.id for step in new.steps.values() if isinstance(step, TouchStep))
    return UsageError(
        f"people of '{new.name}' stand at steps that are gone: {listed}. Say where they go: {written}. "
        f"STEP is one of: {steps}; or {END}."
    )


def check_targets(connection: Connection, crossings: Sequence[Crossing], targets: Mapping[str, str]) -> None:
    """Raises UsageError for a step of no revision that somebody is on, or a target that is not there."""
    before = [(crossing.new.sequence, crossing.steps_before(connection)) for crossing in crossings]
    for step, target in targets.items():
        theirs = [new for new, steps in before if step in steps]
        if not theirs:
            hint = _hint(step, {name for _, steps in before for name in steps})
            raise UsageError(f"--map {step}={target}: nobody ever stood at a step '{step}'. {hint}".strip())
        for new in theirs:
            if target != END and target not in new.steps:
                hint = _hint(target, [*new.steps, END])
                raise UsageError(f"--map {step}={target}: '{new.name}' has no step '{target}'. {hint}".strip())


def _hint(word: str, known: Iterable[str]) -> str:
    """Written ids only: nobody writes the others."""
    return did_you_mean(word, [name for name in known if "/" not in name])


def _write(connection: Connection, engine: Engine, crossing: Crossing, fates: Sequence[Fate]) -> None:
    now = engine.clock.now()
    standing: list[dict[str, Any]] = []
    keep: list[Fate] = []
    drop: list[str] = []
    for fate in fates:
        assert isinstance(fate.place, Place)
        planned = fate.planned
        stays = planned is not None and fate.place.cursor == planned["step"]
        if stays:
            keep.append(fate)
        elif planned is not None:
            drop.append(planned["id"])
        standing.append(_stand(fate, now, is_waiting=stays or fate.is_under_way))
    _save(connection, crossing, standing)
    if drop:
        still_planned = touches.c.state == TouchState.PLANNED
        connection.execute(delete(touches).where(within(touches.c.id, drop), still_planned))
    _point(connection, engine, crossing, keep, now)


def _stand(fate: Fate, now: datetime, *, is_waiting: bool) -> dict[str, Any]:
    """Where the enrollment stands; without an open touch it is looked at at once, and goes on from there."""
    assert isinstance(fate.place, Place)
    row = fate.row
    return {
        "enrollment_id": row["id"],
        "new_cursor": fate.place.cursor,
        "new_cursor_at": since(fate),
        "new_due_at": None if is_waiting else now,
    }


def since(fate: Fate) -> datetime:
    """When the place was reached: who is sent elsewhere gets there when the touch it replaces would have gone out."""
    assert isinstance(fate.place, Place)
    reached: datetime = fate.row["cursor_at"]
    if fate.place.how not in (How.TARGET, How.BACK):
        return reached
    if fate.planned is not None and fate.planned["due_at"] is not None:
        reached = max(reached, fate.planned["due_at"])
    return max(reached, fate.had_at) if fate.had_at else reached


def _save(connection: Connection, crossing: Crossing, standing: Sequence[Mapping[str, Any]]) -> None:
    if not standing:
        return
    statement = (
        update(enrollments)
        .where(enrollments.c.id == bindparam("enrollment_id"))
        .values(
            revision_id=crossing.new_id,
            cursor=bindparam("new_cursor"),
            cursor_at=bindparam("new_cursor_at"),
            due_at=bindparam("new_due_at"),
        )
    )
    connection.execute(statement, [dict(row) for row in standing])


def _point(connection: Connection, engine: Engine, crossing: Crossing, keep: Sequence[Fate], now: datetime) -> None:
    """Planned touches of steps that are still there: the new revision's text, at the time that was planned."""
    planned = [fate.planned for fate in keep if fate.planned is not None]
    ids = [touch["id"] for touch in planned]
    if not ids:
        return
    mine = within(touches.c.id, ids)
    connection.execute(update(touches).where(mine).values(revision_id=crossing.new_id))
    asleep = mine & touches.c.due_at.is_(None) & (touches.c.block.is_(None) | (touches.c.block != TOO_LATE))
    connection.execute(update(touches).where(asleep).values(due_at=now, closes_at=now, block=None))
    rehoused = [fate for fate in keep if _differs(connection, crossing, fate, _schedule_of)]
    if rehoused:  # the window is looked up again when the time comes
        theirs = within(touches.c.id, [fate.planned["id"] for fate in rehoused if fate.planned is not None])
        connection.execute(update(touches).where(theirs).values(closes_at=touches.c.due_at))
    _rewrite(connection, engine, crossing, [fate for fate in keep if _differs(connection, crossing, fate, _form_of)])


def _differs(connection: Connection, crossing: Crossing, fate: Fate, part: Any) -> bool:
    assert fate.planned is not None
    step = fate.planned["step"]
    return bool(part(crossing.old(connection, fate.row["revision_id"]), step) != part(crossing.new.sequence, step))


def _schedule_of(path: Path, step_id: str) -> object:
    return path.schedule


def _form_of(path: Path, step_id: str) -> object:
    """What of a step is written on its touch."""
    step = path.touch_step(step_id)
    return step.action, dict(step.variants), step.sender


def _rewrite(connection: Connection, engine: Engine, crossing: Crossing, fates: Sequence[Fate]) -> None:
    """The step does something else than before: its touch is written anew, at the time that was planned."""
    if not fates:
        return
    rows = {row["enrollments_id"]: row for row in enrollment_rows.load(connection, [fate.row["id"] for fate in fates])}
    addresses = addresses_of(connection, [fate.row["lead_id"] for fate in fates])
    for fate in fates:
        assert fate.planned is not None
        row, own = rows[fate.row["id"]], addresses.get(fate.row["lead_id"], [])
        sender = engine.sender(row["enrollments_sender"])
        facts = path_facts(crossing.new.sequence, row, [], sender=sender, team=engine.sender)
        found = next_move(facts, engine.clock.now())
        assert isinstance(found.outcome, PlanTouch)
        fresh = touch_row(
            engine,
            Planned(
                row=row,
                addresses=own,
                sequence=crossing.new.sequence,
                pipeline=crossing.new.pipeline,
                move=found,
            ),
        )
        values = {
            name: fresh[name] for name in ("action", "channel", "variant", "sender", "recipient", "rank", "message_id")
        }
        connection.execute(update(touches).where(touches.c.id == fate.planned["id"]).values(**values))
