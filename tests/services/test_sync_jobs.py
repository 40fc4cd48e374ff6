"""What an event writes on the CRM work list."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from outreach.crm import WRITES, Field, Mode, Operation
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.services.crm.crm_work import Entry, LeadFacts, activity_of, as_text, jobs_for, person_of

MAPPING = CrmMapping(
    name="hubspot",
    fields=(
        FieldRule(remote="firstname", source="first_name"),
        FieldRule(remote="jobtitle", source="fields.title", is_overwriting=True),
        FieldRule(remote="city", source="fields.city"),
    ),
    statuses={"responded": "CONNECTED"},
    stages={"default": {"responded": "s1"}},
    owners={"anna": "anna@example.com"},
    deal=DealRule(pipeline="default", stage="s1", create_on=CrmTrigger.MEETING),
    when={
        CrmTrigger.REPLY: ("tags", "stage", "status", "deal", "log_reply", "owner", "person"),
        CrmTrigger.MEETING: ("stage",),
        CrmTrigger.UNSUBSCRIBE: ("do_not_contact",),
        CrmTrigger.NOTE: ("log",),
    },
)
LEAD = LeadFacts(
    lead_id="l1",
    email="ayse@example.com",
    first_name="Ayşe",
    company="Example GmbH",
    owner="anna",
    status="responded",
    pipeline="default",
    stage="responded",
    tags=("fintech",),
    values={"fields": {"title": "CTO", "city": None}},
)
REPLY = Entry(at=datetime(2026, 3, 2, 10, 0, tzinfo=UTC), subject="Re: hi", text="Yes", from_address="ayse@example.com")


def _operations(
    mapping: CrmMapping, trigger: CrmTrigger, lead: LeadFacts = LEAD, entry: Entry | None = REPLY
) -> list[str]:
    return [job.operation for job in jobs_for(mapping, trigger, event_key="evt-1", lead=lead, entry=entry)]


def test_a_reply_writes_its_jobs_in_one_order_whatever_the_file_says() -> None:
    assert _operations(MAPPING, CrmTrigger.REPLY) == ["person", "owner", "log_reply", "status", "stage", "tags"]


def test_a_deal_is_opened_by_its_own_trigger_only() -> None:
    assert MAPPING.deal is not None
    without_trigger = replace(MAPPING, deal=replace(MAPPING.deal, create_on=None))

    assert _operations(MAPPING, CrmTrigger.MEETING) == ["stage", "deal"]
    assert "deal" in _operations(without_trigger, CrmTrigger.REPLY)
    assert "deal" not in _operations(replace(MAPPING, deal=None), CrmTrigger.REPLY)


def test_what_has_no_mapping_is_not_written_down() -> None:
    stranger = replace(LEAD, owner="deniz", status="bounced", stage="prospect", tags=())

    assert _operations(MAPPING, CrmTrigger.REPLY, lead=stranger) == ["person", "log_reply"]


def test_a_trigger_without_operations_writes_nothing() -> None:
    assert _operations(MAPPING, CrmTrigger.WON) == []


def test_nothing_is_logged_without_an_entry() -> None:
    assert _operations(MAPPING, CrmTrigger.NOTE, entry=None) == []


def test_payloads_are_json_and_come_back_whole() -> None:
    jobs = jobs_for(MAPPING, CrmTrigger.REPLY, event_key="evt-1", lead=LEAD, entry=REPLY)

    stored = json.loads(json.dumps([dict(job.payload) for job in jobs]))

    person, activity = person_of(stored[0]), activity_of(stored[2])
    assert (person.email, person.first_name, person.key) == ("ayse@example.com", "Ayşe", "l1")
    assert person.fields == (
        Field(name="firstname", value="Ayşe", mode=Mode.FILL),
        Field(name="jobtitle", value="CTO", mode=Mode.OVERWRITE),
    )
    assert (activity.key, activity.at, activity.text, activity.kind) == ("evt-1", REPLY.at, "Yes", "reply")


def test_a_text_without_end_is_cut_and_one_no_database_takes_is_cleaned() -> None:
    entry = replace(REPLY, text="a\x00b\ud800" + "x" * 1_000_000)

    jobs = jobs_for(MAPPING, CrmTrigger.REPLY, event_key="evt-1", lead=LEAD, entry=entry)

    text = activity_of(jobs[2].payload).text
    assert len(text) < 31_000
    assert text.startswith("ab?x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("  a ", "a"),
        (True, "true"),
        (42, "42"),
        (date(2026, 3, 2), "2026-03-02"),
        (["a", None, "b"], "a;b"),
        ({"a": 1}, ""),
    ],
)
def test_values_become_text(value: object, text: str) -> None:
    assert as_text(value) == text


def test_every_operation_has_a_place_in_the_order() -> None:
    everything = replace(MAPPING, when={CrmTrigger.REPLY: tuple(Operation)})

    assert set(_operations(everything, CrmTrigger.REPLY)) == WRITES - {Operation.DEAL}
