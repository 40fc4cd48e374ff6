"""What happened, in our words, each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Past participles; the value is what tables, API and reports show."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    AUTORESPONDED = "autoresponded"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    ACCEPTED = "accepted"
    BOOKED = "booked"
    CANCELLED = "cancelled"  # a meeting that was booked before
    COMPLETED = "completed"
    UNKNOWN = "unknown"
    CHANGED = "changed"  # somebody changed the lead's record in the CRM; `data` is a domain.crm_news.CrmNews
    OWN = "own"  # our own copy, come back through a synchronised mailbox or chat: never a reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What may tell whom a delivery is about, strongest first; every part may be empty."""

    message_ids: tuple[str, ...] = ()  # without angle brackets: In-Reply-To, then References last to first
    tokens: tuple[str, ...] = ()  # reply tokens found in recipient addresses (plus-address, VERP) or payloads
    provider_ids: tuple[str, ...] = ()  # the provider's own ids of messages we sent
    thread_ids: tuple[str, ...] = ()  # the provider's thread or chat ids
    addresses: tuple[tuple[str, str], ...] = ()  # (address kind, normalised value) of the other side

    def __bool__(self) -> bool:
        return any((self.message_ids, self.tokens, self.provider_ids, self.thread_ids, self.addresses))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One understood thing. The same delivery always gives the same keys; a key is applied once."""

    key: str
    kind: EventKind
    at: datetime
    channel: str  # email, linkedin, x, whatsapp, sms, telegram, other
    clues: Clues = field(default_factory=Clues)
    subject: str = ""
    text: str = ""  # the new text of a reply, quotes cut off
    reason: str = ""  # bounces: no_mailbox, no_domain, disabled, full, policy, …
    is_hard: bool = False  # bounces only: the address is dead
    data: Mapping[str, object] = field(default_factory=dict)  # JSON: provider id, message id, return date `until`, …
