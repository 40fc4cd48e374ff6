"""Telegram: a header with a word of ours, people who open the chat, write, refuse and block."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.receiver import Delivery
from outreach.receivers.telegram import Options, Telegram
from outreach.sandbox.answers import Hook
from outreach.sandbox.telegram_server import TelegramServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import delivered

SECRET = "sample_secret-token"
URL = "https://outreach.example.com/webhooks/telegram"
SERVER = TelegramServer(token="1:a", secret=SECRET)


def said(text: str) -> Delivery:
    return delivered(SERVER.update(URL, chat=555123, username="Ada_Sample", text=text, at=NOW))


def update(**content: Any) -> Delivery:
    body = json.dumps({"update_id": 77, **content}).encode()
    return delivered(Hook(URL, body, {"x-telegram-bot-api-secret-token": SECRET}))


def blocked() -> Delivery:
    chat = {"id": 555123, "type": "private", "username": "Ada_Sample"}
    return update(my_chat_member={"chat": chat, "from": chat, "date": 1, "new_chat_member": {"status": "kicked"}})


def telegram() -> Telegram:
    return Telegram(Options(secret=SECRET))


class TestTelegram(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("x-telegram-bot-api-secret-token",)
    DELIVERIES = (said("Sounds good"), said("/start"), said("/start 01HTOUCH"), said("/stop"), blocked())

    def receiver(self) -> Telegram:
        return telegram()

    def receiver_in_rotation(self) -> Telegram:
        return Telegram(Options(secrets=("another", SECRET)))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return update(poll={"id": "1"})

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_a_reply_is_known_by_chat_and_handle() -> None:
    (event,) = telegram().parse(said("Sounds good"))

    assert (event.kind, event.text) == (EventKind.REPLIED, "Sounds good")
    assert {("telegram", "555123"), ("telegram", "ada_sample")} <= set(event.clues.addresses)
    assert (event.clues.thread_ids, event.data["from_name"]) == (("555123",), "Ada")


def test_an_opened_chat_is_accepted_and_brings_its_id_and_token() -> None:
    (event,) = telegram().parse(said("/start 01HTOUCH"))

    assert (event.kind, event.text, event.data["provider_id"]) == (EventKind.ACCEPTED, "", "555123")
    assert event.clues.tokens == ("01HTOUCH",)


@pytest.mark.parametrize("text", ["/stop", "STOP", "/stop@sample_bot", "unsubscribe"])
def test_words_of_refusal_opt_out(text: str) -> None:
    (event,) = telegram().parse(said(text))

    assert event.kind is EventKind.UNSUBSCRIBED


def test_somebody_who_blocks_the_bot_is_out_of_reach() -> None:
    (event,) = telegram().parse(blocked())

    assert (event.kind, event.is_hard) == (EventKind.BOUNCED, True)


@pytest.mark.parametrize(
    "content",
    [
        {
            "message": {
                "message_id": 1,
                "date": 1,
                "chat": {"id": -100, "type": "group"},
                "from": {"id": 5},
                "text": "Hi",
            }
        },
        {
            "message": {
                "message_id": 1,
                "date": 1,
                "chat": {"id": 5, "type": "private"},
                "from": {"id": 5, "is_bot": True},
            }
        },
        {"channel_post": {"text": "Hi"}},
    ],
)
def test_what_is_said_in_groups_and_by_bots_is_kept_and_no_reply(content: dict[str, Any]) -> None:
    (event,) = telegram().parse(update(**content))

    assert event.kind is EventKind.UNKNOWN
