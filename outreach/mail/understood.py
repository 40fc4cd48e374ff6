"""What a mail turned out to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The value is what `inbound parse` and events show."""

    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE_HARD = "bounce_hard"
    BOUNCE_SOFT = "bounce_soft"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    OWN = "own"
    OTHER = "other"


class BounceReason(StrEnum):
    """Why a message came back."""

    NO_MAILBOX = "no_mailbox"
    NO_DOMAIN = "no_domain"
    DISABLED = "disabled"
    FULL = "full"
    POLICY = "policy"
    CONTENT = "content"
    NETWORK = "network"
    EXPIRED = "expired"
    DELAYED = "delayed"
    OTHER = "other"


HARD = frozenset({BounceReason.NO_MAILBOX, BounceReason.NO_DOMAIN, BounceReason.DISABLED})
"""With these the address is dead; with the others the same address may work another day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One mail, understood. Ids are without angle brackets, addresses in lower case."""

    kind: Kind
    reason: str | None = None  # bounces: a BounceReason; auto-replies: out_of_office, left, ticket, automatic
    text: str = ""  # the new text alone; empty only if the mail had none
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    to: tuple[str, ...] = ()  # whom the mail was addressed to
    recipients: tuple[str, ...] = ()  # bounces and complaints: the addresses they are about
    from_address: str | None = None
    from_name: str = ""
    subject: str | None = None
    until: date | None = None  # an auto-reply's day of return
    status: str | None = None  # enhanced status code, x.y.z
    message_id: str | None = None
    original_ids: tuple[str, ...] = ()  # message ids found in the returned part of a bounce or complaint
    is_quarantined: bool = False  # something in it could not be read; the raw match still holds
