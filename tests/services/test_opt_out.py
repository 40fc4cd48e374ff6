"""Leaving by the link in a mail."""

from __future__ import annotations

from outreach.services.hearing.opt_out import leave, look
from outreach.store.tables import events, suppressions, touches
from outreach.testing.field import Field


def test_looking_changes_nothing(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example", language="tr"))
    field.settle()

    leaving = look(field.engine, field.row(touches, step="intro")["id"])

    assert leaving is not None
    assert (leaving.language, leaving.organisation, leaving.is_done) == ("tr", "Example Ltd", False)
    assert field.rows(suppressions) == []


def test_leaving_ends_everything_for_good(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    touch_id = field.row(touches, step="intro")["id"]

    leaving = leave(field.engine, touch_id)
    again = leave(field.engine, touch_id)
    field.go(days=30)

    assert leaving == again
    assert leaving is not None
    assert leaving.is_done
    assert len(field.memory().sent) == 1
    assert field.enrollment(lead)["reason"] == "unsubscribed"
    assert field.lead(lead)["status"] == "do_not_contact"
    assert len(field.rows(events, kind="unsubscribed")) == 1


def test_who_left_cannot_be_enrolled_again(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    leave(field.engine, field.row(touches, step="intro")["id"])

    assert field.enroll(lead).enrolled == 0


def test_who_was_let_in_again_may_leave_again(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    touch_id = field.row(touches, step="intro")["id"]
    leave(field.engine, touch_id)
    with field.app.store.begin() as connection:
        connection.execute(suppressions.delete())

    leaving = leave(field.engine, touch_id)

    assert leaving is not None
    assert leaving.is_done


def test_an_unknown_touch_is_nobody(field: Field) -> None:
    assert look(field.engine, "nobody") is None
    assert leave(field.engine, "nobody") is None


def test_every_mail_carries_a_link_of_its_own(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"), field.add_lead("deniz@two.example"))
    field.settle()

    urls = {message.unsubscribe_url for message in field.memory().sent}

    assert len(urls) == 2
    touch_ids = {field.app.touch_of_token(url.rpartition("/")[2]) for url in urls}
    assert touch_ids == {row["id"] for row in field.rows(touches, step="intro")}
    assert field.app.touch_of_token("forged") is None
