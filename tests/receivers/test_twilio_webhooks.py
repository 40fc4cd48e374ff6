"""Twilio's webhooks: the published signature, both algorithms, ports, JSON, opt-outs, and what became of messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote_plus

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.twilio import Options, Twilio
from outreach.sandbox.twilio_server import TwilioServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

TOKEN = "sample-auth-token"
URL = "https://outreach.example.com/webhooks/texts"
SERVER = TwilioServer(account_sid="AC1", auth_token=TOKEN)
PUBLISHED = Delivery(
    connection="texts",
    method="POST",
    url="https://mycompany.com/myapp.php?foo=1&bar=2",
    headers={"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="},
    body=b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212",
    received_at=NOW,
)


def inbound(text: str, *, sender: str = "+905321234567", **more: str) -> Delivery:
    return delivered(SERVER.inbound(URL, sender=sender, text=text, **more))


def twilio() -> Twilio:
    return Twilio(Options(auth_token=TOKEN))


class TestTwilio(ReceiverContract):
    secrets = (TOKEN,)
    proof_headers = ("x-twilio-signature",)
    signs_the_body = True

    def receiver(self) -> Twilio:
        return twilio()

    def receiver_in_rotation(self) -> Twilio:
        return Twilio(Options(auth_tokens=("another", TOKEN)))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    DELIVERIES = (
        inbound("Sounds good & bold, çok iyi"),
        inbound("STOP"),
        inbound("Ja gerne", sender="whatsapp:+905321234567", OriginalRepliedMessageSid="SM9", WaId="905321234567"),
        *(delivered(SERVER.status(URL, "SM1", status)) for status in ("sent", "delivered", "read")),
        delivered(SERVER.status(URL, "SM2", "undelivered", error_code="30005")),
    )

    def unknown(self) -> Delivery:
        return delivered(SERVER.status(URL, "SM3", "teleported"))

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_the_published_example_passes_and_no_byte_of_it_can_change() -> None:
    receiver = Twilio(Options(auth_token="12345"))

    assert_no_byte_can_change(receiver, PUBLISHED, "x-twilio-signature")
    for at in range(len(PUBLISHED.url)):
        url = PUBLISHED.url[:at] + chr(ord(PUBLISHED.url[at]) ^ 1) + PUBLISHED.url[at + 1 :]
        with pytest.raises((WebhookRejected, ValueError)):
            receiver.verify(replace(PUBLISHED, url=url), now=NOW)


def signed(url: str, text: str, secret: str, algorithm: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), (url + text).encode(), algorithm).digest()).decode()


@pytest.mark.parametrize(("name", "algorithm"), [("HMAC_SHA256", "sha256"), ("HMAC_SHA1", "sha1")])
def test_a_shared_key_signs_with_the_algorithm_the_header_names(name: str, algorithm: str) -> None:
    receiver = Twilio(Options(shared_keys={"k1": "older-secret", "k2": "shared-secret"}))
    headers = {
        "x-twilio-signature": signed(URL, "BodyHiMessageSidSM1", "shared-secret", algorithm),
        "x-twilio-webhooks-signature-settings": f"key=k2,algorithm={name}",
    }
    delivery = replace(PUBLISHED, url=URL, headers=headers, body=b"MessageSid=SM1&Body=Hi")

    assert_no_byte_can_change(receiver, delivery, "x-twilio-signature")


@pytest.mark.parametrize("settings", ["key=k3,algorithm=HMAC_SHA256", "key=k1,algorithm=NONE", "key=,algorithm=", "x"])
def test_a_key_or_algorithm_that_is_not_ours_fails(settings: str) -> None:
    receiver = Twilio(Options(auth_token=TOKEN, shared_keys={"k1": "shared-secret"}))
    headers = {**inbound("Hi").headers, "x-twilio-webhooks-signature-settings": settings}

    with pytest.raises(WebhookRejected):
        receiver.verify(replace(inbound("Hi"), headers=headers), now=NOW)


def test_without_a_token_an_empty_key_signs_nothing() -> None:
    receiver = Twilio(Options(shared_keys={"k1": "shared-secret"}))
    headers = {"x-twilio-signature": signed(URL, "MessageSidSM1", "", "sha1")}

    with pytest.raises(WebhookRejected):
        receiver.verify(replace(PUBLISHED, url=URL, headers=headers, body=b"MessageSid=SM1"), now=NOW)


@pytest.mark.parametrize(
    ("called", "signed_as"),
    [
        ("https://outreach.example.com/w", "https://outreach.example.com:443/w"),
        ("https://outreach.example.com:443/w", "https://outreach.example.com/w"),
        ("http://outreach.example.com/w", "http://outreach.example.com:80/w"),
        ("https://outreach.example.com:8443/w", "https://outreach.example.com:8443/w"),
    ],
)
def test_the_usual_port_may_stand_in_the_url_or_not(called: str, signed_as: str) -> None:
    headers = {"x-twilio-signature": signed(signed_as, "MessageSidSM1", TOKEN, "sha1")}

    twilio().verify(replace(PUBLISHED, url=called, headers=headers, body=b"MessageSid=SM1"), now=NOW)


def test_parameters_are_signed_decoded_sorted_and_without_doubles() -> None:
    pairs = [("b", "2"), ("a", "ü +&="), ("b", "1"), ("b", "2"), ("empty", "")]
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs).encode()
    headers = {"x-twilio-signature": signed(URL, "aü +&=b1b2empty", TOKEN, "sha1")}

    twilio().verify(replace(PUBLISHED, url=URL, headers=headers, body=body), now=NOW)


def test_a_json_body_is_proved_by_its_sum_in_the_url() -> None:
    body = json.dumps({"MessageSid": "SM1"}).encode()
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    delivery = replace(PUBLISHED, url=url, headers={"x-twilio-signature": signed(url, "", TOKEN, "sha1")}, body=body)

    assert_no_byte_can_change(twilio(), delivery, "x-twilio-signature")


def test_a_reply_is_told_with_its_number_and_the_message_it_answers() -> None:
    (event,) = twilio().parse(TestTwilio.DELIVERIES[2])

    assert (event.kind, event.channel, event.text) == (EventKind.REPLIED, "whatsapp", "Ja gerne")
    assert event.clues.provider_ids == ("SM9",)
    assert ("whatsapp", "+905321234567") in event.clues.addresses
    assert ("phone", "+905321234567") in event.clues.addresses


@pytest.mark.parametrize(
    "word", ["STOP", "stop.", "Stopall", "UNSUBSCRIBE", "cancel", "END", "QUIT", "REVOKE", "Arret"]
)
def test_words_of_refusal_opt_out(word: str) -> None:
    (event,) = twilio().parse(inbound(word))

    assert (event.kind, event.channel) == (EventKind.UNSUBSCRIBED, "sms")


def test_advanced_opt_out_is_believed_whatever_the_words() -> None:
    (event,) = twilio().parse(inbound("Schluss", OptOutType="STOP"))

    assert event.kind is EventKind.UNSUBSCRIBED


@pytest.mark.parametrize("word", ["Yes", "I cannot stop thinking about it", "HELP", ""])
def test_other_words_are_replies(word: str) -> None:
    (event,) = twilio().parse(inbound(word))

    assert event.kind is EventKind.REPLIED


@pytest.mark.parametrize(
    ("status", "code", "kind", "is_hard"),
    [
        ("delivered", "", EventKind.DELIVERED, False),
        ("read", "", EventKind.OPENED, False),
        ("undelivered", "30003", EventKind.BOUNCED, False),
        ("undelivered", "30005", EventKind.BOUNCED, True),
        ("failed", "30006", EventKind.BOUNCED, True),
        ("failed", "21610", EventKind.UNSUBSCRIBED, False),
        ("undelivered", "30007", EventKind.REJECTED, False),
        ("failed", "99999", EventKind.REJECTED, False),
        ("failed", "", EventKind.REJECTED, False),
        ("canceled", "", EventKind.REJECTED, False),
        ("queued", "", EventKind.UNKNOWN, False),
    ],
)
def test_statuses_become_our_kinds(status: str, code: str, kind: EventKind, is_hard: bool) -> None:
    (event,) = twilio().parse(delivered(SERVER.status(URL, "SM7", status, error_code=code)))

    assert (event.kind, event.is_hard, event.clues.provider_ids) == (kind, is_hard, ("SM7",))


def test_it_is_answered_in_twiml_that_says_nothing() -> None:
    answer = twilio().answer(inbound("Hi"))

    assert (answer.status, answer.body, answer.content_type, answer.is_news) == (200, "<Response/>", "text/xml", True)
