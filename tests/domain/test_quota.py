"""Caps, ramp, gap and jitter of a sender."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.quota import Allowance, Limits, Ramp, Usage, allowance, daily_cap, jitter_share

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, 21, tzinfo=UTC)


def _ask(limits: Limits, usage: Usage, now: datetime = NOW) -> Allowance:
    return allowance(limits, usage, now=now, midnight=MIDNIGHT, key="anna.email")


def test_without_limits_there_is_no_limit() -> None:
    assert _ask(Limits(), Usage(today=9000)) == Allowance(None)


def test_what_is_left_of_the_day_may_be_claimed() -> None:
    assert _ask(Limits(per_day=40), Usage(today=15)).count == 25


def test_the_tightest_cap_counts() -> None:
    limits = Limits(per_hour=10, per_day=40, per_7_days=80)

    assert _ask(limits, Usage(last_hour=4, today=38, last_7_days=70)).count == 2


def test_a_full_day_waits_for_the_next_midnight_of_the_sender() -> None:
    answer = _ask(Limits(per_day=40), Usage(today=40))

    assert answer == Allowance(0, MIDNIGHT, "cap of 40 a day reached")


def test_more_used_than_allowed_after_a_cap_was_lowered_is_none_left() -> None:
    assert _ask(Limits(per_day=10), Usage(today=40)).count == 0


def test_a_full_hour_waits_until_its_oldest_touch_is_an_hour_old() -> None:
    frees_at = NOW + timedelta(minutes=17)

    answer = _ask(Limits(per_hour=5), Usage(last_hour=5, hour_frees_at=frees_at))

    assert answer == Allowance(0, frees_at, "cap of 5 an hour reached")


def test_a_full_week_is_looked_at_again_within_the_hour_when_nothing_better_is_known() -> None:
    answer = _ask(Limits(per_7_days=80), Usage(last_7_days=80))

    assert answer == Allowance(0, NOW + timedelta(hours=1), "cap of 80 in 7 days reached")


def test_of_two_reasons_to_wait_the_longer_is_told() -> None:
    usage = Usage(last_hour=5, today=40, last_used_at=NOW)

    answer = _ask(Limits(per_hour=5, per_day=40, gap=timedelta(minutes=9)), usage)

    assert (answer.wait_until, answer.because) == (MIDNIGHT, "cap of 40 a day reached")


def test_a_gap_allows_one_at_a_time() -> None:
    assert _ask(Limits(per_day=40, gap=timedelta(minutes=9)), Usage()).count == 1


def test_a_gap_is_waited_for() -> None:
    limits = Limits(gap=timedelta(minutes=9))
    usage = Usage(last_used_at=NOW)

    before = _ask(limits, usage, NOW + timedelta(minutes=8))
    after = _ask(limits, usage, NOW + timedelta(minutes=9))

    assert before == Allowance(0, NOW + timedelta(minutes=9), "gap between two touches")
    assert after == Allowance(1)


@given(seconds=st.integers(min_value=0, max_value=10**6))
def test_jitter_lengthens_a_gap_and_never_shortens_it(seconds: int) -> None:
    limits = Limits(gap=timedelta(minutes=9), jitter=timedelta(minutes=5))
    last_used_at = NOW + timedelta(seconds=seconds)

    wait_until = _ask(limits, Usage(last_used_at=last_used_at), last_used_at).wait_until

    assert wait_until is not None
    assert timedelta(minutes=9) <= wait_until - last_used_at < timedelta(minutes=14)


def test_one_gap_is_not_as_long_as_the_next() -> None:
    limits = Limits(gap=timedelta(minutes=9), jitter=timedelta(minutes=5))
    times = [NOW + timedelta(minutes=20 * number) for number in range(20)]

    gaps = {_wait(limits, at) - at for at in times}

    assert len(gaps) == 20


def _wait(limits: Limits, last_used_at: datetime) -> datetime:
    wait_until = _ask(limits, Usage(last_used_at=last_used_at), last_used_at).wait_until
    assert wait_until is not None
    return wait_until


@pytest.mark.parametrize(("active_days", "cap"), [(0, 5), (1, 7), (10, 25), (17, 39), (18, 40), (400, 40)])
def test_a_ramp_grows_with_each_day_of_use_up_to_the_daily_cap(active_days: int, cap: int) -> None:
    limits = Limits(per_day=40, ramp=Ramp(start=5, step=2))

    assert daily_cap(limits, active_days) == cap
    assert _ask(limits, Usage(active_days=active_days)).count == cap


def test_a_ramp_without_a_daily_cap_goes_on_growing() -> None:
    assert daily_cap(Limits(ramp=Ramp(start=5, step=2)), 100) == 205


@given(st.text())
def test_a_jitter_share_is_from_zero_to_below_one_and_always_the_same(key: str) -> None:
    share = jitter_share(key)

    assert 0 <= share < 1
    assert share == jitter_share(key)


def test_jitter_shares_are_spread_evenly() -> None:
    shares = [jitter_share(f"enrollment{number}.intro") for number in range(2000)]

    tenths = [sum(tenth <= share * 10 < tenth + 1 for share in shares) for tenth in range(10)]

    assert all(140 <= count <= 260 for count in tenths)


@given(
    used=st.tuples(*[st.integers(0, 50)] * 3),
    caps=st.tuples(*[st.none() | st.integers(0, 50)] * 3),
    gap=st.none() | st.integers(0, 3600),
    idle=st.integers(0, 7200),
)
def test_no_cap_is_ever_passed_and_every_wait_lies_ahead(
    used: tuple[int, int, int], caps: tuple[int | None, int | None, int | None], gap: int | None, idle: int
) -> None:
    limits = Limits(
        per_hour=caps[0],
        per_day=caps[1],
        per_7_days=caps[2],
        gap=None if gap is None else timedelta(seconds=gap),
    )
    usage = Usage(last_hour=used[0], today=used[1], last_7_days=used[2], last_used_at=NOW - timedelta(seconds=idle))

    answer = _ask(limits, usage)

    if answer.count:
        assert all(cap is None or count + answer.count <= cap for cap, count in zip(caps, used, strict=True))
    elif answer.count == 0:
        assert answer.wait_until is not None
        assert answer.wait_until > NOW
        assert answer.because
