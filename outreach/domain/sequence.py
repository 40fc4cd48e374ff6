"""A sequence as the planner walks it: steps by id, each naming the step that follows.

Branches are flattened when files are read (`content/sequences.py`): the last step of a branch is followed by the step
after the branch, and `None` is the end of a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from outreach.domain.span import Span, Unit

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Trigger(StrEnum):
    """What may end a sequence (`stop_on`) or move a stage (`stages`), as written in YAML."""

    REPLY = "reply"
    COMPANY_REPLY = "company_reply"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    MEETING = "meeting"
    FIRST_TOUCH = "first_touch"
    NO_REPLY = "no_reply"


class OnFailure(StrEnum):
    """What follows when a touch failed for good."""

    STOP = "stop"
    SKIP = "skip"
    TASK = "task"


class Overdue(StrEnum):
    """What follows when a task is not done within its time."""

    GO_ON = "go_on"
    SKIP = "skip"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """The human part of a `task` step."""

    kind: str  # call, linkedin, email, meeting, custom
    note: str = ""
    assignee: str | None = None
    within: Span | None = None
    overdue: Overdue = Overdue.GO_ON


@dataclass(frozen=True, slots=True)
class Trial:
    """`winner: auto`: the variants of a step are compared by this measure, with at least so many people of each."""

    by: str = "reply_rate"  # a name of `kpi.REGISTRY`
    at_least: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchStep:
    """A step that reaches a person. `action` is `email`, `task` or `<channel>.<action>`."""

    id: str
    action: str
    template: str | None = None
    variants: Mapping[str, str] = field(default_factory=dict)  # variant name → template, beside the main one (`main`)
    thread: str | None = None  # step id of the message this one answers
    sender: str | None = None
    on_failure: OnFailure = OnFailure.STOP
    task: TaskDetails | None = None
    then: str | None = None
    winner: Trial | None = None  # None: the variants keep their shares for good

    @property
    def channel(self) -> str:
        return self.action.partition(".")[0]


@dataclass(frozen=True, slots=True)
class NextWeekday:
    """`until monday 09:00`: the first such moment from then on."""

    weekday: int  # 0 is Monday
    clock: time = time(0)

    def __str__(self) -> str:
        return f"until {WEEKDAYS[self.weekday]}{_clock(self.clock)}"


@dataclass(frozen=True, slots=True)
class OnDay:
    """`until 2026-12-01`; over at once when that day is past."""

    day: date
    clock: time = time(0)

    def __str__(self) -> str:
        return f"until {self.day.isoformat()}{_clock(self.clock)}"


@dataclass(frozen=True, slots=True)
class RelativeTo:
    """`until lead.renewal_on - 30 days`: so long before or after a date that the lead or the company has."""

    value: str  # the dotted name of the date
    shift: Span | None = None
    is_before: bool = False
    clock: time | None = None  # None: the start of the day, or the time of day the value itself names

    def __str__(self) -> str:
        shift = f" {'-' if self.is_before else '+'} {self.shift}" if self.shift else ""
        return f"until {self.value}{shift}{_clock(self.clock)}"


Until = NextWeekday | OnDay | RelativeTo
"""A wait that ends at a moment of its own instead of lasting a while."""


def _clock(clock: time | None) -> str:
    return "" if clock in (None, time(0)) else f" {clock:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep:
    """A pause. `jitter` lengthens it by a share of that span, chosen by a hash of enrollment and step."""

    id: str
    wait: Span | Until
    jitter: Span | None = None
    then: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForStep:
    """Wait until something happened, `at_most` so long."""

    id: str
    event: str  # open, click, linkedin.accepted, task.done, stage:<name>
    at_most: Span
    happened: str | None = None
    missed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IfStep:
    """Branch on an expression (see `content/expressions.py`)."""

    id: str
    expression: str
    yes: str | None = None
    no: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """One path of a split: so much of the sum of all weights goes this way."""

    name: str
    weight: int
    first: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStep:
    """Divide people over paths by a hash of sequence, step and lead: the same lead always goes the same way."""

    id: str
    shares: tuple[Share, ...]


class What(StrEnum):
    """What a write step writes on the lead."""

    STAGE = "stage"
    TAG = "tag"
    SCORE = "score"
    SET = "set"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStep:
    """Write on the lead and go on. `value` is the stage, the tag, the points to add, or the note."""

    id: str
    what: What
    value: str
    values: Mapping[str, str] = field(default_factory=dict)  # of `set`: name → text
    then: str | None = None

    def __str__(self) -> str:
        said = ", ".join(f"{name} = {text}" for name, text in self.values.items()) or self.value
        return f"{self.what} {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """Finish the enrollment here, with a reason in words."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollStep:
    """Finish as completed and go on in another sequence, not before `at_least` has passed at this step."""

    id: str
    sequence: str
    at_least: Span | None = None


Step = TouchStep | WaitStep | WaitForStep | IfStep | SplitStep | WriteStep | StopStep | EnrollStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a touch may go out; `timezone` is `lead`, `sender` or an IANA name; `holidays` is `lead`, `none`, a country.

    `opens` == `closes` means the whole day; `closes` before `opens` means past midnight. `closes` 00:00: midnight.
    """

    name: str
    timezone: str = "lead"
    days: frozenset[int] = frozenset(range(7))  # 0 is Monday
    opens: time = time(0)
    closes: time = time(0)
    holidays: str = "none"
    extra_holidays: frozenset[date] = frozenset()


EVERY = Span(15, Unit.MINUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Who may be enrolled."""

    when: str | None = None
    per_company: int | None = None
    auto: bool = False  # whoever begins to match is enrolled
    every: Span = EVERY  # of `auto`: how often everybody is asked
    max_per_day: int | None = None  # of `auto`: enrollments a day
    verified: bool = False  # only with an e-mail address that `leads verify` found valid
    customers: bool = False  # people with the status `customer` too


@dataclass(frozen=True, slots=True)
class Review:
    """Which messages wait for a person: the first so many of a revision; None: all."""

    first: int | None = None


ALWAYS_STOPPING = frozenset({Trigger.REPLY, Trigger.UNSUBSCRIBE, Trigger.COMPLAINT})
DEFAULT_STOP_ON = ALWAYS_STOPPING | {Trigger.BOUNCE, Trigger.MEETING}


@dataclass(frozen=True, slots=True)
class Tracking:
    """What is counted of mail after it was sent. Both are off unless somebody switches them on."""

    opens: bool = False
    clicks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One sequence as applied. `steps` holds every step of every branch by id; `first` is where people begin."""

    name: str
    pipeline: str
    senders: tuple[str, ...]
    schedule: Schedule
    steps: Mapping[str, Step]
    first: str | None
    description: str = ""
    enter: Enter = field(default_factory=Enter)
    stop_on: frozenset[Trigger] = DEFAULT_STOP_ON
    stages: Mapping[Trigger, str] = field(default_factory=dict)
    goal: Trigger | None = None
    holdout: float = 0.0  # the share of leads that are never contacted, only measured
    review: Review | None = None
    tracking: Tracking | None = None  # None: as the workspace has it
    match_provider: bool = False  # prefer senders whose mailbox is where the lead's is
    winners: Mapping[str, str] = field(default_factory=dict)  # step → the variant that has won; in no file

    def touch_step(self, step_id: str) -> TouchStep:
        """The touch step of that id; raises KeyError if it is none."""
        step = self.steps[step_id]
        if not isinstance(step, TouchStep):
            raise KeyError(step_id)
        return step
