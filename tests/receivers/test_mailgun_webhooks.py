"""Mailgun: signed events, and mail by routes, parsed and raw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.mail.tagged import MARK
from outreach.receiver import Delivery
from outreach.receivers.mailgun import Mailgun, Options, signature
from outreach.sandbox.mail_api_hooks import File, MailgunHooks
from outreach.testing.receiver import NOW, ReceiverContract, assert_within
from tests.receivers.calls import altered
from tests.receivers.mail_hooks import ORIGINAL, RAW, REPORT, TEXT, TROUBLE, delivery_of

KEY = "sample-signing-key"
HOOKS = MailgunHooks("https://outreach.example.com/webhooks/mailgun", KEY)
HEADERS = [
    ["From", "Ada Example <ada@example.com>"],
    ["Date", "Sat, 21 Nov 2026 12:44:33 +0300"],
    ["Message-Id", "<their-1@mail.example.com>"],
    ["In-Reply-To", "<e1.second@example.org>"],
    ["References", "<e1.first@example.org> <e1.second@example.org>"],
]
FORM: dict[str, str | bytes | File] = {
    "recipient": "anna+tok_1@example.org",
    "sender": "ada@example.com",
    "from": "Ada Example <ada@example.com>",
    "subject": "Re: A question",
    "body-plain": TEXT,
    "stripped-text": "Gladly.",
    "message-headers": json.dumps(HEADERS),
}


def one(kind: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "event": kind,
        "id": "id-1",
        "timestamp": NOW.timestamp() - 60.25,
        "recipient": "Ada@Example.com",
        "message": {"headers": {"message-id": "e1.first@example.org", "subject": "A question"}},
    }
    return found | fields


def event(kind: str, **fields: Any) -> Delivery:
    hook = HOOKS.event(one(kind, **fields), token=f"token-{kind}", at=NOW)
    return delivery_of(hook, "mailgun")


def mail(**fields: Any) -> Delivery:
    return delivery_of(HOOKS.mail({**FORM, **fields}, token="token-mail", at=NOW), "mailgun")


def raw_mail() -> Delivery:
    fields: dict[str, str | bytes | File] = {
        "recipient": "anna+tok_1@example.org",
        "sender": "ada@example.com",
        "body-mime": RAW,
    }
    return delivery_of(HOOKS.mail(fields, token="token-raw", at=NOW), "mailgun")


def urlencoded(**fields: str) -> Delivery:
    form = {name: value for name, value in FORM.items() if isinstance(value, str)}
    body = urlencode({**form, **fields, **HOOKS.triple("token-plain", at=NOW)}).encode()
    return replace(mail(), body=body, headers={"content-type": "application/x-www-form-urlencoded"})


def failed(severity: str, code: int, said: str, reason: str = "bounce") -> dict[str, Any]:
    return {"severity": severity, "reason": reason, "delivery-status": {"code": code, "message": said}}


def mailgun(**more: Any) -> Mailgun:
    return Mailgun(Options(signing_key=KEY, **more))


class TestMailgunWebhooks(ReceiverContract):
    secrets = (KEY,)

    def receiver(self) -> Mailgun:
        return mailgun()

    def receiver_in_rotation(self) -> Mailgun:
        return Mailgun(Options(signing_keys=("another-key", KEY)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            mail(),
            raw_mail(),
            urlencoded(),
            event("delivered", **{"user-variables": {MARK: "e1.second@example.org"}}),
            event("failed", **failed("permanent", 550, "5.1.1 user unknown")),
            event("opened"),
            event("clicked", url="https://example.com"),
            event("complained"),
            event("unsubscribed"),
        )

    def unknown(self) -> Delivery:
        return event("something_new")

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_each_altered_byte_of_the_triple_fails_with_the_same_answer() -> None:
    triple = HOOKS.triple("token-1", at=NOW)
    told = set()

    for name, value in triple.items():
        for at in range(len(value)):
            altered = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            body = json.dumps({"signature": {**triple, name: altered}, "event-data": one("opened")}).encode()
            with pytest.raises(WebhookRejected) as caught:
                mailgun().verify(replace(event("opened"), body=body), now=NOW)
            told.add(str(caught.value))

    for body in (b"{}", b'{"signature": []}', b'{"signature": {"timestamp": 1}}', b"no JSON", b""):
        with pytest.raises(WebhookRejected) as caught:
            mailgun().verify(replace(event("opened"), body=body), now=NOW)
        told.add(str(caught.value))
    assert len(told) == 1


def test_the_signature_is_the_hex_digest_of_timestamp_and_token() -> None:
    """Computed by hand with another tool: echo -n 1529006854a8ce… | openssl dgst -sha256 -hmac sample-signing-key."""
    made = signature(KEY, "1529006854", "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0")

    assert made == "a5a7a9666ff5673622bef5a0d24c745f7f4e95f23476673d157c0ea31dd1cec0"


def _published() -> Delivery:
    """Key, time, token and signature from Mailgun's own PHP library, its test of `verifyWebhookSignature`."""
    triple = {
        "timestamp": "1403645220",
        "token": "5egbgr1vjgqxtrnp65xfznchgdccwh5d6i09vijqi3whgowmn6",
        "signature": "9cfc5c41582e51246e73c88d34db3af0a3a2692a76fbab81492842f000256d33",
    }
    return replace(event("opened"), body=json.dumps({"signature": triple, "event-data": one("opened")}).encode())


