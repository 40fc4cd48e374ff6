"""What became of a message in doubt, as the providers that can be asked tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach import adapters
from outreach.adapters import Place
from outreach.channel import Receipt, Sought
from outreach.clock import MovableClock
from outreach.errors import Unavailable

SINCE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PLACE = Place("config/senders.yaml", "anna")
OPTIONS: Mapping[str, dict[str, Any]] = {
    "unipile": {"base_url": "https://api1.example.com:13111", "account": "acc_1", "token": "sample"},
    "twilio": {"account_sid": "AC1", "auth_token": "sample-token", "number": "+15551112233"},
    "x": {"user_id": "42", "token": "sample-token"},
}
Answers = Mapping[str, Any]
"""Path → the body of its answer; what is not listed is answered with 503."""


def look_up(use: str, answers: Answers, action: str, to: str) -> Receipt | None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        found = answers.get(request.url.path)
        return httpx.Response(503) if found is None else httpx.Response(200, json=found)

    async def ask() -> Receipt | None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            given = {"http": http, "clock": MovableClock(SINCE), "tokens": None}
            channel = adapters.make(adapters.CHANNELS, use, OPTIONS[use], place=PLACE, given=given)
            found: Receipt | None = await channel.look_up(Sought(key="t1", action=action, to=to, since=SINCE))
            return found

    return asyncio.run(ask())


def person(distance: str = "SECOND_DEGREE", **more: Any) -> dict[str, Any]:
    return {"object": "UserProfile", "provider_id": "ACo1", "network_distance": distance, **more}


ADA = "https://www.linkedin.com/in/ada-sample"
PENDING: dict[str, Any] = {"invitation": {"type": "SENT", "status": "PENDING"}}


@pytest.mark.parametrize(
    ("profile", "is_found"),
    [(person(**PENDING), True), (person("FIRST_DEGREE"), True), (person(), False)],
)
def test_an_invitation_is_known_by_the_state_of_the_person(profile: Any, is_found: bool) -> None:
    found = look_up("unipile", {"/api/v1/users/ada-sample": profile}, "linkedin.invite", ADA)

    assert (found is not None) is is_found


@pytest.mark.parametrize(
    ("is_sender", "minutes", "is_found"), [(1, 1, True), (0, 1, False), (1, -30, False), (1, 60, False)]
)
def test_a_message_is_known_by_the_chat_at_that_time(is_sender: int, minutes: int, is_found: bool) -> None:
    at = (SINCE + timedelta(minutes=minutes)).isoformat().replace("+00:00", ".000Z")
    answers = {
        "/api/v1/users/ada-sample": person("FIRST_DEGREE"),
        "/api/v1/chat_attendees/ACo1/chats": {"items": [{"id": "chat_1"}]},
        "/api/v1/chats/chat_1/messages": {"items": [{"id": "m1", "is_sender": is_sender, "timestamp": at}]},
    }

    found = look_up("unipile", answers, "linkedin.message", ADA)

    assert (found and (found.provider_id, found.thread_id)) == (("m1", "chat_1") if is_found else None)


def test_a_visit_cannot_be_asked_about() -> None:
    assert look_up("unipile", {}, "linkedin.visit", ADA) is None


@pytest.mark.parametrize(
    ("direction", "status", "day", "sid"),
    [
        ("outbound-api", "delivered", "Mon, 02 Mar 2026 09:30:05 +0000", "SM1"),
        ("outbound-api", "failed", "Mon, 02 Mar 2026 09:30:05 +0000", None),
        ("inbound", "received", "Mon, 02 Mar 2026 09:30:05 +0000", None),
        ("outbound-api", "delivered", "Mon, 02 Mar 2026 08:00:00 +0000", None),
    ],
)
def test_a_short_message_is_known_by_the_list_of_messages(
    direction: str, status: str, day: str, sid: str | None
) -> None:
    message = {"sid": "SM1", "direction": direction, "status": status, "date_created": day}
    answers = {"/2010-04-01/Accounts/AC1/Messages.json": {"messages": [message]}}

    found = look_up("twilio", answers, "sms", "+905551112233")

    assert (found.provider_id if found else None) == sid


@pytest.mark.parametrize(("sender", "is_found"), [("42", True), ("77", False)])
def test_a_direct_message_is_known_by_the_conversation(sender: str, is_found: bool) -> None:
    event = {"id": "9001", "sender_id": sender, "created_at": "2026-03-02T09:30:04.000Z", "dm_conversation_id": "42-77"}
    answers = {"/2/dm_conversations/with/77/dm_events": {"data": [event]}}

    found = look_up("x", answers, "x.dm", "77")

    assert (found and (found.provider_id, found.thread_id)) == (("9001", "42-77") if is_found else None)


@pytest.mark.parametrize(
    ("use", "action", "to"), [("unipile", "linkedin.invite", ADA), ("twilio", "sms", "+905551112233")]
)
def test_a_provider_that_does_not_answer_says_nothing(use: str, action: str, to: str) -> None:
    with pytest.raises(Unavailable):
        look_up(use, {}, action, to)
