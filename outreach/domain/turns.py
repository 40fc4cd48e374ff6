"""Whose turn it is, where more is due than a sender may do.

Touches wait in lanes: each sequence has one for first touches and one for follow-ups. Follow-ups and first touches
share the sender by an explicit ratio, sequences by their shares; in a lane the higher score goes first, then the older
wish. Who had fewer of the last turns than its share comes next, so no lane waits for ever.

A cap of the day is kept for those whose turn it is even if their window opens later today: else the zones that are open
when the sender's day begins would use it up every day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

WEIGHED = 19
"""So many of the last turns are weighed, twenty with the next one: who had none of them is not owed more than that."""
RECENT = 100
"""So many are remembered: of two lanes that weigh the same, the one whose last turn is longer ago comes next."""
MOST_KEPT = 200
"""Turns are kept for later windows while no more than this is left of a cap."""


class Lane(NamedTuple):
    sequence: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How lanes share a sender. A sequence that is not named has a share of 1."""

    follow_ups: int = 3
    first: int = 1
    sequences: Mapping[str, int] = field(default_factory=dict)

    def of_kind(self, *, is_first: bool) -> int:
        return self.first if is_first else self.follow_ups

    def of_sequence(self, name: str) -> int:
        return self.sequences.get(name, 1)


EVEN_SHARES = Shares()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A touch that waits. `due_at` lies in its next window, which closes at `closes_at` (None: never)."""

    key: str
    lane: Lane
    score: int
    wanted_at: datetime
    due_at: datetime
    closes_at: datetime | None

    @property
    def place(self) -> tuple[int, datetime, str]:
        """Where it stands in its lane; the lowest goes first."""
        return (-self.score, self.wanted_at, self.key)


def take_turns(waiting: Iterable[Waiting], recent: Iterable[Lane], *, most: int, shares: Shares) -> list[Waiting]:
    """The next ones, in their order, at most so many. `recent`: the lanes of the last turns, newest first."""
    lanes = _lanes(waiting)
    if len(lanes) == 1:
        (alone,) = lanes.values()
        return alone[: -most - 1 : -1]
    had = _Had(recent, shares)
    chosen: list[Waiting] = []
    while lanes and len(chosen) < most:
        lane = had.next_of(lanes)
        chosen.append(lanes[lane].pop())
        had.add(lane)
        if not lanes[lane]:
            del lanes[lane]
    return chosen


def _lanes(waiting: Iterable[Waiting]) -> dict[Lane, list[Waiting]]:
    """Each lane with its first at the end."""
    lanes: dict[Lane, list[Waiting]] = {}
    for each in waiting:
        lanes.setdefault(each.lane, []).append(each)
    for lane in lanes.values():
        lane.sort(key=lambda each: each.place, reverse=True)
    return lanes


class _Had:
    """How many of the last turns each kind and each sequence had, and how long ago the last one was."""

    def __init__(self, recent: Iterable[Lane], shares: Shares) -> None:
        self._shares = shares
        self._turns = list(islice(recent, RECENT))  # the newest first
        self._lanes = Counter(self._turns[:WEIGHED])
        self._kinds = {True: 0, False: 0}
        for lane, number in self._lanes.items():
            self._kinds[lane.is_first] += number
        self._number = 0
        self._since: dict[Lane, int] = {}  # the number of its last turn of those taken just now

    def add(self, lane: Lane) -> None:
        self._lanes[lane] += 1
        self._kinds[lane.is_first] += 1
        self._number += 1
        self._since[lane] = self._number

    def next_of(self, lanes: Mapping[Lane, Sequence[Waiting]]) -> Lane:
        """The lane that weighs least; of several the one whose last turn is longest ago, then the older wish."""
        weights = {lane: self._weight(lane) for lane in lanes}
        least = min(weights.values())
        lightest = [lane for lane, weight in weights.items() if weight == least]
        if len(lightest) == 1:
            return lightest[0]
        return min(lightest, key=lambda each: (-self._ago(each), lanes[each][-1].wanted_at, lanes[each][-1].key))

    def _weight(self, lane: Lane) -> tuple[float, bool, float]:
        """Less comes first: the kind that had less of its ratio (follow-ups if both had), then the sequence."""
        kind = self._kinds[lane.is_first] / self._shares.of_kind(is_first=lane.is_first)
        return (kind, lane.is_first, self._lanes[lane] / self._shares.of_sequence(lane.sequence))

    def _ago(self, lane: Lane) -> int:
        """How many turns ago the last one of that lane was; less than 0: it was taken just now."""
        if lane in self._since:
            return -self._since[lane]
        return self._turns.index(lane) if lane in self._turns else RECENT


@dataclass(frozen=True, slots=True)
class Choice:
    """Who goes now, in order. `room` is what else may go now; `look_at`: when the answer may be another one."""

    now: list[Waiting]
    room: int
    look_at: datetime | None = None


def choose(
    waiting: Sequence[Waiting],
    recent: Sequence[Lane],
    *,
    most: int,
    left: int | None,
    now: datetime,
    gap: timedelta,
    shares: Shares,
) -> Choice:
    """Whom to claim of all who may go today. `left`: of the caps of day and week (None: there is none); `gap`: between
    two touches, on average."""
    room = most
    look_at = None
    if left is not None and left <= MOST_KEPT:
        later = _later(waiting, recent, left=left, now=now, shares=shares)
        room = min(most, max(left - _that_fit(later, now, gap), 0))
        look_at = min((each.due_at for each in later), default=None)
    due = [each for each in waiting if each.due_at <= now]
    chosen = take_turns(due, recent, most=room, shares=shares)
    return Choice(chosen, room - len(chosen), look_at)


def _later(
    waiting: Sequence[Waiting], recent: Sequence[Lane], *, left: int, now: datetime, shares: Shares
) -> list[Waiting]:
    """Those with a turn today whose windows are not open yet."""
    if all(each.due_at <= now for each in waiting):
        return []
    return [each for each in take_turns(waiting, recent, most=left, shares=shares) if each.due_at > now]


def _that_fit(later: Sequence[Waiting], now: datetime, gap: timedelta) -> int:
    """How many of them their windows have time for: turns that cannot be used are not kept."""
    if not gap:
        return len(later)
    by_window: Counter[tuple[datetime, datetime | None]] = Counter((each.due_at, each.closes_at) for each in later)
    return sum(_in_window(count, window, gap) for window, count in by_window.items())


def _in_window(count: int, window: tuple[datetime, datetime | None], gap: timedelta) -> int:
    opens_at, closes_at = window
    return count if closes_at is None else min(count, int((closes_at - opens_at) / gap) + 1)
