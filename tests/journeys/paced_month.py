"""One mailbox and far more leads than it can write to, in twenty zones: time is spent, then looked back on.

By hand, with ten thousand leads and a whole month: python -m tests.benchmarks.paced_month.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from outreach.clock import MovableClock
from outreach.sandbox.next_due import next_due
from outreach.services.sending import recover
from outreach.services.sending.advance import advance
from outreach.services.sending.claim import claim_due
from outreach.store.tables import touches
from outreach.testing.field import Field

START = datetime(2026, 3, 26, 5, tzinfo=UTC)  # a Thursday; Europe changes its clocks on Sunday, Australia a week later
CAP, GAP, JITTER = 30, timedelta(minutes=9), timedelta(minutes=5)
OPENS, CLOSES = time(9), time(17, 30)
FOLLOW_UPS, FIRST = 3, 1  # the ratio as it comes
SENDER_ZONE = ZoneInfo("Europe/Istanbul")
LATEST_FOLLOW_UP = timedelta(days=4)  # a weekend lies between

ZONES = (
    *("Pacific/Auckland", "Australia/Sydney", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Asia/Kathmandu"),
    *("Asia/Dubai", "Europe/Istanbul", "Europe/Helsinki", "Europe/Berlin", "Africa/Lagos", "Europe/Lisbon"),
    *("Atlantic/Azores", "America/Sao_Paulo", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"),
)

FILES = {
    "config/senders.yaml": f"""
anna:
  name: Anna Example
  timezone: {SENDER_ZONE.key}
  email:
    address: anna@sender.example
    use: memory
    limits: {{per_day: {CAP}, gap: 9 minutes, jitter: 5 minutes}}
""",
    "sequences/two-mails.yaml": """
name: two-mails
pipeline: default
senders: [anna]
schedule: {timezone: lead, days: mon-fri, hours: "09:00-17:30", holidays: none}
steps:
  - id: intro
    email: intro
  - wait: 3 days
  - id: bump
    email: bump
    thread: intro
""",
}


@dataclass(frozen=True, slots=True)
class Sending:
    """One mail: when, the zone of whom it went to, and since when it had been wanted."""

    at: datetime
    zone: str
    step: str
    wanted_at: datetime
    touch_id: str


@dataclass(frozen=True, slots=True)
class Month:
    """What came of it."""

    sent: Sequence[Sending]
    waiting: Sequence[Sending]  # what is planned still; `at`: when its window opens
    claims: int  # touches that were claimed, those that came to nothing included
    looks: int  # instants at which the scheduler looked

    def days(self) -> dict[date, int]:
        """Day of the sender → mails on it."""
        return Counter(each.at.astimezone(SENDER_ZONE).date() for each in self.sent)

    def firsts(self) -> dict[str, list[datetime]]:
        """Zone → when first mails went there."""
        found: dict[str, list[datetime]] = defaultdict(list)
        for each in self.sent:
            if each.step == "intro":
                found[each.zone].append(each.at)
        return found


def field_of(root: Path, database_url: str) -> Field:
    made = Field(root, database_url, MovableClock(START), FILES)
    made.apply()
    return made


def spend(field: Field, *, leads: int, until: datetime, schedulers: int = 1) -> Month:
    """Let time pass from one instant at which anything is to happen to the next."""
    zones = _enter(field, leads)
    claims = looks = 0
    while field.clock.now() < until:
        while claimed := claim(field, schedulers):
            claims += sum(field.carry_out(claim_id) for claim_id in claimed)
        looks += 1
        due_at = next_due(field.engine)
        if due_at is None:
            break
        field.clock.move_to(due_at)
    sent = [_sending(row, row["sent_at"], zones) for row in field.rows(touches, state="sent")]
    waiting = [_sending(row, row["due_at"], zones) for row in field.rows(touches, state="planned")]
    return Month(sorted(sent, key=lambda each: each.at), waiting, claims, looks)


def _enter(field: Field, leads: int) -> dict[str, str]:
    """One of every zone a second; lead → zone."""
    zones: dict[str, str] = {}
    for number in range(0, leads, len(ZONES)):
        group = [
            field.add_lead(f"lead{number + n}@company{number + n}.example", timezone=z) for n, z in enumerate(ZONES)
        ]
        field.enroll(*group)
        zones |= zip(group, ZONES, strict=True)
        field.clock.advance(timedelta(seconds=1))
    return zones


def _sending(row: RowMapping, at: datetime, zones: Mapping[str, str]) -> Sending:
    return Sending(at, zones[row["lead_id"]], row["step"], row["wanted_at"], row["id"])


def claim(field: Field, schedulers: int) -> list[str]:
    """One tick of so many schedulers at the same instant: the claims they would ring for."""
    found: list[str] = []
    failures: list[BaseException] = []

    def tick() -> None:
        try:
            recover.open_windows(field.engine)
            while advance(field.engine):
                pass
            found.extend(claim_due(field.engine, field.app.actions))
        except BaseException as error:  # noqa: BLE001  # told below
            failures.append(error)

    ticking = [threading.Thread(target=tick) for _ in range(schedulers)]
    for each in ticking:
        each.start()
    for each in ticking:
        each.join()
    assert not failures, failures
    return found


def check_windows(month: Month) -> None:
    for each in month.sent:
        wall = each.at.astimezone(ZoneInfo(each.zone))
        assert wall.weekday() < 5, each
        assert OPENS <= wall.time() < CLOSES, each


def check_pace(month: Month) -> None:
    assert max(month.days().values()) <= CAP
    gaps = [later.at - earlier.at for earlier, later in pairwise(month.sent)]
    assert min(gaps) >= GAP
    assert len(set(gaps)) > len(gaps) / 2  # jitter


def check_claims(month: Month) -> None:
    assert len(month.sent) <= month.claims <= len(month.sent) * 1.01


def check_no_day_is_lost(month: Month, *, until: datetime) -> None:
    """Whenever thirty can go, thirty go: on a Sunday only New Zealand's Monday has begun, before midnight."""
    days = month.days()
    first, last = START.astimezone(SENDER_ZONE).date(), until.astimezone(SENDER_ZONE).date()
    whole = [first + timedelta(days=number) for number in range(1, (last - first).days)]
    assert {day: days.get(day, 0) for day in whole if day.weekday() < 6 and days.get(day, 0) < CAP} == {}


