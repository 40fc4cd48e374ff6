"""What a provider's refusal means for the touch, the address, the sender and the person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.errors import (
    AdapterError,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.store.tables import addresses, pauses, senders, suppressions, touches
from outreach.testing.field import Field

ADDRESS = "ayse@one.example"


def refused(field: Field, error: AdapterError, *, before_look: bool = False) -> str:
    """Enroll one lead whose first mail meets that error."""
    field.memory().will(error, before_look=before_look)
    lead = field.add_lead(ADDRESS)
    field.enroll(lead)
    field.settle()
    return lead


def test_a_dead_address_is_a_bounce(field: Field) -> None:
    lead = refused(field, Refused("smtp", "550 5.1.1 no such user", outcome=Outcome.REJECTED_RECIPIENT))

    assert field.row(touches, step="intro")["state"] == "failed"
    assert field.enrollment(lead)["reason"] == "bounced"
    assert field.lead(lead)["status"] == "bounced"
    assert field.row(addresses, lead_id=lead)["is_dead"]
    assert field.row(suppressions)["value"] == f"email:{ADDRESS}"


def test_a_refused_text_fails_without_blame_for_the_address(field: Field) -> None:
    lead = refused(field, Refused("smtp", "554 5.6.0 odd content"))

    assert field.enrollment(lead)["reason"] == "failed"
    assert not field.row(addresses, lead_id=lead)["is_dead"]


def test_who_opted_out_at_the_provider_is_left_alone(field: Field) -> None:
    lead = refused(field, Refused("sms", "21610", outcome=Outcome.SUPPRESSED))

    assert field.enrollment(lead)["reason"] == "unsubscribed"
    assert field.lead(lead)["status"] == "do_not_contact"


def test_what_may_have_gone_out_is_never_sent_again_by_itself(field: Field) -> None:
    refused(field, OutcomeUnknown("smtp", "connection lost after the dot"))

    field.go(days=30)

    assert field.counts() == {"unknown": 1}


@pytest.mark.parametrize("before_look", [True, False])
def test_an_unavailable_provider_costs_lateness_alone(field: Field, before_look: bool) -> None:
    refused(field, Unavailable("smtp", "connection refused"), before_look=before_look)

    assert field.counts() == {"planned": 1}
    assert field.row(senders)["circuit_open_until"] > field.clock.now()
    field.go(hours=1)
    assert [message.to for message in field.memory().sent] == [ADDRESS]


def test_a_rate_limit_parks_the_sender(field: Field) -> None:
    refused(field, RateLimited("smtp", "slow down", retry_after=timedelta(minutes=20)))

    assert field.row(senders)["circuit_open_until"] == field.clock.now() + timedelta(minutes=20)
    field.go(minutes=19)
    assert field.memory().sent == []
    field.go(minutes=2)
    assert len(field.memory().sent) == 1


def test_wrong_credentials_pause_the_sender_until_a_person_looks(field: Field) -> None:
    refused(field, Unauthorized("smtp", "535 authentication failed"))

    field.go(days=1)
    assert field.memory().sent == []
    assert (field.row(pauses)["scope"], field.row(pauses)["value"]) == ("sender", "anna")

    stop.resume(field.engine, Target(width=Width.SENDER, value="anna"), by="test")
    field.settle()
    assert len(field.memory().sent) == 1


def test_a_stopping_worker_gives_back_what_is_not_on_the_wire(field: Field) -> None:
    field.enroll(field.add_lead(ADDRESS))
    (claim_id,) = field.claim()
    field.dispatcher.stop()

    field.carry_out(claim_id)

    assert field.memory().sent == []
    assert field.counts() == {"planned": 1}
    assert field.row(touches, step="intro")["due_at"] == field.clock.now()
