"""Telegram's Bot API against its stand-in: the contract, its descriptions, and a token that is seen nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.telegram import Options, Telegram
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.telegram_server import TelegramServer
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected
from tests.channels.wire import Row, SandboxWorld, Stand, Told, common, connected, send

TOKEN = "123456:AAsample-token-of-a-bot-35-characters"
HELLO = Message(key="e1.hello", action="telegram.message", to="555123", text="Hello <Ada> & *co*")
BOT_API = "core.telegram.org/bots/api: the description names the reason"


def stand() -> tuple[Stand, TelegramServer]:
    server = TelegramServer(token=TOKEN, secret="hook-secret")
    server.chats.add(555123)
    options = Options(token=TOKEN)
    return Stand(server.application, server.answers, lambda http: Telegram(options, http), (TOKEN,)), server


def refused(status: int, words: str, **parameters: Any) -> Told:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": f"{words} {TOKEN}"}
    return Told(status, body | ({"parameters": parameters} if parameters else {}))


WORDS: Mapping[str, Row] = {
    "403 blocked": (
        refused(403, "Forbidden: bot was blocked by the user"),
        Expected(Refused, Outcome.REJECTED_RECIPIENT, BOT_API),
    ),
    "403 kicked": (
        refused(403, "Forbidden: bot was kicked from the group chat"),
        Expected(Refused, Outcome.REJECTED_RECIPIENT, BOT_API),
    ),
    "403 first": (
        refused(403, "Forbidden: bot can't initiate conversation with a user"),
        Expected(Refused, Outcome.NOT_READY, BOT_API),
    ),
    "400 no chat": (refused(400, "Bad Request: chat not found"), Expected(Refused, Outcome.REJECTED_RECIPIENT)),
    "400 upgraded": (
        refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001),
        Expected(Refused, Outcome.REJECTED_RECIPIENT),
    ),
    "400 too long": (refused(400, "Bad Request: message is too long"), Expected(Refused, Outcome.REJECTED_CONTENT)),
    "429 with seconds": (
        refused(429, "Too Many Requests: retry after 5", retry_after=5),
        Expected(RateLimited, Outcome.THROTTLED),
    ),
    "401 token": (refused(401, "Unauthorized"), Expected(Unauthorized, Outcome.ACCOUNT_BLOCKED)),
    "404 token": (refused(404, "Not Found"), Expected(Refused, Outcome.NOT_FOUND)),
}
COMMON = common(TOKEN, unexpected={"ok": True})


class TestTelegram(ChannelContract):
    table = HTTP_TABLE
    failures: ClassVar[Mapping[str, Expected]] = {**HTTP_TABLE, **{name: each[1] for name, each in WORDS.items()}}

    def world(self, failure: str = "") -> AbstractAsyncContextManager[SandboxWorld]:
        told = (COMMON.get(failure) or WORDS[failure][0]) if failure else None
        return connected(stand()[0], HELLO, told)


def test_a_message_goes_out_as_it_is_without_markup() -> None:
    made, server = stand()

    receipt, wire = send(made, HELLO)

    assert wire.writes[0][2] == {
        "chat_id": 555123,
        "text": HELLO.text,
        "link_preview_options": {"is_disabled": True},
        "disable_notification": False,
    }
    assert server.sent[0].text == HELLO.text
    assert (receipt.provider_id, receipt.thread_id, receipt.recipient_id) == ("555123/1", "555123", "555123")


def test_a_limit_waits_the_seconds_it_names() -> None:
    error, _ = send(stand()[0], HELLO, refused(429, "Too Many Requests", retry_after=35))

    assert error.retry_after == timedelta(seconds=35)


def test_somebody_who_never_wrote_to_the_bot_is_not_ready() -> None:
    error, wire = send(stand()[0], replace(HELLO, to="ada_sample"))

    assert (type(error), error.outcome, wire.requests) == (Refused, Outcome.NOT_READY, [])


def test_somebody_who_blocked_the_bot_is_not_written_to_again() -> None:
    made, server = stand()
    server.blocked.add(555123)

    error, _ = send(made, HELLO)

    assert (type(error), error.outcome, server.sent) == (Refused, Outcome.REJECTED_RECIPIENT, [])


@pytest.mark.parametrize("text", ["", "x" * 4097])
def test_a_text_of_a_length_it_does_not_take_is_refused_before_the_wire(text: str) -> None:
    error, wire = send(stand()[0], replace(HELLO, text=text))

    assert (error.outcome, wire.requests) == (Outcome.REJECTED_CONTENT, [])


def test_what_is_no_token_of_a_bot_is_told_without_showing_it() -> None:
    with pytest.raises(ValueError, match="BotFather") as caught:
        Options(token="my secret")

    assert "my secret" not in str(caught.value)
