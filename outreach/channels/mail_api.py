"""What the channels have in common that send mail by an HTTP API: checks, headers, limits that name an instant.

Every message is built as MIME once, also where the provider takes it in pieces: what cannot be written as a mail is
refused with the same sentence on every channel, before anything is on the wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from outreach.api_client import LONGEST_WAIT
from outreach.channel import Message
from outreach.channels.meanings import Meaning
from outreach.channels.mime import NotMail, build, envelope_address
from outreach.errors import Refused


def mail_of(provider: str, message: Message, *, now: datetime) -> bytes:
    """The message as a mail. Raises Refused for what cannot be one."""
    try:
        envelope_address(message.to)
        if message.envelope_from:
            envelope_address(message.envelope_from)
        return build(message, now=now)
    except NotMail as error:
        raise Refused(provider, str(error), outcome=error.outcome) from None


def headers_of(message: Message) -> dict[str, str]:
    """The headers a provider does not write itself; their values were checked by `mail_of`."""
    headers = {}
    if message.message_id:
        headers["Message-ID"] = f"<{message.message_id}>"
    if message.in_reply_to:
        headers["In-Reply-To"] = f"<{message.in_reply_to}>"
    if message.references:
        headers["References"] = " ".join(f"<{each}>" for each in message.references)
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def named(name: str, address: str) -> dict[str, str]:
    """The same for those who take an object. A domain outside ASCII goes as punycode."""
    found = {"email": envelope_address(address)}
    return found | ({"name": name} if name else {})


def person(name: str, address: str) -> str:
    """`"Name" <address>`, as providers want it who take one string (RFC 5322 §3.4). The name was checked."""
    address = envelope_address(address)
    if not name:
        return address
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def plain_key(key: str) -> str:
    """The touch key in letters, digits, `_` and `-`: itself, else its digest."""
    is_plain = key.isascii() and len(key) <= 200 and key.replace("-", "").replace("_", "").isalnum()
    return key if is_plain else "sha256-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def first_meaning(table: Sequence[tuple[str, Meaning]], said: str) -> Meaning | None:
    """The row whose words stand in what the provider said; lower case on both sides."""
    heard = " ".join(said.lower().split())
    return next((meaning for words, meaning in table if words in heard), None)


def text_of(body: Any, *names: str) -> str:
    """The first of these properties of an error body that is text or a number."""
    if not isinstance(body, Mapping):
        return ""
    found = (body.get(name) for name in names)
    return next((str(one) for one in found if isinstance(one, str | int) and not isinstance(one, bool)), "")


def wait_until(response: httpx.Response, header: str, *, default: timedelta) -> timedelta:
    """How long until the instant, in Unix seconds, that a header names; measured against the answer's own Date."""
    value = response.headers.get(header, "").strip()
    try:
        until = datetime.fromtimestamp(int(value[:12]), UTC)
        wait = until - parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return default
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def told(value: Any) -> str:
    """An id in an answer. ValueError when there is none: then nobody knows whether the message was taken."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected an id")
    return value.strip().removeprefix("<").removesuffix(">")
