"""Brevo: events of transactional mail, one or many to a call, and inbound mail.

Nothing is signed; user and password in the URL, a bearer token, or a header of our own are the proof (Brevo, "Secure
your webhooks"). Any 4xx but 429, and any 5xx, makes Brevo drop the event for good: what cannot be stored is
answered with 429, which it repeats after 10 minutes, 1, 2 and 8 hours. The shape of a batch is unverified: an object, a
list, and an object that holds a list are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.tagged import ids_of_mark
from outreach.mail.understand import Given
from outreach.mail.understood import BounceReason
from outreach.receiver import Delivery
from outreach.receivers import mail_news
from outreach.receivers.inbound_mail import Inbound, event_of_mail
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_objects, object_at, objects_at, text_at
from outreach.receivers.proof import digest, require_login, short_key

_KEYS = Keys(
    answered=("InReplyTo", "In-Reply-To", "message-id"),
    references=("References",),
    provider_ids=("message-id",),
    people=("email", "Address"),
)
_MARK = "X-Mailin-custom"
_BATCHES = ("events", "items", "data", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """User and password of the webhook's URL, or the value of a header; lists while one is exchanged for another."""

    user: str = ""
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    header: str = ""  # with `value`: a header of our own, or `Authorization` with a bearer token
    value: str = field(default="", repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not (self.user and self.accepted) and not (self.header and self.accepted_values):
            raise ValueError("A connection with `use: brevo` needs `user` and `password`, or `header` and `value`.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.password, *self.passwords))

    @property
    def accepted_values(self) -> tuple[str, ...]:
        return unique((self.value, *self.values))


class Brevo:
    """The receiver behind every connection with `use: brevo`, for events and for inbound mail."""

    provider: ClassVar[str] = "brevo"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 429
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        options = self._options
        require_login(
            delivery.headers,
            login=(options.user, options.accepted),
            header=(options.header, options.accepted_values),
        )

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        marks = [one for value in values_of(delivery.body, (_MARK,)) for one in ids_of_mark(value)]
        found = clues_in_json(delivery.body, _KEYS)
        bare = [one.strip("<> ") for one in found.provider_ids]
        return joined((found, Clues(message_ids=tuple(marks), provider_ids=tuple(bare))))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        found: dict[str, Event] = {}
        for each in _entries(delivery.body):
            event = self._mail(delivery, each) if "event" not in each and _is_mail(each) else _event(delivery, each)
            found.setdefault(event.key, event)
        return tuple(found.values())

    def _mail(self, delivery: Delivery, item: Json) -> Event:
        uuids = item.get("Uuid")
        own_id = uuids[0] if isinstance(uuids, list) and uuids and isinstance(uuids[0], str) else ""
        key = short_key(own_id or text_at(item, "MessageId") or digest(repr(item).encode("utf-8", "replace")))
        return event_of_mail(delivery, _inbound(item), key=f"mail/{key}", own=self._own)


def _entries(body: bytes) -> list[Json]:
    """What a call carries: an event, a list of events, or an object that holds the list."""
    found: list[Json] = []
    for one in json_objects(body):
        inner = [each for name in _BATCHES if "event" not in one for each in objects_at(one, name)]
        found += inner or [one]
    if not any("event" in one or _is_mail(one) for one in found):
        raise ValueError("The payload has neither event nor items: it is no webhook of Brevo.")
    return found


def _is_mail(item: Json) -> bool:
    return "MessageId" in item or "RawTextBody" in item or "Uuid" in item


def _inbound(item: Json) -> Inbound:
    sender = object_at(item, "From")
    recipients = [text_at(one, "Address") for name in ("To", "Cc", "Recipients") for one in objects_at(item, name)]
    headers = _headers(item)
    named = {name.lower() for name, _ in headers}
    added = (
        ("From", text_at(sender, "Address")),
        ("To", ", ".join(recipients)),
        ("Date", text_at(item, "SentAtDate")),
        ("In-Reply-To", text_at(item, "InReplyTo")),
        ("Message-ID", text_at(item, "MessageId")),
    )
    given = Given(
        subject=text_at(item, "Subject"),
        text=text_at(item, "RawTextBody") or text_at(item, "ExtractedMarkdownMessage"),
        html=text_at(item, "RawHtmlBody"),
        headers=headers + tuple(one for one in added if one[1] and one[0].lower() not in named),
        from_name=text_at(sender, "Name"),
    )
    return Inbound(given=given, recipients=tuple(recipients))


def _headers(item: Json) -> tuple[tuple[str, str], ...]:
    """Values are texts, or lists of texts where a header is repeated."""
    pairs: list[tuple[str, str]] = []
    for name, value in object_at(item, "Headers").items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, text_at({"it": one}, "it")) for one in values if isinstance(one, str)]
    return tuple(pairs)


_PLAIN = {
    "delivered": mail_news.DELIVERED,
    "spam": mail_news.COMPLAINED,
    "complaint": mail_news.COMPLAINED,
    "unsubscribe": mail_news.UNSUBSCRIBED,
    "unsubscribed": mail_news.UNSUBSCRIBED,
    "opened": mail_news.OPENED,
    "unique_opened": mail_news.OPENED,
    "proxy_open": mail_news.OPENED,
    "unique_proxy_open": mail_news.OPENED,
    "click": mail_news.CLICKED,
}
_INVALID = News(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True)


def _event(delivery: Delivery, event: Json) -> Event:
    kind, message_id = text_at(event, "event"), text_at(event, "message-id")
    data = {name: text_at(event, name) for name in ("event", "tag", "link", "sending_ip", "template_id")}
    data["said"] = text_at(event, "reason")
    if "proxy" in kind:
        data["is_machine"] = "true"
    about = About(
        recipient=text_at(event, "email"),
        message_ids=(*ids_of_mark(text_at(event, _MARK)), message_id),
        provider_ids=(message_id.strip("<> "),),
        subject=text_at(event, "subject"),
        data=data,
    )
    at = instant_of(text_at(event, "ts_epoch"), latest=delivery.received_at)
    return event_about(delivery, _news_of(kind, data["said"]), key=_key_of(event), at=at, about=about)


def _news_of(kind: str, said: str) -> News:
    if kind == "hard_bounce":
        return mail_news.bounced(said, is_permanent=True)
    if kind == "soft_bounce":
        return mail_news.bounced(said, is_permanent=False)
    if kind == "invalid_email":
        return _INVALID
    if kind == "deferred":
        return mail_news.deferred(said)
    if kind in ("blocked", "error"):
        return mail_news.rejected(said)
    return _PLAIN.get(kind, mail_news.UNKNOWN)


def _key_of(event: Json) -> str:
    """`id` is the id of the account or webhook, not of the event."""
    names = ("message-id", "event", "email", "ts_epoch", "link")
    return digest("\0".join(text_at(event, name) for name in names).encode("utf-8", "replace"))
