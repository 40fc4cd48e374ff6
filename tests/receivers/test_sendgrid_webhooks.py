"""SendGrid: signed events, and mail by Inbound Parse."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.mail.tagged import MARK
from outreach.receiver import Delivery
from outreach.receivers.sendgrid import Options, SendGrid
from outreach.sandbox.mail_api_hooks import File, SendGridHooks, with_login
from outreach.testing.receiver import NOW, ReceiverContract, assert_within
from tests.receivers.mail_hooks import DAEMON, ORIGINAL, RAW, REPLY, REPORT, TEXT, TROUBLE, delivery_of

# The example of SendGrid's own libraries (sendgrid-python, test_eventwebhook.py).
PUBLISHED_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6"
    "wEA3F+g=="
)
PUBLISHED_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
PUBLISHED_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
HOOKS = SendGridHooks("https://outreach.example.com/webhooks/sendgrid")
OTHER = SendGridHooks("https://outreach.example.com/webhooks/sendgrid", number=7)
FORM: dict[str, str | bytes | File] = {
    "headers": REPLY,
    "from": "Ada Example <ada@example.com>",
    "to": "anna+tok_1@example.org",
    "subject": "Re: A question",
    "text": TEXT,
    "envelope": json.dumps({"to": ["anna+tok_1@example.org"], "from": "ada@example.com"}),
    "charsets": json.dumps({"text": "utf-8"}),
    "spam_score": "0.1",
}


def published(
    body: bytes = PUBLISHED_BODY, signature: str = PUBLISHED_SIGNATURE, stamp: str = "1600112502"
) -> Delivery:
    headers = {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": stamp,
        "content-type": "application/json",
    }
    return Delivery(
        connection="sendgrid",
        method="POST",
        url="https://outreach.example.com/webhooks/sendgrid",
        headers=headers,
        body=body,
        received_at=NOW,
    )


def one(kind: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "email": "Ada@Example.com",
        "event": kind,
        "timestamp": int(NOW.timestamp()) - 60,
        "sg_event_id": f"id-{kind}",
        "sg_message_id": "sent-1.filter0425p1mdw1.7.0",
        "smtp-id": "<e1.first@example.org>",
    }
    return found | fields


def events(*listed: dict[str, Any]) -> Delivery:
    return delivery_of(HOOKS.events(listed, at=NOW), "sendgrid")


def mail(**fields: str | bytes | File) -> Delivery:
    return delivery_of(HOOKS.mail({**FORM, **fields}, at=NOW), "sendgrid")


def sendgrid(**more: Any) -> SendGrid:
    return SendGrid(Options(public_key=HOOKS.public_key, **more))


class TestSendGridWebhooks(ReceiverContract):
    proof_headers = ("x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp")
    secrets = ("sample-password",)
    signs_the_body = True

    def receiver(self) -> SendGrid:
        return sendgrid()

    def receiver_in_rotation(self) -> SendGrid:
        return SendGrid(Options(public_keys=(OTHER.public_key, HOOKS.public_key)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            mail(),
            delivery_of(HOOKS.mail({"email": RAW, "envelope": FORM["envelope"]}, at=NOW), "sendgrid"),
            events(one("delivered", response="250 OK"), one("open"), one("click", url="https://example.com")),
            events(one("bounce", status="5.1.1", reason="550 5.1.1 unknown", **{MARK: "e1.second@example.org"})),
            events(one("spamreport"), one("unsubscribe"), one("deferred", response="452 4.2.2 full", attempt="2")),
        )

    def unknown(self) -> Delivery:
        return events(one("something_new"), one("processed"), {"event": "nothing at all"})

    def events_in(self, delivery: Delivery) -> int:
        return 1 if b"form-data" in delivery.body else len(json.loads(delivery.body))


def test_the_published_example_passes() -> None:
    receiver = SendGrid(Options(public_key=PUBLISHED_KEY))

    receiver.verify(published(), now=NOW)

    [event] = receiver.parse(published())
    assert (event.kind, event.reason) == (EventKind.REJECTED, "no_mailbox")
    assert event.clues.provider_ids == ("LRzXl_NHStOGhQ4kofSm_A",)


def test_each_altered_byte_of_the_published_example_fails_with_the_same_answer() -> None:
    receiver = SendGrid(Options(public_key=PUBLISHED_KEY))
    signature = base64.b64decode(PUBLISHED_SIGNATURE)
    altered = [published(body=flipped(PUBLISHED_BODY, at)) for at in range(len(PUBLISHED_BODY))]
    altered += [published(signature=base64.b64encode(flipped(signature, at)).decode()) for at in range(len(signature))]
    altered += [published(stamp=flipped(b"1600112502", at).decode()) for at in range(10)]
    altered += [published(body=PUBLISHED_BODY.rstrip())]

    told = set()
    for delivery in altered:
        with pytest.raises(WebhookRejected) as caught:
            receiver.verify(delivery, now=NOW)
        told.add(str(caught.value))

    assert len(told) == 1


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_a_key_is_read_with_and_without_armour() -> None:
    armoured = (
        f"-----BEGIN PUBLIC KEY-----\n{HOOKS.public_key[:64]}\n{HOOKS.public_key[64:]}\n-----END PUBLIC KEY-----\n"
    )

    SendGrid(Options(public_key=armoured)).verify(events(one("open")), now=NOW)


@pytest.mark.parametrize("key", ["nonsense", "MFkw", base64.b64encode(b"der").decode()])
def test_what_is_no_key_is_refused_with_a_sentence(key: str) -> None:
    with pytest.raises(ValueError, match="public_key"):
        Options(public_key=key)


def test_user_and_password_prove_it_where_nothing_is_signed() -> None:
    receiver = SendGrid(Options(user="hook", password="sample-password"))
    call = with_login(HOOKS.events([], at=NOW).url, b"[]", user="hook", password="sample-password")

    receiver.verify(delivery_of(call, "sendgrid"), now=NOW)

    with pytest.raises(WebhookRejected):
        receiver.verify(events(one("open")), now=NOW)


def test_a_key_asks_for_the_signature_also_where_the_password_is_right() -> None:
    receiver = sendgrid(user="hook", password="sample-password")
    call = with_login("https://outreach.example.com/", b"[]", user="hook", password="sample-password")

    with pytest.raises(WebhookRejected):
        receiver.verify(delivery_of(call, "sendgrid"), now=NOW)


def test_without_key_and_password_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="public_key"):
        Options()


@pytest.mark.parametrize(
    ("event", "kind", "reason", "is_hard"),
    [
        (one("bounce", status="5.1.1", reason="550 5.1.1 user unknown"), EventKind.BOUNCED, "no_mailbox", True),
        (one("bounce", status="5.2.2", reason="552 5.2.2 mailbox full"), EventKind.BOUNCED, "full", False),
        (one("bounce", status="5.7.1", reason="550 5.7.1 blocked by spamhaus"), EventKind.BOUNCED, "policy", False),
        (one("bounce", status="4.1.1", reason="450 4.1.1 user unknown"), EventKind.BOUNCED, "no_mailbox", False),
        (one("bounce", type="blocked", reason="strange"), EventKind.BOUNCED, "policy", False),
        (one("bounce", type="blocked", reason="550 5.1.1 no such user"), EventKind.BOUNCED, "no_mailbox", True),
        (one("bounce", reason="strange"), EventKind.BOUNCED, "other", True),
        (one("deferred", response="please wait"), EventKind.DEFERRED, "delayed", False),
        (one("dropped", reason="Bounced Address"), EventKind.REJECTED, "no_mailbox", False),
        (one("dropped", reason="Unsubscribed Address"), EventKind.UNSUBSCRIBED, "", False),
        (one("dropped", reason="Spam Reporting Address"), EventKind.COMPLAINED, "", False),
        (one("group_unsubscribe", asm_group_id=1), EventKind.UNSUBSCRIBED, "", False),
        (one("group_resubscribe"), EventKind.UNKNOWN, "", False),
        (one("processed"), EventKind.UNKNOWN, "", False),
    ],
)
def test_events_are_judged_by_their_reason(event: dict[str, Any], kind: EventKind, reason: str, is_hard: bool) -> None:
    [found] = sendgrid().parse(events(event))

    assert (found.kind, found.reason, found.is_hard) == (kind, reason, is_hard)
    assert found.clues.addresses == (("email", "ada@example.com"),)
    assert "e1.first@example.org" in found.clues.message_ids


def test_an_open_by_a_machine_says_so() -> None:
    [by_machine, by_person] = sendgrid().parse(events(one("open", sg_machine_open=True, sg_event_id="1"), one("open")))

    assert by_machine.data["is_machine"] == "true"
    assert "is_machine" not in by_person.data


def test_an_event_that_stands_twice_in_a_batch_is_one() -> None:
    found = sendgrid().parse(events(one("open"), one("click"), one("open")))

    assert [event.kind for event in found] == [EventKind.OPENED, EventKind.CLICKED]


def test_the_same_event_in_another_batch_has_the_same_key() -> None:
    [alone] = sendgrid().parse(events(one("open")))
    [first, _] = sendgrid().parse(events(one("open"), one("click")))

    assert alone.key == first.key


def test_a_reply_is_understood() -> None:
    [event] = sendgrid().parse(mail())

    assert (event.kind, event.text) == (EventKind.REPLIED, "Gladly.")
    assert event.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert event.clues.tokens == ("tok_1",)
    assert event.clues.addresses == (("email", "ada@example.com"),)
    assert event.at.isoformat() == "2026-11-21T09:44:33+00:00"


def test_a_repeat_with_another_boundary_and_spam_score_is_the_same_mail() -> None:
    again = mail(spam_score="4.2")
    again = replace(
        again,
        body=again.body.replace(b"sandbox-form-boundary", b"another"),
        headers={**again.headers, "content-type": "multipart/form-data; boundary=another"},
    )

    assert sendgrid().key(again) == sendgrid().key(mail())
    assert sendgrid().parse(again)[0].key == sendgrid().parse(mail())[0].key


def test_a_text_in_another_charset_is_read() -> None:
    text = "Görüşelim, çok iyi olur.".encode("iso-8859-9")

    [event] = sendgrid().parse(mail(text=text, charsets=json.dumps({"text": "iso-8859-9"})))

    assert event.text == "Görüşelim, çok iyi olur."


def test_a_report_among_the_files_is_a_bounce_of_its_recipient() -> None:
    report = mail(
        headers=DAEMON,
        text=TROUBLE,
        envelope=json.dumps({"to": ["anna@example.org"], "from": ""}),
        attachment1=File("report", "message/delivery-status", REPORT.encode()),
        attachment2=File("original", "message/rfc822", ORIGINAL.encode()),
    )

    [event] = sendgrid().parse(report)

    assert (event.kind, event.is_hard, event.reason) == (EventKind.BOUNCED, True, "no_mailbox")
    assert "e1.first@example.org" in event.clues.message_ids
    assert ("email", "gone@example.com") in event.clues.addresses
    assert_within(event.clues, sendgrid().clues(report))


def test_a_mail_from_one_of_our_own_addresses_is_our_copy() -> None:
    [event] = sendgrid(own=("ada@example.com",)).parse(mail())

    assert event.kind is EventKind.OWN
