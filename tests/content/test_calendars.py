"""Holidays and zones are known or said to be unknown; nothing is guessed."""

from __future__ import annotations

from datetime import date

import pytest

from outreach.content.calendars import is_holiday, zone_of


@pytest.mark.parametrize(
    ("country", "day", "is_off"),
    [
        ("TR", date(2026, 4, 23), True),
        ("tr", date(2026, 4, 23), True),
        ("TR", date(2026, 4, 22), False),
        ("DE", date(2026, 1, 6), False),
        ("DE-BY", date(2026, 1, 6), True),
        ("XX", date(2026, 1, 1), False),
        (None, date(2026, 1, 1), False),
    ],
)
def test_holidays_are_those_of_the_country(country: str | None, day: date, is_off: bool) -> None:
    assert is_holiday(country)(day) is is_off


def test_own_days_off_are_added_to_those_of_the_country() -> None:
    own = frozenset({date(2026, 8, 3)})

    assert is_holiday("TR", own)(date(2026, 8, 3))
    assert is_holiday("TR", own)(date(2026, 4, 23))
    assert is_holiday(None, own)(date(2026, 8, 3))


@pytest.mark.parametrize(
    ("timezone", "country", "phone", "zone"),
    [
        ("Europe/Istanbul", "DE", None, ("Europe/Istanbul", "timezone")),
        ("Mars/Base", "DE", None, ("Europe/Berlin", "country")),
        (None, "de", None, ("Europe/Berlin", "country")),
        (None, "US", None, None),
        (None, "US", "+12125551234", ("America/New_York", "phone")),
        (None, "US", "+905321234567", None),
        (None, None, "+905321234567", ("Europe/Istanbul", "phone")),
        (None, None, "+447911123456", ("Europe/London", "phone")),
        (None, None, "+15555550100", None),
        (None, None, "nonsense", None),
        (None, None, None, None),
    ],
)
def test_the_zone_of_a_lead_comes_from_what_tells_it_for_certain(
    timezone: str | None, country: str | None, phone: str | None, zone: tuple[str, str] | None
) -> None:
    assert zone_of(timezone, country, phone) == zone
