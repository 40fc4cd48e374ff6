"""Spans of calendar days in one zone: weeks, months, quarters, and any two days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = re.compile(r"(\d{4})-W(\d{1,2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")


@dataclass(frozen=True, slots=True)
class Period:
    """From the midnight `first` begins with to the one `last` ends with, in `zone`. `label`: what people call it."""

    first: date
    last: date
    zone: str = "UTC"
    label: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the last day, {self.last}, is before the first, {self.first}.")

    @property
    def start_at(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def end_at(self) -> datetime:
        """The first instant that is not inside any more."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def name(self) -> str:
        return self.label or f"{self.first} to {self.last}"


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def before(period: Period) -> Period:
    """The one before: of a week, month or quarter the week, month or quarter before; else as many days."""
    last = period.first - timedelta(days=1)
    if _MONTH.fullmatch(period.label):
        return month_of(last, period.zone)
    if _QUARTER.fullmatch(period.label):
        return quarter_of(last, period.zone)
    if _WEEK.fullmatch(period.label):
        return week_of(last, period.zone)
    return Period(last - timedelta(days=period.days - 1), last, period.zone)


def week_of(day: date, zone: str) -> Period:
    """The week (ISO 8601, it begins on Monday) a day is in."""
    monday = day - timedelta(days=day.weekday())
    year, number, _ = day.isocalendar()
    return Period(monday, monday + timedelta(days=6), zone, f"{year}-W{number:02}")


def month_of(day: date, zone: str) -> Period:
    first = day.replace(day=1)
    return Period(first, _next_month(first) - timedelta(days=1), zone, f"{day:%Y-%m}")


def quarter_of(day: date, zone: str) -> Period:
    number = (day.month - 1) // 3
    first = date(day.year, 3 * number + 1, 1)
    last = _next_month(date(day.year, 3 * number + 3, 1)) - timedelta(days=1)
    return Period(first, last, zone, f"{day.year}-Q{number + 1}")


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def parse_week(written: str, *, today: date, zone: str) -> Period:
    """`2026-W10`, `this` or `last`. Raises ValueError with a sentence."""
    if written in ("this", "last"):
        return week_of(today - timedelta(days=7 * (written == "last")), zone)
    found = _WEEK.fullmatch(written)
    try:
        return week_of(date.fromisocalendar(int(found[1]), int(found[2]), 1), zone) if found else _refuse()
    except ValueError:
        raise ValueError(f"'{written[:40]}' is not a week. Write 2026-W10, this or last.") from None


def parse_month(written: str, *, today: date, zone: str) -> Period:
    """`2026-03`, `this` or `last`."""
    if written == "this":
        return month_of(today, zone)
    if written == "last":
        return before(month_of(today, zone))
    found = _MONTH.fullmatch(written)
    try:
        return month_of(date(int(found[1]), int(found[2]), 1), zone) if found else _refuse()
    except ValueError:
        raise ValueError(f"'{written[:40]}' is not a month. Write 2026-03, this or last.") from None


def parse_quarter(written: str, *, today: date, zone: str) -> Period:
    """`2026-Q1`, `this` or `last`."""
    if written == "this":
        return quarter_of(today, zone)
    if written == "last":
        return before(quarter_of(today, zone))
    found = _QUARTER.fullmatch(written)
    if not found or int(found[1]) < 1:
        raise ValueError(f"'{written[:40]}' is not a quarter. Write 2026-Q1, this or last.")
    return quarter_of(date(int(found[1]), 3 * int(found[2]), 1), zone)


def _refuse() -> Period:
    raise ValueError
