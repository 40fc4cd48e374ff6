"""Windows and waits hold their promises in every zone, around every clock change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain import window
from outreach.domain.sequence import Schedule
from outreach.domain.span import Span, Unit
from outreach.domain.window import Opening

ZONES = sorted(available_timezones() - {"localtime"})
FIRST_YEAR, LAST_YEAR = 1971, 2040
MINUTE = timedelta(minutes=1)
STEP = timedelta(microseconds=1)


@cache
def _clock_changes(name: str) -> tuple[datetime, ...]:
    """Every instant at which the zone's clock jumps, found by halving between days whose offsets differ."""
    zone = ZoneInfo(name)
    changes = []
    day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    while day.year <= LAST_YEAR:
        following = day + timedelta(days=7)
        low, high = day, following
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                same = middle.astimezone(zone).utcoffset() == day.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            changes.append(high)
        day = following
    return tuple(changes)


@st.composite
def _moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant, more often than not close to a clock change."""
    name = draw(st.sampled_from(ZONES))
    changes = _clock_changes(name)
    is_close = draw(st.booleans())
    if changes and is_close:
        near = draw(st.integers(-3 * 86_400, 3 * 86_400))
        return ZoneInfo(name), draw(st.sampled_from(changes)) + timedelta(seconds=near)
    seconds = draw(st.floats(0, (LAST_YEAR - FIRST_YEAR) * 365 * 86_400.0))
    return ZoneInfo(name), datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    minutes = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Schedule(name="drawn", days=days, opens=draw(minutes), closes=draw(minutes), holidays="XX")


def _is_holiday(day: date) -> bool:
    return day.toordinal() % 11 in (3, 4)


def _shows_open_time(schedule: Schedule, zone: ZoneInfo, instant: datetime) -> bool:
    """The definition, written another way: minutes of the wall clock, counted from the day's midnight."""
    wall = instant.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    opens = schedule.opens.hour * 60 + schedule.opens.minute
    closes = schedule.closes.hour * 60 + schedule.closes.minute
    if opens == closes:
        opens, closes = 0, 1440
    if closes <= opens:
        closes += 1440
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    in_today = _is_open_day(schedule, today) and opens <= minute < closes
    return in_today or (_is_open_day(schedule, yesterday) and opens <= minute + 1440 < closes)


def _is_open_day(schedule: Schedule, day: date) -> bool:
    return day.weekday() in schedule.days and not _is_holiday(day)


def _next(schedule: Schedule, zone: ZoneInfo, instant: datetime) -> Opening:
    return window.next_open(schedule, zone, instant, is_holiday=_is_holiday)


@given(moment=_moments(), schedule=_schedules())
def test_an_opening_is_open_and_never_before_the_instant_asked(
    moment: tuple[ZoneInfo, datetime], schedule: Schedule
) -> None:
    zone, instant = moment

    opening = _next(schedule, zone, instant)

    assert opening.opens_at >= instant
    assert opening.closes_at is not None
    assert opening.closes_at > opening.opens_at
    assert _shows_open_time(schedule, zone, opening.opens_at)
    assert _shows_open_time(schedule, zone, opening.closes_at - STEP)
    assert opening.opens_at == instant or not _shows_open_time(schedule, zone, opening.opens_at - STEP)


@given(moment=_moments(), schedule=_schedules())
def test_to_be_open_is_what_the_clock_on_the_wall_shows(moment: tuple[ZoneInfo, datetime], schedule: Schedule) -> None:
    zone, instant = moment

    is_open = window.is_open(schedule, zone, instant, is_holiday=_is_holiday)

    assert is_open == _shows_open_time(schedule, zone, instant)
    assert is_open == (_next(schedule, zone, instant).opens_at == instant)


@settings(max_examples=40)
@given(moment=_moments(), schedule=_schedules(), data=st.data())
def test_no_open_moment_is_passed_over_and_no_closed_one_lies_inside(
    moment: tuple[ZoneInfo, datetime], schedule: Schedule, data: st.DataObject
) -> None:
    zone, instant = moment
    opening = _next(schedule, zone, instant)
    assert opening.closes_at is not None

    for _ in range(20):
        waited = data.draw(st.floats(0, 1)) * (opening.opens_at - instant)
        passed = data.draw(st.floats(0, 1)) * (opening.closes_at - opening.opens_at)
        before = min(instant + waited, opening.opens_at - STEP)
        inside = min(opening.opens_at + passed, opening.closes_at - STEP)

        assert before < instant or not _shows_open_time(schedule, zone, before)
        assert _shows_open_time(schedule, zone, inside)


