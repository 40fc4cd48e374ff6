"""Public holidays by country, and the zone a lead lives in.

Holidays come from the `holidays` library, zones of countries from the IANA time zone database (`zone.tab`), zones of
phone numbers from libphonenumber. All of it is data that comes with the packages; nothing is asked over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import phonenumbers
from phonenumbers.timezone import time_zones_for_number

_AGREE_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
_AGREE_DAYS = 2 * 366
_NOWHERE = "Etc/Unknown"  # libphonenumber's word for a number without a place


def no_holiday(day: date) -> bool:
    """For countries whose holidays are not known."""
    return False


@lru_cache(maxsize=1024)
def is_holiday(country: str | None, extra: frozenset[date] = frozenset()) -> Callable[[date], bool]:
    """Whether a day is a public holiday of that country (`TR`, or `DE-BY` with its part), or one of `extra`.

    A country that is not given or not known has no holidays of its own.
    """
    if not has_holidays(country):
        return extra.__contains__ if extra else no_holiday
    code = (country or "").upper()

    def _is_holiday(day: date) -> bool:
        return day in extra or day in _public_holidays(code, day.year)

    return _is_holiday


def has_holidays(country: str | None) -> bool:
    """Does the library know the holidays of that country, and of its part if one is named?"""
    name, _, part = (country or "").upper().partition("-")
    supported = _supported()
    return name in supported and (not part or part in supported[name])


def zone_of(timezone: str | None, country: str | None, phone: str | None) -> tuple[str, str] | None:
    """The IANA zone of a lead, and what told it: `timezone`, `country` or `phone`; None: nothing tells for certain.

    A country tells it when clocks everywhere in it agree. Where they do not, a phone number of that country may.
    `phone` is in E.164.
    """
    if timezone and is_zone(timezone):
        return timezone, "timezone"
    code = (country or "").partition("-")[0].upper()
    if code and (zone := _only_zone(code)):
        return zone, "country"
    if phone and (zone := _zone_of_phone(phone, code)):
        return zone, "phone"
    return None


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Is this the name of an IANA zone?"""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    return holidays.list_supported_countries()


@lru_cache(maxsize=4096)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    name, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=part or None, years=year))


def _zone_of_phone(phone: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    if country and region != country:
        return None
    zones = [zone for zone in time_zones_for_number(number) if zone != _NOWHERE and is_zone(zone)]
    main = _only_zone(
        phonenumbers.region_code_for_country_code(number.country_code or 0)
    )  # +44: London before Guernsey
    agreed = zones if zones and _agree(zones) else []
    return main if main in agreed else _only_zone(region or "") or next(iter(agreed), None)


@lru_cache(maxsize=512)
def _only_zone(country: str) -> str | None:
    """The zone of a country all of whose zones keep the same time; the one the database lists first."""
    zones = _zones_by_country().get(country, ())
    return zones[0] if zones and _agree(zones) else None


def _agree(zones: Sequence[str]) -> bool:
    """Do these zones show the same time, summer and winter?"""
    known = [ZoneInfo(zone) for zone in zones]
    instants = (_AGREE_SINCE + timedelta(days=day) for day in range(_AGREE_DAYS if len(known) > 1 else 0))
    return all(len({instant.astimezone(zone).utcoffset() for zone in known}) == 1 for instant in instants)


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """ISO 3166 code → zones, as `zone.tab` of the time zone database lists them: code, coordinates, zone, comment."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country] = (*zones.get(country, ()), zone)
    return zones
