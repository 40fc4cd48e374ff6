"""Where an enrollment goes next: facts and an instant in, one decision out.

The walk begins at the enrollment's cursor and goes on until a touch is to be planned, something has to be waited for,
or the path ends. It reads no clock, draws no random number and writes nothing; what it wants written it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.domain import moments, shares, window
from outreach.domain.enrollment import FinishReason
from outreach.domain.moments import Moment
from outreach.domain.quota import jitter_share
from outreach.domain.sequence import (
    EnrollStep,
    IfStep,
    NextWeekday,
    OnDay,
    OnFailure,
    Overdue,
    RelativeTo,
    Sequence,
    SplitStep,
    StopStep,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)
from outreach.domain.span import Span
from outreach.domain.touch import TouchState, touch_key
from outreach.record import record

LOOK_AGAIN_AFTER = timedelta(days=1)
"""How long an enrollment that waits for a person is left before it is looked at again."""

_MOST_STEPS = 10_000
_NEVER = datetime.max.replace(tzinfo=UTC)


@record(frozen=True, slots=True)
class Had:
    """What became of a touch of this enrollment."""

    state: TouchState
    finished_at: datetime


@record(frozen=True, slots=True, kw_only=True)
class Facts:
    """All the planner looks at. `happened` maps names such as `open`, `linkedin.accepted`, `task.done` and
    `task.done:<step id>` to the first time it happened. `moment` reads a date of the lead by its dotted name. Where
    `happened`, `evaluate` or `moment` were not loaded, the walk stops at the step that asks for them and wants to be
    called again with them."""

    sequence: Sequence
    enrollment_id: str
    lead_id: str
    cursor: str | None
    cursor_at: datetime
    zone: ZoneInfo  # the zone of the schedule: the lead's or the sender's
    is_holiday: Callable[[date], bool]
    had: Mapping[str, Had] = field(default_factory=dict)
    happened: Mapping[str, datetime] | None = None
    evaluate: Callable[[str], bool] | None = None
    moment: Callable[[str], Moment | None] | None = None
    zone_of: Callable[[str], ZoneInfo] | None = None  # where the schedule is the sender's: the zone of another one


@record(frozen=True, slots=True, kw_only=True)
class PlanTouch:
    """Plan this touch."""

    step: TouchStep
    wanted_at: datetime
    due_at: datetime
    closes_at: datetime | None
    variant: str | None
    is_first: bool


@record(frozen=True, slots=True)
class LookAgain:
    """Nothing to do before `at`. `settled_until`: nor before that, unless news come or the lead's values change."""

    at: datetime
    settled_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The enrollment is over. `enroll`: the sequence that the lead goes on in, at once."""

    reason: FinishReason
    detail: str = ""
    enroll: str | None = None


@record(frozen=True, slots=True, kw_only=True)
class Move:
    """Write `writes`, close the tasks of `overdue` steps, stand at `cursor` since `cursor_at`, and do `outcome`."""

    cursor: str | None
    cursor_at: datetime
    outcome: PlanTouch | LookAgain | Finish
    writes: tuple[WriteStep, ...] = ()
    overdue: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    facts: Facts
    now: datetime
    cursor: str | None
    at: datetime
    writes: list[WriteStep] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)

    def go(self, step_id: str | None, at: datetime) -> None:
        self.cursor, self.at = step_id, at

    def end(self, outcome: PlanTouch | LookAgain | Finish) -> Move:
        return Move(
            cursor=self.cursor,
            cursor_at=self.at,
            outcome=outcome,
            writes=tuple(self.writes),
            overdue=tuple(self.overdue),
        )


def next_move(facts: Facts, now: datetime) -> Move:
    """Walk from the cursor to the next thing that takes time."""
    walk = _Walk(facts, now, facts.cursor, facts.cursor_at)
    for _ in range(_MOST_STEPS):
        outcome = _step(walk)
        if outcome is not None:
            return walk.end(outcome)
    raise RuntimeError(f"sequence {facts.sequence.name} does not come to an end")


def following_touch(sequence: Sequence, step_id: str) -> str | None:
    """The touch that everybody goes on to who ends this one at one instant, if they share zone and holidays.

    None where the move is a person's own: variants or jitter are drawn for it, or it depends on what happened.
    It holds for those who were not at the following touch before.
    """
    step = sequence.steps[step_id]
    if not isinstance(step, TouchStep) or step.task or not step.then:
        return None
    following = sequence.steps[step.then]
    if isinstance(following, WaitStep):
        if following.jitter or following.then is None or isinstance(following.wait, RelativeTo):
            return None
        following = sequence.steps[following.then]
    return following.id if isinstance(following, TouchStep) and not following.variants else None


def is_same_for_all(sequence: Sequence, step_id: str) -> bool:
    """Do all who end this touch at one instant make the same move? They go on to one touch, or it was the last."""
    step = sequence.steps[step_id]
    if not isinstance(step, TouchStep) or step.task:
        return False
    return step.then is None or following_touch(sequence, step_id) is not None


def _step(walk: _Walk) -> PlanTouch | LookAgain | Finish | None:
    if walk.cursor is None:
        return Finish(FinishReason.COMPLETED)
    step = walk.facts.sequence.steps[walk.cursor]
    match step:
        case TouchStep():
            return _touch(walk, step)
        case WaitStep():
            return _wait(walk, step)
        case WaitForStep():
            return _wait_for(walk, step)
        case IfStep():
            return _if(walk, step)
        case SplitStep():
            walk.go(shares.chosen(step, walk.facts.sequence.name, walk.facts.lead_id).first, walk.at)
            return None
        case EnrollStep():
            return _enroll(walk, step)
        case WriteStep():
            walk.writes.append(step)
            walk.go(step.then, walk.at)
            return None
        case StopStep():
            return Finish(FinishReason.STOPPED, step.reason)


def _touch(walk: _Walk, step: TouchStep) -> PlanTouch | LookAgain | Finish | None:
    had = walk.facts.had.get(step.id)
    if had is None:
        return _plan(walk, step, walk.at, timedelta(0))
    if had.state is TouchState.FAILED and step.on_failure is OnFailure.STOP:
        return Finish(FinishReason.FAILED, f"step {step.id}")
    if had.state in (TouchState.SENT, TouchState.FAILED, TouchState.SKIPPED):
        if step.task and had.state is TouchState.SENT:
            return _task(walk, step, had)
        walk.go(step.then, had.finished_at)
        return None
    return LookAgain(walk.now + LOOK_AGAIN_AFTER)


def _task(walk: _Walk, step: TouchStep, had: Had) -> LookAgain | None:
    """A task holds the sequence until it is done, or until its time is over."""
    details = step.task
    assert details is not None
    done_at = (walk.facts.happened or {}).get(f"task.done:{step.id}")
    if done_at is not None:
        walk.go(step.then, done_at)
        return None
    if details.within is None or details.overdue is Overdue.WAIT:
        return LookAgain(walk.now + LOOK_AGAIN_AFTER, settled_until=_NEVER)
    deadline = _after(walk, had.finished_at, step_span=details.within)
    if walk.now < deadline:
        return LookAgain(deadline)
    if details.overdue is Overdue.SKIP:
        walk.overdue.append(step.id)
    walk.go(step.then, deadline)
    return None


def _wait(walk: _Walk, step: WaitStep) -> PlanTouch | LookAgain | None:
    if isinstance(step.wait, RelativeTo):
        return _wait_for_a_date(walk, step, step.wait)
    return _after_wait(walk, step, _ready_at(walk, step.wait))


def _ready_at(walk: _Walk, wait: Span | NextWeekday | OnDay) -> datetime:
    match wait:
        case NextWeekday():
            return moments.next_weekday(wait, walk.at, walk.facts.zone)
        case OnDay():
            return max(moments.start_of(wait, walk.facts.zone), walk.at)
        case Span():
            return _after(walk, walk.at, step_span=wait)


def _wait_for_a_date(walk: _Walk, step: WaitStep, wait: RelativeTo) -> PlanTouch | LookAgain | None:
    """The date may change or be filled in while people wait: it is read again every day, and nothing is planned yet."""
    if walk.facts.moment is None or walk.writes:
        return LookAgain(walk.now)
    found = _date_of(walk, wait)
    if found is None:
        return LookAgain(walk.now + LOOK_AGAIN_AFTER, settled_until=_NEVER)
    ready_at = max(found, walk.at)
    if walk.now < ready_at:
        return LookAgain(min(ready_at, walk.now + LOOK_AGAIN_AFTER), settled_until=ready_at)
    return _after_wait(walk, step, ready_at)


def _date_of(walk: _Walk, wait: RelativeTo) -> datetime | None:
    """None: the lead has no such date, or one so far off that it is no date at all."""
    assert walk.facts.moment is not None
    moment = walk.facts.moment(wait.value)
    if moment is None:
        return None
    try:
        return moments.relative_to(wait, moment, walk.facts.zone, is_holiday=walk.facts.is_holiday)
    except ValueError:
        return None


def _after_wait(walk: _Walk, step: WaitStep, ready_at: datetime) -> PlanTouch | LookAgain | None:
    """The touch behind a wait is planned at once: its due time is where the wait ends."""
    following = walk.facts.sequence.steps.get(step.then) if step.then else None
    jitter = step.jitter.elapsed if step.jitter else timedelta(0)
    if isinstance(following, TouchStep) and following.id not in walk.facts.had:
        walk.go(following.id, walk.at)
        return _plan(walk, following, ready_at, jitter)
    ready_at += jitter * jitter_share(touch_key(walk.facts.enrollment_id, step.id))
    if walk.now < ready_at:
        return LookAgain(ready_at)
    walk.go(step.then, ready_at)
    return None


def _enroll(walk: _Walk, step: EnrollStep) -> LookAgain | Finish:
    ready_at = _after(walk, walk.at, step_span=step.at_least) if step.at_least else walk.at
    if walk.now < ready_at:
        return LookAgain(ready_at)
    return Finish(FinishReason.COMPLETED, f"goes on in {step.sequence}", enroll=step.sequence)


def _wait_for(walk: _Walk, step: WaitForStep) -> LookAgain | None:
    if walk.facts.happened is None:
        return LookAgain(walk.now)
    happened_at = walk.facts.happened.get(step.event)
    deadline = _after(walk, walk.at, step_span=step.at_most)
    if happened_at is not None and happened_at <= deadline:
        walk.go(step.happened, max(happened_at, walk.at))
        return None
    if walk.now < deadline:
        return LookAgain(deadline)
    walk.go(step.missed, deadline)
    return None


def _if(walk: _Walk, step: IfStep) -> LookAgain | None:
    """What was written on the way must be read again before it is asked about."""
    if walk.facts.evaluate is None or walk.writes:
        return LookAgain(walk.now)
    walk.go(step.yes if walk.facts.evaluate(step.expression) else step.no, walk.at)
    return None


def _after(walk: _Walk, instant: datetime, *, step_span: Span) -> datetime:
    return window.add(step_span, instant, walk.facts.zone, is_holiday=walk.facts.is_holiday)


def _plan(walk: _Walk, step: TouchStep, wanted_at: datetime, jitter: timedelta) -> PlanTouch:
    facts = walk.facts
    zone = facts.zone_of(step.sender) if step.sender and facts.zone_of else facts.zone
    opening = window.next_open(facts.sequence.schedule, zone, wanted_at, is_holiday=facts.is_holiday)
    return PlanTouch(
        step=step,
        wanted_at=wanted_at,
        due_at=_jittered(facts, step, opening, jitter) if jitter else opening.opens_at,
        closes_at=opening.closes_at,
        variant=_variant(facts, step),
        is_first=not facts.had,
    )


def _jittered(facts: Facts, step: TouchStep, opening: window.Opening, jitter: timedelta) -> datetime:
    return window.jittered(opening, jitter_share(touch_key(facts.enrollment_id, step.id)), jitter)


def _variant(facts: Facts, step: TouchStep) -> str | None:
    """The one that has won, else chosen by a hash of lead and step: stable, not reshuffled when leads are added."""
    if not step.variants:
        return None
    if step.id in facts.sequence.winners:
        return facts.sequence.winners[step.id]
    names = ("main", *sorted(step.variants))
    return names[int(jitter_share(f"{facts.lead_id}.{step.id}") * len(names))]
