"""Windows and waits, by example."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain import window
from outreach.domain.sequence import Schedule
from outreach.domain.span import parse_span
from outreach.domain.window import Opening, no_holiday

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Schedule(name="office-hours", days=frozenset(range(5)), opens=time(9), closes=time(17, 30))
NIGHT = Schedule(name="night", days=frozenset({4}), opens=time(22), closes=time(6))
ALWAYS = Schedule(name="always")


def _at(text: str, zone: ZoneInfo = ISTANBUL) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def _open(
    schedule: Schedule, text: str, zone: ZoneInfo = ISTANBUL, holidays: frozenset[date] = frozenset()
) -> tuple[str, str]:
    opening = window.next_open(schedule, zone, _at(text, zone), is_holiday=holidays.__contains__)
    assert opening.closes_at is not None
    return _wall(opening.opens_at, zone), _wall(opening.closes_at, zone)


def _wall(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _add(span: str, text: str, zone: ZoneInfo, holidays: frozenset[date] = frozenset()) -> str:
    later = window.add(parse_span(span), _at(text, zone), zone, is_holiday=holidays.__contains__)
    return later.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


@pytest.mark.parametrize(
    ("asked", "opens", "closes"),
    [
        ("2026-03-02 08:00", "2026-03-02 09:00", "2026-03-02 17:30"),
        ("2026-03-02 09:00", "2026-03-02 09:00", "2026-03-02 17:30"),
        ("2026-03-02 12:34", "2026-03-02 12:34", "2026-03-02 17:30"),
        ("2026-03-02 17:30", "2026-03-03 09:00", "2026-03-03 17:30"),
        ("2026-03-06 18:00", "2026-03-09 09:00", "2026-03-09 17:30"),
    ],
)
def test_the_next_office_hours_are_found(asked: str, opens: str, closes: str) -> None:
    assert _open(OFFICE, asked) == (opens, closes)


def test_a_holiday_is_no_open_day() -> None:
    holidays = frozenset({date(2026, 4, 23), date(2026, 4, 24)})

    assert _open(OFFICE, "2026-04-22 17:30", holidays=holidays)[0] == "2026-04-27 09:00"


def test_a_window_over_midnight_belongs_to_the_day_it_opens_on() -> None:
    assert _open(NIGHT, "2026-03-07 01:00") == ("2026-03-07 01:00", "2026-03-07 06:00")
    assert _open(NIGHT, "2026-03-06 01:00") == ("2026-03-06 22:00", "2026-03-07 06:00")


def test_a_window_that_closes_at_midnight_lasts_to_the_end_of_the_day() -> None:
    evening = Schedule(name="evening", opens=time(18), closes=time(0))

    assert _open(evening, "2026-03-02 12:00") == ("2026-03-02 18:00", "2026-03-03 00:00")


def test_whole_days_are_one_window_each() -> None:
    weekend = Schedule(name="weekend", days=frozenset({5, 6}))

    assert _open(weekend, "2026-03-04 12:00") == ("2026-03-07 00:00", "2026-03-08 00:00")


def test_a_schedule_without_closed_time_never_closes() -> None:
    now = datetime(2026, 3, 2, 3, tzinfo=UTC)

    assert window.next_open(ALWAYS, ISTANBUL, now, is_holiday=no_holiday) == Opening(now, None)


def test_the_whole_week_with_holidays_does_close() -> None:
    schedule = Schedule(name="daily", holidays="TR")
    holidays = frozenset({date(2026, 4, 23)})

    assert _open(schedule, "2026-04-23 10:00", holidays=holidays)[0] == "2026-04-24 00:00"


@pytest.mark.parametrize("days", [frozenset[int](), frozenset(range(7))])
def test_a_schedule_that_never_opens_is_named(days: frozenset[int]) -> None:
    schedule = Schedule(name="blocked", days=days, opens=time(9), closes=time(10))

    with pytest.raises(ValueError, match="schedule 'blocked' never opens"):
        window.next_open(schedule, ISTANBUL, _at("2026-03-02 10:00"), is_holiday=lambda day: True)


def test_a_window_that_opens_in_the_skipped_hour_opens_right_after_it() -> None:
    early = Schedule(name="early", opens=time(2, 30), closes=time(9))

    assert _open(early, "2026-03-29 00:00", BERLIN) == ("2026-03-29 03:00", "2026-03-29 09:00")


def test_a_window_inside_the_skipped_hour_does_not_open_that_day() -> None:
    tiny = Schedule(name="tiny", opens=time(2, 10), closes=time(2, 50))

    assert _open(tiny, "2026-03-29 00:00", BERLIN)[0] == "2026-03-30 02:10"


def test_a_window_that_opens_in_the_repeated_hour_opens_at_the_first_of_the_two() -> None:
    early = Schedule(name="early", opens=time(2, 30), closes=time(9))

    opening = window.next_open(early, BERLIN, _at("2026-10-25 00:00", BERLIN), is_holiday=no_holiday)

    assert opening.opens_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_window_pauses_while_the_clock_shows_a_closed_time_again() -> None:
    early = Schedule(name="early", opens=time(2, 30), closes=time(9))
    second_time_round = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10, an hour after the first 02:10

    opening = window.next_open(early, BERLIN, second_time_round, is_holiday=no_holiday)

    assert not window.is_open(early, BERLIN, second_time_round, is_holiday=no_holiday)
    assert opening.opens_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("3 days", "2026-03-27 09:00", "2026-03-30 09:00 CEST"),
        ("72 hours", "2026-03-27 09:00", "2026-03-30 10:00 CEST"),
        ("2 weeks", "2026-10-19 09:00", "2026-11-02 09:00 CET"),
        ("1 day", "2026-03-28 02:30", "2026-03-29 03:00 CEST"),
        ("1 day", "2026-10-24 02:30", "2026-10-25 02:30 CEST"),
        ("90 seconds", "2026-03-29 01:59", "2026-03-29 03:00 CEST"),
        ("1 business day", "2026-03-06 10:00", "2026-03-09 10:00 CET"),
        ("1 business day", "2026-03-07 10:00", "2026-03-09 10:00 CET"),
        ("3 business days", "2026-03-26 10:00", "2026-03-31 10:00 CEST"),
        ("0 business days", "2026-03-07 10:00", "2026-03-07 10:00 CET"),
    ],
)
def test_waits_end_when_people_expect_it(span: str, start: str, end: str) -> None:
    assert _add(span, start, BERLIN) == end


def test_business_days_skip_holidays() -> None:
    holidays = frozenset({date(2026, 4, 3), date(2026, 4, 6)})

    assert _add("2 business days", "2026-04-02 10:00", BERLIN, holidays) == "2026-04-08 10:00 CEST"


def test_business_days_may_be_other_days_than_monday_to_friday() -> None:
    sunday_to_thursday = frozenset({6, 0, 1, 2, 3})

    later = window.add(
        parse_span("1 business day"), _at("2026-03-05 10:00"), ISTANBUL, schedule_days=sunday_to_thursday
    )

    assert _wall(later, ISTANBUL) == "2026-03-08 10:00"


def test_a_wait_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the calendar"):
        window.add(parse_span("999999 weeks"), _at("2026-03-02 10:00"), ISTANBUL)


def test_business_days_without_business_days_are_refused() -> None:
    with pytest.raises(ValueError, match="no business day"):
        window.add(parse_span("1 business day"), _at("2026-03-02 10:00"), ISTANBUL, is_holiday=lambda day: True)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-06-01", 24), ("2026-11-01", 25)])
def test_a_local_day_is_as_long_as_the_clock_makes_it(day: str, hours: int) -> None:
    starts_at, ends_at = window.local_day_bounds(_at(f"{day} 12:00", NEW_YORK), NEW_YORK)

    assert _wall(starts_at, NEW_YORK) == f"{day} 00:00"
    assert ends_at - starts_at == timedelta(hours=hours)


def test_a_day_the_zone_left_out_is_not_waited_for() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")

    starts_at, ends_at = window.local_day_bounds(_at("2011-12-29 12:00", apia), apia)

    assert (_wall(starts_at, apia), _wall(ends_at, apia)) == ("2011-12-29 00:00", "2011-12-31 00:00")


def test_jitter_is_squeezed_into_what_is_left_of_the_window() -> None:
    opening = Opening(_at("2026-03-02 17:20"), _at("2026-03-02 17:30"))

    assert window.jittered(opening, 0.5, timedelta(hours=3)) == _at("2026-03-02 17:25")
    assert window.jittered(opening, 0.5, timedelta(minutes=4)) == _at("2026-03-02 17:22")
    assert window.jittered(Opening(opening.opens_at, None), 0.5, timedelta(hours=3)) == _at("2026-03-02 18:50")
