"""Stages: what they require, what entering them does, and giving up in time."""

from __future__ import annotations

import pytest

from outreach.errors import UsageError
from outreach.services.hearing.mark_reply import mark
from outreach.services.pipeline import set_values
from outreach.services.pipeline.give_up import give_up
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.services.pipeline.stage_sequences import enroll_entered
from outreach.services.watching.history import history
from outreach.store.tables import (
    crm_jobs,
    enrollments,
    field_changes,
    leads,
    notices,
    replies,
    stage_moves,
    stage_sequences,
    tasks,
)
from outreach.testing.field import FILES, Field
from tests.services.conftest import MakeField

PIPELINE = """
name: default
stages:
  - {name: prospect, kind: open, give_up_after: 60 days}
  - {name: qualified, kind: open, requires: [pain_point], entering: {notify: anna, crm: [log]}}
  - {name: contacted, kind: open}
  - {name: responded, kind: open, entering: {task: call}}
  - {name: won, kind: won, requires: [value]}
  - {name: retention, kind: won}
  - {name: lost, kind: lost, requires: [reason]}
  - {name: nurture, kind: parked, entering: {sequence: letters}}
moves: {prospect: [qualified, contacted, responded, won, lost, nurture]}
"""
LETTERS = """
name: letters
pipeline: default
senders: [anna]
schedule: always
steps:
  - wait: 30 days
  - id: letter
    email: bump
"""
STAGES = """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
stages: {first_touch: %s, reply: responded, no_reply: nurture}
steps:
  - id: intro
    email: intro
  - wait: 3 days
  - stage: %s
  - wait: 3 days
  - id: bump
    email: bump
"""


def files(first: str = "contacted", then: str = "qualified") -> dict[str, str]:
    return {
        "config/pipelines/default.yaml": PIPELINE,
        "sequences/two-mails.yaml": STAGES % (first, then),
        "sequences/letters.yaml": LETTERS,
    }


@pytest.fixture
def team(make_field: MakeField) -> Field:
    return make_field(files())


def open_tasks(field: Field, lead_id: str) -> list[str]:
    return [row["note"] for row in field.rows(tasks, lead_id=lead_id, state="open")]


