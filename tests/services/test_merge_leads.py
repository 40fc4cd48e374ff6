"""Two leads become one person, and are parted again, with nothing lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.hearing import find, stop
from outreach.services.people.merge_leads import merge, part
from outreach.services.people.note import write_note
from outreach.store.tables import crm_links, crm_records, leads, metadata
from outreach.testing.field import Field

ADDRESS = "ayse@one.example"
SECOND = "a.yilmaz@home.example"


@pytest.fixture
def twins(field: Field) -> tuple[str, str]:
    """One person on two lists: the second one was written to."""
    first = field.add_lead(ADDRESS, first_name="Ayşe", tags=["fair"], fields={"city": "Bonn"})
    second = field.add_lead(SECOND, first_name="A.", last_name="Yılmaz", tags=["list"], fields={"size": "20"})
    field.enroll(second)
    field.settle()
    write_note(field.engine, second, "Prefers calls", by="anna")
    return first, second


def state(field: Field) -> dict[str, list[dict[Any, Any]]]:
    """Every row but of the history, and but for when it was changed."""
    left_out = {"audit", "merges", "facts"}
    tables = [table for table in metadata.sorted_tables if table.name not in left_out]
    with field.app.store.read() as connection:
        return {
            table.name: [
                {name: value for name, value in row.items() if name != "updated_at"}
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in tables
        }


def test_one_lead_has_everything_of_both(field: Field, twins: tuple[str, str]) -> None:
    first, second = twins

    done = merge(field.engine, first, second, by="anna")

    lead = field.lead(first)
    assert (lead["first_name"], lead["last_name"], lead["tags"]) == ("Ayşe", "Yılmaz", ["fair", "list"])
    assert lead["fields"] == {"city": "Bonn", "size": "20"}
    assert find.lead(field.engine, SECOND) == find.lead(field.engine, ADDRESS) == first
    assert field.enrollment(first)["state"] == "active"
    assert (done.rows["enrollments"], done.rows["notes"], done.rows["addresses"]) == (1, 1, 1)
    assert [row["id"] for row in field.rows(leads)] == [first]


def test_parting_gives_everything_back(field: Field, twins: tuple[str, str]) -> None:
    before = state(field)

    merge(field.engine, *twins, by="anna")
    part(field.engine, *twins, by="anna")

    assert state(field) == before
    with pytest.raises(UsageError, match="parted already"):
        part(field.engine, *twins, by="anna")


def test_the_sequence_goes_on_for_the_one_that_is_left(field: Field, twins: tuple[str, str]) -> None:
    merge(field.engine, *twins, by="anna")

    field.go(days=10)

    assert field.enrollment(twins[0])["reason"] == "completed"
    assert len(field.memory().sent) == 2


def test_nobody_is_in_two_sequences_afterwards(field: Field, twins: tuple[str, str]) -> None:
    field.enroll(twins[0])

    done = merge(field.engine, *twins, by="anna")

    assert done.ended == 1
    with field.app.store.read() as connection:
        states = [row["state"] for row in connection.execute(select(metadata.tables["enrollments"])).mappings()]
    assert sorted(states) == ["active", "finished"]


@pytest.mark.parametrize("number", [0, 1])
def test_what_forbade_contact_with_one_forbids_it_with_both_for_ever(
    field: Field, twins: tuple[str, str], number: int
) -> None:
    reason = SuppressionReason.UNSUBSCRIBED
    stop.suppress(field.engine, Scope.LEAD, twins[number], reason=reason, by="anna")

    assert merge(field.engine, *twins, by="anna").is_suppressed
    assert field.lead(twins[0])["status"] == "do_not_contact"
    assert field.enroll(twins[0]).enrolled == 0
    part(field.engine, *twins, by="anna")
    assert field.enroll(*twins).enrolled == 0
    assert field.lead(twins[0])["status"] == "do_not_contact"


def test_records_in_crms_move_and_come_back(field: Field, twins: tuple[str, str]) -> None:
    first, second = twins
    now = field.clock.now()
    with field.app.store.begin() as connection:
        for name, lead, remote in (("one", first, "1"), ("one", second, "2"), ("two", second, "3")):
            link = {"connection": name, "kind": "person", "local_id": lead, "remote_id": remote, "created_at": now}
            connection.execute(insert(crm_links).values(**link))
            record = {"connection": name, "lead_id": lead, "values": {"status": remote}, "updated_at": now}
            connection.execute(insert(crm_records).values(**record))
    before = state(field)

    merge(field.engine, first, second, by="anna")

    assert {(row["connection"], row["remote_id"]) for row in field.rows(crm_links)} == {("one", "1"), ("two", "3")}
    assert {row["lead_id"] for row in field.rows(crm_records)} == {first}
    part(field.engine, first, second, by="anna")
    after = state(field)
    assert after["crm_links"] == before["crm_links"]
    assert [row["values"] for row in after["crm_records"]] == [row["values"] for row in before["crm_records"]]


def test_what_was_written_since_stays(field: Field, twins: tuple[str, str]) -> None:
    merge(field.engine, *twins, by="anna")
    with field.app.store.begin() as connection:
        connection.execute(leads.update().values(last_name="Yılmaz-Kaya"))

    part(field.engine, *twins, by="anna")

    assert field.lead(twins[0])["last_name"] == "Yılmaz-Kaya"
    assert field.lead(twins[1])["last_name"] == "Yılmaz"


def test_merges_are_undone_the_last_first(field: Field, twins: tuple[str, str]) -> None:
    third = field.add_lead("ay@three.example")
    merge(field.engine, *twins, by="anna")
    merge(field.engine, third, twins[0], by="anna")

    with pytest.raises(UsageError, match=f"--undo {third} {twins[0]}"):
        part(field.engine, *twins, by="anna")
    part(field.engine, third, twins[0], by="anna")
    assert part(field.engine, *twins, by="anna").rows["addresses"] == 1


def test_a_lead_is_not_merged_with_itself(field: Field, twins: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="one lead already"):
        merge(field.engine, twins[0], twins[0], by="anna")
