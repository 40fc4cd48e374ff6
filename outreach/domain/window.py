"""When: opening hours, local days and waits, in IANA zones.

A window belongs to the local day it opens on; one that runs past midnight stays open into a closed day. A moment is
inside when the clock on the wall there shows a time inside, so hours that a clock change skips never come, and hours
it repeats come twice. A wall time that is skipped stands for the first moment after the gap; one that is repeated
stands for the first of the two. All instants returned are in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from outreach.domain.sequence import Schedule
from outreach.domain.span import Span, Unit
from outreach.record import record

IsHoliday = Callable[[date], bool]

MONDAY_TO_FRIDAY = frozenset(range(5))

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_INSTANT = timedelta(microseconds=1)
_SEARCH_DAYS = 400
_LOOK_BACK_DAYS = 2  # a window past midnight began yesterday; a zone that repeated a whole day adds one
_LOOK_ON_DAYS = 2  # a clock that goes back over midnight brings a piece of the next day before the end of this one


@record(frozen=True, slots=True)
class Opening:
    """A stretch of open time: from `opens_at` until just before `closes_at`; None: it never closes."""

    opens_at: datetime
    closes_at: datetime | None


def no_holiday(day: date) -> bool:
    """For schedules that keep no holidays."""
    return False


def next_open(schedule: Schedule, zone: ZoneInfo, instant: datetime, *, is_holiday: IsHoliday) -> Opening:
    """The first instant from the given one on that is inside the window, and when that window ends.

    Days that follow one another without a closed time between them are still one window each.
    Raises ValueError when the schedule does not open within 400 days.
    """
    instant = instant.astimezone(UTC)
    if _never_closes(schedule):
        return Opening(instant, None)
    day = instant.astimezone(zone).date()
    best: tuple[datetime, datetime] | None = None
    for start, end in _windows_around(schedule, zone, day, is_holiday):
        if end <= instant or (best and start >= best[0]):
            continue
        if start <= instant:
            return Opening(instant, end)
        best = (start, end)
    if best is None:
        raise ValueError(
            f"schedule '{schedule.name}' never opens: no open day in {_SEARCH_DAYS} days."
            " Give it days that are no holidays."
        )
    return Opening(*best)


def is_open(schedule: Schedule, zone: ZoneInfo, instant: datetime, *, is_holiday: IsHoliday) -> bool:
    """Is this instant inside the window?"""
    if _never_closes(schedule):
        return True
    wall = instant.astimezone(zone).replace(tzinfo=None)
    days = (wall.date(), wall.date() - _DAY)
    hours = (_hours_on(schedule, day) for day in days if _opens_on(schedule, day, is_holiday))
    return any(opens <= wall < closes for opens, closes in hours)


def jittered(opening: Opening, share: float, jitter: timedelta) -> datetime:
    """`share` (0 to below 1) of `jitter` after the opening, squeezed into the window where that is shorter."""
    if opening.closes_at is None:
        return opening.opens_at + jitter * share
    room = min(jitter, opening.closes_at - opening.opens_at)
    return min(opening.opens_at + room * share, opening.closes_at - _INSTANT)


def add(
    span: Span,
    instant: datetime,
    zone: ZoneInfo,
    *,
    schedule_days: frozenset[int] = MONDAY_TO_FRIDAY,
    is_holiday: IsHoliday = no_holiday,
) -> datetime:
    """The instant `span` later.

    Seconds to hours are elapsed time. Days and weeks are calendar days of the zone: 09:00 stays 09:00 over a clock
    change. Business days count the days of `schedule_days` that are no holidays, and end on one of them.
    Raises ValueError when the calendar ends before the span does, or when there is no business day in 400 days.
    """
    instant = instant.astimezone(UTC)
    if span.amount == 0:
        return instant
    try:
        if span.is_elapsed:
            return instant + span.elapsed
        wall = instant.astimezone(zone).replace(tzinfo=None)
        return max(instant_of(_days_later(span, wall, schedule_days, is_holiday), zone), instant)
    except OverflowError:
        raise ValueError(f"'{span}' is longer than the calendar. Write a shorter wait.") from None


def local_day_bounds(instant: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the local day that this instant lies in, and the first of the next."""
    day = instant.astimezone(zone).date()
    starts_at = instant_of(datetime.combine(day, time()), zone)
    midnight = datetime.combine(day + _DAY, time())
    ends_at = instant_of(midnight, zone)
    if ends_at <= instant:  # the clock went back over midnight: the second midnight ends the day
        ends_at = max(_readings(midnight, zone))
    return starts_at, ends_at


