"""Schedules as people write them: `days: mon-fri`, `hours: "09:00-17:30"`."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from outreach.content.calendars import has_holidays
from outreach.content.field_types import Day, one_line, zone_name
from outreach.content.model_reading import FileModel
from outreach.content.suggestions import did_you_mean
from outreach.domain.sequence import Schedule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})")

ALWAYS = Schedule(name="always", timezone="sender")
OFFICE_HOURS = Schedule(
    name="office-hours",
    timezone="lead",
    days=frozenset(range(5)),
    opens=time(9),
    closes=time(17, 30),
    holidays="lead",
)
BUILT_IN = {schedule.name: schedule for schedule in (ALWAYS, OFFICE_HOURS)}
DEFAULT = OFFICE_HOURS.name


def read_days(value: object) -> frozenset[int]:
    """`mon-fri`, `mon,wed`, `[mon, wed]`, also over the weekend: `sat-mon`. 0 is Monday."""
    parts = value if isinstance(value, list) else str(value).split(",")
    found = frozenset(day for part in parts for day in _range(str(part).strip().lower()))
    if not found:
        raise ValueError("names no day. Write days such as mon-fri or [mon, wed].")
    return found


def _range(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    begin, end = _day(first.strip()), _day(last.strip() if dash else first.strip())
    return [(begin + offset) % 7 for offset in range((end - begin) % 7 + 1)]


def _day(word: str) -> int:
    if word not in DAYS:
        raise ValueError(f"'{word[:80]}' is not a day. {did_you_mean(word, DAYS) or 'Write mon, tue, … sun.'}")
    return DAYS.index(word)


def read_hours(value: object) -> tuple[time, time]:
    """`09:00-17:30`; `24:00` is the end of the day; the whole day is `00:00-24:00`."""
    match = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    numbers = [int(number) for number in match.groups()] if match else []
    if not numbers or not _is_clock(numbers[0], numbers[1], last=23) or not _is_clock(numbers[2], numbers[3], last=24):
        raise ValueError(f"'{str(value)[:80]}' is not a range of hours. Write it as \"09:00-17:30\", in quotes.")
    opens, closes = time(numbers[0], numbers[1]), time(numbers[2] % 24, numbers[3])
    if opens == closes and numbers[2] != 24:
        raise ValueError('opens and closes at the same minute. Write "00:00-24:00" for the whole day.')
    return opens, closes


def _is_clock(hour: int, minute: int, *, last: int) -> bool:
    return minute < 60 and (hour < 24 or (hour == last and minute == 0))


def _zone(value: str) -> str:
    return value if value in ("lead", "sender") else zone_name(value)


def _holidays(value: str) -> str:
    if value in ("lead", "none") or has_holidays(value):
        return value
    remedy = "Write lead, none or a country as two capital letters, such as TR or DE-BY."
    raise ValueError(f"'{value[:80]}' is not a country whose holidays are known. {remedy}")


_DAYS_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "enum": list(DAYS)}}]}
)
_HOURS_SCHEMA = WithJsonSchema({"type": "string", "pattern": _HOURS.pattern.replace(r"\s", " ")})


class ScheduleModel(FileModel):
    """When touches may go out."""

    timezone: Annotated[str, AfterValidator(one_line), AfterValidator(_zone)] = "lead"
    days: Annotated[frozenset[int], PlainValidator(read_days), _DAYS_SCHEMA] = frozenset(range(7))
    hours: Annotated[tuple[time, time], PlainValidator(read_hours), _HOURS_SCHEMA] = (time(0), time(0))
    holidays: Annotated[str, AfterValidator(_holidays)] = "none"
    extra_holidays: list[Day] = Field(default=[], max_length=366)

    def schedule(self, name: str) -> Schedule:
        return Schedule(
            name=name,
            timezone=self.timezone,
            days=self.days,
            opens=self.hours[0],
            closes=self.hours[1],
            holidays=self.holidays,
            extra_holidays=_dates(self.extra_holidays),
        )


def _dates(listed: list[date]) -> frozenset[date]:
    return frozenset(listed)
