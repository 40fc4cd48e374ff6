"""The CRM in memory keeps the contract, and fails when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outreach.clock import MovableClock
from outreach.crm import Deal, DealState, Selection
from outreach.crms.memory import Memory, Options, Record
from outreach.domain.crm_news import Change
from outreach.errors import OutcomeUnknown, Unavailable
from outreach.testing.crm import AYSE, CrmContract, PullContract, run


class MemoryWorld:
    secrets = ()
    text_field = "jobtitle"
    stage, other_stage, unknown_stage, pipeline = "discovery", "proposal", "nowhere", "sales"
    status, owner = "CONNECTED", "anna@example.com"
    tells = frozenset(Change) - {Change.HINT, Change.ERASED}

    def __init__(self) -> None:
        stages = ("discovery", "proposal")
        options = Options(stages=stages, users=(self.owner,), status_values=("CONNECTED", "NEW"), page=3)
        self.clock = MovableClock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))
        self.crm = Memory(options, clock=self.clock)

    def add_person(self, email: str, **values: str) -> str:
        person_id = f"typed-{len(self.crm.records)}"
        record = Record(id=person_id, email=email, values=dict(values), changed_at=self.clock.now())
        self.crm.records[person_id] = record
        return person_id

    def remove_person(self, person_id: str) -> None:
        self.crm.remove(person_id)

    def pulled(self) -> Memory:
        return self.crm

    def later(self) -> datetime:
        self.clock.advance(timedelta(hours=1))
        return self.clock.now()

    def select(self, by: Selection, person_id: str) -> str:
        match by:
            case Selection.LIST:
                self.crm.change(person_id, lists=["fair 2026"])
                return "fair 2026"
            case Selection.FILTER:
                self.crm.change(person_id, values={"jobtitle": "CTO"})
                return "jobtitle=CTO"
            case Selection.STAGE:
                self.crm.change(person_id, stage="proposal")
                return "proposal"
        return run(self.crm.ensure_deal(person_id, Deal(name="x", pipeline=self.pipeline, stage=self.stage)))

    def change(self, person_id: str, change: Change, value: str) -> None:
        if change is Change.MERGED:
            self.crm.remove(person_id, into=value)
        elif change in (Change.WON, Change.LOST):
            self.crm.close_deal(person_id, DealState(str(change)), value)
        else:
            names = {Change.DO_NOT_CONTACT: "is_opted_out"}
            self.crm.change(person_id, **{names.get(change, str(change)): value or True})

    def people(self) -> list[str]:
        return [record.email for record in self.crm.records.values()]

    def value(self, person_id: str, field: str) -> str:
        record = self.crm.records[person_id]
        own = {"status": record.status, "owner": record.owner, "tags": ";".join(record.tags)}
        return own[field] if field in own else record.values.get(field, "")

    def entries(self, person_id: str) -> list[str]:
        return [text for _, text in self.crm.records[person_id].entries]

    def deals(self, person_id: str) -> list[str]:
        record = self.crm.records[person_id]
        return [] if record.stage else [deal.stage for _, deal in record.deals]

    def is_opted_out(self, person_id: str) -> bool:
        return self.crm.records[person_id].is_opted_out


class TestMemory(CrmContract, PullContract):
    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld()

    def test_a_failure_before_leaves_nothing_behind(self, world: MemoryWorld) -> None:
        world.crm.fail_next("upsert_person", Unavailable("memory", "down"))

        with pytest.raises(Unavailable):
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.people() == []

    def test_a_failure_after_keeps_the_work(self, world: MemoryWorld) -> None:
        world.crm.fail_next("upsert_person", OutcomeUnknown("memory", "no answer"), is_after=True)

        with pytest.raises(OutcomeUnknown):
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.people() == [AYSE.email]
