"""Mailjet: events one by one and in batches, and mail by the Parse API, behind basic auth."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.mailjet import Mailjet, Options
from outreach.sandbox.mail_api_hooks import with_login
from outreach.testing.receiver import NOW, ReceiverContract, assert_within
from tests.receivers.mail_hooks import ORIGINAL, REPORT, TEXT, TROUBLE, delivery_of

URL = "https://outreach.example.com/webhooks/mailjet"
MAIL: dict[str, Any] = {
    "Sender": "ada@example.com",
    "Recipient": "anna+tok_1@example.org",
    "From": "Ada Example <ada@example.com>",
    "Subject": "Re: A question",
    "Date": "20261121T094433",
    "Headers": {
        "Message-ID": "<their-1@mail.example.com>",
        "In-Reply-To": "<e1.second@example.org>",
        "References": "<e1.first@example.org> <e1.second@example.org>",
        "Date": "Sat, 21 Nov 2026 12:44:33 +0300",
        "Received": ["from a", "from b"],
    },
    "Text-part": TEXT,
    "Html-part": "",
    "Parts": [],
}


def one(kind: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "event": kind,
        "time": int(NOW.timestamp()) - 60,
        "MessageID": 1152921539744203519,
        "Message_GUID": "guid-1",
        "email": "Ada@Example.com",
        "CustomID": "e1.first@example.org",
    }
    return found | fields


def told(payload: object, *, password: str = "sample-password") -> Delivery:
    return delivery_of(with_login(URL, json.dumps(payload).encode(), user="hook", password=password), "mailjet")


def mailjet(**more: Any) -> Mailjet:
    return Mailjet(Options(user="hook", password="sample-password", **more))


class TestMailjetWebhooks(ReceiverContract):
    proof_headers = ("authorization",)
    secrets = ("sample-password",)

    def receiver(self) -> Mailjet:
        return mailjet()

    def receiver_in_rotation(self) -> Mailjet:
        return Mailjet(Options(user="hook", passwords=("another-password", "sample-password")))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            told(MAIL),
            told(one("sent", smtp_reply="250 OK")),
            told([one("open"), one("click", url="https://example.com"), one("spam"), one("unsub")]),
            told([one("bounce", hard_bounce=True, error="user unknown")]),
        )

    def unknown(self) -> Delivery:
        return told(one("something_new"))

    def events_in(self, delivery: Delivery) -> int:
        payload = json.loads(delivery.body)
        return len(payload) if isinstance(payload, list) else 1


@pytest.mark.parametrize(
    ("fields", "kind", "reason", "is_hard"),
    [
        ({"hard_bounce": True, "error": "user unknown"}, EventKind.BOUNCED, "no_mailbox", True),
        ({"hard_bounce": True, "error": "quota exceeded"}, EventKind.BOUNCED, "full", False),
        ({"hard_bounce": True, "error": "content blocked"}, EventKind.BOUNCED, "content", False),
        ({"hard_bounce": True, "error": "no mail host"}, EventKind.BOUNCED, "no_domain", True),
        ({"hard_bounce": False, "error": "user unknown"}, EventKind.BOUNCED, "no_mailbox", False),
        ({"hard_bounce": False, "error": "", "comment": "552 mailbox full"}, EventKind.BOUNCED, "full", False),
        ({"hard_bounce": False, "error": "greylisted"}, EventKind.DEFERRED, "delayed", False),
    ],
)
def test_bounces_are_judged_by_their_reason(
    fields: dict[str, Any], kind: EventKind, reason: str, is_hard: bool
) -> None:
    [found] = mailjet().parse(told(one("bounce", **fields)))

    assert (found.kind, found.reason, found.is_hard) == (kind, reason, is_hard)


def test_an_id_beyond_what_floats_can_hold_stays_whole() -> None:
    [found] = mailjet().parse(told(one("open")))

    assert found.clues.provider_ids == ("1152921539744203519", "guid-1")
    assert found.clues.message_ids == ("e1.first@example.org",)
    assert (NOW - found.at).total_seconds() == 60


def test_a_blocked_message_was_rejected() -> None:
    [found] = mailjet().parse(told(one("blocked", error="preblocked")))

    assert (found.kind, found.reason) == (EventKind.REJECTED, "other")


def test_an_event_that_stands_twice_is_one() -> None:
    assert len(mailjet().parse(told([one("open"), one("open")]))) == 1


def test_a_reply_is_understood() -> None:
    [found] = mailjet().parse(told(MAIL))

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    assert found.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert found.clues.tokens == ("tok_1",)
    assert found.at.isoformat() == "2026-11-21T09:44:33+00:00"


def test_a_report_among_the_parts_is_a_bounce() -> None:
    report = told(
        {
            **MAIL,
            "From": "MAILER-DAEMON@mx.example.com",
            "Sender": "",
            "Subject": "Undelivered Mail Returned to Sender",
            "Headers": {"Message-ID": "<d@mx.example.com>"},
            "Text-part": TROUBLE,
            "Parts": [
                {"Headers": {"Content-Type": "message/delivery-status"}, "ContentRef": "Attachment1"},
                {"Headers": {"Content-Type": "message/rfc822"}, "ContentRef": "Attachment2"},
            ],
            "Attachment1": base64.b64encode(REPORT.encode()).decode(),
            "Attachment2": base64.b64encode(ORIGINAL.encode()).decode(),
        }
    )

    [found] = mailjet().parse(report)

    assert (found.kind, found.is_hard) == (EventKind.BOUNCED, True)
    assert "e1.first@example.org" in found.clues.message_ids
    assert_within(found.clues, mailjet().clues(report))


def test_a_wrong_password_is_rejected() -> None:
    with pytest.raises(WebhookRejected):
        mailjet().verify(told(MAIL, password="guess"), now=NOW)


def test_without_a_password_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="password"):
        Options(user="hook")
