"""Over random limits, windows and moments: no rolling span ever holds more than it may, whoever claims."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, RowMapping, select

from outreach.clock import MovableClock
from outreach.domain import window
from outreach.domain.quota import Limits
from outreach.domain.recipients import NO_CAPS, RecipientCaps
from outreach.domain.sender import Sender
from outreach.services.sending.claim import claim_due, enter_senders
from outreach.services.sending.engine import Engine, Policy
from outreach.store.session import Store
from outreach.store.tables import companies, enrollments, leads, revisions, sequences, touches

START = datetime(2026, 3, 27, 20, tzinfo=UTC)  # the clocks of Europe change on the 29th
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")
NAMES = ("anna", "deniz")

caps = st.builds(
    RecipientCaps,
    person_per_7_days=st.none() | st.integers(1, 2),
    company_per_7_days=st.none() | st.integers(1, 3),
    domain_per_day=st.none() | st.integers(1, 3),
)
limits = st.builds(
    Limits,
    recipients=st.just(NO_CAPS) | caps,
    per_hour=st.none() | st.integers(0, 4),
    per_day=st.none() | st.integers(0, 8),
    per_7_days=st.none() | st.integers(0, 12),
    gap=st.none() | st.integers(0, 90).map(lambda minutes: timedelta(minutes=minutes)),
    jitter=st.none() | st.integers(0, 30).map(lambda minutes: timedelta(minutes=minutes)),
)
steps = st.lists(st.integers(1, 400), min_size=6, max_size=12)  # minutes from one look to the next
spans = st.lists(st.tuples(st.integers(0, 4_000), st.integers(30, 3_000)), min_size=24, max_size=24)  # due, open


def fill(store: Store, windows: list[tuple[int, int]]) -> None:
    """Touches of two senders, in two sequences, of four companies; each has its window, in minutes since the start."""
    with store.begin() as connection:
        for table in (touches, enrollments, leads, companies, sequences, revisions):
            connection.execute(table.delete())
        revision = {"id": "r", "sequence": "s0", "number": 1, "hash": "h", "content": {}, "created_at": START}
        connection.execute(revisions.insert(), revision)
        made = [{"name": f"s{each}", "revision_id": "r", "applied_at": START} for each in range(2)]
        connection.execute(sequences.insert(), made)
        firms = [{"id": f"c{each}", "name": "", "domain": f"c{each}.example", "created_at": START} for each in range(4)]
        connection.execute(companies.insert(), firms)
        for number, (due, opened) in enumerate(windows):
            _touch(connection, number, START + timedelta(minutes=due), timedelta(minutes=opened))


def _touch(connection: Connection, number: int, due_at: datetime, opened: timedelta) -> None:
    key, company, sequence = f"t{number:03}", f"c{number % 4}", f"s{number % 2}"
    lead = {"id": key, "company_id": company, "source": "t", "status": "new", "pipeline": "p", "stage": "s"}
    connection.execute(leads.insert(), {**lead, "stage_since_at": START, "created_at": START, "updated_at": START})
    entry: dict[str, Any] = {"id": key, "lead_id": key, "company_id": company, "sequence": sequence, "revision_id": "r"}
    entry |= {
        "sender": NAMES[number % 3 % 2],
        "state": "active",
        "cursor_at": START,
        "zone": "UTC",
        "entered_at": START,
    }
    connection.execute(enrollments.insert(), entry)
    touch: dict[str, Any] = {
        "id": key,
        "enrollment_id": key,
        "lead_id": key,
        "sequence": sequence,
        "revision_id": "r",
        "step": "x",
    }
    touch |= {
        "action": "email",
        "channel": "email",
        "sender": entry["sender"],
        "state": "planned",
        "rank": -(number % 5),
    }
    touch |= {"is_first": number % 3 == 0, "wanted_at": due_at, "due_at": due_at, "closes_at": due_at + opened}
    connection.execute(touches.insert(), {**touch, "recipient": f"{key}@{company}.example"})


def engine_of(store: Store, clock: MovableClock, each: Limits, zone: str, recipients: RecipientCaps) -> Engine:
    return Engine(
        store=store,
        clock=clock,
        senders={name: Sender(name=name, zone=zone, limits={"email": each}) for name in NAMES},
        pipelines={},
        policy=Policy(recipients=recipients),
        opt_out_token=str,
    )


def look(engine: Engine, schedulers: int) -> None:
    """So many schedulers claim at the same instant."""
    failures: list[BaseException] = []

    def claim() -> None:
        try:
            claim_due(engine, ["email"])
        except BaseException as error:  # noqa: BLE001  # told by the test
            failures.append(error)

    racing = [threading.Thread(target=claim) for _ in range(schedulers)]
    for each in racing:
        each.start()
    for each in racing:
        each.join()
    assert not failures


def check(engine: Engine, each: Limits, zone: str, recipients: RecipientCaps) -> None:
    with engine.store.read() as connection:
        rows = connection.execute(select(touches).where(touches.c.used_at.is_not(None))).mappings().all()
    for row in rows:
        assert row["due_at"] <= row["used_at"] < row["closes_at"]
    for name in NAMES:
        used = sorted(row["used_at"] for row in rows if row["sender"] == name)
        days = [window.local_day_bounds(at, ZoneInfo(zone))[0] for at in used]
        _within(each.per_hour, used, HOUR)
        _within(each.per_7_days, used, WEEK)
        assert each.per_day is None or all(days.count(day) <= each.per_day for day in days)
        assert all(later - earlier >= (each.gap or timedelta(0)) for earlier, later in pairwise(used))
        _within_of(each.recipients, [row for row in rows if row["sender"] == name])
    _within_of(recipients, rows)


def _within_of(recipients: RecipientCaps, rows: Sequence[RowMapping]) -> None:
    """What these touches were for their companies and domains, which are the same here."""
    for company in range(4):
        used = sorted(row["used_at"] for row in rows if row["recipient"].endswith(f"@c{company}.example"))
        _within(recipients.company_per_7_days, used, WEEK)
        _within(recipients.domain_per_day, used, DAY)


def _within(cap: int | None, used: list[datetime], span: timedelta) -> None:
    """No span of that length, wherever it begins, holds more than the cap."""
    if cap is not None:
        assert all(sum(start <= at < start + span for at in used) <= cap for start in used)


relaxed = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


set_ups = st.tuples(limits, st.sampled_from(ZONES), caps)


@relaxed
@given(set_up=set_ups, windows=spans, minutes=steps)
def test_no_span_holds_more_than_it_may_with_two_schedulers(
    store: Store, set_up: tuple[Limits, str, RecipientCaps], windows: list[tuple[int, int]], minutes: list[int]
) -> None:
    each, zone, recipients = set_up
    clock = MovableClock(START)
    engine = engine_of(store, clock, each, zone, recipients)
    fill(store, windows)
    enter_senders(engine)

    for step in minutes:
        look(engine, schedulers=2)
        clock.advance(timedelta(minutes=step))

    check(engine, each, zone, recipients)
