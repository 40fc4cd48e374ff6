"""Lengths of time as people write them: `4 hours`, `3 days`, `2 business days`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Unit(StrEnum):
    """Seconds to hours are elapsed time; days and weeks are calendar days; business days skip weekends and holidays."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business days"
    WEEKS = "weeks"


_ELAPSED = {
    Unit.SECONDS: timedelta(seconds=1),
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
}
_CALENDAR_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}


@dataclass(frozen=True, slots=True)
class Span:
    """`amount` is a whole number ≥ 0."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        unit = self.unit.value
        return f"{self.amount} {unit[:-1] if self.amount == 1 else unit}"

    @property
    def is_elapsed(self) -> bool:
        return self.unit in _ELAPSED

    @property
    def calendar_days(self) -> int:
        """Calendar days of a `days` or `weeks` span."""
        return self.amount * _CALENDAR_DAYS[self.unit]

    @property
    def elapsed(self) -> timedelta:
        """The span as elapsed time; days and business days count 24 hours (for limits and gaps, not for waits)."""
        if self.unit in _ELAPSED:
            return self.amount * _ELAPSED[self.unit]
        return timedelta(days=self.amount * _CALENDAR_DAYS.get(self.unit, 1))


def parse_span(text: str) -> Span:
    """Read `3 days`. Raises ValueError with what to write instead."""
    words = text.strip().lower().split()
    if len(words) < 2 or not words[0].isdigit() or not words[0].isascii():
        raise ValueError(f"'{text}' is not a duration. Write a whole number and a unit, such as '3 days' or '4 hours'.")
    name = " ".join(words[1:])
    units = {unit.value: unit for unit in Unit} | {unit.value.removesuffix("s"): unit for unit in Unit}
    if name not in units:
        known = ", ".join(unit.value for unit in Unit)
        raise ValueError(f"'{name}' is not a unit of time. Units: {known}.")
    if len(words[0]) > 6:
        raise ValueError(f"'{text}' is longer than any sequence lasts. Write at most 999999.")
    return Span(int(words[0]), units[name])
