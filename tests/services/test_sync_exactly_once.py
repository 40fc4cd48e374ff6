"""Hundreds of replies through a CRM that throttles, breaks, loses answers and whose worker dies: each thing once."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from outreach.clock import MovableClock
from outreach.crm import Crm
from outreach.crms.hubspot import HubSpot
from outreach.crms.hubspot import Options as HubSpotOptions
from outreach.crms.memory import Fault, Memory
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule
from outreach.errors import OutcomeUnknown, RateLimited, Unavailable
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot
from outreach.services.crm import sync
from outreach.services.crm.crm_verdict import Pace
from outreach.services.crm.crm_work import Entry, LeadFacts, jobs_for
from outreach.services.crm.sync import Connected
from outreach.store import crm_jobs
from outreach.store.session import Store
from outreach.store.tables import crm_connections as connections_table
from outreach.store.tables import crm_jobs as jobs_table
from outreach.store.tables import leads

MANY = 120
PACE = Pace(most_attempts=60)  # one try in four fails here; what is tested is not when to give up
MAPPING = CrmMapping(
    name="crm",
    statuses={"responded": "CONNECTED"},
    stages={"default": {"responded": "qualifiedtobuy"}},
    owners={"anna": "anna@example.com"},
    deal=DealRule(pipeline="default", stage="appointmentscheduled"),
    when={CrmTrigger.REPLY: ("person", "owner", "log_reply", "status", "stage", "deal", "tags")},
)


class Dice:
    """The same throws in every run; a throw is a number below a hundred."""

    def __init__(self) -> None:
        self._throws = count()

    def throw(self) -> int:
        digest = hashlib.sha256(f"throw {next(self._throws)}".encode()).digest()
        return int.from_bytes(digest[:4]) % 100


def _replies(store: Store, clock: MovableClock) -> None:
    now = clock.now()
    state: dict[str, Any] = {"status": "responded", "pipeline": "default", "stage": "responded"}
    row = {"source": "test", "stage_since_at": now, "created_at": now, "updated_at": now, **state}
    with store.begin() as connection:
        connection.execute(insert(leads), [{"id": f"l{number}", **row} for number in range(MANY)])
        for number in range(MANY):
            address = f"p{number}@example.com"
            lead = LeadFacts(lead_id=f"l{number}", email=address, first_name="A", owner="anna", tags=("warm",), **state)
            entry = Entry(at=now, text=f"reply {number}", from_address=address)
            for _ in range(2):  # the same event, applied twice
                key = f"evt-{number}"
                jobs = jobs_for(MAPPING, CrmTrigger.REPLY, event_key=key, lead=lead, entry=entry)
                crm_jobs.add_jobs(connection, crm="crm", lead_id=lead.lead_id, event_key=key, jobs=jobs, now=now)


def _drain_out(store: Store, clock: MovableClock, crm: Crm) -> int:
    """Until nothing is waiting; a worker that dies is followed by another. How often one died."""
    deaths = 0
    for _ in range(5_000):
        try:
            asyncio.run(sync.drain(store, [Connected(MAPPING, crm)], clock=clock, owner="worker", pace=PACE))
        except asyncio.CancelledError:
            deaths += 1
            clock.advance(PACE.lease + timedelta(seconds=1))
            sync.release_expired(store, clock=clock, pace=PACE)
        with store.read() as connection:
            due = crm_jobs.next_due_at(connection, "crm")
            is_open = connection.execute(
                select(jobs_table.c.number).where(jobs_table.c.state != "done").limit(1)
            ).first()
            parked_until = connection.execute(select(connections_table.c.parked_until)).scalar()
        if not is_open:
            return deaths
        clock.move_to(max(at for at in (due, parked_until, clock.now()) if at) + timedelta(seconds=20))
    raise AssertionError("the list does not become empty")


@pytest.mark.parametrize("failures", [0, 25])
def test_each_reply_is_in_the_memory_crm_once(store: Store, clock: MovableClock, failures: int) -> None:
    dice = Dice()
    errors: tuple[Callable[[], BaseException], ...] = (
        lambda: RateLimited("memory", "slow down", retry_after=timedelta(seconds=10)),
        lambda: Unavailable("memory", "503"),
        lambda: OutcomeUnknown("memory", "no answer"),
        lambda: RuntimeError("a bug"),
        asyncio.CancelledError,
    )

    def fail(method: str) -> Fault | None:
        if dice.throw() >= failures:
            return None
        error = errors[_weighted(dice.throw())]()
        is_lost = isinstance(error, OutcomeUnknown | asyncio.CancelledError | RuntimeError)
        return Fault(error, is_after=is_lost and dice.throw() < 60)  # type: ignore[arg-type]  # a kill is no Exception

    crm = Memory()
    crm.faults = fail
    _replies(store, clock)

    deaths = _drain_out(store, clock, crm)

    assert (deaths > 0) == (failures > 0)
    assert Counter(record.email for record in crm.records.values()) == Counter(f"p{n}@example.com" for n in range(MANY))
    for record in crm.records.values():
        assert (len(record.entries), len(record.deals), record.status) == (1, 1, "CONNECTED")
        assert (record.stage, record.owner, record.tags) == ("qualifiedtobuy", "anna@example.com", ["warm"])


@pytest.mark.parametrize("failures", [0, 20])
def test_each_reply_is_in_hubspot_once(store: Store, clock: MovableClock, failures: int) -> None:
    dice = Dice()
    answers: tuple[Callable[[], object], ...] = (
        lambda: httpx.Response(429, json={"policyName": "TEN_SECONDLY_ROLLING", "message": "slow down"}),
        lambda: httpx.Response(503),
        lambda: httpx.ReadTimeout("silent"),
        lambda: httpx.Response(500, json={"message": "internal error", "correlationId": "c"}),
        asyncio.CancelledError,
    )

    def before(request: httpx.Request) -> object:
        return answers[_weighted(dice.throw())]() if dice.throw() < failures / 2 else None

    def after(request: httpx.Request) -> object:
        lost = answers[2 + _weighted(dice.throw()) % 3]  # only what may hide a success
        return lost() if dice.throw() < failures / 2 else None

    fake = FakeHubSpot(before=_raising(before), after=_raising(after))
    crm = HubSpot(
        HubSpotOptions(token=TOKEN, tags_property="outreach_tags"), httpx.AsyncClient(transport=fake.transport())
    )
    _replies(store, clock)

    deaths = _drain_out(store, clock, crm)

    contacts = fake.objects["contacts"].values()
    assert (deaths > 0) == (failures > 0)
    assert Counter(one.properties["email"] for one in contacts) == Counter(f"p{n}@example.com" for n in range(MANY))
    for contact in contacts:
        [entry] = fake.of("emails", contact.id)
        [deal] = fake.of("deals", contact.id)
        assert entry.properties["hs_email_text"].startswith("reply ")
        assert deal.properties["dealstage"] in ("appointmentscheduled", "qualifiedtobuy")
        assert contact.properties["hs_lead_status"] == "CONNECTED"
        assert contact.properties["hubspot_owner_id"] == "77"
        assert contact.properties["outreach_tags"] == "warm"


def test_two_workers_and_a_killed_one_write_each_reply_once(store: Store, clock: MovableClock) -> None:
    crm = Memory()
    crm.faults = lambda method: Fault(asyncio.CancelledError()) if len(crm.calls) == 300 else None  # type: ignore[arg-type]
    _replies(store, clock)

    async def two() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            connected = [Connected(MAPPING, crm)]
            await asyncio.gather(
                *(sync.drain(store, connected, clock=clock, owner=owner, pace=PACE) for owner in ("w1", "w2"))
            )

    asyncio.run(two())
    clock.advance(PACE.lease + timedelta(seconds=1))
    sync.release_expired(store, clock=clock, pace=PACE)
    _drain_out(store, clock, crm)

    assert len(crm.records) == MANY
    assert all(len(record.entries) == len(record.deals) == 1 for record in crm.records.values())


def _weighted(throw: int) -> int:
    """Deaths are rare: each one costs a whole lease."""
    return 4 if throw < 4 else throw % 4


def _raising(choose: Callable[[httpx.Request], object]) -> Callable[[httpx.Request], httpx.Response | None]:
    def interfere(request: httpx.Request) -> httpx.Response | None:
        chosen = choose(request)
        if isinstance(chosen, BaseException):
            raise chosen
        assert chosen is None or isinstance(chosen, httpx.Response)
        return chosen

    return interfere
