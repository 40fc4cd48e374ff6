"""X: a check that answers everybody and signs nothing that could be an event, and news in both envelopes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.x import Options, X
from outreach.sandbox.answers import Hook
from outreach.sandbox.x_server import Account, XServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

SECRET, ME = "sample-consumer-secret", "111"
URL = "https://outreach.example.com/webhooks/x"
SERVER = XServer(token="t", user_id=ME, consumer_secret=SECRET, now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
SERVER.add(Account("222", "Ada_Sample"))


def x() -> X:
    return X(Options(secret=SECRET, user_id=ME))


def signed(payload: dict[str, Any]) -> Delivery:
    body = json.dumps(payload).encode()
    mac = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    return delivered(Hook(URL, body, {"x-twitter-webhooks-signature": f"sha256={mac}"}))


def older(sender: str, text: str) -> Delivery:
    return signed({"for_user_id": ME, **SERVER.message_events(sender, text, at=NOW)})


def event(kind: str, payload: dict[str, Any]) -> Delivery:
    return delivered(SERVER.event(URL, kind, payload))


class TestX(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("x-twitter-webhooks-signature",)
    signs_the_body = True
    DELIVERIES = (
        delivered(SERVER.message(URL, "222", "Sounds good", at=NOW)),
        delivered(SERVER.message(URL, "222", "STOP", at=NOW)),
        older("222", "From the older envelope"),
        delivered(SERVER.message(URL, ME, "Our own words", at=NOW)),
        event("dm.read", {"direct_message_mark_read_events": [{"sender_id": "222", "last_read_event_id": "77"}]}),
        event("post.reply.create", {"id": "900", "author_id": "222", "text": "Nice"}),
    )

    def receiver(self) -> X:
        return x()

    def receiver_in_rotation(self) -> X:
        return X(Options(secrets=("another", SECRET), user_id=ME))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return event("follow.follow", {"source": {"id": "222"}, "target": {"id": ME}})

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_no_byte_of_a_signed_delivery_can_change() -> None:
    assert_no_byte_can_change(x(), older("222", "Hi"), "x-twitter-webhooks-signature")


def test_the_check_is_answered_signed() -> None:
    asked = delivered(SERVER.crc(URL, "9b4507b3-9040-4669-9ca3-6b94edb50553"))
    receiver = x()

    receiver.verify(asked, now=NOW)
    answer = receiver.answer(asked)

    assert answer
    assert json.loads(answer.body) == SERVER.crc_answer("9b4507b3-9040-4669-9ca3-6b94edb50553")
    assert (answer.content_type, answer.is_news) == ("application/json", False)


def test_the_check_with_the_published_secret_and_token_gives_what_they_give() -> None:
    """Secret and token of the samples that the developer relations of X published for the check (2017); the page of X
    itself prints an answer but not the secret behind it. The answer here is what those two give by HMAC-SHA256.
    """
    receiver = X(Options(secret="z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu", user_id=ME))

    answer = receiver.answer(delivered(SERVER.crc(URL, "9b4507b3-9040-4669-9ca3-6b94edb50553")))

    assert answer
    assert json.loads(answer.body) == {"response_token": "sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8="}


@pytest.mark.parametrize("token", ["", '{"data":{"event_type":"dm.received"}}', "a b", "a.b", "é", "a" * 257])
def test_nothing_that_could_be_an_event_is_ever_signed(token: str) -> None:
    with pytest.raises(WebhookRejected):
        x().verify(delivered(Hook(f"{URL}?crc_token={quote(token)}", method="GET")), now=NOW)


def test_a_signed_token_is_no_delivery() -> None:
    answer = x().answer(delivered(SERVER.crc(URL, "token-1")))
    assert answer
    headers = {"x-twitter-webhooks-signature": json.loads(answer.body)["response_token"]}

    with pytest.raises(WebhookRejected):
        x().verify(replace(delivered(Hook(URL, b"token-1")), headers=headers), now=NOW)


@pytest.mark.parametrize("at", [0, 2])
def test_a_message_is_a_reply_by_number_and_handle(at: int) -> None:
    (found,) = x().parse(TestX.DELIVERIES[at])

    assert (found.kind, found.channel) == (EventKind.REPLIED, "x")
    assert {("x", "222"), ("x", "ada_sample")} <= set(found.clues.addresses)
    assert found.data["provider_id"] == "222"


@pytest.mark.parametrize(
    ("at", "kind"),
    [(1, EventKind.UNSUBSCRIBED), (3, EventKind.OWN), (4, EventKind.OPENED), (5, EventKind.REPLIED)],
)
def test_other_doings_become_our_kinds(at: int, kind: EventKind) -> None:
    (found,) = x().parse(TestX.DELIVERIES[at])

    assert found.kind is kind


def test_our_own_post_is_no_reply() -> None:
    (found,) = x().parse(event("post.reply.create", {"id": "900", "author_id": ME, "text": "Thanks"}))

    assert found.kind is EventKind.UNKNOWN
