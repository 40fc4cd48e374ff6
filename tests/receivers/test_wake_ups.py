"""Pushes that say there is something in a mailbox: proved, answered as the provider wants, and heard by the reader."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from outreach.domain.event import Clues
from outreach.errors import Unavailable, WebhookRejected
from outreach.receiver import Answer, Delivery, answer_of, wakes_of
from outreach.receivers import gmail, graph

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AUDIENCE = "https://outreach.example.com/webhooks/gmail"
ACCOUNT = "push@project.iam.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def keys(url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
    numbers = KEY.public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    jwk = {"kid": "k1", "kty": "RSA", "n": encoded(numbers.n.to_bytes(size, "big")), "e": encoded(b"\x01\x00\x01")}
    return json.dumps({"keys": [jwk]}).encode()


def no_keys(url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
    raise Unavailable("fetch", "away")


def token(head: Mapping[str, Any] | None = None, **claims: Any) -> str:
    issued = int(NOW.timestamp()) - 10
    said = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True}
    said |= {"iat": issued, "exp": issued + 3600} | claims
    parts = [encoded(json.dumps(each).encode()) for each in ({"alg": "RS256", "kid": "k1"} | dict(head or {}), said)]
    signed = ".".join(parts)
    return f"Bearer {signed}.{encoded(KEY.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def push(address: str = "anna@example.com", *, url: str = "?token=sesame", authorization: str = "") -> Delivery:
    notice = base64.b64encode(json.dumps({"emailAddress": address, "historyId": "9876"}).encode()).decode()
    body = {"message": {"data": notice, "messageId": "123"}, "subscription": "projects/p/subscriptions/s"}
    headers = {"authorization": authorization} if authorization else {}
    return delivery(body, url=url, headers=headers)


def delivery(body: Any, *, url: str = "", headers: Mapping[str, str] | None = None) -> Delivery:
    return Delivery(
        connection="push",
        method="POST",
        url=f"https://outreach.example.com/webhooks/push{url}",
        headers=headers or {},
        body=json.dumps(body).encode(),
        received_at=NOW,
    )


def by_word() -> gmail.Gmail:
    return gmail.Gmail(gmail.Options({"Anna@example.com": "anna"}, secrets=("old", "sesame")), keys)


def by_token(fetch: Any = keys) -> gmail.Gmail:
    options = gmail.Options({"anna@example.com": "anna"}, audience=AUDIENCE, service_account=ACCOUNT)
    return gmail.Gmail(options, fetch)


def test_a_push_of_gmail_wakes_the_mailbox_and_is_no_event() -> None:
    receiver, arrived = by_word(), push()

    receiver.verify(arrived, now=NOW)

    assert wakes_of(receiver, arrived) == ("anna",)
    assert receiver.parse(arrived) == ()
    assert receiver.clues(arrived) == Clues()
    assert receiver.key(arrived) == "123"


def test_a_push_for_a_mailbox_of_somebody_else_wakes_nobody() -> None:
    assert by_word().wakes(push("ada@example.com")) == ()


@pytest.mark.parametrize("url", ["", "?token=", "?token=other", "?token=SESAME"])
def test_a_push_without_the_word_is_refused(url: str) -> None:
    with pytest.raises(WebhookRejected):
        by_word().verify(push(url=url), now=NOW)


def test_a_token_signed_by_google_passes() -> None:
    by_token().verify(push(authorization=token()), now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com"},
        {"email": "other@project.iam.example.com"},
        {"email_verified": False},
        {"iss": "https://accounts.example.com"},
        {"exp": int(NOW.timestamp()) - 61},
        {"iat": int(NOW.timestamp()) + 61},
        {"exp": "tomorrow"},
    ],
)
def test_a_token_made_for_something_else_is_refused(claims: Mapping[str, Any]) -> None:
    with pytest.raises(WebhookRejected):
        by_token().verify(push(authorization=token(**claims)), now=NOW)


@pytest.mark.parametrize("head", [{"alg": "none"}, {"alg": "HS256"}, {"kid": "k2"}])
def test_a_token_signed_in_another_way_is_refused(head: Mapping[str, Any]) -> None:
    with pytest.raises(WebhookRejected):
        by_token().verify(push(authorization=token(head)), now=NOW)


def test_every_changed_letter_of_a_token_is_refused() -> None:
    receiver, true = by_token(), token()

    for at in range(7, len(true) - 1, 7):
        changed = true[:at] + ("A" if true[at] != "A" else "B") + true[at + 1 :]
        with pytest.raises(WebhookRejected):
            receiver.verify(push(authorization=changed), now=NOW)


@pytest.mark.parametrize(
    "odd", ["", "Bearer", "Bearer a.b", "Bearer é.ü.ö", "Bearer ..", "Basic a.b.c", "Bearer " + "a." * 5000]
)
def test_an_odd_token_is_refused_and_never_breaks_anything(odd: str) -> None:
    with pytest.raises(WebhookRejected):
        by_token().verify(push(authorization=odd), now=NOW)


def test_without_googles_keys_the_push_has_to_come_again() -> None:
    with pytest.raises(Unavailable):
        by_token(no_keys).verify(push(authorization=token()), now=NOW)


def test_keys_are_asked_for_once_an_hour() -> None:
    asked: list[str] = []

    def counted(url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        asked.append(url)
        return keys(url)

    receiver = by_token(counted)
    for minutes in (0, 30, 59, 61):
        later = NOW + timedelta(minutes=minutes)
        receiver.verify(push(authorization=token(exp=int(later.timestamp()) + 60)), now=later)

    assert len(asked) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"message": {"data": "%%%"}}'])
def test_a_push_that_cannot_be_read_has_a_key_and_is_not_understood(body: bytes) -> None:
    broken = replace(push(), body=body)

    assert by_word().key(broken)
    with pytest.raises(ValueError, match=r"\."):
        by_word().parse(broken)


def graph_receiver() -> graph.Graph:
    return graph.Graph(graph.Options({"SUB-1": "anna"}, secrets=("old", "state")))


def notice(*states: str, **more: str) -> Delivery:
    value = [{"subscriptionId": "sub-1", "clientState": state, "changeType": "created", **more} for state in states]
    return delivery({"value": value})


def test_the_question_of_graph_is_answered_with_itself() -> None:
    asked = delivery({}, url="?validationToken=Validation%3A+a%20b")

    graph_receiver().verify(asked, now=NOW)

    assert answer_of(graph_receiver(), asked) == Answer(status=200, body="Validation: a b")


def test_a_notice_of_graph_wakes_the_mailbox() -> None:
    arrived = notice("state", "old")

    graph_receiver().verify(arrived, now=NOW)

    assert wakes_of(graph_receiver(), arrived) == ("anna",)
    assert answer_of(graph_receiver(), arrived) is None
    assert graph_receiver().parse(arrived) == ()


def test_a_notice_about_a_subscription_wakes_its_mailbox_too() -> None:
    assert graph_receiver().wakes(notice("state", lifecycleEvent="missed")) == ("anna",)


@pytest.mark.parametrize("states", [(), ("other",), ("state", "other"), ("",)])
def test_a_notice_with_another_state_is_refused(states: tuple[str, ...]) -> None:
    with pytest.raises(WebhookRejected):
        graph_receiver().verify(notice(*states), now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"value": 1}', b"\xff"])
def test_a_notice_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        graph_receiver().verify(replace(notice("state"), body=body), now=NOW)


@pytest.mark.parametrize(
    "options",
    [
        lambda: gmail.Options({"a@example.com": "a"}),
        lambda: gmail.Options({}, secrets=("s",)),
        lambda: gmail.Options({"a@example.com": "a"}, audience="x"),
        lambda: graph.Options({"s": "a"}, secrets=()),
        lambda: graph.Options({}, secrets=("s",)),
    ],
)
def test_settings_without_a_proof_or_a_mailbox_are_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=r"\."):
        options()


def test_no_secret_of_a_push_shows() -> None:
    assert "sesame" not in repr(by_word()) + repr(gmail.Options({"a@example.com": "a"}, secrets=("sesame",)))
    assert "state" not in repr(graph.Options({"s": "a"}, secrets=("state",))).replace("clientState", "")
