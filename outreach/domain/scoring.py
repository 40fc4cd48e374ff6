"""How ready a lead is to be talked to: points from rules over what is known and what happened, with decay.

A lead's score is what an import, a sequence or a person gave it, and what these rules add. Each rule's points are
whole, so that the lines of an explanation add up to the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.domain.event import EventKind
from outreach.domain.pipeline import Pipeline, Stage, StageKind

QUALIFIED = "qualified"
"""The stage a lead moves to at the threshold, where the file names no other for its pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`add` points if `condition` holds, and if `event` happened: for each of its last `times` happenings.

    `half_life`: how long until a happening counts half; None: it counts for ever.
    """

    add: int
    condition: str | None = None
    event: EventKind | None = None
    half_life: timedelta | None = None
    times: int = 1

    def __str__(self) -> str:
        parts = (f"when {self.event}" if self.event else "", f"if {self.condition}" if self.condition else "")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """The rules of a team. `stages`: pipeline → the stage that leads move to at `qualified_at`; None: none moves."""

    rules: tuple[Rule, ...] = ()
    qualified_at: int | None = None
    stages: Mapping[str, str] = field(default_factory=dict)
    every: timedelta = timedelta(hours=1)

    @property
    def events(self) -> frozenset[EventKind]:
        """Kinds of events that some rule counts."""
        return frozenset(rule.event for rule in self.rules if rule.event)

    @property
    def most_times(self) -> int:
        """How many happenings of one kind are looked at."""
        return max((rule.times for rule in self.rules if rule.event), default=0)


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule gives a lead. `at`: the happenings it counted, the newest first."""

    rule: Rule
    points: int
    at: tuple[datetime, ...] = ()


def sum_up(
    scoring: Scoring, holds: Callable[[str], bool], happened: Mapping[EventKind, Sequence[datetime]], now: datetime
) -> tuple[Line, ...]:
    """One line for each rule, in their order. `happened` gives the instants of each kind, in any order."""
    return tuple(_line(rule, holds, happened, now) for rule in scoring.rules)


def _line(
    rule: Rule, holds: Callable[[str], bool], happened: Mapping[EventKind, Sequence[datetime]], now: datetime
) -> Line:
    counted: tuple[datetime, ...] = ()
    if rule.event:
        counted = tuple(sorted(happened.get(rule.event, ()), reverse=True)[: rule.times])
        if not counted:
            return Line(rule, 0)
    if rule.condition and not holds(rule.condition):
        return Line(rule, 0)
    if not rule.event:
        return Line(rule, rule.add)
    return Line(rule, _rounded(rule.add * sum(_share(rule, at, now) for at in counted)), counted)


def _share(rule: Rule, at: datetime, now: datetime) -> float:
    """How much of its points a happening still gives: 1, halved with each half-life. One to come counts in full."""
    if rule.half_life is None:
        return 1.0
    share: float = 0.5 ** (max(now - at, timedelta(0)) / rule.half_life)
    return share


def _rounded(points: float) -> int:
    """To the nearest whole number, halves away from zero."""
    return int(math.copysign(math.floor(abs(points) + 0.5), points))


def total(lines: Sequence[Line]) -> int:
    """The sum of all rules."""
    return sum(line.points for line in lines)


def stage_at_threshold(scoring: Scoring, pipeline: Pipeline) -> Stage | None:
    """The stage of qualified leads in that pipeline; None: it has none."""
    return pipeline.stage(scoring.stages.get(pipeline.name, QUALIFIED))


def moves_up(scoring: Scoring, pipeline: Pipeline, present: str) -> Stage | None:
    """Where a lead at `present` goes that has reached the threshold; None: it stays. Nobody is moved back.

    Only from open stages before that one: who is further on, won, lost or handed over to marketing is with a person.
    """
    wanted, stands = stage_at_threshold(scoring, pipeline), pipeline.stage(present)
    if wanted is None or stands is None or stands.kind is not StageKind.OPEN:
        return None
    is_before = pipeline.stages.index(stands) < pipeline.stages.index(wanted)
    return wanted if is_before and pipeline.allows(present, wanted.name) else None
