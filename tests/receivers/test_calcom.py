"""Cal.com: the signature over the body, and what each trigger means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.receiver import Delivery
from outreach.receivers.calcom import CalCom, Options
from outreach.sandbox.booking_server import BookingServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

SECRET = "sample-calcom-secret"
URL = "https://outreach.example.com/webhooks/calcom"
SERVER = BookingServer(calendly_key="x", calcom_secret=SECRET)


def told(trigger: str, **more: Any) -> Delivery:
    return delivered(SERVER.calcom(URL, trigger, email="Ada@Example.com", at=NOW, **more))


def calcom() -> CalCom:
    return CalCom(Options(secret=SECRET, own=("anna@example.org",)))


class TestCalCom(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("x-cal-signature-256",)
    signs_the_body = True
    DELIVERIES = tuple(
        told(trigger)
        for trigger in (
            *("BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED", "BOOKING_REJECTED"),
            *("BOOKING_REQUESTED", "MEETING_ENDED"),
        )
    )

    def receiver(self) -> CalCom:
        return calcom()

    def receiver_in_rotation(self) -> CalCom:
        return CalCom(Options(secrets=("another", SECRET)))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return told("OOO_CREATED")

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_no_byte_of_a_signed_delivery_can_change() -> None:
    delivery = delivered(SERVER.signed_calcom(URL, {"triggerEvent": "PING", "createdAt": "", "payload": {}}))

    assert_no_byte_can_change(calcom(), delivery, "x-cal-signature-256")


def test_the_vector_of_the_standard_passes_and_no_byte_of_it_can_change() -> None:
    """Cal.com publishes the rule, HMAC-SHA256 of the body in hexadecimal, and no example: test case 2 of RFC 4231."""
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    signed = delivered(SERVER.signed_calcom(URL, {}))
    vector = replace(signed, body=b"what do ya want for nothing?", headers={"x-cal-signature-256": digest})

    assert_no_byte_can_change(CalCom(Options(secret="Jefe")), vector, "x-cal-signature-256")


@pytest.mark.parametrize(
    ("trigger", "kind", "reason"),
    [
        ("BOOKING_CREATED", EventKind.BOOKED, ""),
        ("BOOKING_RESCHEDULED", EventKind.BOOKED, "rescheduled"),
        ("BOOKING_CANCELLED", EventKind.CANCELLED, "cancelled"),
        ("BOOKING_REJECTED", EventKind.CANCELLED, "cancelled"),
        ("BOOKING_REQUESTED", EventKind.UNKNOWN, ""),
        ("MEETING_STARTED", EventKind.UNKNOWN, ""),
        ("RECORDING_READY", EventKind.UNKNOWN, ""),
        ("FORM_SUBMITTED", EventKind.UNKNOWN, ""),
    ],
)
def test_triggers_become_our_kinds(trigger: str, kind: EventKind, reason: str) -> None:
    (event,) = calcom().parse(told(trigger))

    assert (event.kind, event.reason) == (kind, reason)


def test_a_booking_names_those_who_come_and_not_us() -> None:
    attendees = [{"email": "ada@example.com"}, {"email": "Anna@example.org"}, {"email": "ben@example.com"}]

    (event,) = calcom().parse(told("BOOKING_CREATED", attendees=attendees, metadata={"outreach_token": "01HTOUCH0001"}))

    assert event.clues.addresses == (("email", "ada@example.com"), ("email", "ben@example.com"))
    assert event.clues.tokens == ("01HTOUCH0001",)


def test_a_payload_template_of_ones_own_is_told() -> None:
    delivery = delivered(SERVER.signed_calcom(URL, {"content": "A new meeting"}))

    with pytest.raises(ValueError, match="payload template"):
        calcom().parse(delivery)
