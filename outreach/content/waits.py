"""What may stand behind `wait`: a duration, or `until` a weekday, a date, or a date of the lead."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from outreach.content import expressions
from outreach.content.field_types import positive_span
from outreach.content.suggestions import closest
from outreach.domain.sequence import WEEKDAYS, NextWeekday, OnDay, RelativeTo, Until
from outreach.domain.span import Span

_REMEDY = "Write 'until monday 09:00', 'until 2026-12-01' or 'until lead.renewal_on - 30 days'."
_CLOCK = re.compile(r"(.*?)\s+([0-9]{1,2}):([0-9]{2})")
_SHIFTED = re.compile(r"([\w.]+)(?:\s*([+-])\s*(.+))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHORT_DAYS = {name[:3]: name for name in WEEKDAYS}
_HOLDERS = ("lead", "company")
_YEARS = range(1900, 2200)


def read_wait(value: object) -> Span | Until:
    """`3 days`, `until monday 09:00`, `until 2026-12-01`, `until lead.renewal_on - 30 days`. Raises ValueError."""
    words = value.strip() if isinstance(value, str) else ""
    if not words.lower().startswith("until"):
        return positive_span(value)
    return _until(words[len("until") :].strip(), words)


def read_moment(value: object) -> date | datetime | None:
    """A date as leads keep it, `2026-12-01` or with a time of day behind it; None if it is none."""
    if isinstance(value, str):
        value = _parsed(value.strip())
    if not isinstance(value, date) or value.year not in _YEARS:
        return None
    return value


def _parsed(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-12-01") else datetime.fromisoformat(text)
    except ValueError:
        return None


def _until(rest: str, written: str) -> Until:
    target, clock = _clock(rest)
    day = _SHORT_DAYS.get(target.lower(), target.lower())
    if day in WEEKDAYS:
        return NextWeekday(WEEKDAYS.index(day), clock or time(0))
    if _DATE.fullmatch(target):
        return OnDay(_day(target), clock or time(0))
    if "." in target.split(" ")[0]:
        return _relative(target, clock)
    near = closest(target.lower(), WEEKDAYS)
    hint = f"Did you mean '{near}'?" if near else _REMEDY
    raise ValueError(f"'{written[:80]}' names no moment. {hint}")


def _clock(text: str) -> tuple[str, time | None]:
    """(what stands before the time of day, the time of day)."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return text, None
    hour, minute = int(found.group(2)), int(found.group(3))
    if hour > 23 or minute > 59:
        raise ValueError(f"'{found.group(2)}:{found.group(3)}' is not a time of day. Write one from 00:00 to 23:59.")
    return found.group(1), time(hour, minute)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a date. Write it as 2026-12-24.") from None


def _relative(target: str, clock: time | None) -> RelativeTo:
    found = _SHIFTED.fullmatch(target)
    if found is None:
        raise ValueError(f"'until {target[:80]}' cannot be read. {_REMEDY}")
    name, sign, shift = found.groups()
    if name.partition(".")[0] not in _HOLDERS:
        raise ValueError(f"'{name[:80]}' is no date of the lead. Write lead.renewal_on or company.founded_on.")
    expressions.check_date(name)
    return RelativeTo(name, positive_span(shift) if shift else None, is_before=sign == "-", clock=clock)
