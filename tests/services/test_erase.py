"""A person is erased: nothing about them is left, and no later list brings them back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from outreach.crms.memory import Fault, Memory
from outreach.domain.lead import Address, AddressKind, LeadDraft
from outreach.domain.touch import TouchState
from outreach.errors import OutcomeUnknown, Refused, Unavailable, UsageError
from outreach.services.crm import sync
from outreach.services.people import export_leads, tasks
from outreach.services.people.erase import erase, everything_about, was_erased
from outreach.services.people.keep_leads import Beginning, Kept, keep
from outreach.services.people.note import write_note
from outreach.store.tables import audit, crm_jobs, crm_links, deliveries, events, leads, metadata, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

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

    assert done.records == ({"connection": "hubspot", "kind": "person", "remote_id": "77", "url": "https://crm/77"},)
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


CRMS = """
team: {use: memory, on_erase: delete, when: {reply: [person, log_reply, deal]}, deal: DEAL}
books: {use: memory, when: {reply: [person]}}
""".replace("DEAL", "{create_on: reply, pipeline: sales, stage: s1}")


@pytest.fixture
def known(make_field: MakeField) -> tuple[Field, str]:
    """A lead that two CRMs have a record of, one of them with a deal."""
    field = make_field({"config/crm.yaml": CRMS})
    lead = field.add_lead(ADDRESS, first_name="Ayşe", owner="anna")
    field.enroll(lead)
    field.settle()
    field.reply(ADDRESS)
    field.settle()
    field.sync()
    assert [len(memory(field, name).records) for name in ("team", "books")] == [1, 1]
    return field, lead


def memory(field: Field, name: str) -> Memory:
    crm = field.app.crms[name].crm
    assert isinstance(crm, Memory)
    return crm


class TestInCrms:
    def test_a_crm_that_may_deletes_its_record_and_a_person_is_asked_for_the_others(
        self, known: tuple[Field, str]
    ) -> None:
        field, lead = known
        [there] = memory(field, "books").records

        done = erase(field.engine, lead, by="anna")
        field.sync()

        assert (done.deletions, len(done.tasks)) == (1, 2)
        assert memory(field, "team").records == {}
        assert list(memory(field, "books").records) == [there]
        notes = sorted(task.note for task in tasks.list_tasks(field.engine))
        assert notes[0].startswith(f"Somebody was erased who is known to books as well. Erase there: person {there}")
        assert "known to team as well. Erase there: the name in deal deal-" in notes[1]

    def test_nothing_of_the_person_is_left_when_all_of_it_is_done(self, known: tuple[Field, str]) -> None:
        field, lead = known
        records = [each for name in ("team", "books") for each in memory(field, name).records]

        done = erase(field.engine, lead, by="anna")
        field.sync()
        for each in done.tasks:
            tasks.done(field.engine, each, by="anna")

        left = text_of_database(field)
        assert all(word not in left for word in (ADDRESS, "Ayşe", "deal-", *(f"{each}'" for each in records)))
        assert [row["state"] for row in field.rows(crm_jobs)] == ["done"]

    def test_the_task_is_somebodys_with_time_enough_and_can_be_done(self, known: tuple[Field, str]) -> None:
        field, lead = known

        erase(field.engine, lead, by="anna")

        [task, _] = tasks.list_tasks(field.engine)
        assert (task.lead_id, task.lead, task.assignee, task.kind) == (None, "somebody erased", "anna", "custom")
        assert task.due_at == field.clock.now() + timedelta(days=7)
        assert tasks.done(field.engine, task.id, outcome="deleted there", by="anna").state == "done"

    def test_a_crm_that_is_away_deletes_it_later(self, known: tuple[Field, str]) -> None:
        field, lead = known
        team = memory(field, "team")
        team.faults = lambda method: Fault(Unavailable("memory", "down"))
        erase(field.engine, lead, by="anna")
        field.sync()
        assert len(team.records) == 1

        team.faults = lambda method: None
        field.clock.advance(timedelta(days=1))
        field.sync()

        assert team.records == {}
        assert sync.failed(field.app.store) == []

    def test_what_the_crm_refuses_is_a_dead_letter_that_can_be_run_again(self, known: tuple[Field, str]) -> None:
        field, lead = known
        team = memory(field, "team")
        team.fail_next("forget", Refused("memory", "the record is locked"))

        erase(field.engine, lead, by="anna")
        field.sync()

        [dead] = sync.failed(field.app.store)
        assert (dead.operation, dead.error) == ("forget", "memory: the record is locked")
        sync.retry(field.app.store, clock=field.clock)
        field.sync()
        assert team.records == {}

    def test_a_record_that_is_gone_already_is_no_error(self, known: tuple[Field, str]) -> None:
        field, lead = known
        team = memory(field, "team")
        team.remove(next(iter(team.records)))

        erase(field.engine, lead, by="anna")
        field.sync()

        assert field.row(crm_jobs)["error"] == "the record was gone already"
        assert sync.failed(field.app.store) == []

    def test_it_is_deleted_although_the_answer_was_lost(self, known: tuple[Field, str]) -> None:
        field, lead = known
        team = memory(field, "team")
        team.fail_next("forget", OutcomeUnknown("memory", "silent"), is_after=True)

        erase(field.engine, lead, by="anna")
        field.sync()
        field.clock.advance(timedelta(hours=1))
        field.sync()

        assert (team.records, field.row(crm_jobs)["state"]) == ({}, "done")

    def test_what_a_crm_is_being_told_this_moment_is_waited_for(self, known: tuple[Field, str]) -> None:
        field, lead = known
        now = field.clock.now()
        with field.app.store.begin() as connection:
            connection.execute(crm_jobs.update().values(state="claimed", claim_id="c1", owner="w1", lease_until=now))

        with pytest.raises(UsageError, match="a CRM is being told of this lead right now"):
            erase(field.engine, lead, by="anna")

    def test_the_deletion_that_comes_back_from_the_crm_changes_nothing(self, known: tuple[Field, str]) -> None:
        field, lead = known
        erase(field.engine, lead, by="anna")
        field.sync()

        field.clock.advance(timedelta(hours=2))
        field.sync()
        kept = bring_back(field, ADDRESS)

        assert kept.is_suppressed
        assert len(field.rows(leads)) == 1
