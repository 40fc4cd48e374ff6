"""When a wait ends that names a moment: the next Monday at nine, a day, so many days before a date of the lead.

Wall times are read in the zone of the schedule, as `window.py` reads them: one that a clock change skips stands for
the first moment after the gap, one that it repeats for the first of the two. All instants returned are in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain import window
from outreach.domain.sequence import NextWeekday, OnDay, RelativeTo
from outreach.domain.span import Span, Unit
from outreach.domain.window import MONDAY_TO_FRIDAY, IsHoliday

Moment = date | datetime
"""A day, an aware instant, or a wall time without a zone."""

_DAY = timedelta(days=1)
_SEARCH_DAYS = 400


def next_weekday(wanted: NextWeekday, instant: datetime, zone: ZoneInfo) -> datetime:
    """The first such time of such a day at or after the instant."""
    day = instant.astimezone(zone).date()
    for offset in range(-1, 9):  # a clock that went back over midnight may show yesterday's date again
        candidate = day + offset * _DAY
        if candidate.weekday() == wanted.weekday:
            found = window.instant_of(datetime.combine(candidate, wanted.clock), zone)
            if found >= instant:
                return found
    raise AssertionError("every weekday comes within eight days")


def start_of(wanted: OnDay, zone: ZoneInfo) -> datetime:
    """That time of that day."""
    return window.instant_of(datetime.combine(wanted.day, wanted.clock), zone)


def relative_to(wanted: RelativeTo, moment: Moment, zone: ZoneInfo, *, is_holiday: IsHoliday) -> datetime:
    """So long before or after the moment. Raises ValueError when that lies outside of the calendar."""
    try:
        base = _instant(moment, wanted.clock, zone)
        if wanted.shift is None:
            return base
        if not wanted.is_before:
            return window.add(wanted.shift, base, zone, is_holiday=is_holiday)
        return _subtract(wanted.shift, base, zone, is_holiday)
    except OverflowError:
        raise ValueError(f"'{wanted}' from {moment} is outside of the calendar.") from None


def _instant(moment: Moment, clock: time | None, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        found = moment.astimezone(UTC) if moment.tzinfo else window.instant_of(moment, zone)
        if clock is None:
            return found
        moment = found.astimezone(zone).date()
    return window.instant_of(datetime.combine(moment, clock or time(0)), zone)


def _subtract(span: Span, instant: datetime, zone: ZoneInfo, is_holiday: IsHoliday) -> datetime:
    if span.is_elapsed:
        return instant - span.elapsed
    wall = instant.astimezone(zone).replace(tzinfo=None)
    day = _days_before(span, wall.date(), is_holiday)
    return window.instant_of(datetime.combine(day, wall.time()), zone)


def _days_before(span: Span, day: date, is_holiday: IsHoliday) -> date:
    if span.unit is not Unit.BUSINESS_DAYS:
        return day - span.calendar_days * _DAY
    for _ in range(span.amount):
        day = _business_day_before(day, is_holiday)
    return day


def _business_day_before(day: date, is_holiday: IsHoliday) -> date:
    for _ in range(_SEARCH_DAYS):
        day -= _DAY
        if day.weekday() in MONDAY_TO_FRIDAY and not is_holiday(day):
            return day
    raise ValueError(f"no business day in the {_SEARCH_DAYS} days after {day}. Write the wait in days.")
