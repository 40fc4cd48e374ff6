"""What a simulation tells: volumes, what stands in the way, what is missing, and when the list is finished."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from outreach.domain.enrollment import FinishReason
from outreach.domain.sequence import Sequence, Step, TouchStep
from outreach.domain.simulation import longest
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_list import Question
from outreach.services.simulating.simulate_people import Person
from outreach.services.simulating.simulate_record import Lateness, Record

_MISSING = re.compile(r"missing (\S+) \(step (\S+)\)")
_PACE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Finishing:
    """When the list is done. `on`: the day the last lead was finished; None: not within the days simulated.

    Then `about_on` is an estimate from what the slowest sender still has to do and its pace of the last two weeks;
    None: it has no pace, so that nobody can tell.
    """

    on: date | None
    people_left: int = 0
    touches_left: int = 0  # at most: everybody takes the longest path
    about_on: date | None = None
    slowest: str = ""  # sender and action
    per_day: float = 0.0  # its pace


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a file were read."""

    rows: int
    repeated: int
    rejected: int
    examples: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SenderLine:
    """Touches of one sender and action, by day in the sender's zone."""

    sender: str
    action: str
    zone: str
    by_day: dict[str, int]

    @property
    def touches(self) -> int:
        return sum(self.by_day.values())

    @property
    def busiest(self) -> tuple[str, int]:
        """The day with the most, the first of several, and how many."""
        return max(self.by_day.items(), key=lambda item: item[1])


@dataclass(frozen=True, slots=True)
class Report:
    """A simulation with its question, for the terminal, JSON, CSV and HTML."""

    question: Question
    record: Record
    finishing: Finishing
    senders: dict[str, str]  # name → zone
    rows: Rows | None = None

    @property
    def missing(self) -> list[tuple[str, str, int]]:
        """(value, step that needs it, leads without it), most first."""
        found = [(match[1], match[2], count) for reason, count in self.refused if (match := _MISSING.fullmatch(reason))]
        return sorted(found, key=lambda item: -item[2])

    @property
    def refused(self) -> list[tuple[str, int]]:
        return self.record.refused.most_common()

    @property
    def late(self) -> list[tuple[str, Lateness]]:
        return sorted(self.record.late.items(), key=lambda item: (-item[1].touches, item[0]))

    def days(self) -> list[tuple[str, Counter[str]]]:
        """Touches of each day by action, days without any between the first and the last included."""
        by_day: dict[str, Counter[str]] = {}
        for (day, _, action), number in self.record.by_day.items():
            by_day.setdefault(day, Counter())[action] += number
        if not by_day:
            return []
        first, last = date.fromisoformat(min(by_day)), date.fromisoformat(max(by_day))
        names = ((first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1))
        return [(name, by_day.get(name, Counter())) for name in names]

    def by_sender(self) -> list[SenderLine]:
        """What each sender does of each action."""
        days: dict[tuple[str, str], dict[str, int]] = {}
        for (day, sender, action), number in sorted(self.record.by_day.items()):
            days.setdefault((sender, action), {})[day] = number
        return [SenderLine(*key, self.senders[key[0]], found) for key, found in sorted(days.items())]

    @property
    def active(self) -> int:
        """People who are not finished when the days simulated are over."""
        return len(self.record.people) - self.record.finished.total()


def report_of(simulation: Simulation, question: Question, *, rows: Rows | None = None) -> Report:
    """What came of a simulation that has run."""
    senders = {sender: simulation.zone_of(sender) for _, sender, _ in simulation.record.by_day}
    return Report(question, simulation.record, _finishing(simulation, question), senders, rows)


def _finishing(simulation: Simulation, question: Question) -> Finishing:
    people = simulation.record.people
    left = [person for person in people if person.reason is None]
    if not left:
        last = max((person.finished_at for person in people if person.finished_at), default=question.start)
        return Finishing(last.date())
    to_do = _to_do(left)
    pace = _pace(simulation.record, question.until)
    days = {key: number / pace[key] for key, number in to_do.items() if pace.get(key)}
    if not days or len(days) < len(to_do):
        return Finishing(None, len(left), to_do.total())
    slowest = max(days, key=lambda key: (days[key], key))
    has_new = any(not person.begun_at for person in left)
    about = question.until + max(timedelta(days=days[slowest]), _usual_length(people) if has_new else timedelta(0))
    return Finishing(None, len(left), to_do.total(), about.date(), " ".join(slowest), pace[slowest])


def _to_do(people: list[Person]) -> Counter[tuple[str, str]]:
    """Touches that are left at most, by sender and action."""
    found: Counter[tuple[str, str]] = Counter()
    tables: dict[str, dict[str, dict[str, int]]] = {}
    for person in people:
        sequence = person.course.sequence
        if sequence.name not in tables:
            tables[sequence.name] = _table(sequence)
        for action, left in tables[sequence.name].items():
            found[person.sender.name, action] += left.get(person.cursor or "", 0)
    return +found


def _table(sequence: Sequence) -> dict[str, dict[str, int]]:
    """Action → step → touches of that action on the longest path from there."""
    actions = {step.action for step in sequence.steps.values() if isinstance(step, TouchStep)}
    return {action: longest(sequence, partial(_is_of, action)) for action in actions}


def _is_of(action: str, step: Step) -> bool:
    return isinstance(step, TouchStep) and step.action == action


def _pace(record: Record, until: datetime) -> dict[tuple[str, str], float]:
    """Touches a day in the last two weeks, days off included."""
    since = (until - _PACE).date().isoformat()
    found: Counter[tuple[str, str]] = Counter()
    for (day, sender, action), number in record.by_day.items():
        if day > since:
            found[sender, action] += number
    return {key: number / _PACE.days for key, number in found.items()}


def _usual_length(people: list[Person]) -> timedelta:
    """How long those took who went all the way; nothing if nobody did."""
    took = [
        person.finished_at - person.begun_at
        for person in people
        if person.reason is FinishReason.COMPLETED and person.finished_at and person.begun_at
    ]
    return sorted(took)[len(took) // 2] if took else timedelta(0)
