"""The main job: people are enrolled, mails go out, a reply ends it."""

from __future__ import annotations

from outreach.store.tables import crm_jobs, events, touches
from outreach.testing.field import Field


def test_a_sequence_runs_to_its_end(field: Field) -> None:
    lead = field.add_lead("ayse@one.example", first_name="Ayşe")

    field.enroll(lead)
    field.settle()
    field.go(days=3)

    assert [message.subject for message in field.memory().sent] == ["Hello Ayşe", "Re: Hello Ayşe"]
    assert field.counts() == {"sent": 2}
    assert field.enrollment(lead)["reason"] == "completed"
    assert field.lead(lead)["stage"] == "nurture"


def test_a_follow_up_answers_the_first_mail(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    field.go(days=3)

    first, second = field.memory().sent
    assert second.in_reply_to == first.message_id
    assert second.references == (first.message_id,)


def test_the_first_touch_moves_the_stage(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")

    field.enroll(lead)
    field.settle()

    assert field.lead(lead)["stage"] == "contacted"
    assert field.lead(lead)["status"] == "in_sequence"


def test_nothing_goes_out_before_its_time(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    field.go(days=2, hours=23)

    assert len(field.memory().sent) == 1


def test_a_reply_ends_the_sequence_and_reaches_the_crm(field: Field) -> None:
    lead = field.add_lead("ayse@one.example", first_name="Ayşe")
    field.enroll(lead)
    field.settle()

    field.reply("ayse@one.example")
    field.go(days=30)
    field.sync()

    assert len(field.memory().sent) == 1
    assert field.enrollment(lead)["reason"] == "replied"
    assert (field.lead(lead)["status"], field.lead(lead)["stage"]) == ("responded", "responded")
    assert field.row(touches, step="bump")["state"] == "skipped"
    assert [job["state"] for job in field.rows(crm_jobs)] == ["done"] * 3
    assert [job["operation"] for job in field.rows(crm_jobs)] == ["person", "log_reply", "status"]


def test_a_reply_that_is_accepted_holds_everything_before_it_is_understood(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    claims = field.claim()

    field.reply("ayse@one.example")
    for claim_id in claims:
        field.carry_out(claim_id)

    assert field.memory().sent == []
    assert field.row(touches, step="intro")["block"].startswith("held")


def test_the_same_delivery_counts_once(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    first = field.reply("ayse@one.example", webhook_id="msg_same")
    again = field.reply("ayse@one.example", webhook_id="msg_same")
    field.settle()

    assert first == again
    assert len(field.rows(events, kind="replied")) == 1
