"""Telegram's Bot API against its stand-in: the contract, its descriptions, and a token that is seen nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.telegram import Options, Telegram
from outreach.errors import Outcome, Refused
from outreach.sandbox.telegram_server import TelegramServer
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    LIMIT,
    NOT_FOUND,
    NOT_READY,
    RECIPIENT,
    Cases,
    CasesContract,
    case,
    common,
)
from tests.channels.wire import Stand, Told, send

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


WORDS: Cases = {
    "403 blocked": case(
        "403 “bot was blocked by the user”",
        refused(403, "Forbidden: bot was blocked by the user"),
        RECIPIENT,
        why=BOT_API,
    ),
    "403 kicked": case(
        "403 “bot was kicked”", refused(403, "Forbidden: bot was kicked from the group chat"), RECIPIENT, why=BOT_API
    ),
    "403 deactivated": case(
        "403 “user is deactivated”", refused(403, "Forbidden: user is deactivated"), RECIPIENT, why=BOT_API
    ),
    "403 first": case(
        "403 “can't initiate conversation”",
        refused(403, "Forbidden: bot can't initiate conversation with a user"),
        NOT_READY,
        why=BOT_API,
    ),
    "400 no chat": case("400 “chat not found”", refused(400, "Bad Request: chat not found"), RECIPIENT),
    "400 upgraded": case(
        "400 “group chat was upgraded”",
        refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001),
        RECIPIENT,
    ),
    "400 too long": case("400 “message is too long”", refused(400, "Bad Request: message is too long"), CONTENT),
    "400 empty": case("400 “message text is empty”", refused(400, "Bad Request: message text is empty"), CONTENT),
    "400 entities": case("400 “can't parse entities”", refused(400, "Bad Request: can't parse entities"), CONTENT),
    "429 with seconds": case(
        "429 with `retry_after`",
        refused(429, "Too Many Requests: retry after 5", retry_after=5),
        LIMIT,
        waits=timedelta(seconds=5),
    ),
    "401 token": case("401 “Unauthorized”", refused(401, "Unauthorized"), BLOCKED),
    "404 token": case("404 “Not Found”: usually the token", refused(404, "Not Found"), NOT_FOUND),
}


class TestTelegram(CasesContract):
    cases: ClassVar[Cases] = {**common(TOKEN, unexpected={"ok": True}), **WORDS}
    sample = HELLO

    def stand(self) -> Stand:
        return stand()[0]


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
