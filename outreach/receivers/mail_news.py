"""What became of mail we sent, in our words, whichever provider tells it: bounces are judged by their reason.

The class a provider gives (permanent, transient) decides only where nothing that was said tells more: full mailboxes
come back as permanent, and dead ones as transient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import people_of
from outreach.mail.bounces import reason_of_text
from outreach.mail.identifiers import message_ids_in, unique
from outreach.mail.storable import storable
from outreach.mail.understood import HARD, BounceReason
from outreach.receiver import Delivery

_LONGEST = 1000
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_SMTP = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#:]|$)")


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a message."""

    kind: EventKind
    reason: str = ""
    is_hard: bool = False


DELIVERED = News(EventKind.DELIVERED)
DEFERRED = News(EventKind.DEFERRED, BounceReason.DELAYED)
OPENED = News(EventKind.OPENED)
CLICKED = News(EventKind.CLICKED)
COMPLAINED = News(EventKind.COMPLAINED)
UNSUBSCRIBED = News(EventKind.UNSUBSCRIBED)
UNKNOWN = News(EventKind.UNKNOWN)


def bounced(said: str, *, status: str = "", is_permanent: bool, unsaid: BounceReason = BounceReason.OTHER) -> News:
    """A bounce by what the server said; `is_permanent` and `unsaid` count where that gives no reason."""
    reason = reason_of_text(f"{status} {said}".strip())
    if reason is BounceReason.OTHER:
        return News(EventKind.BOUNCED, unsaid, is_permanent and unsaid in (*HARD, BounceReason.OTHER))
    return News(EventKind.BOUNCED, reason, reason in HARD and not _is_temporary(said, status, is_permanent))


def rejected(said: str) -> News:
    """The provider did not even try."""
    return News(EventKind.REJECTED, reason_of_text(said) if said else BounceReason.OTHER)


def deferred(said: str) -> News:
    """It is tried again by the provider; why, if a server said so."""
    reason = reason_of_text(said) if said else BounceReason.DELAYED
    return News(EventKind.DEFERRED, BounceReason.DELAYED if reason is BounceReason.OTHER else reason)


def status_in(text: str) -> str:
    """The enhanced status code (x.y.z) in what was said; empty if there is none."""
    found = _STATUS.search(text[:_LONGEST])
    return found.group(1) if found else ""


def _is_temporary(said: str, status: str, is_permanent: bool) -> bool:
    written = status_in(status) or status_in(said)
    if written:
        return written.startswith("4")
    basic = _SMTP.search(said[:_LONGEST])
    return basic.group(1).startswith("4") if basic else not is_permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which message to whom, and what is worth keeping of what the provider said."""

    recipient: str = ""
    message_ids: Iterable[str] = ()
    provider_ids: Iterable[str] = ()
    subject: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def event_about(delivery: Delivery, news: News, *, key: str, at: datetime, about: About) -> Event:
    """The event; its key carries the connection, so that two accounts of one provider do not meet."""
    kept = {name: storable(value)[:_LONGEST] for name, value in about.data.items() if value}
    return Event(
        key=f"{delivery.connection}/{key}",
        kind=news.kind,
        at=at,
        channel="email",
        clues=Clues(
            message_ids=unique(one for value in about.message_ids for one in message_ids_in(value)),
            provider_ids=unique(one.strip() for one in about.provider_ids),
            addresses=people_of("email", about.recipient),
        ),
        subject=storable(about.subject)[:998],
        reason=news.reason,
        is_hard=news.is_hard,
        data=kept,
    )


def joined(found: Iterable[Clues]) -> Clues:
    """The clues of several readings, each once, in order."""
    parts = tuple(found)
    return Clues(
        message_ids=unique(one for clues in parts for one in clues.message_ids),
        tokens=unique(one for clues in parts for one in clues.tokens),
        provider_ids=unique(one for clues in parts for one in clues.provider_ids),
        thread_ids=unique(one for clues in parts for one in clues.thread_ids),
        addresses=tuple(dict.fromkeys(one for clues in parts for one in clues.addresses)),
    )
