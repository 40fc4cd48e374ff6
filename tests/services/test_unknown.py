"""A person decides about messages of which nobody can know whether they went out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from outreach.errors import OutcomeUnknown, Refused, UsageError
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.watching import unknown
from outreach.store.tables import audit, touches
from outreach.testing.field import Field


def _in_doubt(field: Field, email: str = "ayse@one.example") -> tuple[str, str]:
    """A lead whose first mail may have gone out, and that touch."""
    lead = field.add_lead(email, first_name="Ayşe")
    field.memory().will(OutcomeUnknown("memory", "connection lost after the dot"))
    field.enroll(lead)
    field.settle()
    return lead, field.row(touches, lead_id=lead)["id"]


def test_what_is_in_doubt_is_listed_with_all_that_helps_to_decide(field: Field) -> None:
    lead, touch_id = _in_doubt(field)
    field.clock.advance(timedelta(hours=2))

    (doubt,) = unknown.list_doubts(field.engine)

    assert (doubt.touch_id, doubt.lead_id, doubt.state) == (touch_id, lead, "unknown")
    assert (doubt.recipient, doubt.subject) == ("ayse@one.example", "Hello Ayşe")
    assert "connection lost" in (doubt.reason or "")
    assert doubt.age == timedelta(hours=2)
    assert json.loads(json.dumps(doubt.to_json()))["age"] == 7200.0


def test_failed_ones_are_listed_when_they_are_asked_for(field: Field) -> None:
    field.memory().will(Refused("memory", "550 no"))
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()

    assert unknown.list_doubts(field.engine) == []
    assert [doubt.state for doubt in unknown.list_doubts(field.engine, failed=True)] == ["failed"]


def test_resend_sends_it_once_more_and_the_path_goes_on(field: Field) -> None:
    lead, touch_id = _in_doubt(field)
    sent_before = len(field.memory().sent)

    unknown.resend(field.engine, touch_id, by="anna")
    field.settle()
    field.go(days=3)

    assert len(field.memory().sent) == sent_before + 2
    assert field.enrollment(lead)["reason"] == "completed"
    assert field.row(touches, id=touch_id)["attempts"] == 2
    assert field.row(audit, action="unknown resend")["actor"] == "anna"


def test_resend_goes_through_every_rule(field: Field) -> None:
    _, touch_id = _in_doubt(field)
    sent_before = len(field.memory().sent)
    stop.pause(field.engine, Target(width=Width.ALL), reason="holidays", by="anna")

    unknown.resend(field.engine, touch_id, by="anna")
    field.settle()

    assert len(field.memory().sent) == sent_before
    assert field.row(touches, id=touch_id)["state"] == "planned"


def test_accept_counts_it_as_sent_and_the_path_goes_on(field: Field) -> None:
    lead, touch_id = _in_doubt(field)
    sent_before = len(field.memory().sent)

    unknown.accept(field.engine, touch_id, by="anna")
    field.settle()
    stage = field.lead(lead)["stage"]
    field.go(days=3)

    assert stage == "contacted"
    assert field.row(touches, id=touch_id)["state"] == "sent"
    assert len(field.memory().sent) == sent_before + 1
    assert field.enrollment(lead)["reason"] == "completed"


def test_what_cannot_go_out_any_more_is_not_sent_again(field: Field) -> None:
    lead, touch_id = _in_doubt(field)
    stop.remove(field.engine, Target(width=Width.LEAD, value=lead), by="anna")

    with pytest.raises(UsageError, match=r"finished \(removed\)"):
        unknown.resend(field.engine, touch_id, by="anna")
    unknown.accept(field.engine, touch_id, by="anna")

    assert field.row(touches, id=touch_id)["state"] == "sent"
    assert field.lead(lead)["stage"] == "prospect"


def test_there_is_one_decision(field: Field) -> None:
    _, touch_id = _in_doubt(field)
    unknown.accept(field.engine, touch_id, by="anna")

    with pytest.raises(UsageError, match="is sent, not unknown"):
        unknown.accept(field.engine, touch_id, by="anna")
    with pytest.raises(UsageError, match="there is no touch 'nope'"):
        unknown.resend(field.engine, "nope", by="anna")
