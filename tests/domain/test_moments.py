"""Waits that end at a moment, paths by weight, and hold-out groups: over all zones, clock changes and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain import window
from outreach.domain.enrollment import FinishReason
from outreach.domain.moments import next_weekday, relative_to, start_of
from outreach.domain.planner import Facts, Finish, LookAgain, PlanTouch, next_move
from outreach.domain.sequence import (
    EnrollStep,
    NextWeekday,
    OnDay,
    RelativeTo,
    Schedule,
    Sequence,
    Share,
    SplitStep,
    Step,
    TouchStep,
    Until,
    WaitStep,
)
from outreach.domain.shares import chosen, is_held_out
from outreach.domain.span import Span, Unit, parse_span

ZONES = ["Europe/Istanbul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Africa/Cairo", "Pacific/Apia", "America/Sao_Paulo", "America/Havana", "UTC"]  # fmt: skip
ISTANBUL = ZoneInfo("Europe/Istanbul")
MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)  # 10:00 in Istanbul
CHRISTMAS = frozenset({date(2026, 12, 24), date(2026, 12, 25)})

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.integers(0, 30 * 366 * 1440).map(
    lambda minute: datetime(2008, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 6), clocks, instants, zones)
def test_the_next_weekday_comes_within_eight_days_and_shows_that_time(
    weekday: int, clock: time, instant: datetime, zone: ZoneInfo
) -> None:
    found = next_weekday(NextWeekday(weekday, clock), instant, zone)

    shown = wall(found, zone)
    assert instant <= found <= instant + timedelta(days=9)
    is_exact = shown.weekday() == weekday and shown.time() == clock
    assert is_exact or is_after_a_gap(found, zone)
    assert next_weekday(NextWeekday(weekday, clock), found, zone) == found


def is_after_a_gap(instant: datetime, zone: ZoneInfo) -> bool:
    """Did clocks jump forward to this instant?"""
    before = (instant - timedelta(seconds=1)).astimezone(zone)
    return (instant.astimezone(zone).utcoffset() or timedelta(0)) > (before.utcoffset() or timedelta(0))


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2008, 1, 1), date(2037, 12, 31)), clocks, zones)
def test_a_day_begins_where_its_clock_says(day: date, clock: time, zone: ZoneInfo) -> None:
    found = start_of(OnDay(day, clock), zone)

    assert wall(found, zone) == datetime.combine(day, clock) or is_after_a_gap(found, zone)


@settings(max_examples=300, deadline=None)
@given(
    st.dates(date(2008, 1, 1), date(2037, 12, 31)),
    st.integers(1, 300),
    st.sampled_from([Unit.DAYS, Unit.WEEKS, Unit.BUSINESS_DAYS]),
    st.booleans(),
    zones,
)
def test_days_before_and_after_a_date_are_calendar_days(
    day: date, amount: int, unit: Unit, is_before: bool, zone: ZoneInfo
) -> None:
    wanted = RelativeTo("lead.x", Span(amount, unit), is_before=is_before, clock=time(12))

    found = wall(relative_to(wanted, day, zone, is_holiday=CHRISTMAS.__contains__), zone)

    assert found.time() == time(12)
    distance = (day - found.date() if is_before else found.date() - day).days
    if unit is Unit.BUSINESS_DAYS:
        assert found.weekday() < 5
        assert found.date() not in CHRISTMAS
        assert distance >= amount
    elif zone.key != "Pacific/Apia":  # which has no 30 December 2011
        assert distance == amount * (7 if unit is Unit.WEEKS else 1)


@pytest.mark.parametrize(
    ("wanted", "moment", "expected"),
    [
        (RelativeTo("lead.x", parse_span("30 days"), is_before=True), date(2026, 6, 30), "2026-05-31 00:00"),
        (
            RelativeTo("lead.x", parse_span("2 hours"), is_before=True),
            datetime.fromisoformat("2026-06-30T14:00"),
            "2026-06-30 12:00",
        ),
        (
            RelativeTo("lead.x", parse_span("1 day"), clock=time(9)),
            datetime.fromisoformat("2026-06-30T14:00"),
            "2026-07-01 09:00",
        ),
        (RelativeTo("lead.x"), datetime(2026, 6, 30, 9, 0, tzinfo=UTC), "2026-06-30 12:00"),
        (RelativeTo("lead.x", parse_span("2 business days"), is_before=True), date(2026, 12, 28), "2026-12-22 00:00"),
    ],
)
def test_moments_relative_to_a_value_of_the_lead(wanted: RelativeTo, moment: date, expected: str) -> None:
    found = relative_to(wanted, moment, ISTANBUL, is_holiday=CHRISTMAS.__contains__)

    assert f"{wall(found, ISTANBUL):%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (NextWeekday(0, time(9)), "until monday 09:00"),
        (OnDay(date(2026, 12, 1)), "until 2026-12-01"),
        (RelativeTo("lead.renewal_on", parse_span("30 days"), is_before=True), "until lead.renewal_on - 30 days"),
    ],
)
def test_a_moment_is_told_as_it_is_written(wait: Until, said: str) -> None:
    assert str(wait) == said


def facts(*steps: Step, schedule: Schedule | None = None, **changes: object) -> Facts:
    path = Sequence(
        name="s",
        pipeline="default",
        senders=("anna",),
        schedule=schedule or Schedule(name="always"),
        steps={step.id: step for step in steps},
        first=steps[0].id,
    )
    values = {
        "sequence": path,
        "enrollment_id": "e1",
        "lead_id": "l1",
        "cursor": path.first,
        "cursor_at": MONDAY,
        "zone": ISTANBUL,
        "is_holiday": lambda day: False,
        "happened": {},
        "evaluate": lambda expression: True,
        "moment": lambda name: None,
    }
    return Facts(**{**values, **changes})  # type: ignore[arg-type]


TOUCH = TouchStep(id="intro", action="email")
NIGHT = Schedule(name="night", opens=time(22), closes=time(2))


@settings(max_examples=300, deadline=None)
@given(
    wait=st.one_of(
        st.builds(NextWeekday, st.integers(0, 6), clocks),
        st.builds(OnDay, st.dates(date(2026, 1, 1), date(2027, 12, 31)), clocks),
        st.builds(Span, st.integers(0, 40), st.sampled_from(list(Unit))),
    ),
    jitter=st.integers(0, 30),
    begin=instants,
    zone=zones,
    schedule=st.sampled_from(
        [NIGHT, Schedule(name="office", days=frozenset(range(5)), opens=time(9), closes=time(17))]
    ),
    enrollment=st.text("abc", min_size=1, max_size=6),
)
def test_jitter_never_leaves_the_window_whatever_is_waited_for(
    *, wait: Span | Until, jitter: int, begin: datetime, zone: ZoneInfo, schedule: Schedule, enrollment: str
) -> None:
    step = WaitStep(id="wait", wait=wait, jitter=Span(jitter, Unit.HOURS), then="intro")
    found = facts(step, TOUCH, schedule=schedule, cursor_at=begin, zone=zone, enrollment_id=enrollment)

    plan = next_move(found, begin).outcome

    assert isinstance(plan, PlanTouch)
    assert begin <= plan.wanted_at <= plan.due_at
    assert window.is_open(schedule, zone, plan.due_at, is_holiday=lambda day: False)
    assert plan.closes_at is not None
    assert plan.due_at < plan.closes_at


def test_a_date_the_lead_lacks_is_looked_for_every_day() -> None:
    wait = WaitStep(id="wait", wait=RelativeTo("lead.renewal_on"), then="intro")

    tomorrow = next_move(facts(wait, TOUCH), MONDAY).outcome

    never = datetime.max.replace(tzinfo=UTC)  # only a date given to the lead changes it
    assert tomorrow == LookAgain(MONDAY + timedelta(days=1), settled_until=never)
    assert next_move(facts(wait, TOUCH, moment=None), MONDAY).outcome == LookAgain(MONDAY)


def test_a_date_outside_of_the_calendar_is_none() -> None:
    wait = WaitStep(id="wait", wait=RelativeTo("lead.x", parse_span("9000 weeks"), is_before=True), then="intro")

    move = next_move(facts(wait, TOUCH, moment=lambda name: date(1, 1, 9)), MONDAY)

    assert isinstance(move.outcome, LookAgain)


def test_a_date_that_is_past_is_no_wait() -> None:
    wait = WaitStep(id="wait", wait=RelativeTo("lead.renewal_on"), then="intro")

    plan = next_move(facts(wait, TOUCH, moment=lambda name: date(2020, 1, 1)), MONDAY).outcome

    assert isinstance(plan, PlanTouch)
    assert plan.due_at == MONDAY


@given(st.lists(st.integers(1, 100), min_size=2, max_size=6), st.text(max_size=20))
def test_a_split_gives_one_of_its_paths_always_the_same(weights: list[int], lead: str) -> None:
    step = SplitStep(id="split", shares=tuple(Share(str(number), weight) for number, weight in enumerate(weights)))

    assert chosen(step, "s", lead) in step.shares
    assert chosen(step, "s", lead) == chosen(step, "s", lead)


def test_weights_are_kept_over_many_leads() -> None:
    step = SplitStep(id="split", shares=(Share("a", 80), Share("b", 20)))

    names = [chosen(step, "s", f"lead-{number}").name for number in range(5_000)]

    assert 0.77 < names.count("a") / len(names) < 0.83


def test_two_splits_divide_people_differently() -> None:
    first = SplitStep(id="one", shares=(Share("a", 50), Share("b", 50)))
    second = SplitStep(id="two", shares=(Share("a", 50), Share("b", 50)))
    leads = [f"lead-{number}" for number in range(4_000)]

    same = sum(chosen(first, "s", lead).name == chosen(second, "s", lead).name for lead in leads)

    assert 0.45 < same / len(leads) < 0.55


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_the_hold_out_group_has_its_share_and_only_grows(share: float) -> None:
    leads = [f"lead-{number}" for number in range(5_000)]

    held = {lead for lead in leads if is_held_out("s", lead, share)}

    assert abs(len(held) / len(leads) - share) < 0.02
    assert held <= {lead for lead in leads if is_held_out("s", lead, share + 0.1)}


def test_enroll_finishes_and_names_the_next_sequence() -> None:
    step = EnrollStep(id="on", sequence="nurture", at_least=parse_span("2 days"))

    assert next_move(facts(step), MONDAY).outcome == LookAgain(MONDAY + timedelta(days=2))
    move = next_move(facts(step), MONDAY + timedelta(days=2))
    assert move.outcome == Finish(FinishReason.COMPLETED, "goes on in nurture", enroll="nurture")
