"""Gmail push by Pub/Sub: there is something new in a mailbox. What it is, IMAP reads; this only wakes the reader.

A delivery is proved by the token in the address (`?token=…`, one of `secrets`), by the signed token of Pub/Sub
(`audience` and `service_account`), or by both, where both are configured. Any 2xx acknowledges. A notice carries the
address and a history id; notices may be dropped, so the mailbox is looked at from time to time in any case.
Source: Gmail API, "Configure push notifications"; the form of the signed token is unverified.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from outreach.domain.event import Clues, Event
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery, Fetch
from outreach.receivers.google_token import KEYS_URL, GoogleTokens
from outreach.receivers.payload import Json, is_mapping, json_object, object_at, text_at
from outreach.receivers.proof import digest, is_one_of, short_key


@dataclass(frozen=True, slots=True)
class Options:
    """`mailboxes`: address → sender. `secrets`: words for the address Pub/Sub calls; several while they change."""

    mailboxes: Mapping[str, str]
    secrets: tuple[str, ...] = field(default=(), repr=False)
    audience: str = ""
    service_account: str = ""
    keys_url: str = KEYS_URL

    def __post_init__(self) -> None:
        if bool(self.audience) != bool(self.service_account):
            raise ValueError("`audience` and `service_account` belong together: write both, or none.")
        if not self.secrets and not self.audience:
            raise ValueError("A connection with `use: gmail` needs `secrets`, or `audience` and `service_account`.")
        if not is_mapping(self.mailboxes):
            raise ValueError("`mailboxes` says whose address is whose: {anna@example.com: anna}.")


class Gmail:
    """The receiver `gmail`."""

    provider: ClassVar[str] = "gmail"
    accepted_status: ClassVar[int] = 204
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 64 * 1024

    def __init__(self, options: Options, fetch: Fetch) -> None:
        self._options = options
        self._senders = {address.strip().lower(): sender for address, sender in options.mailboxes.items()}
        self._tokens = (
            GoogleTokens(
                fetch,
                audience=options.audience,
                service_account=options.service_account,
                keys_url=options.keys_url,
            )
            if options.audience
            else None
        )

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        given = parse_qs(urlsplit(delivery.url).query).get("token", [""])[0]
        if self._options.secrets and not is_one_of(given, self._options.secrets):
            raise WebhookRejected("the token in the address is missing or wrong")
        if self._tokens is not None:
            self._tokens.check(delivery.headers.get("authorization", ""), now)

    def key(self, delivery: Delivery) -> str:
        try:
            message = object_at(json_object(delivery.body), "message")
        except ValueError:
            return digest(delivery.body)
        return short_key(text_at(message, "messageId") or text_at(message, "message_id")) or digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return Clues()

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        _notice(delivery)
        return ()

    def wakes(self, delivery: Delivery) -> tuple[str, ...]:
        """The sender whose mailbox it is; none for an address we do not read."""
        sender = self._senders.get(text_at(_notice(delivery), "emailAddress").strip().lower())
        return (sender,) if sender else ()


def _notice(delivery: Delivery) -> Json:
    data = text_at(object_at(json_object(delivery.body), "message"), "data")
    try:
        return json_object(base64.urlsafe_b64decode(data.encode("ascii", "replace") + b"=" * (-len(data) % 4)))
    except binascii.Error:
        raise ValueError("The message of Pub/Sub holds no base64.") from None