def check_zones_share(month: Month, *, until: datetime) -> None:
    """At no midnight is any zone behind half of an even share of the first mails until then.

    A zone that is alone awake gets ahead (New Zealand on a Sunday evening) and then waits until the others have come
    as far; none may fall behind.
    """
    midnight = START + timedelta(days=1)
    while midnight < until:
        had = {zone: sum(at < midnight for at in instants) for zone, instants in month.firsts().items()}
        even = sum(had.values()) / len(ZONES)
        behind = {zone: had.get(zone, 0) for zone in ZONES if had.get(zone, 0) < even / 2 - 1}
        assert not behind, (midnight, even, behind)
        midnight += timedelta(days=1)


def check_nobody_is_overtaken(month: Month) -> None:
    """In one zone, where everybody may go at the same times, those who waited longer went first."""
    for zone in ZONES:
        went = [(each.wanted_at, each.touch_id) for each in month.sent if (each.zone, each.step) == (zone, "intro")]
        waits = [(each.wanted_at, each.touch_id) for each in month.waiting if (each.zone, each.step) == (zone, "intro")]
        assert went == sorted(went), zone
        assert not went or not waits or went[-1] < min(waits), zone


def check_kinds_share(month: Month, *, until: datetime) -> None:
    """First mails get their part of the ratio, on each day nearly; every follow-up goes soon after it was wanted."""
    days = month.days()
    firsts = Counter(each.at.astimezone(SENDER_ZONE).date() for each in month.sent if each.step == "intro")
    for day, mails in days.items():
        assert firsts[day] >= mails * FIRST / (FOLLOW_UPS + FIRST) - 3, (day, firsts[day])
    assert firsts.total() >= len(month.sent) * FIRST / (FOLLOW_UPS + FIRST)
    follow_ups = [each.at - each.wanted_at for each in month.sent if each.step == "bump"]
    follow_ups += [until - each.wanted_at for each in month.waiting if each.step == "bump"]
    assert not follow_ups or max(follow_ups) <= LATEST_FOLLOW_UP


def check(month: Month, *, until: datetime) -> None:
    """All of it."""
    check_windows(month)
    check_pace(month)
    check_claims(month)
    check_no_day_is_lost(month, until=until)
    check_zones_share(month, until=until)
    check_nobody_is_overtaken(month)
    check_kinds_share(month, until=until)