@given(moment=_moments(), schedule=_schedules(), later=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_asking_later_never_opens_earlier(
    moment: tuple[ZoneInfo, datetime], schedule: Schedule, later: timedelta
) -> None:
    zone, instant = moment

    first, second = _next(schedule, zone, instant), _next(schedule, zone, instant + later)

    assert first.opens_at <= second.opens_at
    assert first.closes_at is not None
    assert second.closes_at is not None
    assert first.closes_at <= second.closes_at


@given(
    moment=_moments(),
    schedule=_schedules(),
    share=st.floats(0, 1, exclude_max=True),
    jitter=st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_jitter_never_leaves_the_window(
    moment: tuple[ZoneInfo, datetime], schedule: Schedule, share: float, jitter: timedelta
) -> None:
    zone, instant = moment
    opening = _next(schedule, zone, instant)

    due_at = window.jittered(opening, share, jitter)

    assert opening.opens_at <= due_at <= opening.opens_at + jitter
    assert _shows_open_time(schedule, zone, due_at)


@given(moment=_moments(), days=st.integers(0, 400), unit=st.sampled_from([Unit.DAYS, Unit.WEEKS]))
def test_calendar_days_keep_the_time_on_the_wall(moment: tuple[ZoneInfo, datetime], days: int, unit: Unit) -> None:
    zone, instant = moment
    span = Span(days, unit)

    later = window.add(span, instant, zone)

    wanted = instant.astimezone(zone).replace(tzinfo=None) + timedelta(days=span.calendar_days)
    shown = later.astimezone(zone).replace(tzinfo=None)
    assert later >= instant
    assert shown >= wanted
    if shown != wanted:
        _assert_is_first_moment_after_gap(zone, wanted, later)


def _assert_is_first_moment_after_gap(zone: ZoneInfo, wanted: datetime, later: datetime) -> None:
    just_before = (later - STEP).astimezone(zone).replace(tzinfo=None)
    assert just_before < wanted < later.astimezone(zone).replace(tzinfo=None)


@given(moment=_moments(), days=st.integers(1, 30))
def test_a_repeated_time_stands_for_the_first_of_the_two(moment: tuple[ZoneInfo, datetime], days: int) -> None:
    zone, instant = moment

    later = window.add(Span(days, Unit.DAYS), instant, zone)

    shown = later.astimezone(zone).replace(tzinfo=None)
    assert later == shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


@given(moment=_moments(), amount=st.integers(0, 10_000), unit=st.sampled_from([Unit.SECONDS, Unit.MINUTES, Unit.HOURS]))
def test_hours_are_elapsed_time(moment: tuple[ZoneInfo, datetime], amount: int, unit: Unit) -> None:
    zone, instant = moment
    seconds = {Unit.SECONDS: 1, Unit.MINUTES: 60, Unit.HOURS: 3600}[unit]

    assert window.add(Span(amount, unit), instant, zone) - instant == timedelta(seconds=amount * seconds)


@given(moment=_moments(), amount=st.integers(1, 60), days=st.frozensets(st.integers(0, 6), min_size=1))
def test_business_days_are_as_many_as_counting_by_hand_gives(
    moment: tuple[ZoneInfo, datetime], amount: int, days: frozenset[int]
) -> None:
    zone, instant = moment

    later = window.add(Span(amount, Unit.BUSINESS_DAYS), instant, zone, schedule_days=days, is_holiday=_is_holiday)

    begins_on, ends_on = instant.astimezone(zone).date(), later.astimezone(zone).date()
    passed = [begins_on + timedelta(days=number) for number in range(1, (ends_on - begins_on).days + 1)]
    business = [day for day in passed if day.weekday() in days and not _is_holiday(day)]
    if business and business[-1] == ends_on:
        assert len(business) == amount
    else:  # the zone left out the very day it should have ended on: the first moment after stands for it
        assert len(business) in (amount, amount - 1)
        wall = later.astimezone(zone)
        assert (later - STEP).astimezone(zone).date() < wall.date() - timedelta(days=1) or wall.hour < 2


@given(moment=_moments())
def test_every_instant_lies_inside_its_local_day(moment: tuple[ZoneInfo, datetime]) -> None:
    zone, instant = moment

    starts_at, ends_at = window.local_day_bounds(instant, zone)

    assert starts_at <= instant < ends_at
    assert starts_at.astimezone(zone).date() == instant.astimezone(zone).date()
    assert ends_at.astimezone(zone).date() > instant.astimezone(zone).date()
    assert timedelta(hours=20) < ends_at - starts_at < timedelta(hours=49)


def test_every_clock_change_of_every_zone_is_walked_over() -> None:
    """Not drawn but all of them, in the years sequences may run: a window that opens in the changed hour."""
    schedule = Schedule(name="early", opens=time(1, 30), closes=time(3, 30), holidays="XX")
    for name in ZONES:
        zone = ZoneInfo(name)
        for change in _clock_changes(name):
            if 2024 <= change.year <= 2028:
                _walk_over(schedule, zone, change)


def _walk_over(schedule: Schedule, zone: ZoneInfo, change: datetime) -> None:
    instant, end = change - timedelta(days=1), change + timedelta(days=1)
    while instant < end:
        opening = _next(schedule, zone, instant)
        assert opening.closes_at is not None
        assert opening.opens_at >= instant
        assert _shows_open_time(schedule, zone, opening.opens_at)
        assert not _shows_open_time(schedule, zone, opening.closes_at)
        instant = opening.closes_at
