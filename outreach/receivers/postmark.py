"""Postmark: inbound mail, and what became of mail that was sent through it.

No signature: HTTP basic auth in the webhook's URL, or a header of our own (`HttpHeaders` of the webhook), or both.
Facts: https://postmarkapp.com/developer/webhooks/webhooks-overview and
https://postmarkapp.com/developer/user-guide/inbound/parse-an-email.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import strongest_first, tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.raw_match import raw_clues
from outreach.mail.storable import storable
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.mail.understand import Given, understand, understand_text
from outreach.mail.understood import BounceReason, Understood
from outreach.receiver import Delivery
from outreach.receivers.inbound_mail import REPORT_TYPES, from_base64
from outreach.receivers.mail_events import event_of
from outreach.receivers.mail_news import News, bounced, joined
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, require_login, short_key

_KEYS = Keys(
    answered=("Value", MARK),
    provider_ids=("MessageID",),
    tokens=("MailboxHash",),
    people=("Email", "From", "Recipient"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """User and password of the webhook's URL, or the value of a header; lists while one is exchanged for another."""

    user: str = ""
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    header: str = ""  # with `value`: a header that was given when the webhook was created
    value: str = field(default="", repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not (self.user and self.accepted) and not (self.header and self.accepted_values):
            raise ValueError("A connection with `use: postmark` needs `user` and `password`, or `header` and `value`.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.password, *self.passwords))

    @property
    def accepted_values(self) -> tuple[str, ...]:
        return unique((self.value, *self.values))


_BOUNCE_TYPES = {
    "HardBounce": News(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "BadEmailAddress": News(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "SoftBounce": News(EventKind.BOUNCED, BounceReason.OTHER),
    "Blocked": News(EventKind.BOUNCED, BounceReason.POLICY),
    "Transient": News(EventKind.DEFERRED, BounceReason.DELAYED),
    "DnsError": News(EventKind.DEFERRED, BounceReason.NETWORK),
    "OpenRelayTest": News(EventKind.DEFERRED, BounceReason.OTHER),
    "AutoResponder": News(EventKind.AUTORESPONDED, "automatic"),
    "AddressChange": News(EventKind.AUTORESPONDED, "automatic"),
    "ChallengeVerification": News(EventKind.AUTORESPONDED, "automatic"),
    "SpamNotification": News(EventKind.COMPLAINED),
    "SpamComplaint": News(EventKind.COMPLAINED),
    "Unsubscribe": News(EventKind.UNSUBSCRIBED),
    "ManualSuppression": News(EventKind.UNSUBSCRIBED),
    "ManuallyDeactivated": News(EventKind.REJECTED, BounceReason.POLICY),
    "DMARCPolicy": News(EventKind.REJECTED, BounceReason.POLICY),
    "VirusNotification": News(EventKind.REJECTED, BounceReason.CONTENT),
    "Unknown": News(EventKind.REJECTED, BounceReason.OTHER),
    "SMTPApiError": News(EventKind.REJECTED, BounceReason.OTHER),
    "TemplateRenderingFailed": News(EventKind.REJECTED, BounceReason.OTHER),
    "InboundError": News(EventKind.REJECTED, BounceReason.OTHER),
    "Unconfirmed": News(EventKind.REJECTED, BounceReason.OTHER),
}
_SUPPRESSIONS = {
    "HardBounce": News(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "SpamComplaint": News(EventKind.COMPLAINED),
}
_PLAIN = {
    "Delivery": News(EventKind.DELIVERED),
    "SpamComplaint": News(EventKind.COMPLAINED),
    "Open": News(EventKind.OPENED),
    "Click": News(EventKind.CLICKED),
}
_KEPT = (
    *("MessageID", "Type", "Details", "OriginalLink", "ClickLocation", "UserAgent", "Origin"),
    *("SuppressionReason", "Tag"),
)
_TIMES = ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")


class Postmark:
    """The receiver behind every connection with `use: postmark`, for its inbound and its event webhooks."""

    provider: ClassVar[str] = "postmark"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        options = self._options
        login, header = (options.user, options.accepted), (options.header, options.accepted_values)
        require_login(delivery.headers, login=login, header=header)

    def key(self, delivery: Delivery) -> str:
        try:
            payload = json_object(delivery.body)
        except ValueError:
            return digest(delivery.body)
        return _key_of(payload) or digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        found = [clues_in_json(delivery.body, _KEYS)]
        found += [raw_clues(mail.encode("utf-8", "replace")) for mail in values_of(delivery.body, ("RawEmail",))]
        found += [raw_clues(from_base64(part)) for part in values_of(delivery.body, ("Content", "Data"))[:20]]
        return joined(found)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        key = f"{delivery.connection}/{_key_of(payload) or digest(delivery.body)}"
        record = text_at(payload, "RecordType")
        if record:
            return (_record_event(payload, record, key, latest=delivery.received_at),)
        if not (text_at(payload, "From") or object_at(payload, "FromFull")):
            raise ValueError("The payload has neither RecordType nor From: it is no Postmark webhook.")
        return (self._mail_event(payload, key, latest=delivery.received_at),)

    def _mail_event(self, payload: Json, key: str, *, latest: datetime) -> Event:
        understood = self._understood(payload, latest)
        at = instant_of(text_at(payload, "Date"), latest=latest)
        return event_of(understood, key=key, at=at, channel="email", clues=_mail_clues(payload, understood))

    def _understood(self, payload: Json, now: datetime) -> Understood:
        own, raw = self._own, text_at(payload, "RawEmail")
        if raw:
            return understand(raw.encode("utf-8", "replace"), own=own, now=now)
        return understand_text(_given(payload), own=own, now=now)


def _given(payload: Json) -> Given:
    sender = object_at(payload, "FromFull")
    written = text_at(payload, "From") or text_at(sender, "Email")
    headers = tuple((text_at(one, "Name"), text_at(one, "Value")) for one in objects_at(payload, "Headers"))
    named = {name.lower() for name, _ in headers}
    added = (("From", written), ("To", text_at(payload, "To")), ("Date", text_at(payload, "Date")))
    return Given(
        subject=text_at(payload, "Subject"),
        text=text_at(payload, "TextBody"),
        html=text_at(payload, "HtmlBody"),
        headers=headers + tuple(one for one in added if one[0].lower() not in named),
        from_name=text_at(payload, "FromName"),
        parts=_report_parts(payload),
    )


def _report_parts(payload: Json) -> tuple[tuple[str, bytes], ...]:
    """Parts of a delivery or feedback report, which Postmark hands on as attachments."""
    attached = [(text_at(one, "ContentType").partition(";")[0].strip().lower(), one) for one in _attachments(payload)]
    found = [(kind, text_at(one, "Content") or text_at(one, "Data")) for kind, one in attached]  # tests say Data
    return tuple((kind, from_base64(content)) for kind, content in found if kind in REPORT_TYPES)


def _attachments(payload: Json) -> tuple[Json, ...]:
    return objects_at(payload, "Attachments")[:20]


def _mail_clues(payload: Json, understood: Understood) -> Clues:
    headers = {text_at(one, "Name").lower(): text_at(one, "Value") for one in objects_at(payload, "Headers")}
    answered = strongest_first(headers.get("in-reply-to", ""), headers.get("references", ""))
    people = (*understood.recipients, text_at(object_at(payload, "FromFull"), "Email"), text_at(payload, "From"))
    return Clues(
        message_ids=unique((*answered, *understood.original_ids)),
        tokens=_tokens(payload),
        addresses=tuple(dict.fromkeys(person for one in people for person in people_of("email", one))),
    )


def _tokens(payload: Json) -> tuple[str, ...]:
    lists = [one for name in ("ToFull", "CcFull", "BccFull") for one in objects_at(payload, name)]
    hashes = [text_at(payload, "MailboxHash"), *(text_at(one, "MailboxHash") for one in lists)]
    written = " ".join(text_at(payload, name) for name in ("OriginalRecipient", "To", "Cc"))
    return unique((*hashes, *tokens_in(written)))


def _record_event(payload: Json, record: str, key: str, *, latest: datetime) -> Event:
    meaning = _meaning_of(payload, record)
    times = [text_at(payload, name) for name in _TIMES if text_at(payload, name)]
    recipient = text_at(payload, "Recipient") or text_at(payload, "Email")
    return Event(
        key=key,
        kind=meaning.kind,
        at=instant_of(times[0] if times else "", latest=latest),
        channel="email",
        clues=Clues(
            message_ids=ids_of_mark(text_at(object_at(payload, "Metadata"), MARK)),
            provider_ids=unique((text_at(payload, "MessageID").strip(),)),
            addresses=people_of("email", recipient),
        ),
        subject=text_at(payload, "Subject")[:998],
        reason=meaning.reason,
        is_hard=meaning.is_hard,
        data=_record_data(payload, record),
    )


def _meaning_of(payload: Json, record: str) -> News:
    if record == "Bounce":
        return _bounce_meaning(payload)
    if record == "SubscriptionChange":
        return _subscription_meaning(payload)
    return _PLAIN.get(record, News(EventKind.UNKNOWN))


def _bounce_meaning(payload: Json) -> News:
    """By what the server said; by Postmark's type where that gives no reason."""
    meaning = _BOUNCE_TYPES.get(text_at(payload, "Type"), News(EventKind.UNKNOWN))
    if meaning.kind is not EventKind.BOUNCED:
        return meaning
    said = text_at(payload, "Details")
    return bounced(said, is_permanent=meaning.is_hard, unsaid=BounceReason(meaning.reason))


def _subscription_meaning(payload: Json) -> News:
    if payload.get("SuppressSending") is not True:
        return News(EventKind.UNKNOWN)
    return _SUPPRESSIONS.get(text_at(payload, "SuppressionReason"), News(EventKind.UNSUBSCRIBED))


def _record_data(payload: Json, record: str) -> Mapping[str, object]:
    found: dict[str, object] = {"record": record[:64]}
    found |= {name: storable(text_at(payload, name))[:1000] for name in _KEPT if text_at(payload, name)}
    return found | ({"FirstOpen": True} if payload.get("FirstOpen") is True else {})


def _key_of(payload: Json) -> str:
    """inbound: the MessageID; bounces and complaints: their ID; other events: type, message, recipient and time."""
    record, message = text_at(payload, "RecordType"), text_at(payload, "MessageID")
    if not record:
        return short_key(message)
    if text_at(payload, "ID") not in ("", "0"):
        return short_key(f"{record}/{text_at(payload, 'ID')}")
    recipient = text_at(payload, "Recipient") or text_at(payload, "Email")
    times = "/".join(text_at(payload, name) for name in _TIMES)
    return short_key(f"{record}/{message}/{recipient}/{times}") if message else ""
