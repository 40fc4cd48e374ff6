"""Mail that a poller found in one of our mailboxes. It comes from ourselves, so nobody may post it from outside.

A delivery has the method `IMAP`, the raw mail (RFC 5322) as its body, and in its headers what the folder tells:
`folder`, `is-sent` for mail out of the Sent folder, `problem` where the server did not hand out all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.identifiers import unique
from outreach.mail.parse import parse_mail
from outreach.mail.raw_match import MAX_BYTES, raw_clues
from outreach.mail.understand import understand
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import instant_of

METHOD = "IMAP"
_IDENTITY = ("message-id", "date", "from", "subject")


@dataclass(frozen=True, slots=True)
class Options:
    """There is nothing to choose."""


class Mailbox:
    """The receiver of every mailbox that is read by us."""

    provider: ClassVar[str] = "mailbox"
    accepted_status: ClassVar[int] = 202
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = MAX_BYTES

    def __init__(self, options: Options, own: tuple[str, ...] = ()) -> None:
        """`own` are the addresses of all our senders: what comes from them is never a reply."""
        self._options = options
        self._own = frozenset(address.strip().lower() for address in own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if delivery.method != METHOD:
            raise WebhookRejected("a mailbox is read by us; nobody posts to it")

    def key(self, delivery: Delivery) -> str:
        """By its bytes: a mailbox that was renumbered shows the same mails again."""
        place = f"{delivery.url}\n".encode() if "problem" in delivery.headers else b""
        return sha256(_role(delivery).encode() + b"\n" + place + delivery.body).hexdigest()

    def clues(self, delivery: Delivery) -> Clues:
        """What we sent ourselves holds nobody."""
        return Clues() if _is_sent(delivery) else raw_clues(delivery.body)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        headers = parse_mail(delivery.body).headers
        at = instant_of(headers.first("date"), latest=delivery.received_at)
        if _is_sent(delivery):
            return (self._own_copy(delivery, headers.first("message-id"), headers.first("subject"), at),)
        understood = understand(delivery.body, own=self._own, now=delivery.received_at)
        clues = raw_clues(delivery.body)
        return (event_of(understood, key=self._event_key(delivery), at=at, channel="email", clues=clues),)

    def _own_copy(self, delivery: Delivery, message_id: str, subject: str, at: datetime) -> Event:
        ids = unique((message_id.strip().strip("<>"),))
        return Event(
            key=self._event_key(delivery),
            kind=EventKind.OWN,
            at=at,
            channel="email",
            clues=Clues(message_ids=ids),
            subject=subject[:998],
            data={"message_id": ids[0]} if ids else {},
        )

    def _event_key(self, delivery: Delivery) -> str:
        """The same mail in two mailboxes is one event: its Message-ID, with what another mail would not share."""
        headers = parse_mail(delivery.body).headers
        if not headers.first("message-id"):
            return f"mail/{_role(delivery)}/{self.key(delivery)}"
        identity = "\n".join(headers.first(name) for name in _IDENTITY)
        return f"mail/{_role(delivery)}/{sha256(identity.encode('utf-8', 'replace')).hexdigest()}"


def _is_sent(delivery: Delivery) -> bool:
    return delivery.headers.get("is-sent") == "yes"


def _role(delivery: Delivery) -> str:
    return "sent" if _is_sent(delivery) else "in"
