"""Each step of the language, carried out by the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from outreach.domain.event import Clues, Event, EventKind
from outreach.services.hearing import react
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.store.tables import crm_jobs, enrollments, notes, tasks, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

HEAD = "name: two-mails\nsenders: [anna]\nschedule: always\n"


def with_steps(make_field: MakeField, steps: str, *, head: str = "", more: Mapping[str, str] | None = None) -> Field:
    """A field whose sequence has these steps."""
    return make_field({"sequences/two-mails.yaml": f"{HEAD}{head}steps:\n{steps}", **(more or {})})


def sent(field: Field) -> list[str]:
    return [row["step"] for row in field.rows(touches, state="sent")]


def test_a_wait_until_a_weekday_ends_there_in_the_leads_zone(make_field: MakeField) -> None:
    steps = "  - {id: intro, email: intro}\n  - wait: until thursday 15:30\n  - {id: bump, email: bump}\n"
    field = with_steps(make_field, steps, head="")
    lead = field.add_lead("ayse@one.example", timezone="Asia/Tokyo")
    field.enroll(lead)
    field.settle()

    wanted = field.row(touches, step="bump")["due_at"]

    assert wanted == datetime(2026, 3, 5, 12, 30, tzinfo=UTC)  # 15:30 in Istanbul: `always` counts in the sender's zone


def test_a_wait_until_a_date_of_the_lead_follows_the_date(make_field: MakeField) -> None:
    steps = "  - wait: until lead.renewal_on - 10 days 09:00\n  - {id: intro, email: intro}\n"
    field = with_steps(make_field, steps)
    lead = field.add_lead("ayse@one.example", fields={"renewal_on": "2026-03-20"})
    field.enroll(lead)

    field.go(days=7)
    assert sent(field) == []
    field.go(days=1)  # 10 March

    assert sent(field) == ["intro"]


def test_without_its_date_nobody_enters(make_field: MakeField) -> None:
    field = with_steps(make_field, "  - wait: until lead.renewal_on - 10 days\n  - {id: intro, email: intro}\n")
    field.add_lead("ayse@one.example")
    field.add_lead("can@one.example", fields={"renewal_on": "soon"})

    summary = field.enroll()

    assert dict(summary.refused) == {"missing renewal_on (step start/wait)": 2}


def test_a_date_that_is_written_on_the_way_need_not_be_there_before(make_field: MakeField) -> None:
    steps = (
        "  - set: {renewal_on: 2026-03-20}\n  - wait: until lead.renewal_on - 10 days\n  - {id: intro, email: intro}\n"
    )
    field = with_steps(make_field, steps)
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    for _ in range(9):
        field.go(days=1)

    assert sent(field) == ["intro"]


def test_a_split_divides_people_and_keeps_each_on_its_path(make_field: MakeField) -> None:
    steps = (
        "  - id: test\n"
        "    split: {short: 50, long: 50}\n"
        "    short: [{id: intro, email: intro}]\n"
        "    long: [{id: story, email: intro}, {wait: 1 day}, {id: bump, email: bump, thread: story}]\n"
        "  - tag: done\n"
    )
    field = with_steps(make_field, steps)
    leads = [field.add_lead(f"lead{number}@one.example") for number in range(12)]
    field.enroll(*leads)
    field.settle()
    field.go(days=1)

    by_lead = {lead: {row["step"] for row in field.rows(touches, lead_id=lead)} for lead in leads}

    assert set(map(frozenset, by_lead.values())) == {frozenset({"intro"}), frozenset({"story", "bump"})}
    assert all(field.lead(lead)["tags"] == ["done"] for lead in leads)


def test_points_values_tags_and_notes_are_written_once(make_field: MakeField) -> None:
    crm = "team: {use: memory, when: {note: [log]}}\n"
    steps = (
        "  - score: 10\n"
        "  - score: -3\n"
        "  - set: {pain_point: compliance, title: CFO, size: 50}\n"
        "  - note: Began the first sequence\n"
        "  - tag: warm\n"
        "  - if: lead.pain_point == 'compliance' and lead.score == 12\n"
        "    then: [{tag: read-again}]\n"
        "  - {id: intro, email: intro}\n"
    )
    field = with_steps(make_field, steps, more={"config/crm.yaml": crm})
    lead = field.add_lead("ayse@one.example", score=5, fields={"city": "Izmir"})
    field.enroll(lead)
    field.settle()

    row = field.lead(lead)

    assert (row["score"], row["title"], row["tags"]) == (12, "CFO", ["warm", "read-again"])
    assert row["fields"] == {"city": "Izmir", "pain_point": "compliance", "size": "50"}
    assert [(note["author"], note["text"]) for note in field.rows(notes)] == [
        ("sequence two-mails", "Began the first sequence")
    ]
    assert [job["operation"] for job in field.rows(crm_jobs)] == ["log"]


NURTURE = "name: nurture\nsenders: [anna]\nschedule: always\n{}steps:\n  - {{id: letter, email: intro}}\n"


def test_enroll_goes_on_in_another_sequence_at_once(make_field: MakeField) -> None:
    steps = "  - {id: intro, email: intro}\n  - enroll: nurture\n"
    field = with_steps(make_field, steps, more={"sequences/nurture.yaml": NURTURE.format("")})
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    found = {row["sequence"]: (row["state"], row["reason"]) for row in field.rows(enrollments, lead_id=lead)}

    assert found == {"two-mails": ("finished", "completed"), "nurture": ("finished", "completed")}
    assert sorted(sent(field)) == ["intro", "letter"]


def test_who_may_not_enter_the_other_sequence_is_finished_and_it_is_said_why(make_field: MakeField) -> None:
    steps = "  - {id: intro, email: intro}\n  - enroll: nurture\n"
    nurture = NURTURE.format("enter: {when: lead.score > 50}\n")
    field = with_steps(make_field, steps, more={"sequences/nurture.yaml": nurture})
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    row = field.row(enrollments, lead_id=lead)

    assert (row["reason"], row["detail"]) == ("completed", "did not go on in nurture: enter.when is not true")
    assert field.lead(lead)["status"] == "new"


def test_rounds_are_kept_apart_by_their_pause(make_field: MakeField) -> None:
    field = with_steps(make_field, "  - {id: intro, email: intro}\n  - {enroll: two-mails, at_least: 30 days}\n")
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    field.go(days=29)
    assert len(field.memory().sent) == 1
    field.go(days=1)
    field.go(days=30)

    assert len(field.memory().sent) == 3
    assert [row["state"] for row in field.rows(enrollments)] == ["finished", "finished", "active"]


def test_a_lead_keeps_its_sender_in_the_next_sequence(make_field: MakeField) -> None:
    senders = """
