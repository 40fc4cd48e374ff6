"""What the tests of mail receivers share: a call as a delivery, and a mail of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outreach.errors import Refused
from outreach.receiver import Delivery
from outreach.sandbox.answers import Hook
from outreach.testing.receiver import NOW

REPLY = (
    "Return-Path: <ada@example.com>\r\n"
    "From: Ada Example <ada@example.com>\r\n"
    "To: anna+tok_1@example.org\r\n"
    "Subject: Re: A question\r\n"
    "Date: Sat, 21 Nov 2026 12:44:33 +0300\r\n"
    "Message-ID: <their-1@mail.example.com>\r\n"
    "In-Reply-To: <e1.second@example.org>\r\n"
    "References: <e1.first@example.org> <e1.second@example.org>\r\n"
)
TEXT = "Gladly.\n\nOn Mon, 2 Nov 2026 at 10:00, Anna <anna@example.org> wrote:\n> Shall we talk?\n"
RAW = REPLY + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + TEXT.replace("\n", "\r\n")
REPORT = (
    "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; gone@example.com\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
)
DAEMON = (
    "From: MAILER-DAEMON@mx.example.com\r\nTo: anna@example.org\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    "Message-ID: <d@mx.example.com>\r\n"
)
ORIGINAL = "Message-ID: <e1.first@example.org>\r\nSubject: A question\r\n\r\nHello\r\n"
TROUBLE = "I'm sorry to have to inform you that your message could not be delivered."


def delivery_of(hook: Hook, connection: str) -> Delivery:
    return Delivery(
        connection=connection,
        method=hook.method,
        url=hook.url,
        headers=dict(hook.headers),
        body=hook.body,
        received_at=NOW,
    )


class Shelf:
    """Stands in for the way out: what lies at which address. `asked` lists what was fetched."""

    def __init__(self, lying: Mapping[str, bytes | Exception]) -> None:
        self._lying = lying
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        self.asked.append((url, dict(headers or {})))
        found: Any = self._lying.get(url, Refused("fetch", f"nothing lies at {url}"))
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, bytes)
        return found
