"""Resend: events signed as Svix does, and inbound mail that has to be fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import Refused, Unavailable, WebhookRejected
from outreach.mail.tagged import MARK, narrow_mark
from outreach.receiver import Delivery
from outreach.receivers.resend import Options, Resend
from outreach.receivers.signed_webhook import signature
from outreach.sandbox.mail_api_hooks import ResendHooks
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.mail_hooks import RAW, TEXT, Shelf, delivery_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the example Svix and Standard Webhooks publish
OTHER = "whsec_c2FtcGxlLXNlY3JldC1vZi1hbm90aGVyLWhvb2s="
TOKEN = "re_sample_token"
HOOKS = ResendHooks("https://outreach.example.com/webhooks/resend", SECRET)
RECEIVING = "https://api.resend.com/emails/receiving/in-1"
DOWNLOAD = "https://inbound-cdn.resend.com/raw/in-1?sig=1"
STORED = {
    "id": "in-1",
    "from": "Ada Example <ada@example.com>",
    "to": ["anna+tok_1@example.org"],
    "subject": "Re: A question",
    "text": TEXT,
    "html": None,
    "headers": {
        "in-reply-to": "<e1.second@example.org>",
        "references": "<e1.first@example.org> <e1.second@example.org>",
        "date": "Sat, 21 Nov 2026 12:44:33 +0300",
    },
    "raw": {"download_url": DOWNLOAD},
}


def event(kind: str, svix_id: str = "", **data: Any) -> Delivery:
    content: dict[str, Any] = {
        "email_id": "sent-1",
        "message_id": "<0100-1@email.amazonses.com>",
        "to": ["Ada@Example.com"],
        "subject": "A question",
        "tags": {MARK: narrow_mark("e1.first@example.org")},
    }
    payload = {"type": kind, "created_at": "2026-11-21T11:00:00.000Z", "data": content | data}
    return delivery_of(HOOKS.event(payload, svix_id=svix_id or f"msg_{kind}", at=NOW), "resend")


def received() -> Delivery:
    return event(
        "email.received",
        email_id="in-1",
        message_id="<their-1@mail.example.com>",
        to=["anna+tok_1@example.org"],
        tags={},
        **{"from": "Ada Example <ada@example.com>"},
    )


def lying(stored: Mapping[str, Any] | None = None, raw: bytes | Exception = RAW.encode()) -> Shelf:
    return Shelf({RECEIVING: json.dumps(stored or STORED).encode(), DOWNLOAD: raw})


def resend(shelf: Shelf | None = None, **more: Any) -> Resend:
    return Resend(Options(**{"secrets": (SECRET,), "token": TOKEN, **more}), shelf or lying())


class TestResendWebhooks(ReceiverContract):
    proof_headers = ("svix-id", "svix-timestamp", "svix-signature")
    secrets = (SECRET, TOKEN)
    signs_the_body = True

    def receiver(self) -> Resend:
        return resend()

    def receiver_in_rotation(self) -> Resend:
        return resend(secrets=(OTHER, SECRET))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            event("email.bounced", bounce={"type": "Permanent", "subType": "General", "message": "550 5.1.1 unknown"}),
            event("email.delivered"),
            event("email.opened"),
            event("email.clicked", click={"link": "https://example.com", "userAgent": "Mozilla"}),
            event("email.complained"),
            event("suppression.added", email="ada@example.com", origin="manual"),
        )

    def unknown(self) -> Delivery:
        return event("email.something_new")

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_the_published_example_passes_and_each_altered_byte_fails() -> None:
    """Svix's own example: secret, id, timestamp, body and signature."""
    body, signed = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": signed,
    }
    then = NOW.fromtimestamp(1614265330, NOW.tzinfo)
    published = replace(event("email.opened"), headers=headers, body=body)

    resend().verify(published, now=then)

    altered = [replace(published, body=flipped(body, at)) for at in range(len(body))]
    altered += [
        replace(published, headers={**headers, name: flipped(value.encode(), at).decode("latin-1")})
        for name, value in headers.items()
        for at in range(len(value))
    ]
    for each in altered:
        with pytest.raises(WebhookRejected):
            resend().verify(each, now=then)


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_headers_of_standard_webhooks_are_taken_as_well() -> None:
    delivery = event("email.opened")
    renamed = {name.replace("svix-", "webhook-"): value for name, value in delivery.headers.items()}

    resend().verify(replace(delivery, headers=renamed), now=NOW)

    assert resend().key(replace(delivery, headers=renamed)) == resend().key(delivery)


@pytest.mark.parametrize("off", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)])
def test_more_than_five_minutes_away_is_rejected(off: timedelta) -> None:
    with pytest.raises(WebhookRejected):
        resend().verify(event("email.opened"), now=NOW + off)