def test_a_move_by_hand_is_refused_until_the_lead_has_what_the_stage_requires(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com")

    with pytest.raises(UsageError, match="needs pain_point, which the lead lacks"):
        move_by_hand(team.engine, lead_id, Wish(stage="qualified", by="anna"))
    set_values.set_values(team.engine, lead_id, {"pain_point": "audits"}, by="anna")
    moved = move_by_hand(team.engine, lead_id, Wish(stage="qualified", by="anna"))

    assert (moved.before, moved.stage) == ("prospect", "qualified")


def test_lost_wants_a_reason_from_a_person(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com")

    with pytest.raises(UsageError, match="--reason"):
        move_by_hand(team.engine, lead_id, Wish(stage="lost", by="anna"))
    move_by_hand(team.engine, lead_id, Wish(stage="lost", by="anna", reason="no budget this year"))

    assert team.row(stage_moves, lead_id=lead_id, to_stage="lost")["reason"] == "no budget this year"


def test_a_sequence_does_not_move_a_lead_that_lacks_something_and_a_task_says_so(make_field: MakeField) -> None:
    team = make_field(files(then="won"))
    lead_id = team.add_lead("ada@example.com", owner="anna")
    team.enroll(lead_id)
    team.settle()

    team.go(days=3)

    assert team.lead(lead_id)["stage"] == "contacted"
    (note,) = open_tasks(team, lead_id)
    assert "The stage won needs value" in note
    assert team.enrollment(lead_id)["state"] == "active"


def test_the_task_is_done_once_the_lead_enters(make_field: MakeField) -> None:
    team = make_field(files(then="won"))
    lead_id = team.add_lead("ada@example.com", owner="anna")
    team.enroll(lead_id)
    team.settle()
    team.go(days=3)

    move_by_hand(team.engine, lead_id, Wish(stage="won", by="anna", values={"value": "5000"}))

    assert open_tasks(team, lead_id) == []
    assert [row["state"] for row in team.rows(tasks, lead_id=lead_id)] == ["done"]


def test_a_sequence_that_reaches_lost_ends_there_and_the_crm_is_told(make_field: MakeField) -> None:
    crm = FILES["config/crm.yaml"].replace("when: {", "stages: {default: {lost: closedlost}}\n  when: {lost: [stage], ")
    team = make_field({**files(then="lost"), "config/crm.yaml": crm})
    lead_id = team.add_lead("ada@example.com")
    team.enroll(lead_id)
    team.settle()

    team.go(days=3)

    assert team.lead(lead_id)["stage"] == "lost"
    assert (team.enrollment(lead_id)["state"], team.enrollment(lead_id)["reason"]) == ("finished", "stopped")
    assert [row["operation"] for row in team.rows(crm_jobs)] == ["stage"]
    team.go(days=30)
    assert team.counts() == {"sent": 1, "skipped": 1}


def test_entering_writes_to_the_crm_and_tells_somebody(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com", fields={"pain_point": "audits"})

    move_by_hand(team.engine, lead_id, Wish(stage="qualified", by="anna", reason="they asked"))

    (job,) = team.rows(crm_jobs)
    assert job["operation"] == "log"
    assert job["payload"]["activity"]["text"] == "Stage qualified: they asked (anna)"
    (notice,) = team.rows(notices)
    assert (notice["way"], notice["to"]) == ("email", "anna@sender.example")
    assert "is at the stage qualified of default: they asked" in notice["text"]


def test_every_stage_goes_to_a_crm_that_wants_it_but_not_to_the_one_that_told(make_field: MakeField) -> None:
    crm = FILES["config/crm.yaml"].replace("when: {", "stages: {default: {contacted: c}}\n  when: {stage: [stage], ")
    team = make_field({**files(), "config/crm.yaml": crm})
    lead_id = team.add_lead("ada@example.com")
    team.enroll(lead_id)

    team.settle()

    assert [row["operation"] for row in team.rows(crm_jobs)] == ["stage"]


def test_entering_a_stage_enrolls_once_the_lead_is_in_no_other_sequence(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com", stage="contacted")
    team.enroll(lead_id)
    team.settle()
    move_by_hand(team.engine, lead_id, Wish(stage="nurture", by="anna"))

    assert enroll_entered(team.engine) == 0
    team.go(days=10)
    assert enroll_entered(team.engine) == 1

    assert [row["sequence"] for row in team.rows(enrollments, lead_id=lead_id, state="active")] == ["letters"]
    assert team.row(stage_sequences)["state"] == "enrolled"


def test_who_left_the_stage_is_not_enrolled(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com")
    move_by_hand(team.engine, lead_id, Wish(stage="nurture", by="anna"))
    with team.app.store.begin() as connection:
        connection.execute(leads.update().values(stage="prospect"))

    enroll_entered(team.engine)

    assert team.rows(enrollments) == []
    assert team.row(stage_sequences)["state"] == "left"


def test_a_refusal_to_enter_is_a_task(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com")
    team.enroll(lead_id, sequence="letters")
    team.go(days=31)
    move_by_hand(team.engine, lead_id, Wish(stage="nurture", by="anna"))

    enroll_entered(team.engine)

    (note,) = open_tasks(team, lead_id)
    assert "was in this sequence before" in note


def test_nobody_is_given_up_before_time_or_with_something_planned(team: Field) -> None:
    silent, busy, answered = (team.add_lead(f"{name}@{name}.example.com") for name in ("ada", "bo", "cy"))
    team.enroll(busy, sequence="letters")
    team.settle()
    team.go(days=29)
    team.reply("cy@cy.example.com", "Not sure yet")
    team.settle()
    with team.app.store.begin() as connection:
        connection.execute(leads.update().where(leads.c.id == answered).values(stage="prospect"))
        connection.execute(tasks.delete())

    assert give_up(team.engine) == 0
    team.go(days=32)
    assert give_up(team.engine) == 2

    assert team.lead(silent)["stage"] == "nurture"
    assert team.lead(answered)["stage"] == "prospect"
    moves = team.rows(stage_moves, lead_id=silent)
    assert [row["reason"] for row in moves] == ["nothing heard for 60 days at prospect"]


def test_values_keep_who_wrote_them_and_what_was_there(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com", fields={"pain_point": "audits"})

    set_values.set_values(team.engine, lead_id, {"pain_point": "price", "title": "CFO"}, by="anna", origin="a call")
    set_values.set_values(team.engine, lead_id, {"pain_point": "price"}, by="deniz")
    set_values.set_values(team.engine, lead_id, {"pain_point": ""}, by="deniz")

    kept = [(row["name"], row["before"], row["after"], row["by"]) for row in team.rows(field_changes)]
    assert kept == [
        ("title", None, "CFO", "anna"),
        ("pain_point", "audits", "price", "anna"),
        ("pain_point", "price", None, "deniz"),
    ]
    assert team.lead(lead_id)["fields"] == {}
    with team.app.store.read() as connection:
        told = [each.what for each in history(connection, lead_id) if each.kind == "value"]
    assert told[1] == "pain_point: audits → price (by anna, a call)"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("stage", "won", "outreach stage LEAD STAGE"),
        ("Pain Point", "x", "is not a field"),
        ("value", "a lot", "a number such as 5000"),
        ("timezone", "Mars", "is not a time zone"),
        ("country", "Turkey", "two letters"),
        ("score", "high", "whole number"),
        ("pain_point", "x" * 6_000, "outreach note"),
    ],
)
def test_what_cannot_be_written_is_refused(team: Field, name: str, text: str, said: str) -> None:
    lead_id = team.add_lead("ada@example.com")

    with pytest.raises(UsageError, match=said):
        set_values.set_values(team.engine, lead_id, {name: text}, by="anna")


def test_a_reply_that_objects_keeps_its_words_until_it_is_marked_otherwise(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com", fields={"objection": "no time"})
    team.reply("ada@example.com", "We looked at it, but your product is too expensive for us.")
    team.settle()
    (answer,) = team.rows(replies)
    mark(team.engine, answer["event_number"], "objection", by="anna")

    during = team.lead(lead_id)["fields"]
    mark(team.engine, answer["event_number"], "question", by="anna")

    assert during == {"objection": "We looked at it, but your product is too expensive for us."}
    assert team.lead(lead_id)["fields"] == {"objection": "no time"}
    assert f"reply {answer['event_number']}" in [row["origin"] for row in team.rows(field_changes)]


def test_an_objection_that_somebody_put_in_other_words_stays(team: Field) -> None:
    lead_id = team.add_lead("ada@example.com")
    team.reply("ada@example.com", "Your product is too expensive for us.")
    team.settle()
    (answer,) = team.rows(replies)
    mark(team.engine, answer["event_number"], "objection", by="anna")
    set_values.set_values(team.engine, lead_id, {"objection": "price, against two rivals"}, by="anna")

    mark(team.engine, answer["event_number"], "question", by="anna")

    assert team.lead(lead_id)["fields"] == {"objection": "price, against two rivals"}
