"""The CRM in memory keeps the contract, and fails when it is told to."""

from __future__ import annotations

import pytest

from outreach.crms.memory import Memory, Options, Record
from outreach.errors import OutcomeUnknown, Unavailable
from outreach.testing.crm import AYSE, CrmContract, run


class MemoryWorld:
    secrets = ()
    text_field = "jobtitle"
    stage, other_stage, unknown_stage, pipeline = "discovery", "proposal", "nowhere", "sales"
    status, owner = "CONNECTED", "anna@example.com"

    def __init__(self) -> None:
        options = Options(stages=("discovery", "proposal"), users=(self.owner,), status_values=("CONNECTED", "NEW"))
        self.crm = Memory(options)

    def add_person(self, email: str, **values: str) -> str:
        person_id = f"typed-{len(self.crm.records)}"
        self.crm.records[person_id] = Record(id=person_id, email=email, values=dict(values))
        return person_id

    def remove_person(self, person_id: str) -> None:
        del self.crm.records[person_id]

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


class TestMemory(CrmContract):
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
