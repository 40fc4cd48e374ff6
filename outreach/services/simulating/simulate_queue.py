"""What one sender has to do of one action in a simulation, and what its limits let it do.

It claims as `services/claim.py` does: as many as the same `allowance` lets through; without limits what was due first
goes first, with limits whose turn it is (`simulate_turns.py`). Touches are kept by window (schedule, zone,
holidays), so that a window that closes over ten thousand waiting touches costs one look at the calendar.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outreach.domain import window
from outreach.domain.action import needs_address
from outreach.domain.quota import Allowance, Usage, allowance
from outreach.domain.sender import NO_LIMITS, Sender
from outreach.domain.sequence import Schedule, TouchStep
from outreach.services.sending.facts import address_kind
from outreach.services.simulating.simulate_turns import Turns

if TYPE_CHECKING:
    from outreach.services.simulating.simulate_people import Person

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_INSTANT = timedelta(microseconds=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = (datetime.max.replace(tzinfo=UTC), 0)
_FREE, _ONE = Allowance(None), Allowance(1)
DAY_OFF = "a day off of the sender"
CLOSED = "outside the window"
_LIMITS = ("daily cap", "cap in 7 days", "hourly cap", DAY_OFF, "gap between two touches")
"""What holds a queue back, the strongest first."""


@dataclass(slots=True)
class Touch:
    """One touch of one person, planned and not sent. `number` orders those that are due at the same instant."""

    person: Person
    step: TouchStep
    variant: str | None
    is_first: bool
    due_at: datetime
    number: int
    wanted_at: datetime
    windows: Windows
    is_gone: bool = False  # it was taken in its turn; where it stands by its time it is passed over


class Windows:
    """The opening hours of everybody who shares schedule, zone and holidays, looked up as time goes on."""

    def __init__(self, schedule: Schedule, zone: ZoneInfo, is_holiday: Callable[[date], bool]) -> None:
        self._of = (schedule, zone, is_holiday)
        self._opening: window.Opening | None = None

    def after(self, instant: datetime) -> window.Opening:
        """The window that this instant is in, or the next one; any instant."""
        schedule, zone, is_holiday = self._of
        return window.next_open(schedule, zone, instant, is_holiday=is_holiday)

    def at(self, now: datetime) -> window.Opening:
        """The same, for instants that never go back."""
        opening = self._opening or self.after(now)
        while opening.closes_at is not None and opening.closes_at <= now:
            opening = self.after(opening.closes_at)
        self._opening = opening
        return opening


Head = tuple[datetime, int]
"""When a touch is due, and its number."""


class _Due:
    """The touches of one instant, in the order of their numbers."""

    __slots__ = ("_next", "_touches")

    def __init__(self) -> None:
        self._touches: list[Touch] = []
        self._next = 0

    def add(self, touch: Touch) -> None:
        touches = self._touches
        if touches and touches[-1].number > touch.number:  # it was put off
            insort(touches, touch, lo=self._next, key=_number)
        else:
            touches.append(touch)

    def first(self) -> Touch | None:
        """Those that are gone are passed over."""
        while self._next < len(self._touches):
            touch = self._touches[self._next]
            if not touch.is_gone:
                return touch
            self._next += 1
        return None

    def pop(self) -> Touch:
        """The touch `first` told of."""
        self._next += 1
        return self._touches[self._next - 1]

    def rest(self) -> list[Touch]:
        return [touch for touch in self._touches[self._next :] if not touch.is_gone]


def _number(touch: Touch) -> int:
    return touch.number


class _Bucket:
    """The touches of a queue that share their windows: those still before or in the window they were planned into,
    and those that a closed window left behind, which are all due when the next one opens."""

    def __init__(self, windows: Windows, number: int) -> None:
        self.windows = windows
        self.number = number
        self.entry: Head | None = None
        self._instants: list[datetime] = []
        self._due: dict[datetime, _Due] = {}
        self._left: list[tuple[int, int, Touch]] = []  # a number, and which of several of that number
        self._places = count()

    def add(self, touch: Touch) -> None:
        due = self._due.get(touch.due_at)
        if due is None:
            due = self._due[touch.due_at] = _Due()
            heappush(self._instants, touch.due_at)
        due.add(touch)

    def head(self, now: datetime) -> Head | None:
        """The first touch to go; its window is open at `due` or it is later than now."""
        opens_at = self.windows.at(now).opens_at
        first: Head | None = None
        while self._instants:
            due_at = self._instants[0]
            due = self._due[due_at]
            touch = due.first()
            if touch is not None and due_at >= opens_at:
                first = (due_at, touch.number)
                break
            for each in due.rest():
                heappush(self._left, (each.number, next(self._places), each))
            del self._due[heappop(self._instants)]
        while self._left and self._left[0][2].is_gone:
            heappop(self._left)
        if self._left and (first is None or (opens_at, self._left[0][0]) < first):
            return (opens_at, self._left[0][0])
        return first

    def pop(self) -> Touch:
        """The touch `head` told of."""
        assert self.entry is not None
        if self._left and self._left[0][0] == self.entry[1]:
            return heappop(self._left)[2]
        return self._due[self._instants[0]].pop()


class Queue:
    """One sender and action. Numbers it uses are counted as they come, never summed up again."""

    def __init__(self, sender: Sender, action: str, number: int) -> None:
        self.sender = sender
        self.action = action
        self.number = number
        self.wake_at: datetime | None = None
        self.held_until: datetime | None = None  # by its limits
        self._held: dict[str, datetime] = {}  # limit → when it held back last
        self.last_used_at: datetime | None = None
        channel = action.partition(".")[0]
        self.address_kind = address_kind(channel)
        self.is_capped = False  # counts what its recipients get
        self.kinds: dict[tuple[str, str | None], int] = {}  # of its touches, as the record numbers them
        self.is_by_hand = channel not in sender.channels or not needs_address(channel)  # an address may be missing
        self._limits = sender.limits_for(action)
        self.recipients = self._limits.recipients
        self._is_spaced = bool(self._limits.gap or self._limits.jitter)
        limits = self._limits
        self._is_kept = bool(limits.ramp or limits.per_day is not None or limits.per_7_days is not None)
        self.turns = Turns(sender, action) if sender.has_limits(action) else None
        self._zone = ZoneInfo(sender.zone)
        self._key = f"{sender.name}.{action}"
        self._first_used_at: datetime | None = None
        self._hour: deque[datetime] = deque()
        self._week: deque[datetime] = deque()
        self._today = 0
        self._date = ""
        self._day = (_LONG_AGO, _LONG_AGO)
        self._buckets: dict[Windows, _Bucket] = {}
        self._numbered: list[_Bucket] = []
        self._size = 0
        self._heads: list[tuple[datetime, int, int]] = []  # a head, and the number of its bucket

    def remember(self, used: list[datetime], first_used_at: datetime | None, now: datetime) -> None:
        """What the sender did before the simulation begins: every use of the last days, ascending, and its first."""
        self._first_used_at = first_used_at
        for instant in used:
            self._use(instant, now)
        self._roll(now)
        self._today = sum(instant >= self._day[0] for instant in used)

    def add(self, touch: Touch, now: datetime) -> None:
        """Plan a touch."""
        windows = touch.windows
        if self.turns is not None:
            self.turns.add(touch)
        bucket = self._buckets.get(windows)
        if bucket is None:
            bucket = self._buckets[windows] = _Bucket(windows, len(self._numbered))
            self._numbered.append(bucket)
        bucket.add(touch)
        self._size += 1
        if bucket.entry is None or (touch.due_at, touch.number) < bucket.entry:
            self._enter(bucket, now)

    def next_at(self, now: datetime) -> datetime | None:
        """When the first touch may go as far as its own time is concerned; None: there is none."""
        while self._heads:
            due_at, number, place = self._heads[0]
            bucket = self._numbered[place]
            if bucket.entry != (due_at, number):
                heappop(self._heads)
                continue
            if due_at > now or bucket.head(now) == bucket.entry:
                return due_at
            heappop(self._heads)
            self._enter(bucket, now)
        return None

    def choose(self, allowed: Allowance, now: datetime, *, most: int) -> tuple[list[Touch], datetime | None]:
        """Whose turn it is, at most so many, none of them in the queue any more; without any, when to look again."""
        chosen: list[Touch] = []
        look_at = None
        if self.turns is not None:
            self._roll(now)
            chosen, room, look_at = self.turns.choose(allowed, now, self._day[1], most=most)
            most = len(chosen) + room
            self._size -= len(chosen)
        while len(chosen) < most and (due_at := self.next_at(now)) is not None and due_at <= now:
            self._take(chosen, now, most)
        return chosen, look_at

    def _take(self, chosen: list[Touch], now: datetime, most: int) -> None:
        """Those of the first bucket that go before anything of another one."""
        bucket = self._numbered[heappop(self._heads)[2]]
        following = self._heads[0][:2] if self._heads else _NEVER
        while True:
            touch = bucket.pop()
            chosen.append(touch)
            self._size -= 1
            if self.turns is not None:
                self.turns.remove(touch)
            entry = bucket.entry = bucket.head(now)
            if entry is None or entry[0] > now or entry >= following or len(chosen) >= most:
                break
        if bucket.entry is not None:
            heappush(self._heads, (*bucket.entry, bucket.number))

    def _enter(self, bucket: _Bucket, now: datetime) -> None:
        bucket.entry = bucket.head(now)
        if bucket.entry is not None:
            heappush(self._heads, (*bucket.entry, bucket.number))

    def allowed(self, now: datetime) -> Allowance:
        """How many touches may go now: what the claim of a scheduler is told."""
        if self.sender.freeze and self.sender.is_frozen(now):
            return Allowance(0, window.local_day_bounds(now, self._zone)[1], DAY_OFF)
        if self._limits == NO_LIMITS:
            return _FREE
        if self._is_spaced and not self._is_kept and self.held_until is not None and self.held_until <= now:
            return _ONE  # nothing was used since every limit was asked, and the last of them has ended
        return allowance(self._limits, self._usage(now), now=now, midnight=self._day[1], key=self._key)

    def _usage(self, now: datetime) -> Usage:
        self._roll(now)
        return Usage(
            last_hour=len(self._hour),
            today=self._today,
            last_7_days=len(self._week),
            last_used_at=self.last_used_at,
            active_days=self._active_days(self._day[0]),
            hour_frees_at=self._hour[0] + _HOUR + _INSTANT if self._hour else None,
            week_frees_at=self._week[0] + _WEEK + _INSTANT if self._week else None,
        )

    def hold(self, allowed: Allowance, now: datetime) -> None:
        """Remember what keeps touches back that are due, and until when."""
        self.held_until = allowed.wait_until
        self._held[_limit(allowed.because)] = now

    def why_late(self, touch: Touch) -> str:
        """What kept a touch back since it was due: the strongest limit that held the queue in that time."""
        since = [limit for limit in _LIMITS if (at := self._held.get(limit)) and at >= touch.due_at]
        return since[0] if since else CLOSED

    def use(self, now: datetime) -> None:
        """One touch went out."""
        if self.turns is None:
            return  # nothing limits it: nobody will ask
        self._roll(now)
        self._use(now, now)
        self._today += 1
        self.held_until = None

    def day(self, now: datetime) -> str:
        """Which day it is for the sender, of an instant that never goes back."""
        self._roll(now)
        return self._date

    def __len__(self) -> int:
        return self._size

    def _use(self, instant: datetime, now: datetime) -> None:
        self.last_used_at = instant
        self._first_used_at = self._first_used_at or instant
        if self._limits.per_hour is not None and instant >= now - _HOUR:
            self._hour.append(instant)
        if self._limits.per_7_days is not None and instant >= now - _WEEK:
            self._week.append(instant)

    def _roll(self, now: datetime) -> None:
        """Forget what has left the spans."""
        while self._hour and self._hour[0] < now - _HOUR:
            self._hour.popleft()
        while self._week and self._week[0] < now - _WEEK:
            self._week.popleft()
        if now >= self._day[1]:
            self._day = window.local_day_bounds(now, self._zone)
            self._date = now.astimezone(self._zone).date().isoformat()
            self._today = 0

    def _active_days(self, midnight: datetime) -> int:
        first = self._first_used_at
        return max((midnight - first).days + 1, 0) if first and first < midnight else 0


def _limit(because: str) -> str:
    """The limit without its number, which a ramp changes every day."""
    for words, limit in ((" a day ", "daily cap"), (" in 7 days ", "cap in 7 days"), (" an hour ", "hourly cap")):
        if because.startswith("cap of ") and words in because:
            return limit
    return because
