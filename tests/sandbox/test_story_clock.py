"""A clock without chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from outreach.sandbox.story_clock import StoryClock

_START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def test_two_clocks_give_the_same_ids() -> None:
    one, other = StoryClock(_START), StoryClock(_START)

    assert [one.fresh_id() for _ in range(5)] == [other.fresh_id() for _ in range(5)]


def test_ids_are_of_24_characters_and_sort_by_birth() -> None:
    clock = StoryClock(_START)
    ids = [clock.fresh_id() for _ in range(20)]
    clock.advance(timedelta(seconds=1))
    ids.append(clock.fresh_id())

    assert {len(each) for each in ids} == {24}
    assert ids == sorted(set(ids))


def test_another_first_number_gives_other_ids() -> None:
    assert StoryClock(_START).fresh_id() != StoryClock(_START, first_number=2).fresh_id()
