"""Days and hours as people write them."""

from __future__ import annotations

from datetime import time

import pytest

from outreach.content.schedules import ALWAYS, OFFICE_HOURS, ScheduleModel, read_days, read_hours


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon,wed", {0, 2}),
        ("mon-tue, sat", {0, 1, 5}),
        ("sat-mon", {5, 6, 0}),
        ("MON - WED", {0, 1, 2}),
        ("sun", {6}),
        (["mon", "thu-fri"], {0, 3, 4}),
        ("mon-sun", set(range(7))),
    ],
)
def test_days_are_ranges_lists_and_single_ones(written: object, days: set[int]) -> None:
    assert read_days(written) == days


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("mon-fry", "'fry' is not a day. Did you mean 'fri'?"),
        ("monday", "'monday' is not a day. Did you mean 'mon'?"),
        ("", "'' is not a day. Write one of: fri, mon, sat, sun, thu, tue, wed."),
        ([], "names no day. Write days such as mon-fri or [mon, wed]."),
        (5, "'5' is not a day."),
        ("mon-", "'' is not a day."),
    ],
)
def test_a_day_that_is_none_is_refused(written: object, sentence: str) -> None:
    with pytest.raises(ValueError, match="day") as caught:
        read_days(written)

    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("written", "opens", "closes"),
    [
        ("09:00-17:30", time(9), time(17, 30)),
        ("9:00 - 17:30", time(9), time(17, 30)),
        ("00:00-24:00", time(0), time(0)),
        ("09:00-24:00", time(9), time(0)),
        ("22:00-06:00", time(22), time(6)),
    ],
)
def test_hours_are_a_range(written: str, opens: time, closes: time) -> None:
    assert read_hours(written) == (opens, closes)


@pytest.mark.parametrize(
    "written", ["9-17", "09:00", "25:00-26:00", "09:60-10:00", "24:00-09:00", "08:00-24:01", 930, None]
)
def test_hours_that_are_none_are_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r'is not a range of hours\. Write it as "09:00-17:30", in quotes\.'):
        read_hours(written)


def test_a_window_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r'Write "00:00-24:00" for the whole day\.'):
        read_hours("09:00-09:00")


def test_the_built_in_schedules_are_what_their_names_say() -> None:
    always = ScheduleModel.model_validate(
        {"timezone": "sender", "days": "mon-sun", "hours": "00:00-24:00", "holidays": "none"}
    )
    office = ScheduleModel.model_validate({"days": "mon-fri", "hours": "09:00-17:30", "holidays": "lead"})

    assert always.schedule("always") == ALWAYS
    assert office.schedule("office-hours") == OFFICE_HOURS
