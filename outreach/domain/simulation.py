"""What people would do, drawn from given rates: the same seed, lead and step always give the same reaction.

A rate and one number drawn evenly from 0 to 1 decide together: below the rate it happens, and where below tells how
soon. Delays are exponential with a bound, with means in the range that teams see in their own mailboxes; they are an
assumption of ours, not measured data.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from outreach.domain.action import find
from outreach.domain.event import EventKind
from outreach.domain.sequence import Sequence, Step, TouchStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares from 0 to 1. `replies`, `unsubscribes` and `meetings` are of the people who get every message of the
    longest path, whatever its length; the others are of what their comment names."""

    replies: float = 0.0
    unsubscribes: float = 0.0
    meetings: float = 0.0
    bounces: float = 0.0  # of the e-mail addresses
    accepts: float = 0.0  # of the invitations
    opens: float = 0.0  # of the mails
    clicks: float = 0.0  # of the mails
    out_of_office: float = 0.0  # of the mails
    tasks: float = 1.0  # of the tasks: done by a person


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a lead does, or a person of the team with a task. `until`: the day somebody out of office is back."""

    kind: EventKind
    at: datetime
    until: date | None = None


@dataclass(frozen=True, slots=True)
class _Delay:
    least: timedelta
    mean: timedelta
    most: timedelta

    def at(self, share: float) -> timedelta:
        return self.least + min(self.mean * -math.log1p(-share), self.most)


_DELAYS: Mapping[EventKind, _Delay] = {
    EventKind.BOUNCED: _Delay(timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=30)),
    EventKind.AUTORESPONDED: _Delay(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5)),
    EventKind.OPENED: _Delay(timedelta(minutes=1), timedelta(hours=8), timedelta(days=7)),
    EventKind.CLICKED: _Delay(timedelta(minutes=2), timedelta(hours=9), timedelta(days=7)),
    EventKind.REPLIED: _Delay(timedelta(minutes=3), timedelta(hours=20), timedelta(days=10)),
    EventKind.UNSUBSCRIBED: _Delay(timedelta(minutes=1), timedelta(hours=10), timedelta(days=7)),
    EventKind.BOOKED: _Delay(timedelta(minutes=5), timedelta(hours=24), timedelta(days=10)),
    EventKind.ACCEPTED: _Delay(timedelta(minutes=10), timedelta(hours=40), timedelta(days=21)),
    EventKind.COMPLETED: _Delay(timedelta(minutes=15), timedelta(hours=6), timedelta(days=3)),
}

_EIGHT = struct.Struct(">8Q")
_STEP = 1.0 / (1 << 53)
_OF_A_MESSAGE = (EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.BOOKED)
_OF_A_MAIL = (EventKind.OPENED, EventKind.CLICKED, EventKind.AUTORESPONDED)
_LONGEST_ABSENCE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Chances:
    """The rates of one sequence, by event: those of people are spread over the messages of its longest path."""

    seed: int
    by_kind: Mapping[EventKind, float]
    _by_step: dict[str, tuple[tuple[EventKind, float], ...]] = field(default_factory=dict)

    @property
    def can_reply(self) -> bool:
        """May anybody answer?"""
        return self.by_kind[EventKind.REPLIED] > 0

    def after(self, lead_id: str, step: TouchStep, sent_at: datetime) -> list[Reaction]:
        """What follows from a touch, soonest first; of a dead address see `bounce`."""
        kinds = self._kinds_of(step)
        if not kinds:
            return []
        *drawn, length = _shares(f"{self.seed}.{lead_id}.{step.id}")
        found = [
            _reaction(kind, sent_at, share / rate, length)
            for (kind, rate), share in zip(kinds, drawn, strict=False)
            if share < rate
        ]
        return sorted(found, key=_at) if len(found) > 1 else found

    def _kinds_of(self, step: TouchStep) -> tuple[tuple[EventKind, float], ...]:
        """What may follow from such a step, with its chance; the same every time, so that draws stay the same."""
        known = self._by_step.get(step.id)
        if known is None:
            known = tuple((kind, self.by_kind[kind]) for kind in _kinds_of(step))
            self._by_step[step.id] = known if any(rate for _, rate in known) else ()
        return self._by_step[step.id]

    def bounce(self, lead_id: str, sent_at: datetime) -> Reaction | None:
        """Of the first mail, if the address is dead: nothing else comes back then. Later mails are not asked about."""
        rate = self.by_kind[EventKind.BOUNCED]
        if rate <= 0:
            return None
        share = _shares(f"{self.seed}.{lead_id}.address")[0]
        return _reaction(EventKind.BOUNCED, sent_at, share / rate, 0.0) if share < rate else None


def chances(rates: Rates, sequence: Sequence, *, seed: int) -> Chances:
    """The chances of every touch of this sequence."""
    messages = max(longest(sequence, is_message).get(sequence.first or "", 0), 1)
    return Chances(
        seed,
        {
            EventKind.REPLIED: _each_of(rates.replies, messages),
            EventKind.UNSUBSCRIBED: _each_of(rates.unsubscribes, messages),
            EventKind.BOOKED: _each_of(rates.meetings, messages),
            EventKind.BOUNCED: rates.bounces,
            EventKind.ACCEPTED: rates.accepts,
            EventKind.OPENED: rates.opens,
            EventKind.CLICKED: rates.clicks,
            EventKind.AUTORESPONDED: rates.out_of_office,
            EventKind.COMPLETED: rates.tasks,
        },
    )


def is_message(step: Step) -> bool:
    """Does this step send a text that can be answered?"""
    if not isinstance(step, TouchStep) or step.channel == "task":
        return False
    action = find(step.action)
    return action is None or action.is_message


def following(step: Step) -> Iterator[str]:
    """The ids of the steps that may come next, whatever kind of step it is."""
    for name in ("then", "yes", "no", "happened", "missed"):
        if step_id := getattr(step, name, None):
            yield step_id
    yield from (share.first for share in getattr(step, "shares", ()) if share.first)


def longest(sequence: Sequence, counts: Callable[[Step], bool]) -> dict[str, int]:
    """For each step: how many steps that count stand on the longest path from it to the end, itself included."""
    found: dict[str, int] = {}
    to_do = list(sequence.steps)
    while to_do:
        step_id = to_do[-1]
        step = sequence.steps[step_id]
        open_ones = [each for each in following(step) if each not in found]
        if step_id not in found and open_ones:
            to_do.extend(open_ones)
            continue
        found[step_id] = counts(step) + max((found[each] for each in following(step)), default=0)
        to_do.pop()
    return found


def _each_of(rate: float, times: int) -> float:
    """The chance at each of so many times that makes the rate over all of them."""
    return 1.0 if rate >= 1 else 1.0 - (1.0 - rate) ** (1.0 / times)


def _kinds_of(step: TouchStep) -> tuple[EventKind, ...]:
    if step.channel == "task":
        return (EventKind.COMPLETED,)
    if step.action == "email":
        return _OF_A_MESSAGE + _OF_A_MAIL
    if step.action == "linkedin.invite":
        return (EventKind.ACCEPTED,)
    return _OF_A_MESSAGE if is_message(step) else ()


def _reaction(kind: EventKind, sent_at: datetime, soon: float, length: float) -> Reaction:
    at = sent_at + _DELAYS[kind].at(soon)
    if kind is not EventKind.AUTORESPONDED:
        return Reaction(kind, at)
    return Reaction(kind, at, until=at.date() + timedelta(days=1 + int(length * _LONGEST_ABSENCE_DAYS)))


def _at(reaction: Reaction) -> datetime:
    return reaction.at


def _shares(key: str) -> list[float]:
    """Eight numbers from 0 to below 1, always the same for the same key."""
    numbers = _EIGHT.unpack(hashlib.blake2b(key.encode(), digest_size=64).digest())
    return [(number >> 11) * _STEP for number in numbers]
