"""Unipile: messages, accepted invitations, mail and account states, behind a secret header."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.event import EventKind
from outreach.receiver import Delivery
from outreach.receivers.unipile import Options, Unipile
from outreach.testing.receiver import NOW, ReceiverContract

MESSAGE: dict[str, object] = {
    "event": "message_received",
    "account_id": "acc_1",
    "account_type": "LINKEDIN",
    "account_info": {"user_id": "ACoAAown"},
    "chat_id": "chat_1",
    "message_id": "m_1",
    "message": "Hello, tell me more",
    "timestamp": "2026-11-21T11:00:00.000Z",
    "webhook_name": "outreach",
    "sender": {
        "attendee_id": "at_1",
        "attendee_name": "Ada Example",
        "attendee_provider_id": "ACoAAada",
        "attendee_profile_url": "https://www.linkedin.com/in/ACoAAada",
    },
    "attendees": [
        {"attendee_id": "at_1", "attendee_provider_id": "ACoAAada"},
        {"attendee_id": "at_0", "attendee_provider_id": "ACoAAown"},
    ],
    "attachments": [],
    "reaction": None,
}
OWN_SENDER = {"attendee_id": "at_0", "attendee_name": "Anna", "attendee_provider_id": "ACoAAown"}
RELATION: dict[str, object] = {
    "event": "new_relation",
    "account_id": "acc_1",
    "account_type": "LINKEDIN",
    "webhook_name": "relations",
    "user_full_name": "Ada Example",
    "user_provider_id": "ACoAAada",
    "user_public_identifier": "ada-example",
    "user_profile_url": "https://www.linkedin.com/in/Ada-Example/",
}
MAIL: dict[str, object] = {
    "event": "mail_received",
    "email_id": "em_1",
    "account_id": "acc_2",
    "date": "2026-11-21T11:00:00.000Z",
    "from_attendee": {"display_name": "Ada", "identifier": "Ada@example.com"},
    "to_attendees": [{"display_name": "Anna", "identifier": "anna+tok_1@example.org"}],
    "subject": "Re: A question",
    "body": "<p>Gladly</p>",
    "body_plain": "Gladly\n\n> Shall we?",
    "message_id": "<their-1@mail.example.com>",
    "in_reply_to": {"message_id": "<e1.first@example.org>", "id": "em_0"},
    "role": "inbox",
}


def delivered(payload: object, **headers: str) -> Delivery:
    return Delivery(
        connection="unipile",
        method="POST",
        url="https://outreach.example.com/webhooks/unipile",
        headers={"x-our-secret": "sample-value", "content-type": "application/x-www-form-urlencoded"} | headers,
        body=json.dumps(payload).encode(),
        received_at=NOW,
    )


def unipile() -> Unipile:
    return Unipile(Options(header="X-Our-Secret", value="sample-value"))


class TestUnipile(ReceiverContract):
    proof_headers = ("x-our-secret",)
    secrets = ("sample-value",)

    def receiver(self) -> Unipile:
        return unipile()

    def receiver_in_rotation(self) -> Unipile:
        return Unipile(Options(header="X-Our-Secret", values=("another-value", "sample-value")))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            delivered(MESSAGE),
            delivered({**MESSAGE, "message_id": "m_2", "sender": OWN_SENDER}),
            delivered({**MESSAGE, "event": "message_read"}),
            delivered(RELATION),
            delivered(MAIL),
            delivered({**MAIL, "event": "mail_sent", "email_id": "em_2", "message_id": "<e1.second@example.org>"}),
            delivered({"event": "mail_opened", "event_id": "ev_1", "tracking_id": "tr_1", "email_id": "em_2"}),
            delivered({"AccountStatus": {"account_id": "acc_1", "account_type": "LINKEDIN", "message": "CREDENTIALS"}}),
        )

    def unknown(self) -> Delivery:
        return delivered({"event": "calendar_event_created", "event_id": "ev_9"})

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_a_message_of_the_lead_is_a_reply() -> None:
    (event,) = unipile().parse(delivered(MESSAGE))

    assert (event.kind, event.channel, event.text) == (EventKind.REPLIED, "linkedin", "Hello, tell me more")
    assert event.clues.thread_ids == ("chat_1",)
    assert ("linkedin", "https://www.linkedin.com/in/ACoAAada") in event.clues.addresses
    assert ("linkedin", "ACoAAada") in event.clues.addresses
    assert event.data["from_name"] == "Ada Example"
    assert event.data["provider_id"] == "ACoAAada"


def test_our_own_message_is_our_own_and_names_the_other_side() -> None:
    """The event's name is `message_received` for both directions; only the ids tell them apart."""
    (event,) = unipile().parse(delivered({**MESSAGE, "sender": OWN_SENDER}))

    assert event.kind is EventKind.OWN
    assert event.clues.provider_ids == ("m_1",)
    assert event.clues.addresses == (("linkedin", "ACoAAada"),)