anna: {name: Anna, timezone: Europe/Istanbul, email: {address: anna@sender.example, use: memory}}
deniz: {name: Deniz, timezone: Europe/Istanbul, email: {address: deniz@sender.example, use: memory}}
"""
    nurture = NURTURE.format("").replace("[anna]", "[deniz, anna]")
    steps = "  - {id: intro, email: intro}\n  - enroll: nurture\n"
    more = {"sequences/nurture.yaml": nurture, "config/senders.yaml": senders}
    field = with_steps(make_field, steps, more=more)
    for number in range(6):
        field.enroll(field.add_lead(f"lead{number}@one.example"))
    field.settle()

    assert {row["sender"] for row in field.rows(enrollments)} == {"anna"}


def test_held_out_leads_are_never_contacted_and_counted(make_field: MakeField) -> None:
    field = with_steps(make_field, "  - {id: intro, email: intro}\n", head="holdout: 30%\n")
    for number in range(40):
        field.add_lead(f"lead{number}@one.example")

    summary = field.enroll()
    field.settle()

    held_out = field.rows(enrollments, reason="held_out")
    assert 0 < summary.held_out < 30
    assert summary.held_out == len(held_out)
    assert summary.enrolled == len(field.memory().sent) == 40 - summary.held_out
    assert all(row["state"] == "finished" and row["finished_at"] for row in held_out)
    assert {field.lead(row["lead_id"])["status"] for row in held_out} == {"new"}


def test_who_was_held_out_stays_out(make_field: MakeField) -> None:
    field = with_steps(make_field, "  - {id: intro, email: intro}\n", head="holdout: 50%\n")
    for number in range(10):
        field.add_lead(f"lead{number}@one.example")
    field.enroll()

    again = field.enroll()

    assert dict(again.refused) == {
        "already inside this sequence": 10 - len(field.rows(enrollments, reason="held_out"))
    } | {"was in this sequence before": len(field.rows(enrollments, reason="held_out"))}


@pytest.mark.parametrize("came", [True, False])
def test_a_meeting_is_waited_for_where_it_does_not_stop(make_field: MakeField, came: bool) -> None:
    head = "stop_on: [reply, unsubscribe]\n"
    steps = (
        "  - {id: intro, email: intro}\n"
        "  - wait_for: meeting\n"
        "    at_most: 5 days\n"
        "    then: [{tag: met}]\n"
        "    else: [{tag: not-met}]\n"
    )
    field = with_steps(make_field, steps, head=head)
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    if came:
        booked = Event(
            key="b1",
            kind=EventKind.BOOKED,
            at=field.clock.now(),
            channel="other",
            clues=Clues(addresses=(("email", "ayse@one.example"),)),
        )
        field.engine.store.write(lambda connection: react.apply(connection, field.engine, booked))
        field.settle()
    else:
        field.clock.advance(timedelta(days=5))
        field.settle()

    assert field.lead(lead)["tags"] == (["met"] if came else ["not-met"])


PIPELINE = """
name: default
stages:
  - {name: prospect}
  - {name: contacted}
  - {name: responded, stale_after: 3 days, entering: {task: call}}
  - {name: won, kind: won}
  - {name: nurture, kind: parked}
"""


def test_entering_a_stage_makes_a_task_for_the_owner(make_field: MakeField) -> None:
    field = make_field({"config/pipelines/default.yaml": PIPELINE})
    lead = field.add_lead("ayse@one.example", owner="deniz")
    field.enroll(lead)
    field.settle()

    field.reply("ayse@one.example")
    field.settle()

    task = field.row(tasks, lead_id=lead)
    assert (task["kind"], task["assignee"], task["state"]) == ("call", "deniz", "open")
    assert task["due_at"] == field.clock.now() + timedelta(days=3)


def test_a_stage_entered_by_hand_makes_it_as_well(make_field: MakeField) -> None:
    field = make_field({"config/pipelines/default.yaml": PIPELINE})
    lead = field.add_lead("ayse@one.example")

    move_by_hand(field.engine, lead, Wish(stage="responded", by="anna"))

    assert [task["kind"] for task in field.rows(tasks, lead_id=lead)] == ["call"]
