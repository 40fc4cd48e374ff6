"""A person is erased: nothing about them is left, and no later list brings them back."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import insert, select

from outreach.domain.lead import Address, AddressKind, LeadDraft
from outreach.domain.touch import TouchState
from outreach.errors import UsageError
from outreach.services.people import export_leads
from outreach.services.people.erase import erase, everything_about, was_erased
from outreach.services.people.keep_leads import Beginning, Kept, keep
from outreach.services.people.note import write_note
from outreach.store.tables import audit, crm_links, deliveries, events, metadata, touches
from outreach.testing.field import Field

ADDRESS = "ayse@one.example"
OTHER = "can@two.example"


def bring_back(field: Field, *addresses: str) -> Kept:
    """The same person on another list."""
    draft = LeadDraft(addresses=tuple(Address(AddressKind.EMAIL, each) for each in addresses), source="list")
    with field.app.store.begin() as connection:
        return keep(connection, [draft], beginning=Beginning("default", "prospect"), clock=field.clock)[0]


def delivered(field: Field, lead: str | None, body: bytes, state: str = "understood") -> str:
    """A raw delivery, with an event of that lead."""
    name, now = field.clock.fresh_id(), field.clock.now()
    row = {"id": name, "connection": "replies", "key": name, "method": "POST", "url": "/x", "headers": {"a": "b"}}
    with field.app.store.begin() as connection:
        connection.execute(insert(deliveries).values(**row, body=body, received_at=now, state=state))
        if lead:
            event = {"key": name, "kind": "replied", "channel": "email", "at": now, "created_at": now}
            connection.execute(insert(events).values(**event, lead_id=lead, delivery_id=name, text="I live in Bonn"))
    return name


def text_of_database(field: Field) -> str:
    """Every value of every table."""
    with field.app.store.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return "\n".join(str(tuple(row)) for row in rows)


def test_nothing_about_the_person_is_left(field: Field) -> None:
    lead, other = field.add_lead(ADDRESS, first_name="Ayşe"), field.add_lead(OTHER)
    field.enroll()
    field.settle()
    write_note(field.engine, lead, "Lives in Bonn", by="anna")
    delivered(field, lead, b"From: somebody, lives in Bonn")

    done = erase(field.engine, lead, by="anna")

    assert (done.enrollments, done.deliveries, done.addresses) == (1, 1, 1)
    left = text_of_database(field)
    assert all(word not in left for word in (ADDRESS, "Ayşe", "Bonn"))
    assert OTHER in left
    assert field.enrollment(other)["state"] == "active"


def test_deliveries_that_name_the_address_are_emptied_and_others_stay(field: Field) -> None:
    lead = field.add_lead(ADDRESS)
    named = delivered(field, None, b"To: ayse@one.example\r\n\r\nhello")
    other = delivered(field, None, b"To: can@two.example\r\n\r\nhello")

    erase(field.engine, lead, by="anna")

    assert (field.row(deliveries, id=named)["body"], field.row(deliveries, id=named)["headers"]) == (b"", {})
    assert field.row(deliveries, id=other)["body"]


def test_a_later_list_brings_nobody_back_into_a_sequence(field: Field) -> None:
    erase(field.engine, field.add_lead(ADDRESS), by="anna")

    kept = bring_back(field, "new@one.example", ADDRESS)

    assert kept.is_suppressed
    assert field.lead(kept.lead_id)["status"] == "do_not_contact"
    assert field.enroll(kept.lead_id).enrolled == 0
    assert was_erased(field.engine, ADDRESS)
    assert not was_erased(field.engine, OTHER)


def test_an_erased_address_suppresses_the_lead_that_it_is_added_to(field: Field) -> None:
    erase(field.engine, field.add_lead(ADDRESS), by="anna")
    lead = field.add_lead(OTHER)

    assert bring_back(field, OTHER, ADDRESS) == Kept(lead, bring_back(field, OTHER).result.UPDATED, True, ())


def test_a_message_that_is_on_its_way_is_waited_for(field: Field) -> None:
    lead = field.add_lead(ADDRESS)
    field.enroll(lead)
    field.settle()
    with field.app.store.begin() as connection:
        connection.execute(touches.update().values(state=TouchState.HANDED_OVER))

    with pytest.raises(UsageError, match="handed over right now"):
        erase(field.engine, lead, by="anna")


def test_records_in_crms_are_named_and_the_audit_holds_no_address(field: Field) -> None:
    lead, now = field.add_lead(ADDRESS), field.clock.now()
    link = {"connection": "hubspot", "kind": "person", "local_id": lead, "remote_id": "77", "url": "https://crm/77"}
    with field.app.store.begin() as connection:
        connection.execute(insert(crm_links).values(**link, created_at=now))

    done = erase(field.engine, lead, by="anna")

    assert done.records == ({"connection": "hubspot", "remote_id": "77", "url": "https://crm/77"},)
    entry = field.rows(audit)[-1]
    assert (entry["action"], entry["subject"]) == ("erase", f"lead:{lead}")
    assert field.rows(crm_links) == []


def test_everything_about_one_person_is_told(field: Field) -> None:
    lead = field.add_lead(ADDRESS, first_name="Ayşe")
    field.add_lead(OTHER)
    field.enroll()
    field.settle()
    delivered(field, lead, b"raw \xff words")

    told = everything_about(field.engine, lead)

    assert told["lead"]["first_name"] == "Ayşe"
    assert told["deliveries"][0]["body"] == "raw \\xff words"
    assert {"addresses", "touches", "events", "enrollments"} <= set(told)
    assert OTHER not in json.dumps(told)


def test_the_list_comes_out_as_it_can_be_imported(field: Field) -> None:
    lead = field.add_lead(ADDRESS, first_name="=cmd()", tags=["a", "b"], fields={"city": "Bonn"}, score=30)
    field.add_address(lead, "email", "a@home.example")
    field.add_lead(OTHER, score=3)
    out = io.StringIO()

    written = export_leads.write_csv(field.app.store, out, where="lead.score > 10", now=field.clock.now())

    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert written == len(rows) == 1
    assert sorted(rows[0]["email"].split("; ")) == ["a@home.example", ADDRESS]
    assert (rows[0]["first_name"], rows[0]["tags"], rows[0]["fields.city"]) == ("'=cmd()", "a; b", "Bonn")
