"""What follows from the meaning of a reply, and what a person makes of it, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection

from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.reply import ReplyClass, ReplyText, Suggestion
from outreach.errors import UsageError
from outreach.services.hearing import mark_reply
from outreach.services.hearing.inbox import inbox
from outreach.services.hearing.react import apply
from outreach.services.hearing.replay import Which, replay
from outreach.services.hearing.understand import understand_due
from outreach.services.sending.engine import Engine
from outreach.store.replies import Filter
from outreach.store.tables import addresses, crm_jobs, deliveries, events, leads, replies, suppressions, tasks, touches
from outreach.testing.field import FILES, Field, at

MakeField = Callable[[Mapping[str, str]], Field]

_BOOKED = FILES["sequences/two-mails.yaml"].replace("stages: {", "stages: {meeting: won, ")


def replied(field: Field, text: str, *, email: str = "ada@example.com", **more: object) -> str:
    """A lead who got a mail and answers it; its id."""
    lead_id = field.add_lead(email, first_name="Ada", timezone="Europe/Istanbul", owner="dana")
    field.enroll(lead_id)
    field.settle()
    field.reply(email, text, **more)
    field.settle()
    return lead_id


def test_a_reply_is_kept_with_its_class_and_the_words_that_told(field: Field) -> None:
    lead_id = replied(field, "Sounds good, call me on Tuesday.")

    found = inbox(field.engine, Filter()).answers

    assert [(each.lead_id, each.reply_class, each.sequence, each.step) for each in found] == [
        (lead_id, "meeting", None, None)
    ]
    assert found[0].evidence
    assert field.lead(lead_id)["status"] == "responded"


def test_no_interest_is_a_status_of_its_own(field: Field) -> None:
    lead_id = replied(field, "Thanks, but we are not interested.")

    assert field.lead(lead_id)["status"] == "not_interested"
    assert field.enrollment(lead_id)["reason"] == "replied"


def test_not_now_parks_the_lead_to_the_day_named(field: Field) -> None:
    lead_id = replied(field, "Bad timing. Please write again in September.")

    task = field.row(tasks, lead_id=lead_id)

    assert field.lead(lead_id)["stage"] == "nurture"
    assert task["due_at"] == at("2026-09-01T09:00+03:00")
    assert task["assignee"] == "dana"
    assert "write again in September" in task["note"]


def test_not_now_without_a_day_waits_for_the_usual_time(field: Field) -> None:
    lead_id = replied(field, "Not right now.")

    task = field.row(tasks, lead_id=lead_id)

    assert task["due_at"] == field.row(events, lead_id=lead_id)["at"] + field.policy.not_now


def test_the_wrong_person_is_a_task(field: Field) -> None:
    lead_id = replied(field, "I am not the right person for this.")

    assert field.row(tasks, lead_id=lead_id)["note"].startswith("Find out who is the right person")


def test_a_referral_is_a_task_that_names_the_person(field: Field) -> None:
    lead_id = replied(field, "Please contact my colleague Jane Roe (jane.roe@example.com).")

    assert "Jane Roe, jane.roe@example.com" in field.row(tasks, lead_id=lead_id)["note"]
    assert len(field.rows(leads)) == 1


def test_a_referral_becomes_a_lead_with_its_source_if_the_team_wishes(make_field: MakeField) -> None:
    settings = FILES["config/outreach.yaml"] + "replies: {new_leads: true}\n"
    field = make_field({"config/outreach.yaml": settings})

    lead_id = replied(field, "Please contact my colleague Jane Roe (jane.roe@example.com).")

    made = field.lead(field.row(addresses, value="jane.roe@example.com")["lead_id"])
    assert (made["first_name"], made["last_name"], made["source"]) == ("Jane", "Roe", f"referral:{lead_id}")
    assert (made["status"], made["stage"], made["company_id"]) == ("new", "prospect", field.lead(lead_id)["company_id"])
    assert made["id"] in field.row(tasks, lead_id=lead_id)["note"]


def test_who_left_the_company_is_a_task_and_a_snooze(field: Field) -> None:
    lead_id = replied(
        field,
        "Ada Example no longer works for the company. Please contact Bob Roe at bob.roe@example.com.",
        subject="Automatic reply: Hello",
    )

    assert "bob.roe@example.com" in field.row(tasks, lead_id=lead_id)["note"]
    assert field.enrollment(lead_id)["state"] == "active"
    assert field.enrollment(lead_id)["snoozed_until"] is not None


def test_a_booked_meeting_moves_the_stage_also_after_a_reply(make_field: MakeField) -> None:
    field = make_field({"sequences/two-mails.yaml": _BOOKED})
    lead_id = replied(field, "Sounds good, call me")

    book(field, lead_id)

    assert field.lead(lead_id)["stage"] == "won"


def book(field: Field, lead_id: str) -> None:
    value = field.row(addresses, lead_id=lead_id)["value"]
    clues = Clues(addresses=(("email", value),))
    event = Event(key=f"b:{lead_id}", kind=EventKind.BOOKED, at=field.clock.now(), channel="other", clues=clues)
    field.engine.store.write(lambda connection: apply(connection, field.engine, event))


def number_of(field: Field, lead_id: str) -> int:
    return int(field.row(events, lead_id=lead_id)["number"])


def test_a_person_corrects_the_class_and_the_correction_is_kept(field: Field) -> None:
    lead_id = replied(field, "Thanks, but we are not interested.")
    number = number_of(field, lead_id)

    marked = mark_reply.mark(field.engine, number, "interested", by="dana")

    row = field.row(replies, event_number=number)
    assert (marked.before, row["reply_class"], row["suggested"], row["marked_by"]) == (
        "not_interested",
        "interested",
        "not_interested",
        "dana",
    )
    assert field.lead(lead_id)["status"] == "responded"


def test_a_task_of_the_old_meaning_is_taken_off_the_list(field: Field) -> None:
    lead_id = replied(field, "Please write again in September.")

    mark_reply.mark(field.engine, number_of(field, lead_id), "question", by="dana")

    assert field.row(tasks, lead_id=lead_id)["state"] == "skipped"


def test_marked_as_not_now_with_a_day_it_is_parked_to_that_day(field: Field) -> None:
    lead_id = replied(field, "Hm.")

    mark_reply.mark(field.engine, number_of(field, lead_id), "not_now", by="dana", until=date(2026, 6, 1))

    assert field.row(tasks, lead_id=lead_id)["due_at"] == at("2026-06-01T09:00+03:00")


def test_marked_as_an_opt_out_it_is_one(field: Field) -> None:
    lead_id = replied(field, "Hm.")

    mark_reply.mark(field.engine, number_of(field, lead_id), "opt_out", by="dana")

    assert field.lead(lead_id)["status"] == "do_not_contact"
    assert {row["reason"] for row in field.rows(suppressions)} == {"unsubscribed"}
    assert "do_not_contact" in {row["operation"] for row in field.rows(crm_jobs)}


def test_a_correction_tells_the_crm_the_status_and_not_the_reply_again(field: Field) -> None:
    lead_id = replied(field, "Sounds good, call me")

    mark_reply.mark(field.engine, number_of(field, lead_id), "not_interested", by="dana")

    told = [row["operation"] for row in field.rows(crm_jobs, lead_id=lead_id)]
    assert told.count("log_reply") == 1
    assert told.count("status") == 1  # `not_interested` has no value in this workspace's mapping


@pytest.mark.parametrize("number", [0, 999])
def test_what_is_no_reply_cannot_be_marked(field: Field, number: int) -> None:
    with pytest.raises(UsageError, match="no reply"):
        mark_reply.mark(field.engine, number, "interested", by="dana")


def test_a_class_that_nobody_knows_is_refused_with_the_nearest(field: Field) -> None:
    with pytest.raises(UsageError, match="Did you mean 'interested'"):
        mark_reply.mark(field.engine, 1, "intrested", by="dana")


def with_classifier(field: Field, classifier: object) -> Engine:
    engine: Engine = replace(field.engine, classifier=classifier)
    field.app.__dict__["engine"] = engine
    return engine


def test_the_teams_own_classifier_is_asked_before_the_rules(field: Field) -> None:
    asked: list[ReplyText] = []

    def classify(reply: ReplyText) -> Suggestion:
        asked.append(reply)
        return Suggestion(reply_class=ReplyClass.OBJECTION, evidence=("price",), by="acme:classify")

    with_classifier(field, classify)
    lead_id = replied(field, "Sounds good, call me")

    row = field.row(replies, event_number=number_of(field, lead_id))
    assert (row["reply_class"], row["suggested_by"], row["evidence"]) == ("objection", "acme:classify", ["price"])
    assert [each.text for each in asked] == ["Sounds good, call me"]


def test_a_classifier_that_fails_leaves_the_reply_to_the_rules(field: Field) -> None:
    def classify(reply: ReplyText) -> Suggestion:
        raise RuntimeError("no answer")

    with_classifier(field, classify)
    lead_id = replied(field, "Sounds good, call me")

    assert field.row(replies, event_number=number_of(field, lead_id))["suggested_by"] == "rules"
    assert field.enrollment(lead_id)["reason"] == "replied"


def test_a_reply_of_a_stranger_is_listed_with_the_leads_at_his_domain(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead_id)
    field.settle()
    delivery_id = field.reply("bob@example.com", "I am answering for Ada.", subject="Re: Hello")
    field.settle()

    found = inbox(field.engine, Filter()).unmatched

    assert [(each.delivery_id, each.sender) for each in found] == [(delivery_id, "bob@example.com")]
    assert [each.lead_id for each in found[0].suggestions] == [lead_id]
    assert field.enrollment(lead_id)["state"] == "active"


def test_assigned_to_a_lead_it_stops_like_any_reply(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead_id)
    field.settle()
    delivery_id = field.reply("bob@example.com", "I am answering for Ada: no thanks.")
    field.settle()

    assigned = mark_reply.assign(field.engine, delivery_id, lead_id, by="dana")

    assert assigned.kinds == ("replied",)
    assert field.enrollment(lead_id)["reason"] == "replied"
    assert field.lead(lead_id)["status"] == "not_interested"
    assert inbox(field.engine, Filter()).unmatched == ()
    with pytest.raises(UsageError, match="nothing of delivery"):
        mark_reply.assign(field.engine, delivery_id, lead_id, by="dana")


def test_a_lead_that_is_imported_later_gets_its_reply_by_a_replay(field: Field) -> None:
    field.reply("new@one.example", "Yes, tell me more.")
    field.settle()
    lead_id = field.add_lead("new@one.example")

    for _ in range(3):
        replay(field.engine, Which(since=field.clock.now()), by="dana")
        field.settle()

    assert field.lead(lead_id)["status"] == "responded"
    assert len(field.rows(events, lead_id=lead_id)) == 1
    assert len([row for row in field.rows(crm_jobs) if row["operation"] == "log_reply"]) == 1


def test_a_replay_of_what_is_understood_changes_nothing(field: Field) -> None:
    lead_id = replied(field, "Please write again in September.")
    before = (field.enrollment(lead_id), field.lead(lead_id), field.rows(tasks), field.rows(crm_jobs))

    replay(field.engine, Which(since=field.clock.now()), by="dana")
    understand_due(field.engine, field.app.receivers)

    assert (field.enrollment(lead_id), field.lead(lead_id), field.rows(tasks), field.rows(crm_jobs)) == before


def test_a_reply_on_any_channel_stops_mail_on_all_of_them(field: Field) -> None:
    for number, (channel, address_kind, value) in enumerate(
        (
            ("linkedin", "linkedin", "https://www.linkedin.com/in/p0"),
            ("whatsapp", "whatsapp", "+905321112233"),
            ("sms", "phone", "+905321112244"),
            ("x", "x", "p3"),
            ("telegram", "telegram", "p4"),
        )
    ):
        lead_id = field.add_lead(f"p{number}@c{number}.example")
        field.add_address(lead_id, address_kind, value)
        field.enroll(lead_id)
        field.settle()

        field.reply(value, "Yes, tell me more", channel=channel)
        field.settle()

        assert field.enrollment(lead_id)["reason"] == "replied", channel
    sent = len(field.memory().sent)
    field.go(days=30)
    assert len(field.memory().sent) == sent


def test_a_colleagues_reply_stops_those_at_the_domain_who_have_no_company(make_field: MakeField) -> None:
    sequence = "sequences/two-mails.yaml"
    field = make_field({sequence: FILES[sequence] + "stop_on: [reply, unsubscribe, complaint, company_reply]\n"})
    ada, bob = field.add_lead("ada@example.com"), field.add_lead("bob@example.com")
    eve, joe = field.add_lead("eve@gmail.com"), field.add_lead("joe@gmail.com")
    with field.app.store.begin() as connection:
        connection.execute(leads.update().where(leads.c.id != ada).values(company_id=None))
    field.enroll(ada, bob, eve, joe)
    field.settle()

    field.reply("ada@example.com")
    field.reply("eve@gmail.com")
    field.settle()

    assert field.enrollment(bob)["reason"] == "company_replied"
    assert field.enrollment(joe)["state"] == "active"


def test_two_programs_that_answer_each_other_end_after_one_message(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com", timezone="Europe/Istanbul")
    field.enroll(lead_id)
    answered = 0

    for _ in range(10):
        field.settle()
        for _ in field.memory().sent[answered:]:
            field.reply("ada@example.com", "I am out of the office.", subject="Automatic reply: Hello")
            answered += 1
        field.go(hours=12)

    assert answered == 1
    assert len(field.memory().sent) == 1


def test_a_mail_that_nobody_can_read_holds_until_a_person_says_whose_it_is(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = field.add_lead("ada@example.com")
    field.enroll(lead_id)
    field.settle()
    receiver = field.app.receivers["replies"]
    unreadable = Event(
        key="q", kind=EventKind.UNKNOWN, at=field.clock.now(), channel="email", data={"is_quarantined": True}
    )
    monkeypatch.setattr(type(receiver), "parse", lambda *_: (unreadable,))
    delivery_id = field.reply("ada@example.com", "?")
    field.go(days=5)
    held = len(field.memory().sent)

    mark_reply.assign(field.engine, delivery_id, lead_id, by="dana")
    field.go(days=5)

    assert held == len(field.memory().sent) == 1
    assert field.enrollment(lead_id)["reason"] == "replied"
    assert inbox(field.engine, Filter()).unreadable == ()


def test_an_event_that_cannot_be_applied_does_not_keep_the_others_of_its_delivery_for_ever(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = field.add_lead("ada@example.com")
    field.enroll(lead_id)
    field.settle()
    receiver = field.app.receivers["replies"]
    parse, tries = type(receiver).parse, []
    bad = Event(key="bad", kind=EventKind.OPENED, at=field.clock.now(), channel="email")

    def refuse(connection: Connection, engine: Engine, event: Event, *, delivery_id: str) -> None:
        if event.key == "bad":
            tries.append(event.key)
            raise ValueError("this one is broken")
        apply(connection, engine, event, delivery_id=delivery_id)

    monkeypatch.setattr(type(receiver), "parse", lambda itself, delivery: (bad, *parse(itself, delivery)))
    monkeypatch.setattr("outreach.services.hearing.understand.apply", refuse)
    delivery_id = field.reply("ada@example.com", "Sounds good, call me on Tuesday.")
    for _ in range(20):
        field.go(minutes=5)

    delivery = field.row(deliveries, id=delivery_id)
    assert (delivery["state"], delivery["error"]) == ("failed", "ValueError: this one is broken")
    assert field.lead(lead_id)["status"] == "responded"
    assert len(tries) == 6  # five times together, and once apart


def test_an_answer_that_names_the_providers_id_of_our_mail_finds_it(field: Field) -> None:
    lead_id = field.add_lead("ada@example.com")
    field.enroll(lead_id)
    field.settle()
    provider_id = "0100019a-b2c3-d4e5-f607"
    with field.app.store.begin() as connection:
        connection.execute(touches.update().where(touches.c.lead_id == lead_id).values(provider_id=provider_id))

    field.reply("elsewhere@two.example", "Yes", in_reply_to=f"<{provider_id}@mail.provider.example>")
    field.settle()

    assert field.enrollment(lead_id)["reason"] == "replied"
