"""Signing in to SMTP by XOAUTH2, a refused token renewed once; copies, signatures and files of what is sent."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from outreach.channel import Attachment, Message
from outreach.channels.mime import NotMail, build
from outreach.channels.smtp import Options, Smtp
from outreach.clock import MovableClock
from outreach.errors import RateLimited, Unauthorized
from outreach.testing.scripted_smtp import Script, ScriptedSmtp

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
MESSAGE = Message(
    key="enrollment-1.intro",
    action="email",
    to="ada@example.com",
    from_address="anna@example.org",
    subject="A question",
    text=".a dot at the beginning\n..and two\n",
    message_id="t1@example.org",
)
EXTENSIONS = ("PIPELINING", "AUTH XOAUTH2")


class Tokens:
    """Gives one token after the other, and remembers which one was refused each time."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    async def __call__(self, refused: str) -> str:
        self.refused.append(refused)
        return f"secret-token-{len(self.refused)}"


async def gladly() -> None:
    """A last look that finds nothing against it."""


def sent(
    script: Script, access: Callable[[str], Awaitable[str]], **parts: Any
) -> tuple[ScriptedSmtp, Exception | None]:
    async def work() -> tuple[ScriptedSmtp, Exception | None]:
        async with ScriptedSmtp(script, extensions=EXTENSIONS) as server:
            options = Options(f"smtp://127.0.0.1:{server.port}", username="anna@example.org")
            channel = Smtp(options, MovableClock(NOW), access=access, **parts)
            try:
                await channel.send(MESSAGE, last_look=gladly)
            except Exception as error:  # noqa: BLE001  # handed back to be looked at
                return server, error
            finally:
                await channel.close()
            return server, None

    return asyncio.run(work())


def test_the_token_is_said_as_xoauth2_has_it() -> None:
    server, error = sent({}, Tokens())

    said = next(line for line in server.commands if line.upper().startswith("AUTH XOAUTH2")).split(" ")[2]
    assert error is None
    assert base64.b64decode(said) == b"user=anna@example.org\x01auth=Bearer secret-token-1\x01\x01"


def test_a_refused_token_is_renewed_once() -> None:
    tokens = Tokens()

    server, error = sent({"AUTH": ["535 5.7.8 expired", "235 2.7.0 welcome"]}, tokens)

    assert error is None
    assert tokens.refused == ["", "secret-token-1"]
    assert len(server.texts) == 1


def test_a_second_refusal_is_the_accounts_and_shows_no_token() -> None:
    tokens = Tokens()

    server, error = sent({"AUTH": "535 5.7.8 not secret-token-2"}, tokens)

    assert isinstance(error, Unauthorized)
    assert len(tokens.refused) == 2
    assert "secret-token" not in str(error)
    assert server.texts == []


def test_a_login_that_is_put_off_asks_for_no_other_token() -> None:
    tokens = Tokens()

    sent({"AUTH": "454 4.7.0 later"}, tokens)

    assert tokens.refused == [""]


def test_what_keeps_a_token_from_being_had_is_the_outcome() -> None:
    async def none(refused: str) -> str:
        raise Unauthorized("google", "no access token: invalid_grant")

    _, error = sent({}, none)

    assert isinstance(error, Unauthorized)
    assert not isinstance(error, RateLimited)
    assert "invalid_grant" in str(error)


def test_a_copy_is_what_the_server_took() -> None:
    copies: list[bytes] = []

    server, _ = sent({}, Tokens(), keep_copy=copies.append)

    assert copies == server.texts
    assert b"\r\n.a dot" in copies[0].replace(b"=2E", b".")


def test_nothing_is_copied_that_was_refused() -> None:
    copies: list[bytes] = []

    sent({"DOT": "550 5.7.1 spam"}, Tokens(), keep_copy=copies.append)

    assert copies == []


def test_a_signature_is_put_on_top_of_the_finished_message() -> None:
    server, _ = sent({}, Tokens(), sign=lambda raw: b"DKIM-Signature: x\r\n" + raw)

    assert server.texts[0].startswith(b"DKIM-Signature: x\r\nFrom: ")


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment(name="../etc/passwd", content_type="text/plain", content=b"x"),
        Attachment(name="a\r\nBcc: eve@example.com", content_type="text/plain", content=b"x"),
        Attachment(name="a.txt", content_type="text/plain\r\nX-Y: z", content=b"x"),
        Attachment(name="a.png", content_type="image/png", content=b"x", content_id="a>\r\nX: y"),
        Attachment(name="x" * 201, content_type="text/plain", content=b"x"),
    ],
)
def test_a_file_cannot_write_headers(attachment: Attachment) -> None:
    message = Message(**{**_values(), "attachments": (attachment,)})

    with pytest.raises(NotMail):
        build(message, now=NOW)


def test_the_name_of_a_file_may_be_in_any_language() -> None:
    attachment = Attachment(name="Broşür ünlü.pdf", content_type="application/pdf", content=b"%PDF")

    raw = build(Message(**{**_values(), "attachments": (attachment,)}), now=NOW)

    assert b"filename*=utf-8''Bro%C5%9F%C3%BCr%20%C3%BCnl%C3%BC.pdf\r\n" in raw


def _values() -> dict[str, Any]:
    names = ("key", "action", "to", "from_address", "subject", "text", "message_id")
    return {name: getattr(MESSAGE, name) for name in names}
