"""Amazon SES by SNS: the proof, the confirmation, events, and mail whole or in S3."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.clock import MovableClock
from outreach.domain.event import EventKind
from outreach.errors import Refused, Unavailable, WebhookRejected
from outreach.mail.tagged import MARK, narrow_mark
from outreach.receiver import Delivery
from outreach.receivers.ses import Options, Ses
from outreach.receivers.ses_topic import is_amazons, string_to_sign
from outreach.sandbox.mail_api_hooks import TopicHooks
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.mail_hooks import RAW, Shelf, delivery_of

TOPIC = "arn:aws:sns:eu-central-1:123456789012:outreach"
HOOKS = TopicHooks("https://outreach.example.com/webhooks/ses", topic=TOPIC, at=NOW)
STRANGER = TopicHooks("https://outreach.example.com/webhooks/ses", topic=TOPIC, at=NOW)
MAIL = {
    "messageId": "0100-sent-1",
    "timestamp": "2026-11-21T11:00:00.000Z",
    "source": "anna@example.org",
    "destination": ["ada@example.com"],
    "headers": [{"name": "Message-ID", "value": "<e1.first@example.org>"}],
    "commonHeaders": {"subject": "A question"},
    "tags": {MARK: [narrow_mark("e1.first@example.org")]},
}
SECRET_KEY = "sample-secret-access-key"


def say(message: Mapping[str, Any] | str, **more: str) -> Delivery:
    return delivery_of(HOOKS.notification(message, **more), "ses")


def event(kind: str, **detail: Any) -> Delivery:
    return say({"eventType": kind, "mail": MAIL, **detail})


def bounce(kind: str, sub: str, *said: tuple[str, str, str]) -> Delivery:
    listed = [{"emailAddress": who, "status": status, "diagnosticCode": why} for who, status, why in said]
    detail = {
        "bounceType": kind,
        "bounceSubType": sub,
        "bouncedRecipients": listed,
        "timestamp": "2026-11-21T11:01:00Z",
    }
    return event("Bounce", bounce=detail)


def received(content: str = RAW, encoding: str = "UTF-8", **action: str) -> Delivery:
    mail = {
        "messageId": "in-1",
        "source": "ada@example.com",
        "timestamp": "2026-11-21T11:00:00Z",
        "headers": [
            {"name": "From", "value": "Ada Example <ada@example.com>"},
            {"name": "In-Reply-To", "value": "<e1.second@example.org>"},
            {"name": "References", "value": "<e1.first@example.org> <e1.second@example.org>"},
        ],
    }
    receipt = {"recipients": ["anna+tok_1@example.org"], "action": {"type": "SNS", "encoding": encoding, **action}}
    message: dict[str, Any] = {"notificationType": "Received", "mail": mail, "receipt": receipt}
    return say(message | ({"content": content} if content else {}))


def ses(shelf: Shelf | None = None, **more: Any) -> Ses:
    shelf = shelf or Shelf({HOOKS.certificate_url: HOOKS.certificate})
    return Ses(Options(topics=(TOPIC,), **more), shelf, MovableClock(NOW))


class TestSesWebhooks(ReceiverContract):
    secrets = (SECRET_KEY,)
    proof_headers = ("x-amz-sns-message-type", "x-amz-sns-message-id")

    def receiver(self) -> Ses:
        return ses(access_key_id="AKID", secret_access_key=SECRET_KEY)

    def receiver_in_rotation(self) -> Ses:
        shelf = Shelf({HOOKS.certificate_url: HOOKS.certificate})
        return Ses(Options(topics=(TOPIC + "-2", TOPIC)), shelf, MovableClock(NOW))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            received(),
            bounce(
                "Permanent",
                "General",
                ("ada@example.com", "5.1.1", "smtp; 550 5.1.1 unknown"),
                ("b@example.com", "", ""),
            ),
            event("Delivery", delivery={"recipients": ["ada@example.com"], "timestamp": "2026-11-21T11:00:09Z"}),
            event("Complaint", complaint={"complainedRecipients": [{"emailAddress": "ada@example.com"}]}),
            event("Open", open={"userAgent": "Mozilla", "timestamp": "2026-11-21T11:02:00Z"}),
            event("Click", click={"link": "https://example.com"}),
        )

    def unknown(self) -> Delivery:
        return event("SomethingNew")

    def events_in(self, delivery: Delivery) -> int:
        return 2 if b"bouncedRecipients" in delivery.body else 1


def test_version_1_and_2_of_the_signature_pass() -> None:
    ses().verify(say({"eventType": "Open", "mail": MAIL}), now=NOW)
    ses().verify(delivery_of(HOOKS.notification("hello", version="2", Subject="Amazon SES"), "ses"), now=NOW)


def test_another_version_is_rejected() -> None:
    with pytest.raises(WebhookRejected):
        ses().verify(delivery_of(HOOKS.notification("hello", version="3"), "ses"), now=NOW)


def test_each_altered_byte_of_what_is_signed_fails() -> None:
    delivery = say({"eventType": "Open", "mail": {"messageId": "1"}}, Subject="Amazon SES")
    payload = json.loads(delivery.body)

    for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "Signature"):
        for at in range(len(payload[name])):
            altered = {**payload, name: payload[name][:at] + chr(ord(payload[name][at]) ^ 1) + payload[name][at + 1 :]}
            headers = {"x-amz-sns-message-type": altered["Type"], "x-amz-sns-message-id": altered["MessageId"]}
            with pytest.raises(WebhookRejected):
                SHARED.verify(replace(delivery, body=json.dumps(altered).encode(), headers=headers), now=NOW)


SHARED = ses()


def test_a_certificate_of_somebody_else_is_rejected() -> None:
    strange = delivery_of(STRANGER.notification({"eventType": "Open", "mail": MAIL}), "ses")

    with pytest.raises(WebhookRejected):
        ses().verify(strange, now=NOW)


def test_a_topic_of_somebody_else_is_rejected_before_anything_is_fetched() -> None:
    shelf = Shelf({HOOKS.certificate_url: HOOKS.certificate})
    other = TopicHooks(HOOKS.certificate_url, topic=TOPIC.replace("outreach", "theirs"), at=NOW)

    with pytest.raises(WebhookRejected):
        ses(shelf).verify(delivery_of(other.notification("hello"), "ses"), now=NOW)

    assert shelf.asked == []


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem", True),
        ("http://sns.eu-central-1.amazonaws.com/x.pem", False),
        ("https://sns.eu-central-1.amazonaws.com.evil.example/x.pem", False),
        ("https://sns.eu-central-1.amazonaws.com:8443/x.pem", False),
        ("https://user@sns.eu-central-1.amazonaws.com/x.pem", False),
        ("https://evil.example/sns.eu-central-1.amazonaws.com/x.pem", False),
        ("https://evil.example\\@sns.eu-central-1.amazonaws.com/x.pem", False),
        ("https://s3.eu-central-1.amazonaws.com/x.pem", False),
        ("https://sns.eu.amazonaws.com/x.pem", False),
        ("https://sns.eu-central-1.amazonaws.com/x.txt", False),
        ("https://sns.eu-central-1.amazonaws.com\n/x.pem", False),
        ("https://[sns.eu-central-1.amazonaws.com/x.pem", False),
        ("", False),
    ],
)
def test_only_addresses_of_sns_are_believed(url: str, is_theirs: bool) -> None:
    assert is_amazons(url, suffix=".pem") is is_theirs


def test_a_certificate_is_fetched_once() -> None:
    shelf = Shelf({HOOKS.certificate_url: HOOKS.certificate})
    receiver = ses(shelf)

    for _ in range(5):
        receiver.verify(event("Open"), now=NOW)

    assert len(shelf.asked) == 1


def test_nobody_can_make_us_fetch_without_end() -> None:
    shelf = Shelf({})
    receiver = ses(shelf)
    payload = json.loads(event("Open").body)

    for number in range(40):
        url = HOOKS.certificate_url.replace(".pem", f"{number}.pem")
        forged = replace(event("Open"), body=json.dumps({**payload, "SigningCertURL": url}).encode())
        with pytest.raises((WebhookRejected, Unavailable)):
            receiver.verify(forged, now=NOW)

    assert len(shelf.asked) == 10


def test_a_certificate_that_cannot_be_had_is_no_refusal_but_later() -> None:
    shelf = Shelf({HOOKS.certificate_url: Unavailable("fetch", "no answer")})

    with pytest.raises(Unavailable):
        ses(shelf).verify(event("Open"), now=NOW)


@pytest.mark.parametrize("off", [timedelta(days=-181), timedelta(days=181)])
def test_a_certificate_out_of_its_time_is_rejected(off: timedelta) -> None:
    with pytest.raises(WebhookRejected):
        ses().verify(event("Open"), now=NOW + off)


def test_what_is_signed_has_a_line_for_each_property_that_is_there() -> None:
    payload = {
        "Type": "Notification",
        "Message": "m",
        "MessageId": "i",
        "Timestamp": "t",
        "TopicArn": "a",
        "Extra": "x",
    }

    assert string_to_sign(payload) == b"Message\nm\nMessageId\ni\nTimestamp\nt\nTopicArn\na\nType\nNotification\n"


def test_a_subscription_is_confirmed_when_it_is_understood() -> None:
    delivery = delivery_of(HOOKS.confirmation(), "ses")
    confirm = json.loads(delivery.body)["SubscribeURL"]
    shelf = Shelf({HOOKS.certificate_url: HOOKS.certificate, confirm: b"<ConfirmSubscriptionResponse/>"})
    receiver = ses(shelf)

    receiver.verify(delivery, now=NOW)
    assert [url for url, _ in shelf.asked] == [HOOKS.certificate_url]
    [found] = receiver.parse(delivery)

    assert shelf.asked[-1][0] == confirm
    assert (found.kind, found.data["event"]) == (EventKind.UNKNOWN, "SubscriptionConfirmed")


def test_a_confirmation_elsewhere_is_not_followed() -> None:
    call = HOOKS.call(
        "SubscriptionConfirmation", {"Message": "…", "SubscribeURL": "https://evil.example/", "Token": "t"}
    )
    shelf = Shelf({})

    with pytest.raises(ValueError, match="SubscribeURL"):
        ses(shelf).parse(delivery_of(call, "ses"))

    assert shelf.asked == []


def test_a_confirmation_that_does_not_get_through_is_tried_again() -> None:
    delivery = delivery_of(HOOKS.confirmation(), "ses")
    shelf = Shelf({json.loads(delivery.body)["SubscribeURL"]: Unavailable("fetch", "no answer")})

    with pytest.raises(Unavailable):
        ses(shelf).parse(delivery)


def test_the_sentence_by_which_ses_tries_a_topic_is_kept() -> None:
    [found] = ses().parse(say("Successfully validated SNS topic for Amazon SES event publishing."))

    assert (found.kind, str(found.data["said"])[:12]) == (EventKind.UNKNOWN, "Successfully")


@pytest.mark.parametrize(
    ("kind", "sub", "status", "said", "reason", "is_hard"),
    [
        ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "no_mailbox", True),
        ("Permanent", "NoEmail", "", "", "no_mailbox", True),
        ("Permanent", "General", "5.2.2", "smtp; 552 5.2.2 mailbox full", "full", False),
        ("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 blocked", "policy", False),
        ("Permanent", "OnAccountSuppressionList", "", "", "no_mailbox", True),
        ("Transient", "MailboxFull", "", "", "full", False),
        ("Transient", "General", "5.1.1", "smtp; 550 5.1.1 no such user", "no_mailbox", True),
        ("Transient", "General", "4.1.1", "smtp; 450 4.1.1 user unknown", "no_mailbox", False),
        ("Transient", "ContentRejected", "", "", "content", False),
        ("Undetermined", "Undetermined", "", "", "other", False),
    ],
)
def test_bounces_are_judged_by_their_reason(
    *, kind: str, sub: str, status: str, said: str, reason: str, is_hard: bool
) -> None:
    [found] = ses().parse(bounce(kind, sub, ("ada@example.com", status, said)))

    assert (found.kind, found.reason, found.is_hard) == (EventKind.BOUNCED, reason, is_hard)
    assert found.clues.provider_ids == ("0100-sent-1",)
    assert found.clues.message_ids == ("e1.first@example.org",)
    assert found.clues.addresses == (("email", "ada@example.com"),)


@pytest.mark.parametrize(
    ("delivery", "kind"),
    [
        (event("Send", send={}), EventKind.UNKNOWN),
        (event("Reject", reject={"reason": "Bad content"}), EventKind.REJECTED),
        (event("Rendering Failure", failure={"errorMessage": "no name"}), EventKind.REJECTED),
        (
            event("DeliveryDelay", deliveryDelay={"delayedRecipients": [{"emailAddress": "ada@example.com"}]}),
            EventKind.DEFERRED,
        ),
        (event("Complaint", complaint={"complaintFeedbackType": "not-spam"}), EventKind.UNKNOWN),
        (event("Subscription", subscription={"newTopicPreferences": {"unsubscribeAll": True}}), EventKind.UNSUBSCRIBED),
        (event("Subscription", subscription={"newTopicPreferences": {"unsubscribeAll": False}}), EventKind.UNKNOWN),
        (say({"notificationType": "Delivery", "mail": MAIL, "delivery": {}}), EventKind.DELIVERED),
    ],
)
def test_other_events_become_our_kinds(delivery: Delivery, kind: EventKind) -> None:
    [found] = ses().parse(delivery)

    assert found.kind is kind


@pytest.mark.parametrize("encoding", ["UTF-8", "BASE64"])
def test_a_whole_mail_in_the_notification_is_understood(encoding: str) -> None:
    content = RAW if encoding == "UTF-8" else base64.b64encode(RAW.encode()).decode()

    [found] = ses().parse(received(content, encoding))

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    assert found.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert found.clues.tokens == ("tok_1",)
    assert set(found.clues.message_ids) <= set(ses().clues(received(content, encoding)).message_ids)


def test_a_mail_in_s3_is_fetched_with_a_signed_request() -> None:
    address = "https://s3.eu-central-1.amazonaws.com/mails/in%20box/1"
    shelf = Shelf({address: RAW.encode()})
    delivery = received("", type="S3", bucketName="mails", objectKey="in box/1")

    [found] = ses(shelf, access_key_id="AKID", secret_access_key=SECRET_KEY).parse(delivery)

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    [(url, headers)] = shelf.asked
    assert url == address
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-central-1/s3/aws4_request")


def test_a_mail_in_s3_holds_its_lead_before_it_is_fetched() -> None:
    clues = ses().clues(received("", type="S3", bucketName="mails", objectKey="1"))

    assert "e1.second@example.org" in clues.message_ids
    assert ("email", "ada@example.com") in clues.addresses
    assert "tok_1" in clues.tokens


def test_a_mail_in_s3_without_a_key_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="access_key_id"):
        ses().parse(received("", type="S3", bucketName="mails", objectKey="1"))


def test_a_mail_that_lies_nowhere_is_an_error_and_no_empty_reply() -> None:
    receiver = ses(Shelf({}), access_key_id="AKID", secret_access_key=SECRET_KEY)

    with pytest.raises(Refused):
        receiver.parse(received("", type="S3", bucketName="mails", objectKey="gone"))


def test_without_topics_it_is_not_configured() -> None:
    for topics in ((), ("outreach",)):
        with pytest.raises(ValueError, match="topics"):
            Options(topics=topics)
