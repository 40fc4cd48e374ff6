"""Calendly: the signature with its time, and what booking, moving, cancelling and staying away mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.calendly import Calendly, Options
from outreach.sandbox.booking_server import BookingServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

SECRET = "sample-signing-key"
URL = "https://outreach.example.com/webhooks/calendly"
SERVER = BookingServer(calendly_key=SECRET, calcom_secret="x")


def told(event: str, **more: Any) -> Delivery:
    return delivered(SERVER.calendly(URL, event, email="Ada@Example.com", at=NOW, **more))


def calendly() -> Calendly:
    return Calendly(Options(secret=SECRET))


class TestCalendly(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("calendly-webhook-signature",)
    signs_the_body = True
    DELIVERIES = (
        told("invitee.created", tracking={"utm_content": "01HTOUCH0001"}),
        told("invitee.created", old_invitee="https://api.calendly.com/scheduled_events/E/invitees/I"),
        told("invitee.canceled"),
        told("invitee.canceled", rescheduled=True),
        told("invitee_no_show.created"),
    )

    def receiver(self) -> Calendly:
        return calendly()

    def receiver_in_rotation(self) -> Calendly:
        return Calendly(Options(secrets=("another", SECRET)))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return told("routing_form_submission.created")

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_the_signature_is_what_another_tool_makes_of_time_dot_and_body() -> None:
    """Calendly publishes the rule and a header without its key. Made with: printf '%s' '1492774577.{…}' | openssl
    dgst -sha256 -hmac sample-signing-key.
    """
    mac = "06523c4653a9b9a9a633cadf0a332b28d3ec755920fdd44a569cf09112ae80ff"
    then = datetime.fromtimestamp(1492774577, UTC)
    headers = {"calendly-webhook-signature": f"t=1492774577,v1={mac}"}
    vector = replace(told("invitee.created"), body=b'{"event":"invitee.created"}', headers=headers, received_at=then)

    assert_no_byte_can_change(calendly(), vector, "calendly-webhook-signature")


def test_no_byte_of_a_signed_delivery_can_change() -> None:
    delivery = delivered(
        SERVER.signed_calendly(URL, {"event": "invitee.created", "payload": {"email": "a@b.c"}}, at=NOW)
    )

    assert_no_byte_can_change(calendly(), delivery, "calendly-webhook-signature")


@pytest.mark.parametrize(
    ("at", "kind", "reason"),
    [
        (0, EventKind.BOOKED, ""),
        (1, EventKind.BOOKED, "rescheduled"),
        (2, EventKind.CANCELLED, "cancelled"),
        (3, EventKind.UNKNOWN, ""),
        (4, EventKind.UNKNOWN, "no_show"),
    ],
)
def test_what_happened_to_a_meeting_is_told_apart(at: int, kind: EventKind, reason: str) -> None:
    (event,) = calendly().parse(TestCalendly.DELIVERIES[at])

    assert (event.kind, event.reason) == (kind, reason)


def test_a_booking_names_the_person_the_touch_and_the_time() -> None:
    (event,) = calendly().parse(TestCalendly.DELIVERIES[0])

    assert event.clues.addresses == (("email", "ada@example.com"),)
    assert event.clues.tokens == ("01HTOUCH0001",)
    assert (event.subject, event.data["starts_at"]) == ("Intro", "2026-11-23T12:00:00.000000Z")


def test_an_old_delivery_is_not_played_again() -> None:
    for away in (timedelta(minutes=4), -timedelta(minutes=4)):
        with pytest.raises(WebhookRejected):
            calendly().verify(TestCalendly.DELIVERIES[0], now=NOW + away)

    Calendly(Options(secret=SECRET, tolerance=600)).verify(TestCalendly.DELIVERIES[0], now=NOW + timedelta(minutes=4))


def test_the_parts_of_the_signature_may_come_in_any_order_with_others_among_them() -> None:
    delivery = TestCalendly.DELIVERIES[0]
    stamp, mac = delivery.headers["calendly-webhook-signature"].split(",")

    calendly().verify(replace(delivery, headers={"calendly-webhook-signature": f"{mac}, v0=old , {stamp}"}), now=NOW)
