"""Postmark: inbound mail and events, behind basic auth."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.mail.tagged import MARK
from outreach.receiver import Delivery
from outreach.receivers.postmark import Options, Postmark
from outreach.testing.receiver import NOW, ReceiverContract, assert_within

INBOUND: dict[str, object] = {
    "From": "ada@example.com",
    "FromName": "Ada Example",
    "FromFull": {"Email": "Ada@Example.com", "Name": "Ada Example", "MailboxHash": ""},
    "To": "in+tok_1@inbound.example.org",
    "ToFull": [{"Email": "in+tok_1@inbound.example.org", "Name": "", "MailboxHash": "tok_1"}],
    "CcFull": [],
    "OriginalRecipient": "in+tok_1@inbound.example.org",
    "MailboxHash": "tok_1",
    "Subject": "Re: A question",
    "Date": "Sat, 21 Nov 2026 12:44:33 +0300",
    "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
    "MessageStream": "inbound",
    "TextBody": "Gladly.\n\nOn Mon, 2 Nov 2026 at 10:00, Anna <anna@example.org> wrote:\n> Shall we talk?\n",
    "HtmlBody": "",
    "StrippedTextReply": "Gladly.",
    "Headers": [
        {"Name": "Return-Path", "Value": "<ada@example.com>"},
        {"Name": "Message-ID", "Value": "<their-1@mail.example.com>"},
        {"Name": "In-Reply-To", "Value": "<e1.second@example.org>"},
        {"Name": "References", "Value": "<e1.first@example.org> <e1.second@example.org>"},
    ],
    "Attachments": [],
}
BOUNCE: dict[str, object] = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Email": "Gone@Example.com",
    "BouncedAt": "2026-11-21T10:00:00.1234567Z",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    "Subject": "A question",
}


def delivered(payload: object, *, password: str = "sample-password") -> Delivery:
    proof = base64.b64encode(f"hook:{password}".encode()).decode()
    return Delivery(
        connection="postmark",
        method="POST",
        url="https://outreach.example.com/webhooks/postmark",
        headers={"authorization": f"Basic {proof}", "content-type": "application/json"},
        body=json.dumps(payload).encode(),
        received_at=NOW,
    )


def postmark(own: tuple[str, ...] = ()) -> Postmark:
    return Postmark(Options(user="hook", password="sample-password", own=own))


def record(kind: str, **fields: object) -> dict[str, object]:
    found: dict[str, object] = {"RecordType": kind, "MessageID": "883953f4", "Recipient": "ada@example.com"}
    return found | fields


class TestPostmark(ReceiverContract):
    proof_headers = ("authorization",)
    secrets = ("sample-password",)

    def receiver(self) -> Postmark:
        return postmark()

    def receiver_in_rotation(self) -> Postmark:
        return Postmark(Options(user="hook", passwords=("another-password", "sample-password")))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            delivered(INBOUND),
            delivered(BOUNCE),
            delivered(record("Delivery", DeliveredAt="2026-11-21T10:00:00Z")),
            delivered(record("Open", ReceivedAt="2026-11-21T10:01:00Z")),
            delivered(record("Click", ReceivedAt="2026-11-21T10:02:00Z", OriginalLink="https://example.com")),
            delivered(record("SpamComplaint", ID=42, Email="ada@example.com", BouncedAt="2026-11-21T10:03:00Z")),
            delivered(record("SubscriptionChange", ChangedAt="2026-11-21T10:04:00Z", SuppressSending=True)),
        )

    def unknown(self) -> Delivery:
        return delivered(record("SomethingNew", ReceivedAt="2026-11-21T10:05:00Z"))

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_a_reply_is_understood() -> None:
    (event,) = postmark().parse(delivered(INBOUND))

    assert event.kind is EventKind.REPLIED
    assert event.text == "Gladly."
    assert event.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert event.clues.tokens == ("tok_1",)
    assert event.clues.addresses == (("email", "ada@example.com"),)
    assert event.data["from_name"] == "Ada Example"
    assert event.at.isoformat() == "2026-11-21T09:44:33+00:00"


def test_a_redelivered_mail_has_the_same_key_and_another_mail_another() -> None:
    other = {**INBOUND, "MessageID": "another"}

    assert postmark().key(delivered(INBOUND)) == postmark().key(delivered({**INBOUND, "Tag": "x"}))
    assert postmark().key(delivered(INBOUND)) != postmark().key(delivered(other))


@pytest.mark.parametrize(
    ("kind", "event", "is_hard"),
    [
        ("HardBounce", EventKind.BOUNCED, True),
        ("BadEmailAddress", EventKind.BOUNCED, True),
        ("SoftBounce", EventKind.BOUNCED, False),
        ("Blocked", EventKind.BOUNCED, False),
        ("Transient", EventKind.DEFERRED, False),
        ("DnsError", EventKind.DEFERRED, False),
        ("AutoResponder", EventKind.AUTORESPONDED, False),
        ("AddressChange", EventKind.AUTORESPONDED, False),
        ("ChallengeVerification", EventKind.AUTORESPONDED, False),
        ("SpamNotification", EventKind.COMPLAINED, False),
        ("SpamComplaint", EventKind.COMPLAINED, False),
        ("Unsubscribe", EventKind.UNSUBSCRIBED, False),
        ("ManualSuppression", EventKind.UNSUBSCRIBED, False),
        ("ManuallyDeactivated", EventKind.REJECTED, False),
        ("DMARCPolicy", EventKind.REJECTED, False),
        ("VirusNotification", EventKind.REJECTED, False),
        ("Subscribe", EventKind.UNKNOWN, False),
        ("NeverHeardOf", EventKind.UNKNOWN, False),
    ],
)
def test_bounce_types_become_our_kinds(kind: str, event: EventKind, is_hard: bool) -> None:
    (found,) = postmark().parse(delivered({**BOUNCE, "Type": kind, "Details": ""}))

    assert (found.kind, found.is_hard) == (event, is_hard)


def test_what_the_server_said_refines_the_reason() -> None:
    (dead,) = postmark().parse(delivered(BOUNCE))
    (full,) = postmark().parse(delivered({**BOUNCE, "Details": "smtp;552 5.2.2 mailbox full, over quota"}))

    assert (dead.reason, dead.is_hard) == ("no_mailbox", True)
    assert (full.reason, full.is_hard) == ("full", False)
    assert dead.clues.addresses == (("email", "gone@example.com"),)
    assert dead.clues.provider_ids == ("883953f4-6105-42a2-a16a-77a8eac79483",)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"SuppressSending": True, "SuppressionReason": "ManualSuppression"}, EventKind.UNSUBSCRIBED),
        ({"SuppressSending": True, "SuppressionReason": "HardBounce"}, EventKind.BOUNCED),
        ({"SuppressSending": True, "SuppressionReason": "SpamComplaint"}, EventKind.COMPLAINED),
        ({"SuppressSending": False, "SuppressionReason": None}, EventKind.UNKNOWN),
    ],
)
def test_a_subscription_change_means_what_its_reason_says(fields: dict[str, object], kind: EventKind) -> None:
    (event,) = postmark().parse(delivered(record("SubscriptionChange", ChangedAt="2026-11-21T10:00:00Z", **fields)))

    assert event.kind is kind


def test_a_delivery_report_that_arrives_as_mail_is_a_bounce_of_its_recipient() -> None:
    report = (
        "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; gone@example.com\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
    )
    original = "Message-ID: <e1.first@example.org>\r\nSubject: A question\r\n\r\nHello\r\n"
    mail = {
        **INBOUND,
        "From": "MAILER-DAEMON@mx.example.com",
        "FromFull": {"Email": "MAILER-DAEMON@mx.example.com", "Name": "Mail Delivery System"},
        "Subject": "Undelivered Mail Returned to Sender",
        "TextBody": "I'm sorry to have to inform you that your message could not be delivered.",
        "Headers": [{"Name": "Message-ID", "Value": "<d@mx.example.com>"}],
        "Attachments": [
            {
                "Name": "r",
                "ContentType": "message/delivery-status",
                "Content": base64.b64encode(report.encode()).decode(),
            },
            {"Name": "o", "ContentType": "message/rfc822", "Content": base64.b64encode(original.encode()).decode()},
        ],
    }

    (event,) = postmark().parse(delivered(mail))

    assert (event.kind, event.is_hard, event.reason) == (EventKind.BOUNCED, True, "no_mailbox")
    assert "e1.first@example.org" in event.clues.message_ids
    assert ("email", "gone@example.com") in event.clues.addresses
    assert_within(event.clues, postmark().clues(delivered(mail)))


def test_a_raw_mail_is_preferred_where_postmark_sends_it() -> None:
    raw = (
        "From: Ada <ada@example.com>\r\nTo: in+tok_1@inbound.example.org\r\nSubject: Automatic reply: A question\r\n"
        "Auto-Submitted: auto-replied\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nI am away until 7 December.\r\n"
    )

    (event,) = postmark().parse(delivered({**INBOUND, "RawEmail": raw}))

    assert (event.kind, event.data["until"]) == (EventKind.AUTORESPONDED, "2026-12-07")


def test_a_mail_from_one_of_our_own_addresses_is_our_copy() -> None:
    (event,) = postmark(own=("ada@example.com",)).parse(delivered(INBOUND))

    assert event.kind is EventKind.OWN


def test_a_wrong_password_is_rejected_like_a_missing_one() -> None:
    with pytest.raises(WebhookRejected) as wrong:
        postmark().verify(delivered(INBOUND, password="guess"), now=NOW)
    with pytest.raises(WebhookRejected) as missing:
        postmark().verify(replace(delivered(INBOUND), headers={}), now=NOW)

    assert str(wrong.value) == str(missing.value)


def test_without_a_password_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="password"):
        Postmark(Options(user="hook"))


def test_what_is_neither_mail_nor_event_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="RecordType"):
        postmark().parse(delivered({"hello": "world"}))


@pytest.mark.parametrize(
    ("kind", "details", "reason", "is_hard"),
    [
        ("SoftBounce", "smtp;550 5.1.1 user unknown", "no_mailbox", True),
        ("SoftBounce", "smtp;450 4.1.1 user unknown", "no_mailbox", False),
        ("HardBounce", "smtp;550 5.7.1 rejected as spam", "policy", False),
        ("HardBounce", "", "no_mailbox", True),
        ("Blocked", "", "policy", False),
    ],
)
def test_the_reason_counts_before_the_class(kind: str, details: str, reason: str, is_hard: bool) -> None:
    (event,) = postmark().parse(delivered({**BOUNCE, "Type": kind, "Details": details}))

    assert (event.kind, event.reason, event.is_hard) == (EventKind.BOUNCED, reason, is_hard)


def test_our_message_id_comes_back_in_the_metadata() -> None:
    payload = record("Open", ReceivedAt="2026-11-21T10:01:00Z", FirstOpen=True, Metadata={MARK: "e1.first@example.org"})

    (event,) = postmark().parse(delivered(payload))

    assert event.clues.message_ids == ("e1.first@example.org",)
    assert event.data["FirstOpen"] is True
    assert_within(event.clues, postmark().clues(delivered(payload)))


def test_a_header_given_when_the_webhook_was_created_is_a_proof() -> None:
    receiver = Postmark(Options(header="X-Hook", values=("old", "sample-value")))
    delivery = delivered(INBOUND)

    receiver.verify(replace(delivery, headers={"x-hook": "sample-value"}), now=NOW)

    for headers in ({}, {"x-hook": "guess"}, dict(delivery.headers)):
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(delivery, headers=headers), now=NOW)


def test_a_test_payload_names_the_content_of_attachments_otherwise() -> None:
    report = "Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    attached = {"ContentType": "message/delivery-status", "Data": base64.b64encode(report.encode()).decode()}
    daemon = {**INBOUND, "From": "MAILER-DAEMON@mx.example.com", "Subject": "Undelivered Mail Returned to Sender"}
    daemon |= {"FromFull": {"Email": "MAILER-DAEMON@mx.example.com"}, "Headers": [], "Attachments": [attached]}

    (event,) = postmark().parse(delivered(daemon))

    assert (event.kind, event.is_hard) == (EventKind.BOUNCED, True)
