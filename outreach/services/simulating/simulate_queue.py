"""What one sender has to do of one action in a simulation, and what its limits let it do.

It claims as `services/claim.py` does: as many as the same `allowance` lets through; without limits what was due first
goes first, with limits whose turn it is (`simulate_turns.py`). Touches are kept by window (schedule, zone,
holidays), so that a window that closes over ten thousand waiting touches costs one look at the calendar.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outreach.domain import window
from outreach.domain.quota import Allowance, Usage, allowance
from outreach.domain.sender import NO_LIMITS, Sender
from outreach.domain.sequence import Schedule
from outreach.services.simulating.simulate_turns import Turns

if TYPE_CHECKING:
    from outreach.services.simulating.simulate_people import Person

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_INSTANT = timedelta(microseconds=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FREE, _ONE = Allowance(None), Allowance(1)
DAY_OFF = "a day off of the sender"
CLOSED = "outside the window"
_LIMITS = ("daily cap", "cap in 7 days", "hourly cap", DAY_OFF, "gap between two touches")
"""What holds a queue back, the strongest first."""


@dataclass(slots=True)
class Touch:
    """One touch of one person, planned and not sent. `number` orders those that are due at the same instant."""

    person: Person
    step_id: str
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


@dataclass(slots=True)
class _Bucket:
    """The touches of a queue that share their windows: those still before or in the window they were planned into,
    and those that a closed window left behind, which are all due when the next one opens."""

    windows: Windows
    number: int
    fresh: list[tuple[datetime, int, Touch]] = field(default_factory=list)
    left: list[tuple[int, Touch]] = field(default_factory=list)
    entry: Head | None = None

    def head(self, now: datetime) -> Head | None:
        """The first touch to go; its window is open at `due` or it is later than now."""
        opens_at = self.windows.at(now).opens_at
        while self.fresh and (self.fresh[0][0] < opens_at or self.fresh[0][2].is_gone):
            _, number, touch = heappop(self.fresh)
            if not touch.is_gone:
                heappush(self.left, (number, touch))
        while self.left and self.left[0][1].is_gone:
            heappop(self.left)
        first = self.fresh[0][:2] if self.fresh else None
        if self.left and (first is None or (opens_at, self.left[0][0]) < first):
            return (opens_at, self.left[0][0])
        return first

    def pop(self) -> Touch:
        """The touch `head` told of."""
        assert self.entry is not None
        if self.left and self.left[0][0] == self.entry[1]:
            return heappop(self.left)[1]
        return heappop(self.fresh)[2]

    def __len__(self) -> int:
        return len(self.fresh) + len(self.left)


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
        heappush(bucket.fresh, (touch.due_at, touch.number, touch))
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

    def take(self, now: datetime) -> Touch:
        """The touch that `next_at` told of."""
        bucket = self._numbered[heappop(self._heads)[2]]
        touch = bucket.pop()
        self._enter(bucket, now)
        if self.turns is not None:
            self.turns.remove(touch)
        return touch

    def choose(self, allowed: Allowance, now: datetime, *, most: int) -> tuple[list[Touch], datetime | None]:
        """Whose turn it is, at most so many, none of them in the queue any more; without any, when to look again."""
        chosen: list[Touch] = []
        look_at = None
        if self.turns is not None:
            self._roll(now)
            chosen, room, look_at = self.turns.choose(allowed, now, self._day[1], most=most)
            most = len(chosen) + room
        while len(chosen) < most and (due_at := self.next_at(now)) is not None and due_at <= now:
            chosen.append(self.take(now))
        return chosen, look_at

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
        self._roll(now)
        self._use(now, now)
        self._today += 1
        self.held_until = None

    def day(self, now: datetime) -> str:
        """Which day it is for the sender, of an instant that never goes back."""
        self._roll(now)
        return self._date

    def __len__(self) -> int:
        return len(self.turns) if self.turns is not None else sum(map(len, self._buckets.values()))

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
