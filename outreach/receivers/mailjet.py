"""Mailjet: events, one or many to a call, and mail by the Parse API.

Nothing is signed; user and password in the URL are the proof (dev.mailjet.com, "Webhooks"). Only 200 counts as taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.raw_match import raw_clues
from outreach.mail.tagged import ids_of_mark
from outreach.mail.understand import Given
from outreach.mail.understood import BounceReason
from outreach.receiver import Delivery
from outreach.receivers import mail_news
from outreach.receivers.inbound_mail import Inbound, event_of_mail, from_base64, report_parts
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_objects, object_at, objects_at, text_at
from outreach.receivers.proof import digest, require_basic_auth

_KEYS = Keys(
    answered=("In-Reply-To", "CustomID"),
    references=("References",),
    provider_ids=("MessageID", "Message_GUID"),
    people=("email", "From", "Sender"),
)
_MOST_ATTACHMENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """User and password of the webhook's URL; `passwords` while one is exchanged for another."""

    user: str
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.user or not self.accepted:
            raise ValueError("A connection with `use: mailjet` needs `user` and `password`, as in the webhook's URL.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.password, *self.passwords))


class Mailjet:
    """The receiver behind every connection with `use: mailjet`, for events and for the Parse API."""

    provider: ClassVar[str] = "mailjet"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_basic_auth(delivery.headers, self._options.user, self._options.accepted)

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        marks = [one for value in values_of(delivery.body, ("CustomID",)) for one in ids_of_mark(value)]
        attached = values_of(delivery.body, tuple(f"Attachment{number}" for number in range(1, _MOST_ATTACHMENTS)))
        found = [clues_in_json(delivery.body, _KEYS), Clues(message_ids=tuple(marks))]
        return joined((*found, *(raw_clues(from_base64(one)) for one in attached)))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        found: dict[str, Event] = {}
        for each in json_objects(delivery.body):
            event = self._event(delivery, each)
            found.setdefault(event.key, event)
        return tuple(found.values())

    def _event(self, delivery: Delivery, each: Json) -> Event:
        if "event" in each:
            return _news_event(delivery, each)
        if "Sender" not in each and "From" not in each:
            raise ValueError("The payload has neither event nor From: it is no webhook of Mailjet.")
        return event_of_mail(delivery, _inbound(each), key=f"mail/{_key_of_mail(each)}", own=self._own)


def _inbound(mail: Json) -> Inbound:
    headers = _headers(mail)
    named = {name.lower() for name, _ in headers}
    added = (("From", text_at(mail, "From")), ("Date", text_at(mail, "Date")), ("To", text_at(mail, "Recipient")))
    given = Given(
        subject=text_at(mail, "Subject"),
        text=text_at(mail, "Text-part"),
        html=text_at(mail, "Html-part"),
        headers=headers + tuple(one for one in added if one[0].lower() not in named),
        parts=report_parts(_attached(mail)),
    )
    return Inbound(given=given, recipients=(text_at(mail, "Recipient"),), sender=text_at(mail, "Sender"))


def _headers(mail: Json) -> tuple[tuple[str, str], ...]:
    """Values are texts, or lists of texts where a header is repeated."""
    pairs: list[tuple[str, str]] = []
    for name, value in object_at(mail, "Headers").items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, text_at({"it": one}, "it")) for one in values if isinstance(one, str)]
    return tuple(pairs)


def _attached(mail: Json) -> list[tuple[str, bytes]]:
    """`Parts` names the type and, in `ContentRef`, the property that holds the base64."""
    parts = objects_at(mail, "Parts")[:_MOST_ATTACHMENTS]
    named = [(text_at(object_at(one, "Headers"), "Content-Type"), text_at(one, "ContentRef")) for one in parts]
    return [(kind, from_base64(text_at(mail, ref))) for kind, ref in named if ref.startswith("Attachment")]


def _key_of_mail(mail: Json) -> str:
    """There is no id of an event: the mail itself makes the key."""
    message_id = next((value for name, value in _headers(mail) if name.lower() == "message-id"), "")
    parts = (message_id, *(text_at(mail, name) for name in ("Sender", "Recipient", "Subject", "Date", "Text-part")))
    return digest("\0".join(parts).encode("utf-8", "replace"))


_PLAIN = {
    "sent": mail_news.DELIVERED,  # taken by the receiving server
    "open": mail_news.OPENED,
    "click": mail_news.CLICKED,
    "spam": mail_news.COMPLAINED,
    "unsub": mail_news.UNSUBSCRIBED,
}

# Mailjet's own words in `error` (dev.mailjet.com, "Event API", error codes).
_REASONS = {
    "user unknown": BounceReason.NO_MAILBOX,
    "mailbox inactive": BounceReason.DISABLED,
    "quota exceeded": BounceReason.FULL,
    "invalid domain": BounceReason.NO_DOMAIN,
    "no mail host": BounceReason.NO_DOMAIN,
    "blacklisted": BounceReason.POLICY,
    "spam reporter": BounceReason.POLICY,
    "relay/access denied": BounceReason.POLICY,
    "sender blocked": BounceReason.POLICY,
    "policy issue": BounceReason.POLICY,
    "content blocked": BounceReason.CONTENT,
    "typofix": BounceReason.NO_DOMAIN,
    "system issue": BounceReason.NETWORK,
    "protocol issue": BounceReason.NETWORK,
    "connection issue": BounceReason.NETWORK,
}


def _news_event(delivery: Delivery, event: Json) -> Event:
    names = ("event", "error", "error_related_to", "comment", "smtp_reply", "url", "agent", "ip", "CustomID")
    data = {name: text_at(event, name) for name in names}
    about = About(
        recipient=text_at(event, "email"),
        message_ids=ids_of_mark(text_at(event, "CustomID")),
        provider_ids=(text_at(event, "MessageID"), text_at(event, "Message_GUID")),
        data=data,
    )
    at = instant_of(text_at(event, "time"), latest=delivery.received_at)
    return event_about(delivery, _news_of(event), key=_key_of(event), at=at, about=about)


def _news_of(event: Json) -> News:
    kind, error = text_at(event, "event"), text_at(event, "error").lower()
    said = f"{text_at(event, 'comment')} {text_at(event, 'smtp_reply')}".strip()
    is_hard = event.get("hard_bounce") is True
    if kind == "bounce" and error == "greylisted" and not is_hard:
        return mail_news.DEFERRED
    unsaid = _REASONS.get(error, BounceReason.OTHER)
    if kind == "bounce":
        return mail_news.bounced(said, is_permanent=is_hard, unsaid=unsaid)
    if kind == "blocked":
        return News(EventKind.REJECTED, unsaid)
    return _PLAIN.get(kind, mail_news.UNKNOWN)


def _key_of(event: Json) -> str:
    """There is no id of an event."""
    names = ("event", "MessageID", "Message_GUID", "email", "time", "url")
    return digest("\0".join(text_at(event, name) for name in names).encode("utf-8", "replace"))
