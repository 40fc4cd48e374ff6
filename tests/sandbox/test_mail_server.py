"""The mail server of the sandbox, asked by a plain SMTP client and by our own channel."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator

import pytest

from outreach.channel import Message
from outreach.channels.smtp import Options, Smtp
from outreach.clock import SystemClock
from outreach.errors import Refused, Unauthorized, Unavailable
from outreach.sandbox.mail_server import Mail, MailServer

_ANNA, _ADA = "anna@example.com", "ada@lead.example"
_TEXT = "Subject: Hello\r\nMessage-ID: <1@example.com>\r\n\r\nA word.\r\n"


@pytest.fixture
def came() -> list[Mail]:
    return []


@pytest.fixture
def server(came: list[Mail]) -> Iterator[MailServer]:
    made = MailServer(
        {_ANNA: "right"}, came.append, refused=frozenset({"no@lead.example"}), put_off=frozenset({"later@lead.example"})
    )
    made.start()
    yield made
    made.stop()


def _login(server: MailServer, password: str = "right") -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", server.port, timeout=10)
    client.login(_ANNA, password)
    return client


async def _send(server: MailServer, *, to: str = _ADA, password: str = "right") -> str:
    async def fine() -> None:
        return None

    channel = Smtp(Options(server.url, username=_ANNA, password=password), SystemClock())
    message = Message(
        key="1.intro",
        action="email",
        to=to,
        text="A word.",
        subject="Hello",
        from_address=_ANNA,
        message_id="1@x.example",
    )
    try:
        return (await channel.send(message, last_look=fine)).provider_id
    finally:
        await channel.close()


def test_a_mail_is_kept_and_told(server: MailServer, came: list[Mail]) -> None:
    with _login(server) as client:
        client.sendmail(_ANNA, [_ADA], _TEXT)

    assert came == server.mails
    assert (came[0].sender, came[0].recipient, came[0].message_id) == (_ANNA, _ADA, "1@example.com")
    assert came[0].text.strip() == "A word."


def test_without_a_login_nothing_is_taken(server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client, pytest.raises(smtplib.SMTPSenderRefused):
        client.sendmail(_ANNA, [_ADA], _TEXT)


def test_a_wrong_password_is_refused(server: MailServer) -> None:
    with pytest.raises(Unauthorized):
        asyncio.run(_send(server, password="wrong"))


def test_an_account_sends_as_itself_only(server: MailServer) -> None:
    with _login(server) as client, pytest.raises(smtplib.SMTPSenderRefused):
        client.sendmail("somebody.else@example.com", [_ADA], _TEXT)


def test_our_channel_learns_the_id_the_mail_was_queued_under(server: MailServer, came: list[Mail]) -> None:
    provider_id = asyncio.run(_send(server))

    assert provider_id == came[0].provider_id != ""


def test_a_mailbox_that_does_not_exist_is_refused_for_good(server: MailServer, came: list[Mail]) -> None:
    with pytest.raises(Refused):
        asyncio.run(_send(server, to="no@lead.example"))

    assert came == []


def test_a_greylisting_server_takes_the_second_try(server: MailServer, came: list[Mail]) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(_send(server, to="later@lead.example"))
    asyncio.run(_send(server, to="later@lead.example"))

    assert [mail.recipient for mail in came] == ["later@lead.example"]
