"""What a simulation writes down as it goes: a line of numbers for each touch, and counts of everything else."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby, pairwise

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.services.simulating.simulate_people import Known, Person
from outreach.services.simulating.simulate_queue import Queue, Touch


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

    def include(self, other: Lateness) -> None:
        """Those of another process."""
        self.touches += other.touches
        self.total += other.total
        self.longest = max(self.longest, other.longest)


_Kind = tuple[str, str, str | None, str]
"""Step, action, variant and sender of a touch."""


@dataclass(slots=True)
class Counts:
    """What is counted and written down while time passes. `by_day` counts by (sender's day, sender, action)."""

    finished: Counter[str] = field(default_factory=Counter)
    reactions: Counter[str] = field(default_factory=Counter)  # every one
    reacted: Counter[str] = field(default_factory=Counter)  # people who did so at least once
    late: dict[str, Lateness] = field(default_factory=dict)
    blocked: Counter[str] = field(default_factory=Counter)
    stuck: Counter[str] = field(default_factory=Counter)  # blocked until somebody changes something
    by_day: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    kinds: dict[_Kind, int] = field(default_factory=dict)
    who: array[int] = field(default_factory=lambda: array("l"))
    what: array[int] = field(default_factory=lambda: array("l"))
    when: array[float] = field(default_factory=lambda: array("d"))

    def number(self, kind: _Kind) -> int:
        return self.kinds.setdefault(kind, len(self.kinds))

    def add(self, other: Counts) -> None:
        """Count what another process has counted."""
        for name in ("finished", "reactions", "reacted", "blocked", "stuck", "by_day"):
            getattr(self, name).update(getattr(other, name))
        for because, late in other.late.items():
            self.late.setdefault(because, Lateness()).include(late)
        numbers = [self.number(kind) for kind in other.kinds]
        self.who.extend(other.who)
        self.what.extend(numbers[what] for what in other.what)
        self.when.extend(other.when)


class Record:
    """Everything that happened: who entered and who did not, and what came of it."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.zones: Counter[str] = Counter()
        self.held_out = 0  # never contacted on purpose
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, str] = {}  # reason → the name of a lead it applies to
        self._counts = Counts()
        self._now: datetime | None = None  # when the last touch went out, of which queue
        self._queue: Queue | None = None
        self._stamp = 0.0
        self._day = ("", "", "")

    def enroll(self, person: Person, zone_by: str) -> None:
        self.people.append(person)
        self.zones[zone_by] += 1

    def refuse(self, reason: str, known: Known) -> None:
        self.refused[reason] += 1
        self.examples.setdefault(reason, known.name)

    def finish(self, reason: FinishReason) -> None:
        self._counts.finished[reason] += 1

    def react(self, kind: EventKind, *, is_first: bool) -> None:
        self._counts.reactions[kind] += 1
        self._counts.reacted[kind] += is_first

    def block(self, because: str, *, is_for_good: bool) -> None:
        self._counts.blocked[because] += 1
        self._counts.stuck[because] += is_for_good

    def send(self, touch: Touch, queue: Queue, now: datetime) -> None:
        """One touch went out."""
        counts = self._counts
        if now > touch.due_at:
            counts.late.setdefault(queue.why_late(touch), Lateness()).add(now - touch.due_at)
        if now is not self._now or queue is not self._queue:
            self._now, self._queue, self._stamp = now, queue, now.timestamp()
            self._day = (queue.day(now), queue.sender.name, queue.action)
        kind = (touch.step.id, touch.variant)
        number = queue.kinds.get(kind)
        if number is None:
            number = queue.kinds[kind] = counts.number((touch.step.id, queue.action, touch.variant, queue.sender.name))
        counts.who.append(touch.person.number)
        counts.what.append(number)
        counts.when.append(self._stamp)
        counts.by_day[self._day] += 1

    def counts(self) -> Counts:
        """What was counted, for another process."""
        return self._counts

    def add(self, counts: Counts) -> None:
        self._counts.add(counts)

    @property
    def finished(self) -> Counter[str]:
        return self._counts.finished

    @property
    def reactions(self) -> Counter[str]:
        return self._counts.reactions

    @property
    def reacted(self) -> Counter[str]:
        return self._counts.reacted

    @property
    def late(self) -> dict[str, Lateness]:
        return self._counts.late

    @property
    def blocked(self) -> Counter[str]:
        return self._counts.blocked

    @property
    def stuck(self) -> Counter[str]:
        return self._counts.stuck

    @property
    def by_day(self) -> Counter[tuple[str, str, str]]:
        return self._counts.by_day

    @property
    def last_at(self) -> datetime | None:
        return datetime.fromtimestamp(max(self._counts.when), UTC) if self._counts.when else None

    @property
    def touches(self) -> int:
        return len(self._counts.who)

    def sent(self) -> Iterator[Sent]:
        """The calendar, in the order of time, and of entering where times are the same."""
        counts = self._counts
        kinds = list(counts.kinds)
        stamp, at = 0.0, datetime.fromtimestamp(0, UTC)
        for place in _in_order(counts.when, counts.who):
            if counts.when[place] != stamp:
                stamp = counts.when[place]
                at = datetime.fromtimestamp(stamp, UTC)
            yield Sent(self.people[counts.who[place]], *kinds[counts.what[place]], at)


def _in_order(when: array[float], who: array[int]) -> Iterator[int]:
    """Places by time, then by person. One process wrote them down by time, two of them did so one after the other."""
    halves = [start for start in range(1, len(when)) if when[start] < when[start - 1]]
    parts = [iter(range(start, end)) for start, end in pairwise((0, *halves, len(when)))]
    for _, places in groupby(merge(*parts, key=when.__getitem__), key=when.__getitem__):
        yield from sorted(places, key=who.__getitem__)