def test_the_published_example_passes() -> None:
    Mailgun(Options(signing_key="key-3ax6xnjp29jd6fds4gc373sgvjxteol0")).verify(_published(), now=NOW)


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
def test_no_character_of_the_published_example_can_change(name: str) -> None:
    receiver = Mailgun(Options(signing_key="key-3ax6xnjp29jd6fds4gc373sgvjxteol0"))
    payload = json.loads(_published().body)
    for value in altered(payload["signature"][name]):
        body = json.dumps({**payload, "signature": {**payload["signature"], name: value}}).encode()
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(_published(), body=body), now=NOW)


def test_a_token_that_was_used_is_the_same_delivery_whatever_the_body() -> None:
    """The body is not signed: a triple put on another body must not count as news."""
    forged = delivery_of(HOOKS.event(one("unsubscribed"), token="token-opened", at=NOW), "mailgun")

    assert mailgun().key(event("opened")) == mailgun().key(forged) == "token-opened"


def test_an_empty_triple_is_no_proof() -> None:
    triple = {"timestamp": "", "token": "", "signature": signature(KEY, "", "")}
    body = json.dumps({"signature": triple, "event-data": one("opened")}).encode()

    with pytest.raises(WebhookRejected):
        mailgun().verify(replace(event("opened"), body=body), now=NOW)


def test_of_repeated_fields_the_last_triple_and_the_first_value_count() -> None:
    good = urlencoded()
    prefixed = replace(good, body=b"token=forged&subject=First&" + good.body)

    mailgun().verify(prefixed, now=NOW)

    [found] = mailgun().parse(prefixed)
    assert (mailgun().key(prefixed), found.subject) == ("token-plain", "First")


@pytest.mark.parametrize(
    ("fields", "kind", "reason", "is_hard"),
    [
        (failed("permanent", 550, "5.1.1 The account does not exist"), EventKind.BOUNCED, "no_mailbox", True),
        (failed("permanent", 552, "5.2.2 mailbox full"), EventKind.BOUNCED, "full", False),
        (failed("permanent", 550, "5.7.1 blocked for spam"), EventKind.BOUNCED, "policy", False),
        (failed("permanent", 605, "", "suppress-bounce"), EventKind.REJECTED, "no_mailbox", False),
        (failed("permanent", 605, "", "suppress-unsubscribe"), EventKind.UNSUBSCRIBED, "", False),
        (failed("permanent", 605, "", "suppress-complaint"), EventKind.COMPLAINED, "", False),
        (failed("temporary", 452, "4.2.2 mailbox full"), EventKind.DEFERRED, "full", False),
        (failed("temporary", 550, "5.1.1 user unknown"), EventKind.DEFERRED, "no_mailbox", False),
    ],
)
def test_failures_are_judged_by_their_reason(
    fields: dict[str, Any], kind: EventKind, reason: str, is_hard: bool
) -> None:
    [found] = mailgun().parse(event("failed", **fields))

    assert (found.kind, found.reason, found.is_hard) == (kind, reason, is_hard)
    assert found.clues.message_ids == ("e1.first@example.org",)
    assert found.at < NOW


def test_a_rejected_message_says_why() -> None:
    [found] = mailgun().parse(event("rejected", reject={"reason": "Sandbox subdomains are for test purposes only"}))

    assert found.kind is EventKind.REJECTED


@pytest.mark.parametrize("delivery", [mail(), raw_mail(), urlencoded()], ids=["parts", "raw", "urlencoded"])
def test_a_reply_is_understood_in_every_form(delivery: Delivery) -> None:
    [found] = mailgun().parse(delivery)

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    assert found.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert found.clues.tokens == ("tok_1",)
    assert found.clues.addresses == (("email", "ada@example.com"),)
    assert found.at.isoformat() == "2026-11-21T09:44:33+00:00"


def test_letters_outside_ascii_are_read_in_either_encoding() -> None:
    text = "Görüşelim. Çok iyi olur 🎉"

    for delivery in (mail(**{"body-plain": text}), urlencoded(**{"body-plain": text})):
        assert mailgun().parse(delivery)[0].text == text


def test_a_report_among_the_files_is_a_bounce() -> None:
    report = mail(
        **{
            "from": "MAILER-DAEMON@mx.example.com",
            "sender": "",
            "subject": "Undelivered Mail Returned to Sender",
            "body-plain": TROUBLE,
            "message-headers": json.dumps([["From", "MAILER-DAEMON@mx.example.com"]]),
            "attachment-1": File("report", "message/delivery-status", REPORT.encode()),
            "attachment-2": File("original", "message/rfc822", ORIGINAL.encode()),
        }
    )

    [found] = mailgun().parse(report)

    assert (found.kind, found.is_hard) == (EventKind.BOUNCED, True)
    assert_within(found.clues, mailgun().clues(report))


def test_a_form_without_a_mail_is_refused_with_a_sentence() -> None:
    strange = delivery_of(HOOKS.mail({"hello": "world"}, token="t", at=NOW), "mailgun")

    with pytest.raises(ValueError, match="route"):
        mailgun().parse(strange)


def test_without_a_key_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="signing_key"):
        Options()
