"""WhatsApp Cloud webhooks: the handshake, the signature, people without a number, batches and statuses."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.whatsapp import Options, WhatsApp
from outreach.sandbox.answers import Hook
from outreach.sandbox.whatsapp_server import Note, WhatsAppServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

SECRET, VERIFY = "sample-app-secret", "sample-verify-token"
URL = "https://outreach.example.com/webhooks/whatsapp"
SERVER = WhatsAppServer(
    phone_number_id="106", token="t", app_secret=SECRET, verify_token=VERIFY, templates={"intro": 0}
)
NOTE = Note("wamid.ours", "905321234567", {"biz_opaque_callback_data": "01E.intro"})


def whatsapp() -> WhatsApp:
    return WhatsApp(Options(secret=SECRET, verify_token=VERIFY))


def inbound(text: str, **more: str) -> Delivery:
    return delivered(SERVER.inbound(URL, **{"number": "905321234567", "text": text, "at": NOW, **more}))  # type: ignore[arg-type]  # texts and one time


def payload(value: dict[str, Any], field: str = "messages") -> Delivery:
    entry = {"id": "1", "changes": [{"field": field, "value": {"messaging_product": "whatsapp", **value}}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return delivered(Hook(URL, body, {"x-hub-signature-256": f"sha256={mac}"}))


def message(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {
        "from": "905321234567",
        "id": f"wamid.{kind}",
        "timestamp": "1795262400",
        "type": kind,
        kind: content,
        **more,
    }


class TestWhatsApp(ReceiverContract):
    secrets = (SECRET, VERIFY)
    proof_headers = ("x-hub-signature-256",)
    signs_the_body = True
    BATCH = payload({"messages": [message("text", {"body": "One"}), message("image", {"caption": "Two"})]})
    DELIVERIES = (
        inbound("Sounds good"),
        inbound("STOP"),
        inbound("", number=""),
        BATCH,
        *(delivered(SERVER.status(URL, NOTE, word, at=NOW)) for word in ("sent", "delivered", "read")),
        delivered(SERVER.status(URL, NOTE, "failed", at=NOW, code=131026)),
    )

    def receiver(self) -> WhatsApp:
        return whatsapp()

    def receiver_in_rotation(self) -> WhatsApp:
        return WhatsApp(Options(secrets=("another", SECRET), verify_token=VERIFY))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return payload({"event": "APPROVED"}, "message_template_status_update")

    def events_in(self, delivery: Delivery) -> int:
        return 2 if delivery is self.BATCH else 1


def test_no_byte_of_a_signed_delivery_can_change() -> None:
    assert_no_byte_can_change(whatsapp(), inbound("Hi"), "x-hub-signature-256")


@pytest.mark.parametrize(
    ("secret", "body", "digest"),
    [
        ("TEST_APP_SECRET", b"test", "0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221"),
        (
            "It's a Secret to Everybody",
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
    ],
    ids=["of Meta", "of GitHub"],
)
def test_a_published_example_passes_and_no_byte_of_it_can_change(secret: str, body: bytes, digest: str) -> None:
    """Meta's: its own WhatsApp library for Node.js, test of the helper that makes the header, with the secret in the
    configuration of its tests. GitHub sends the same header, made the same way ("Validating webhook deliveries").
    """
    receiver = WhatsApp(Options(secret=secret, verify_token=VERIFY))
    vector = replace(inbound("Hi"), body=body, headers={"x-hub-signature-256": f"sha256={digest}"})

    assert_no_byte_can_change(receiver, vector, "x-hub-signature-256")


def test_the_handshake_is_answered_with_the_bare_challenge() -> None:
    asked = delivered(SERVER.handshake(URL, "1158201444"))
    receiver = whatsapp()

    receiver.verify(asked, now=NOW)
    answer = receiver.answer(asked)

    assert answer
    assert (answer.status, answer.body, answer.is_news) == (200, "1158201444", False)
    assert receiver.answer(inbound("Hi")) is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
        f"?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY}",
        f"?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token={VERIFY}",
        f"?hub.mode=subscribe&hub.verify_token={VERIFY}",
    ],
)
def test_a_handshake_without_our_word_is_refused(query: str) -> None:
    with pytest.raises(WebhookRejected):
        whatsapp().verify(delivered(Hook(URL + query, method="GET")), now=NOW)


def test_a_post_cannot_pass_as_a_handshake() -> None:
    asked = delivered(SERVER.handshake(URL, "1158201444"))

    with pytest.raises(WebhookRejected):
        whatsapp().verify(replace(asked, method="POST"), now=NOW)


def test_a_reply_names_the_person_in_every_way_and_the_message_it_answers() -> None:
    (event,) = whatsapp().parse(inbound("Sounds good", answers="wamid.ours"))

    assert (event.kind, event.text, event.clues.provider_ids) == (EventKind.REPLIED, "Sounds good", ("wamid.ours",))
    assert ("phone", "+905321234567") in event.clues.addresses
    assert ("whatsapp", "US.13491208655302741918") in event.clues.addresses
    assert event.data["provider_id"] == "US.13491208655302741918"


def test_a_person_without_a_number_is_known_by_the_user_id() -> None:
    (event,) = whatsapp().parse(inbound("Hi", number=""))

    assert {value for _, value in event.clues.addresses} >= {"US.13491208655302741918"}


@pytest.mark.parametrize(
    ("given", "text", "kind"),
    [
        (message("button", {"text": "Tell me more", "payload": "x"}), "Tell me more", EventKind.REPLIED),
        (message("button", {"text": "Stop", "payload": "x"}), "Stop", EventKind.UNSUBSCRIBED),
        (message("interactive", {"type": "button_reply", "button_reply": {"title": "Yes"}}), "Yes", EventKind.REPLIED),
        (message("interactive", {"type": "list_reply", "list_reply": {"title": "May"}}), "May", EventKind.REPLIED),
        (message("document", {"caption": "see page 2"}), "see page 2", EventKind.REPLIED),
        (message("audio", {"id": "9"}), "", EventKind.REPLIED),
        (message("unsupported", {}), "", EventKind.REPLIED),
        (message("reaction", {"emoji": "👍", "message_id": "wamid.ours"}), "", EventKind.UNKNOWN),
        (message("system", {"body": "changed number"}), "", EventKind.UNKNOWN),
    ],
)
def test_each_kind_of_message_is_read(given: dict[str, Any], text: str, kind: EventKind) -> None:
    (event,) = whatsapp().parse(payload({"messages": [given]}))

    assert (event.text, event.kind) == (text, kind)


@pytest.mark.parametrize(
    ("word", "code", "kind", "is_hard"),
    [
        ("sent", 0, EventKind.UNKNOWN, False),
        ("delivered", 0, EventKind.DELIVERED, False),
        ("read", 0, EventKind.OPENED, False),
        ("played", 0, EventKind.OPENED, False),
        ("failed", 131026, EventKind.BOUNCED, True),
        ("failed", 131049, EventKind.BOUNCED, False),
        ("failed", 131050, EventKind.UNSUBSCRIBED, False),
        ("failed", 131042, EventKind.REJECTED, False),
        ("failed", 0, EventKind.REJECTED, False),
    ],
)
def test_statuses_become_our_kinds(word: str, code: int, kind: EventKind, is_hard: bool) -> None:
    (event,) = whatsapp().parse(delivered(SERVER.status(URL, NOTE, word, at=NOW, code=code)))

    assert (event.kind, event.is_hard) == (kind, is_hard)
    assert (event.clues.provider_ids, event.clues.tokens) == (("wamid.ours",), ("01E.intro",))


@pytest.mark.parametrize(("value", "kind"), [("stop", EventKind.UNSUBSCRIBED), ("resume", EventKind.UNKNOWN)])
def test_a_wish_for_no_marketing_is_an_opt_out(value: str, kind: EventKind) -> None:
    wish = {"wa_id": "905321234567", "category": "marketing_messages", "value": value, "timestamp": "1795262400"}

    (event,) = whatsapp().parse(payload({"user_preferences": [wish]}, "user_preferences"))

    assert event.kind is kind
    assert ("phone", "+905321234567") in event.clues.addresses


def test_the_same_message_twice_in_a_batch_is_one_event() -> None:
    twice = message("text", {"body": "Hi"})

    assert len(whatsapp().parse(payload({"messages": [twice, twice]}))) == 1
