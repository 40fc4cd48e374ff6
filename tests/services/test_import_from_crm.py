"""People of a CRM become leads: once, with their source, however often the import was stopped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.crm import Deal, DealState, Selection
from outreach.crms.memory import Memory, Options, Record
from outreach.errors import RateLimited, Refused, UsageError
from outreach.services.crm.import_from_crm import Imported, Order, import_from_crm
from outreach.store.tables import addresses, crm_links, crm_pulls, leads, suppressions
from outreach.testing.field import Field
from tests.services.conftest import MakeField

CRM = """
team:
  use: memory
  page: 3
  fields:
    jobtitle: {from: title}
    mobile: {from: phone}
    size: {from: company.fields.size}
    tier: {from: fields.tier, values: {gold: "1", silver: "2"}}
  status: {property: status, values: {responded: CONNECTED, not_interested: UNQUALIFIED}}
  stages: {default: {contacted: s1, responded: s2, won: s9}}
  owners: {anna: anna@example.com}
  when: {reply: [person]}
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def field(make_field: MakeField) -> Field:
    return make_field({"config/crm.yaml": CRM})


def crm_of(field: Field) -> Memory:
    crm = field.app.crms["team"].crm
    assert isinstance(crm, Memory)
    return crm


def fill(field: Field, number: int = 8) -> None:
    for each in range(number):
        crm_of(field).records[f"r{each}"] = Record(id=f"r{each}", email=f"P{each}@Example.com")


def run(field: Field, **order: Any) -> Imported:
    pipeline = field.app.workspace.pipelines["default"]
    work = import_from_crm(field.engine, field.app.crms["team"], Order(**order), pipeline=pipeline)
    return asyncio.run(work)


def number_of(field: Field, table: Any) -> int:
    with field.app.store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_every_page_is_imported_and_linked(field: Field) -> None:
    fill(field)

    done = run(field)

    assert (done.read, done.imported, done.total) == (8, 8, 8)
    assert number_of(field, leads) == number_of(field, crm_links) == 8
    assert {row["value"] for row in field.rows(addresses)} == {f"p{each}@example.com" for each in range(8)}


def test_doing_it_again_changes_nothing(field: Field) -> None:
    fill(field)
    run(field)

    again = run(field)

    assert (again.imported, again.updated, again.unchanged) == (0, 0, 8)


def test_a_stopped_import_goes_on_from_its_cursor(field: Field) -> None:
    fill(field)
    crm = crm_of(field)
    answers = iter([None, RateLimited("memory", "slow down", retry_after=timedelta(seconds=9))])
    original = crm.pull

    async def stopping(wanted: Any, *, cursor: str | None) -> Any:
        if error := next(answers, None):
            raise error
        return await original(wanted, cursor=cursor)

    crm.pull = stopping  # type: ignore[method-assign]
    with pytest.raises(RateLimited):
        run(field)
    assert number_of(field, leads) == 3

    done = run(field)

    assert (done.is_resumed, done.read, done.imported) == (True, 8, 8)
    assert number_of(field, leads) == 8


def test_anew_begins_with_the_first_page(field: Field) -> None:
    fill(field)
    crm_of(field).fail_next("pull", Refused("memory", "no"))
    with pytest.raises(Refused):
        run(field)

    done = run(field, is_anew=True)

    assert (done.is_resumed, done.imported) == (False, 8)


def test_one_import_at_a_time(field: Field) -> None:
    fill(field)
    now = field.clock.now()
    run(field)
    with field.app.store.begin() as connection:
        connection.execute(crm_pulls.update().values(lease_until=now + timedelta(minutes=5)))

    with pytest.raises(UsageError, match="another process"):
        run(field)


def test_the_source_is_what_was_asked_for_unless_it_is_given(field: Field) -> None:
    fill(field, 2)
    crm_of(field).change("r0", lists=["Fair"])

    run(field, by=Selection.LIST, value="Fair")
    run(field, source="fair 2026")

    sources = {row["source"] for row in field.rows(leads)}
    assert sources == {"team:list:Fair", "fair 2026"}


def test_values_come_through_the_mapping_backwards(field: Field) -> None:
    values = {"first_name": "Ada", "last_name": "Kaya", "company": "Example GmbH", "jobtitle": "CTO", "tier": "2"}
    record = Record(id="r1", email="ada@example.com", values={**values, "mobile": "+90 532 123 45 67", "size": "50"})
    record.owner, record.stage, record.tags = "anna@example.com", "s2", ["fair"]
    crm_of(field).records["r1"] = record

    run(field)

    [lead] = field.rows(leads)
    named = {name: lead[name] for name in ("first_name", "last_name", "title", "owner", "stage", "tags")}
    assert named == {
        "first_name": "Ada",
        "last_name": "Kaya",
        "title": "CTO",
        "owner": "anna",
        "stage": "responded",
        "tags": ["fair"],
    }
    assert lead["fields"] == {"tier": "silver"}
    assert ("phone", "+905321234567") in {(row["kind"], row["value"]) for row in field.rows(addresses)}


def test_who_is_opted_out_there_is_kept_and_suppressed(field: Field) -> None:
    fill(field, 2)
    crm_of(field).change("r1", is_opted_out=True)

    done = run(field)

    assert (done.imported, done.suppressed) == (2, 1)
    assert {row["reason"] for row in field.rows(suppressions)} == {"crm"}
    assert {row["status"] for row in field.rows(leads)} == {"new", "do_not_contact"}


def test_who_is_won_there_is_a_customer_and_who_is_unqualified_is_not_interested(field: Field) -> None:
    fill(field, 2)
    crm_of(field).records["r0"].deals = [("d1", Deal(name="x", pipeline="sales", stage="s1"))]
    crm_of(field).close_deal("r0", DealState.WON, "5")
    crm_of(field).change("r1", status="UNQUALIFIED")

    done = run(field)

    assert done.customers == 1
    assert {row["status"] for row in field.rows(leads)} == {"customer", "not_interested"}


def test_a_person_without_any_address_is_left_out_and_said_so(field: Field) -> None:
    fill(field, 1)
    crm_of(field).records["nameless"] = Record(id="nameless", email="")

    done = run(field)

    assert (done.imported, done.rejected) == (1, 1)
    assert done.examples[0][0] == "nameless"


def test_a_known_lead_keeps_its_source_owner_and_stage(field: Field) -> None:
    field.add_lead("p0@example.com", owner="deniz", source="fair")
    crm_of(field).records["r0"] = Record(id="r0", email="p0@example.com", owner="anna@example.com", stage="s9")

    run(field)

    [lead] = field.rows(leads)
    assert (lead["source"], lead["owner"], lead["stage"]) == ("fair", "deniz", "prospect")


def test_what_the_system_cannot_select_by_is_said(field: Field) -> None:
    crm = crm_of(field)
    type(crm).selections = frozenset({Selection.LIST})
    try:
        with pytest.raises(UsageError, match="has no --stage"):
            run(field, by=Selection.STAGE, value="s1")
    finally:
        type(crm).selections = frozenset(Selection)


def test_the_options_of_the_memory_are_what_they_say() -> None:
    assert Options().page == 100