def test_a_message_without_any_sender_is_not_taken_for_our_own() -> None:
    (event,) = unipile().parse(delivered({**MESSAGE, "sender": {}, "account_info": {}}))

    assert event.kind is EventKind.REPLIED


def test_a_new_relation_is_an_accepted_invitation() -> None:
    (event,) = unipile().parse(delivered(RELATION))

    assert (event.kind, event.channel) == (EventKind.ACCEPTED, "linkedin")
    assert ("linkedin", "https://www.linkedin.com/in/ada-example") in event.clues.addresses
    assert ("linkedin", "ACoAAada") in event.clues.addresses
    assert event.data["provider_id"] == "ACoAAada"


def test_a_relation_known_by_its_public_name_alone_is_found_by_clues_too() -> None:
    payload = {name: value for name, value in RELATION.items() if name != "user_profile_url"}

    (event,) = unipile().parse(delivered(payload))

    assert set(event.clues.addresses) <= set(unipile().clues(delivered(payload)).addresses)


@pytest.mark.parametrize(
    ("account_type", "channel"),
    [("LINKEDIN", "linkedin"), ("WHATSAPP", "whatsapp"), ("TELEGRAM", "telegram"), ("NEW", "other")],
)
def test_the_account_tells_the_channel(account_type: str, channel: str) -> None:
    (event,) = unipile().parse(delivered({**MESSAGE, "account_type": account_type}))

    assert event.channel == channel


def test_a_whatsapp_sender_is_found_by_phone() -> None:
    sender = {"attendee_id": "1", "attendee_provider_id": "905320000000@s.whatsapp.net", "attendee_name": "Ada"}
    delivery = delivered({**MESSAGE, "account_type": "WHATSAPP", "sender": sender})

    (event,) = unipile().parse(delivery)

    assert ("whatsapp", "+905320000000") in event.clues.addresses
    assert set(event.clues.addresses) <= set(unipile().clues(delivery).addresses)


def test_a_chat_message_that_says_stop_is_an_opt_out() -> None:
    (event,) = unipile().parse(delivered({**MESSAGE, "message": "Please stop messaging me."}))

    assert event.kind is EventKind.UNSUBSCRIBED


def test_a_mail_is_understood_as_mail() -> None:
    (event,) = unipile().parse(delivered(MAIL))

    assert (event.kind, event.channel, event.text) == (EventKind.REPLIED, "email", "Gladly")
    assert event.clues.message_ids == ("e1.first@example.org",)
    assert event.clues.tokens == ("tok_1",)


def test_a_sent_mail_is_our_own() -> None:
    (event,) = unipile().parse(delivered({**MAIL, "event": "mail_sent", "message_id": "<e1.first@example.org>"}))

    assert event.kind is EventKind.OWN
    assert event.clues.message_ids == ("e1.first@example.org",)


def test_the_state_of_an_account_is_kept_and_may_come_again() -> None:
    delivery = delivered(
        {"AccountStatus": {"account_id": "acc_1", "account_type": "LINKEDIN", "message": "CREDENTIALS"}}
    )
    later = replace(delivery, received_at=NOW + timedelta(days=2))

    (event,) = unipile().parse(delivery)

    assert event.kind is EventKind.UNKNOWN
    assert event.data["status"] == "CREDENTIALS"
    assert unipile().key(delivery) != unipile().key(later)


def test_without_a_secret_header_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="header"):
        Unipile(Options(header="X-Our-Secret"))


def test_only_200_counts_as_taken() -> None:
    assert unipile().accepted_status == 200