def _never_closes(schedule: Schedule) -> bool:
    is_whole_week = len(schedule.days) == 7 and schedule.opens == schedule.closes
    return is_whole_week and schedule.holidays == "none" and not schedule.extra_holidays


def _opens_on(schedule: Schedule, day: date, is_holiday: IsHoliday) -> bool:
    return day.weekday() in schedule.days and not is_holiday(day)


def _hours_on(schedule: Schedule, day: date) -> tuple[datetime, datetime]:
    """The wall times between which the window of that day is open; equal ones in the schedule mean the whole day."""
    if schedule.opens == schedule.closes:
        return datetime.combine(day, time()), datetime.combine(day + _DAY, time())
    last_day = day + _DAY if schedule.closes < schedule.opens else day
    return datetime.combine(day, schedule.opens), datetime.combine(last_day, schedule.closes)


@lru_cache(maxsize=4_096)
def _windows_around(
    schedule: Schedule, zone: ZoneInfo, day: date, is_holiday: IsHoliday
) -> tuple[tuple[datetime, datetime], ...]:
    """Every window that an instant of this local day can be in, and the first that can follow it."""
    found: list[tuple[datetime, datetime]] = []
    days_left = _SEARCH_DAYS
    each = day - _LOOK_BACK_DAYS * _DAY
    while days_left > 0:
        pieces = _pieces(*_hours_on(schedule, each), zone) if _opens_on(schedule, each, is_holiday) else ()
        found += pieces
        is_later = bool(pieces) and each > day
        days_left = min(days_left, _LOOK_ON_DAYS + 1) - 1 if is_later else days_left - 1
        each += _DAY
    return tuple(found)


def _pieces(opens: datetime, closes: datetime, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches of time during which the clock on the wall shows `opens` or later, and less than `closes`."""
    pieces: list[tuple[datetime, datetime]] = []
    for since, until, offset in _stretches(min(_readings(opens, zone)), max(_readings(closes, zone)), zone):
        start = max(since, opens.replace(tzinfo=UTC) - offset)
        end = min(until, closes.replace(tzinfo=UTC) - offset)
        if start >= end:
            continue
        if pieces and pieces[-1][1] == start:
            start = pieces.pop()[0]
        pieces.append((start, end))
    return tuple(pieces)


def _stretches(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a few days at the clock changes inside: (since, until, offset)."""
    while (offset := _offset(start, zone)) != _offset(end, zone):
        change = _clock_change(start, end, zone)
        yield start, change, offset
        start = change
    yield start, end, offset


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant that has another offset than `before` has. Clocks change on whole seconds."""
    offset = _offset(before, zone)
    low, high = before.replace(microsecond=0), after
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND) * _SECOND
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return low + _SECOND


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The two ways to read a wall time; they are one except in a gap or a fold."""
    return (
        wall.replace(tzinfo=zone, fold=0).astimezone(UTC),
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


@lru_cache(maxsize=4_096)
def _steady_offset(day: date, zone: ZoneInfo) -> timedelta | None:
    """The offset of a day on which clocks do not change, nor on those beside it; None for other days.

    No zone has ever changed its clocks and changed them back within a day, so looking once a day is enough.
    """
    midnight = datetime.combine(day, time(), zone)
    offsets = {(midnight + days * _DAY).utcoffset() for days in range(-1, 3)}
    return offsets.pop() if len(offsets) == 1 else None


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant a wall time without a zone stands for in this one: see above for gaps and folds."""
    offset = _steady_offset(wall.date(), zone)
    if offset is not None:
        return (wall - offset).replace(tzinfo=UTC)
    first, second = _readings(wall, zone)
    if first <= second:
        return first
    return _clock_change(second, first, zone)  # a gap: read with the offset before it, the wall time lies after it


def _days_later(span: Span, wall: datetime, schedule_days: frozenset[int], is_holiday: IsHoliday) -> datetime:
    if span.unit is not Unit.BUSINESS_DAYS:
        return wall + span.calendar_days * _DAY
    day = wall.date()
    for _ in range(span.amount):
        day = _next_business_day(day, schedule_days, is_holiday)
    return datetime.combine(day, wall.time())


def _next_business_day(day: date, schedule_days: frozenset[int], is_holiday: IsHoliday) -> date:
    for _ in range(_SEARCH_DAYS):
        day += _DAY
        if day.weekday() in schedule_days and not is_holiday(day):
            return day
    raise ValueError(f"no business day in the {_SEARCH_DAYS} days before {day}. Write the wait in days.")