def test_one_of_several_tokens_is_enough() -> None:
    delivery = event("email.opened")
    stamp, own_id = delivery.headers["svix-timestamp"], delivery.headers["svix-id"]
    wrong = signature(OTHER, webhook_id=own_id, timestamp=stamp, body=delivery.body)
    tokens = f"v1a,abc v2,x {wrong} {delivery.headers['svix-signature']}"

    resend().verify(replace(delivery, headers={**delivery.headers, "svix-signature": tokens}), now=NOW)


@pytest.mark.parametrize(
    ("delivery", "kind", "reason", "is_hard"),
    [
        (
            event("email.bounced", bounce={"type": "Permanent", "message": "552 5.2.2 mailbox full"}),
            EventKind.BOUNCED,
            "full",
            False,
        ),
        (event("email.bounced", bounce={"type": "Transient", "message": "?"}), EventKind.BOUNCED, "other", False),
        (
            event("email.bounced", bounce={"type": "Permanent", "subType": "Suppressed", "message": "suppressed"}),
            EventKind.BOUNCED,
            "no_mailbox",
            True,
        ),
        (event("email.delivery_delayed"), EventKind.DEFERRED, "delayed", False),
        (event("email.suppressed", suppressed={"message": "on the list"}), EventKind.REJECTED, "other", False),
        (event("email.failed", failed={"reason": "domain not verified"}), EventKind.REJECTED, "other", False),
        (event("email.sent"), EventKind.UNKNOWN, "", False),
        (event("contact.updated", unsubscribed=True, email="ada@example.com"), EventKind.UNSUBSCRIBED, "", False),
        (event("contact.updated", unsubscribed=False, email="ada@example.com"), EventKind.UNKNOWN, "", False),
        (event("suppression.added", origin="complaint"), EventKind.COMPLAINED, "", False),
        (event("suppression.added", origin="bounce"), EventKind.BOUNCED, "no_mailbox", True),
    ],
)
def test_events_become_our_kinds(delivery: Delivery, kind: EventKind, reason: str, is_hard: bool) -> None:
    [found] = resend().parse(delivery)

    assert (found.kind, found.reason, found.is_hard) == (kind, reason, is_hard)
    assert found.clues.provider_ids == ("sent-1",)
    assert found.clues.message_ids == ("e1.first@example.org", "0100-1@email.amazonses.com")
    assert found.at.isoformat() == "2026-11-21T11:00:00+00:00"


def test_tags_of_older_payloads_are_read() -> None:
    mark = narrow_mark("e1.second@example.org")

    [found] = resend().parse(event("email.opened", tags=[{"name": MARK, "value": mark}]))

    assert found.clues.message_ids[0] == "e1.second@example.org"


@pytest.mark.parametrize("raw", [RAW.encode(), Refused("fetch", "gone")], ids=["raw", "divided"])
def test_an_inbound_mail_is_fetched_and_understood(raw: bytes | Exception) -> None:
    shelf = lying(raw=raw)

    [found] = resend(shelf).parse(received())

    assert (found.kind, found.text) == (EventKind.REPLIED, "Gladly.")
    assert found.clues.message_ids == ("e1.second@example.org", "e1.first@example.org")
    assert found.clues.tokens == ("tok_1",)
    assert found.at.isoformat() == "2026-11-21T09:44:33+00:00"
    assert shelf.asked[0] == (RECEIVING, {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"})
    assert shelf.asked[1] == (DOWNLOAD, {})


def test_the_lead_is_held_before_the_mail_is_fetched() -> None:
    shelf = Shelf({})
    clues = resend(shelf).clues(received())

    assert ("email", "ada@example.com") in clues.addresses
    assert shelf.asked == []


def test_a_raw_mail_elsewhere_is_not_fetched() -> None:
    for url in ("https://evil.example/raw", "http://resend.com/raw", "https://resend.com.evil.example/", "ftp://x", ""):
        shelf = lying({**STORED, "raw": {"download_url": url}})

        [found] = resend(shelf).parse(received())

        assert (found.text, [asked for asked, _ in shelf.asked]) == ("Gladly.", [RECEIVING])


def test_a_mail_that_cannot_be_fetched_now_is_tried_again() -> None:
    with pytest.raises(Unavailable):
        resend(Shelf({RECEIVING: Unavailable("fetch", "no answer")})).parse(received())
    with pytest.raises(Refused):
        resend(Shelf({})).parse(received())


def test_an_inbound_mail_without_a_token_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="token"):
        resend(token="").parse(received())


def test_without_secrets_it_is_not_configured() -> None:
    with pytest.raises(ValueError, match="secrets"):
        Options(secrets=())
