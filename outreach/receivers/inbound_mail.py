"""A mail that a provider hands on, raw or divided into its parts, as an event; the same for every provider."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from outreach.domain.event import Clues, Event
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import tokens_in, unique
from outreach.mail.parse import Headers, headers_of, parse_mail
from outreach.mail.understand import Given, understand, understand_text
from outreach.mail.understood import Understood
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import instant_of

REPORT_TYPES = ("message/delivery-status", "message/feedback-report", "message/rfc822", "text/rfc822-headers")
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One mail: `raw`, or `given` in parts. `recipients` and `sender` are the envelope, as far as it is told."""

    raw: bytes = field(default=b"", repr=False)
    given: Given | None = None
    recipients: tuple[str, ...] = ()
    sender: str = ""
    sent_at: str = ""  # where the provider tells it beside the headers


def event_of_mail(delivery: Delivery, mail: Inbound, *, key: str, own: frozenset[str]) -> Event:
    """What the mail means. No content raises."""
    now = delivery.received_at
    if mail.given is not None:
        understood = understand_text(mail.given, own=own, now=now)
        headers = headers_of(mail.given.headers)
    else:
        understood = understand(mail.raw, own=own, now=now)
        headers = head_of(mail.raw)
    return event_of(
        understood,
        key=f"{delivery.connection}/{key}",
        at=instant_of(headers.first("date") or mail.sent_at, latest=now),
        channel="email",
        clues=clues_of_mail(understood, mail),
    )


def clues_of_mail(understood: Understood, mail: Inbound) -> Clues:
    """The answered message, the thread from its end, what a report returns; whom it is about, and who wrote."""
    answered = (understood.in_reply_to or "", *reversed(understood.references))
    people = (*understood.recipients, understood.from_address or "", mail.sender)
    return Clues(
        message_ids=unique((*answered, *understood.original_ids)),
        tokens=tokens_in(" ".join((*mail.recipients, *understood.to))),
        addresses=tuple(dict.fromkeys(person for one in people for person in people_of("email", one))),
    )


def head_of(raw: bytes) -> Headers:
    """The header fields on top of a raw mail, or of a block of headers alone."""
    return parse_mail(raw[: 128 * 1024]).headers


def report_parts(files: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    """Parts of a delivery or feedback report among attached files of (content type, content)."""
    found = ((kind.partition(";")[0].strip().lower(), content) for kind, content in files)
    return tuple(one for one in found if one[0] in REPORT_TYPES)[:_MOST_PARTS]


def from_base64(text: str) -> bytes:
    """Decoded as far as it goes; empty for what is no base64."""
    letters = "".join(text.split())
    try:
        return base64.b64decode(letters[: len(letters) // 4 * 4].encode("ascii", "replace"))
    except (binascii.Error, ValueError):
        return b""
