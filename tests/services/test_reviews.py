"""Messages that a person reads before they go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import update

from outreach.errors import UsageError
from outreach.services.people import tasks as task_service
from outreach.services.sequences import reviews
from outreach.services.watching.explain import explain_lead
from outreach.store.tables import audit, leads, tasks, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]


def reviewed(make_field: MakeField, review: str) -> Field:
    return make_field(
        {
            "sequences/two-mails.yaml": (
                f"name: two-mails\nsenders: [anna]\nschedule: always\nreview: {review}\n"
                "steps:\n  - {id: intro, email: intro}\n  - wait: 1 day\n  - {id: bump, email: bump, thread: intro}\n"
            )
        }
    )


def enter(field: Field, number: int) -> list[str]:
    found = [field.add_lead(f"lead{n}@one.example", first_name=f"Lead {n}") for n in range(number)]
    field.enroll(*found)
    field.settle()
    return found


def test_a_message_waits_as_a_task_until_it_is_approved(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)

    waiting = reviews.list_waiting(field.engine)
    blocked = field.row(touches, step="intro")["block"]
    approved = reviews.approve(field.engine, [waiting[0].id], by="anna")
    field.settle()

    assert [(each.sequence, each.step, each.to) for each in waiting] == [("two-mails", "intro", "lead0@one.example")]
    assert waiting[0].text.startswith("Subject: Hello Lead 0\n\nHi Lead 0")
    assert (blocked, approved) == ("review", 1)
    assert [message.subject for message in field.memory().sent] == ["Hello Lead 0"]
    assert field.row(tasks)["state"] == "done"


def test_the_next_message_waits_as_well(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    reviews.approve(field.engine, [each.id for each in reviews.list_waiting(field.engine)], by="anna")
    field.settle()

    field.go(days=1)

    assert [each.step for each in reviews.list_waiting(field.engine)] == ["bump"]
    assert len(field.memory().sent) == 1


def test_only_the_first_messages_wait(make_field: MakeField) -> None:
    field = reviewed(make_field, "first 2")
    enter(field, 5)

    assert len(reviews.list_waiting(field.engine)) == 2
    assert len(field.memory().sent) == 3

    field.go(days=1)
    assert len(reviews.list_waiting(field.engine)) == 2
    assert len(field.memory().sent) == 6


def test_a_rejected_message_is_skipped_and_the_sequence_goes_on(make_field: MakeField) -> None:
    field = reviewed(make_field, "first 1")
    lead = enter(field, 1)[0]

    reviews.reject(field.engine, [reviews.list_waiting(field.engine)[0].id], reason="wrong tone", by="anna")
    field.settle()
    field.go(days=1)

    assert field.row(touches, step="intro")["state"] == "skipped"
    assert field.row(touches, step="intro")["reason"] == "rejected in review: wrong tone"
    assert field.row(touches, step="bump")["state"] == "sent"
    assert field.enrollment(lead)["reason"] == "completed"


def test_a_text_that_changed_after_it_was_approved_is_read_again(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    waiting = reviews.list_waiting(field.engine)[0]
    with field.app.store.begin() as connection:
        connection.execute(update(leads).values(first_name="Somebody else"))

    reviews.approve(field.engine, [waiting.id], by="anna")
    field.settle()

    again = reviews.list_waiting(field.engine)
    assert field.memory().sent == []
    assert [each.text.splitlines()[0] for each in again] == ["Subject: Hello Somebody else"]


def test_a_reply_ends_the_question(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    field.reply("lead0@one.example")
    field.settle()

    assert reviews.list_waiting(field.engine) == []
    reviews.close_moot(field.engine)
    everything = task_service.list_tasks(field.engine, task_service.Wanted(state=None))
    assert [task.state for task in everything] == ["skipped"]


def test_what_does_not_wait_cannot_be_approved(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    waiting = reviews.list_waiting(field.engine)[0]
    reviews.approve(field.engine, [waiting.id], by="anna")

    with pytest.raises(UsageError, match="does not wait for review"):
        reviews.approve(field.engine, [waiting.id], by="anna")
    with pytest.raises(UsageError, match="'nobody' does not wait for review"):
        reviews.reject(field.engine, ["nobody"], reason="", by="anna")


def test_the_task_of_a_review_is_not_ticked_off_like_others(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    task = task_service.list_tasks(field.engine)[0]

    with pytest.raises(UsageError, match="outreach review approve"):
        task_service.done(field.engine, task.id, by="anna")


def test_explain_names_the_review(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    lead = enter(field, 1)[0]

    view = explain_lead(field.engine, lead).enrollments[0]

    assert view.touch is not None
    assert [verdict.because for verdict in view.touch.verdicts if verdict.rule == "only_after_review"] == ["review"]


def test_a_message_goes_out_in_the_words_of_whoever_read_it(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    (waiting,) = reviews.list_waiting(field.engine)
    words = waiting.text.replace("Hello Lead 0", "A question").replace("Hi Lead 0,", "Dear Lead 0 <of One>,\nhello:")

    reviews.edit(field.engine, waiting.id, words, by="anna")
    field.settle()

    (message,) = field.memory().sent
    assert (message.subject, message.text.splitlines()[:2]) == (
        "A question",
        ["Dear Lead 0 <of One>,", "hello: a word about your work."],
    )
    assert "<p>Dear Lead 0 &lt;of One&gt;,<br>" in message.html
    assert f'<a href="{message.unsubscribe_url}">' in message.html
    row = field.row(tasks)
    assert (row["text"], row["edited"], row["outcome"]) == (waiting.text, words.strip("\n"), "edited")
    assert [entry["actor"] for entry in field.rows(audit) if entry["action"] == "review edit"] == ["anna"]
    assert field.row(touches, step="intro")["subject"] == "A question"


def test_an_answer_in_the_thread_has_the_subject_that_was_sent(make_field: MakeField) -> None:
    field = reviewed(make_field, "first 1")
    enter(field, 1)
    (waiting,) = reviews.list_waiting(field.engine)
    reviews.edit(field.engine, waiting.id, waiting.text.replace("Hello Lead 0", "A question"), by="anna")
    field.settle()

    field.go(days=1)

    assert [message.subject for message in field.memory().sent] == ["A question", "Re: A question"]


def test_what_may_not_go_out_is_not_taken(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    enter(field, 1)
    (waiting,) = reviews.list_waiting(field.engine)

    for words, why in (
        ("Hello", "its subject"),
        ("Subject: Hello\n\nHi", "opt out"),
        ("Subject: \n\nHi", "nothing left"),
        ("Subject: Hi\n\n ", "nothing left"),
    ):
        with pytest.raises(UsageError, match=why):
            reviews.edit(field.engine, waiting.id, words, by="anna")
    with pytest.raises(UsageError, match="does not wait"):
        reviews.edit(field.engine, "none", waiting.text, by="anna")
    assert field.memory().sent == []


def test_an_edited_text_is_asked_about_again_if_what_it_was_made_from_changes(make_field: MakeField) -> None:
    field = reviewed(make_field, "all")
    lead = enter(field, 1)[0]
    (waiting,) = reviews.list_waiting(field.engine)
    with field.engine.store.begin() as connection:
        connection.execute(update(leads).where(leads.c.id == lead).values(first_name="Ada"))

    reviews.edit(field.engine, waiting.id, waiting.text.replace("Hi Lead", "Dear Lead"), by="anna")
    field.settle()

    (again,) = reviews.list_waiting(field.engine)
    assert again.text.startswith("Subject: Hello Ada")
    assert field.row(tasks)["edited"] is None
