"""A mailbox with a cap, a gap and windows in the zones of its leads, who are many more than it can write to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.clock import MovableClock
from outreach.sandbox.next_due import next_due
from outreach.store.tables import touches
from outreach.testing.field import Field

START = datetime(2026, 3, 26, 5, tzinfo=UTC)  # a Thursday; Europe changes its clocks on Sunday
CAP, GAP, JITTER = 30, timedelta(minutes=9), timedelta(minutes=5)
SENDER_ZONE = ZoneInfo("Europe/Istanbul")

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
    """One mail: when, and the zone of whom it went to."""

    at: datetime
    zone: str
    step: str
    wanted_at: datetime


@pytest.fixture
def mailbox(tmp_path: Path, sqlite_url: str) -> Iterator[Field]:
    made = Field(tmp_path / "workspace", sqlite_url, MovableClock(START), FILES)
    made.apply()
    yield made
    made.close()


def spend(field: Field, *, leads: int, until: datetime) -> tuple[list[Sending], int]:
    """Let time pass from one instant at which anything is to happen to the next; the mails, and how many claims."""
    zones = {}
    for number in range(leads):
        zone = ZONES[number % len(ZONES)]
        zones[field.add_lead(f"lead{number}@company{number}.example", timezone=zone)] = zone
    field.enroll()
    claims = 0
    while field.clock.now() < until:
        while claimed := field.claim():
            claims += len(claimed)
            for claim_id in claimed:
                field.carry_out(claim_id)
        due_at = next_due(field.engine)
        if due_at is None:
            break
        field.clock.move_to(due_at)
    sent = [row for row in field.rows(touches) if row["state"] == "sent"]
    made = [Sending(row["sent_at"], zones[row["lead_id"]], row["step"], row["wanted_at"]) for row in sent]
    return sorted(made, key=lambda each: each.at), claims


def check_windows(sent: list[Sending]) -> None:
    for each in sent:
        wall = each.at.astimezone(ZoneInfo(each.zone))
        assert wall.weekday() < 5, each
        assert time(9) <= wall.time() < time(17, 30), each


def check_pace(sent: list[Sending]) -> None:
    by_day = Counter(each.at.astimezone(SENDER_ZONE).date() for each in sent)
    assert max(by_day.values()) <= CAP
    assert all(later.at - earlier.at >= GAP for earlier, later in pairwise(sent))


def check_nobody_starves(sent: list[Sending]) -> None:
    """Leads of every zone get first mails, and follow-ups go beside them."""
    first = Counter(each.zone for each in sent if each.step == "intro")
    assert all(first[zone] for zone in ZONES), first
    assert len(sent) > sum(first.values())


def test_no_window_cap_or_gap_is_broken_and_no_zone_starves(mailbox: Field) -> None:
    sent, claims = spend(mailbox, leads=160, until=START + timedelta(days=5.5))

    assert len(sent) >= 3 * CAP
    check_windows(sent)
    check_pace(sent)
    check_nobody_starves(sent)
    assert claims <= len(sent) * 1.01
