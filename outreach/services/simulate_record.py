"""What a simulation writes down as it goes: a line of numbers for each touch, and counts of everything else."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.services.simulate_people import Known, Person
from outreach.services.simulate_queue import Queue, Touch


@dataclass(frozen=True, slots=True)
class Sent:
    """One touch of the calendar."""

    person: Person
    step: str
    action: str
    variant: str | None
    sender: str
    at: datetime


@dataclass(slots=True)
class Lateness:
    """Touches that went later than they were due, because of one limit."""

    touches: int = 0
    total: timedelta = timedelta(0)
    longest: timedelta = timedelta(0)

    def add(self, late: timedelta) -> None:
        self.touches += 1
        self.total += late
        self.longest = max(self.longest, late)


_Kind = tuple[str, str, str | None, str]
"""Step, action, variant and sender of a touch."""


@dataclass(slots=True)
class Record:
    """Everything that happened. `by_day` counts touches by (day in the sender's zone, sender, action)."""

    people: list[Person] = field(default_factory=list)
    zones: Counter[str] = field(default_factory=Counter)
    held_out: int = 0  # never contacted on purpose
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # reason → the name of a lead it applies to
    finished: Counter[str] = field(default_factory=Counter)
    reactions: Counter[str] = field(default_factory=Counter)  # every one
    reacted: Counter[str] = field(default_factory=Counter)  # people who did so at least once
    late: dict[str, Lateness] = field(default_factory=dict)
    blocked: Counter[str] = field(default_factory=Counter)
    stuck: Counter[str] = field(default_factory=Counter)  # blocked until somebody changes something
    by_day: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    last_at: datetime | None = None
    _kinds: dict[_Kind, int] = field(default_factory=dict)
    _who: array[int] = field(default_factory=lambda: array("l"))
    _what: array[int] = field(default_factory=lambda: array("l"))
    _when: array[float] = field(default_factory=lambda: array("d"))

    def enroll(self, person: Person, zone_by: str) -> None:
        self.people.append(person)
        self.zones[zone_by] += 1

    def refuse(self, reason: str, known: Known) -> None:
        self.refused[reason] += 1
        self.examples.setdefault(reason, known.name)

    def finish(self, reason: FinishReason) -> None:
        self.finished[reason] += 1

    def react(self, kind: EventKind, *, is_first: bool) -> None:
        self.reactions[kind] += 1
        self.reacted[kind] += is_first

    def block(self, because: str, *, is_for_good: bool) -> None:
        self.blocked[because] += 1
        self.stuck[because] += is_for_good

    def send(self, touch: Touch, queue: Queue, now: datetime) -> None:
        """One touch went out."""
        late = now - touch.due_at
        if late:
            self.late.setdefault(queue.why_late(touch), Lateness()).add(late)
        self._who.append(touch.person.number)
        self._what.append(self._number((touch.step_id, queue.action, touch.variant, queue.sender.name)))
        self._when.append(now.timestamp())
        self.by_day[queue.day(now), queue.sender.name, queue.action] += 1
        self.last_at = now

    def _number(self, kind: _Kind) -> int:
        return self._kinds.setdefault(kind, len(self._kinds))

    @property
    def touches(self) -> int:
        return len(self._who)

    def sent(self) -> Iterator[Sent]:
        """The calendar, in the order of time."""
        kinds = list(self._kinds)
        for who, what, at in zip(self._who, self._what, self._when, strict=True):
            yield Sent(self.people[who], *kinds[what], datetime.fromtimestamp(at, UTC))
