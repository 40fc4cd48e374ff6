"""What `doctor` asks each account: one cheap call that reads, and a sentence; wrong credentials are told as such."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from outreach import adapters
from outreach.adapters import Place
from outreach.clock import MovableClock
from outreach.errors import AdapterError, Unauthorized

PLACE = Place("config/senders.yaml", "anna")
SECRET = "123456:sample-secret-token"


@dataclass
class Desk:
    """Answers every call alike and keeps what was asked."""

    answer: Callable[[httpx.Request], httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)

    def take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def sign_in(use: str, desk: Desk, **options: Any) -> str:
    async def ask() -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(desk.take)) as http:
            given = {"http": http, "clock": MovableClock(datetime(2026, 3, 2, tzinfo=UTC)), "tokens": None}
            channel = adapters.make(adapters.CHANNELS, use, {**OPTIONS[use], **options}, place=PLACE, given=given)
            said: str = await channel.sign_in()
            return said

    return asyncio.run(ask())


def answering(status: int, body: Any) -> Desk:
    is_text = isinstance(body, str)
    return Desk(lambda _: httpx.Response(status, text=body) if is_text else httpx.Response(status, json=body))


OPTIONS: dict[str, dict[str, Any]] = {
    "unipile": {"base_url": "https://api1.example.com:13111", "account": "acc_1", "token": SECRET},
    "heyreach": {"token": SECRET, "account": 1, "campaigns": {"invite": 7}},
    "twilio": {"account_sid": "AC1", "auth_token": SECRET, "number": "+15551112233"},
    "whatsapp": {"phone_number_id": "106", "token": SECRET},
    "telegram": {"token": SECRET},
    "x": {"user_id": "42", "token": SECRET},
    "slack": {"url": f"https://hooks.slack.com/services/T/B/{SECRET}"},
    "sendgrid": {"token": SECRET},
    "mailgun": {"token": SECRET, "domain": "mail.example.com"},
    "postmark": {"token": SECRET},
    "ses": {"region": "eu-west-1", "access_key_id": "AKID", "secret_access_key": SECRET},
    "brevo": {"token": SECRET},
    "resend": {"token": SECRET},
}
WELL: dict[str, tuple[int, Any, str, str]] = {
    "unipile": (
        200,
        {"object": "Account", "name": "Anna", "sources": [{"id": "acc_1_MESSAGING", "status": "OK"}]},
        "GET /api/v1/accounts/acc_1",
        "account acc_1 of Anna is connected",
    ),
    "heyreach": (200, "", "GET /api/public/auth/CheckApiKey", "the key is valid"),
    "twilio": (
        200,
        {"sid": "AC1", "status": "active", "friendly_name": "Sample"},
        "GET /2010-04-01/Accounts/AC1.json",
        "signed in as Sample",
    ),
    "whatsapp": (
        200,
        {"display_phone_number": "+1 555 0100", "verified_name": "Sample"},
        "GET /v23.0/106",
        "signed in as +1 555 0100 Sample",
    ),
    "telegram": (
        200,
        {"ok": True, "result": {"id": 1, "username": "sample_bot"}},
        f"POST /bot{SECRET}/getMe",
        "signed in as @sample_bot",
    ),
    "x": (200, {"data": {"id": "42", "username": "anna"}}, "GET /2/users/me", "signed in as @anna"),
    "slack": (400, "no_text", f"POST /services/T/B/{SECRET}", "the webhook is there"),
    "sendgrid": (200, {"scopes": ["mail.send"]}, "GET /v3/scopes", "signed in; the key may send"),
    "mailgun": (
        400,
        {"message": "from parameter is missing"},
        "POST /v3/mail.example.com/messages",
        "signed in for mail.example.com",
    ),
    "postmark": (200, {"ID": 1, "Name": "Outreach"}, "GET /server", "signed in to the server Outreach"),
    "ses": (200, {"SendingEnabled": True, "ProductionAccessEnabled": True}, "GET /v2/email/account", "signed in"),
    "brevo": (200, {"email": "anna@example.com"}, "GET /v3/account", "signed in as anna@example.com"),
    "resend": (200, {"data": [{"id": "d1"}]}, "GET /domains", "signed in; 1 domains"),
}


@pytest.mark.parametrize("use", sorted(WELL))
def test_an_account_that_is_well_says_who_it_is(use: str) -> None:
    status, body, asked, said = WELL[use]
    desk = answering(status, body)

    told = sign_in(use, desk)

    assert told == said
    assert [f"{each.method} {each.url.path}" for each in desk.asked] == [asked]


@pytest.mark.parametrize("use", sorted(WELL))
def test_wrong_credentials_are_told_without_them(use: str) -> None:
    desk = answering(403 if use == "slack" else 401, {"message": "invalid credentials"})

    with pytest.raises(AdapterError) as caught:
        sign_in(use, desk)

    assert type(caught.value) is Unauthorized
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("use", "status", "body", "said"),
    [
        ("unipile", 200, {"sources": [{"status": "CREDENTIALS"}]}, "is not connected (CREDENTIALS)"),
        ("twilio", 200, {"sid": "AC1", "status": "suspended"}, "the account is suspended"),
        ("x", 200, {"data": {"id": "43", "username": "bob"}}, "the token is of 43"),
        ("sendgrid", 200, {"scopes": ["alerts.read"]}, "no permission Mail Send"),
        ("ses", 200, {"SendingEnabled": False}, "sending is switched off"),
        ("slack", 404, "no_service", "no_service"),
        ("mailgun", 404, {"message": "Domain not found"}, "Domain not found"),
    ],
)
def test_an_account_that_cannot_send_is_told(use: str, status: int, body: Any, said: str) -> None:
    with pytest.raises(Unauthorized, match=said.replace("(", r"\(").replace(")", r"\)")):
        sign_in(use, answering(status, body))


@pytest.mark.parametrize(
    ("use", "status", "body", "said"),
    [
        ("resend", 401, {"name": "restricted_api_key", "message": "only send"}, "signed in; the key may only send"),
        (
            "ses",
            403,
            {"__type": "AccessDeniedException", "message": "not authorized"},
            "signed in; the key may not read the account",
        ),
        (
            "ses",
            200,
            {"SendingEnabled": True, "ProductionAccessEnabled": False},
            "signed in; still in the sandbox, which writes to verified addresses alone",
        ),
    ],
)
def test_a_key_that_may_only_send_is_fine(use: str, status: int, body: Any, said: str) -> None:
    assert sign_in(use, answering(status, body)) == said
