"""Brevo: events one by one and in batches, and inbound mail, behind a password or a header."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.brevo import Brevo, Options
from outreach.sandbox.mail_api_hooks import with_login
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.mail_hooks import TEXT, delivery_of

URL = "https://outreach.example.com/webhooks/brevo"
ITEM: dict[str, Any] = {
    "Uuid": ["0f2c"],
    "MessageId": "<their-1@mail.example.com>",
    "InReplyTo": "<e1.second@example.org>",
    "From": {"Name": "Ada Example", "Address": "ada@example.com"},
    "To": [{"Name": "", "Address": "anna+tok_1@example.org"}],
    "Cc": [],
    "ReplyTo": None,
    "SentAtDate": "Sat, 21 Nov 2026 12:44:33 +0300",
    "Subject": "Re: A question",
    "Headers": {
        "References": "<e1.first@example.org> <e1.second@example.org>",
        "Received": ["from a", "from b"],
    },
    "RawTextBody": TEXT,
    "RawHtmlBody": "",
    "ExtractedMarkdownMessage": "Gladly.",
    "Attachments": [],
}


def one(kind: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "event": kind,
        "email": "Ada@Example.com",
        "id": 99,
        "message-id": "<2026.1@smtp-relay.mailin.fr>",
        "subject": "A question",
        "ts_epoch": int(NOW.timestamp() * 1000) - 60_000,
        "ts": 1,
        "X-Mailin-custom": "e1.first@example.org",
    }
    return found | fields


def told(payload: object, *, password: str = "sample-password") -> Delivery:
    return delivery_of(with_login(URL, json.dumps(payload).encode(), user="hook", password=password), "brevo")


def brevo(**more: Any) -> Brevo:
    return Brevo(Options(user="hook", password="sample-password", **more))


class TestBrevoWebhooks(ReceiverContract):
    proof_headers = ("authorization",)
    secrets = ("sample-password",)

    def receiver(self) -> Brevo:
        return brevo()

    def receiver_in_rotation(self) -> Brevo:
        return Brevo(Options(user="hook", passwords=("another-password", "sample-password")))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            told({"items": [ITEM]}),
            told(one("delivered")),
            told([one("opened"), one("click", link="https://example.com")]),
            told({"events": [one("hard_bounce", reason="550 5.1.1 unknown"), one("spam"), one("unsubscribe")]}),
        )

    def unknown(self) -> Delivery:
        return told([one("something_new"), one("request")])

    def events_in(self, delivery: Delivery) -> int:
        payload = json.loads(delivery.body)
        return len(payload) if isinstance(payload, list) else len(payload.get("events", [1]))


def test_what_cannot_be_stored_is_answered_with_429() -> None:
    """Any 5xx, and any other 4xx, would make Brevo drop the event for good."""
    assert Brevo.unavailable_status == 429


def test_a_header_of_ours_or_a_bearer_token_is_a_proof() -> None:
    receiver = Brevo(Options(header="Authorization", values=("Bearer old", "Bearer sample")))
    delivery = told(one("opened"))

    receiver.verify(replace(delivery, headers={"authorization": "Bearer sample"}), now=NOW)

    for headers in ({}, {"authorization": "Bearer guess"}, dict(delivery.headers)):
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(delivery, headers=headers), now=NOW)


def test_two_agreed_proofs_are_both_asked_for() -> None:
    receiver = brevo(header="X-Hook", value="sample-value")
    delivery = told(one("opened"))

    with pytest.raises(WebhookRejected):
        receiver.verify(delivery, now=NOW)
    receiver.verify(replace(delivery, headers={**delivery.headers, "x-hook": "sample-value"}), now=NOW)


@pytest.mark.parametrize(
    ("event", "kind", "reason", "is_hard"),
    [
        (one("hard_bounce", reason="550 5.1.1 user unknown"), EventKind.BOUNCED, "no_mailbox", True),
        (one("hard_bounce", reason="552 5.2.2 mailbox full"), EventKind.BOUNCED, "full", False),
        (one("hard_bounce", reason=""), EventKind.BOUNCED, "other", True),
        (one("soft_bounce", reason="452 4.2.2 mailbox full"), EventKind.BOUNCED, "full", False),
        (one("soft_bounce", reason=""), EventKind.BOUNCED, "other", False),
        (one("invalid_email"), EventKind.BOUNCED, "no_mailbox", True),
        (one("deferred", reason="greylisted"), EventKind.DEFERRED, "delayed", False),
        (one("blocked"), EventKind.REJECTED, "other", False),
        (one("error"), EventKind.REJECTED, "other", False),
        (one("complaint"), EventKind.COMPLAINED, "", False),
        (one("unique_opened"), EventKind.OPENED, "", False),
        (one("request"), EventKind.UNKNOWN, "", False),
    ],
)
def test_events_are_judged_by_their_reason(event: dict[str, Any], kind: EventKind, reason: str, is_hard: bool) -> None:
    [found] = brevo().parse(told(event))

    assert (found.kind, found.is_hard) == (kind, is_hard)
    assert found.reason == reason or kind is EventKind.DEFERRED
    assert found.clues.message_ids == ("e1.first@example.org", "2026.1@smtp-relay.mailin.fr")
    assert found.clues.provider_ids == ("2026.1@smtp-relay.mailin.fr",)
    assert (NOW - found.at).total_seconds() == 60


def test_an_open_by_a_proxy_is_told_apart() -> None:
    [found] = brevo().parse(told(one("unique_proxy_open")))

    assert (found.kind, found.data["is_machine"]) == (EventKind.OPENED, "true")


def test_an_event_that_stands_twice_is_one() -> None:
    assert len(brevo().parse(told([one("opened"), one("opened")]))) == 1


def test_a_reply_is_understood() -> None:
    [found] = brevo().parse(told({"items": [ITEM]}))

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    assert found.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert found.clues.tokens == ("tok_1",)
    assert (found.data["from_name"], found.at.isoformat()) == ("Ada Example", "2026-11-21T09:44:33+00:00")


def test_several_mails_in_one_call_are_several_events() -> None:
    found = brevo().parse(told({"items": [ITEM, {**ITEM, "Uuid": ["0f2d"], "RawTextBody": "Stop."}]}))

    assert [event.kind for event in found] == [EventKind.REPLIED, EventKind.UNSUBSCRIBED]


def test_what_is_neither_event_nor_mail_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="Brevo"):
        brevo().parse(told({"hello": "world"}))


def test_without_a_proof_it_is_not_configured() -> None:
    for user, header, value in (("", "", ""), ("hook", "", ""), ("", "X-Hook", ""), ("", "", "x")):
        with pytest.raises(ValueError, match="password"):
            Options(user=user, header=header, value=value)
