"""Postmark: inbound mail, and what became of mail that was sent through it.

No signature: HTTP basic auth in the webhook's URL. Facts: https://postmarkapp.com/developer/webhooks/webhooks-overview
and https://postmarkapp.com/developer/user-guide/inbound/parse-an-email.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import people_of
from outreach.mail.bounces import reason_of_text
from outreach.mail.identifiers import message_ids_in, strongest_first, tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.raw_match import raw_clues
from outreach.mail.storable import storable
from outreach.mail.understand import Given, understand, understand_text
from outreach.mail.understood import HARD, BounceReason, Understood
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, require_basic_auth, short_key

_KEYS = Keys(
    answered=("Value", "message_id"),
    provider_ids=("MessageID",),
    tokens=("MailboxHash",),
    people=("Email", "From", "Recipient"),
)
_REPORT_TYPES = ("message/delivery-status", "message/feedback-report", "message/rfc822", "text/rfc822-headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """User and password of the webhook's URL; `passwords` while one is exchanged for another."""

    user: str
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.user or not all(self.accepted) or not self.accepted:
            raise ValueError("A connection with `use: postmark` needs `user` and `password`, as in the webhook's URL.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.password, *self.passwords))


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: EventKind
    reason: str = ""
    is_hard: bool = False


_BOUNCE_TYPES = {
    "HardBounce": _Meaning(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "BadEmailAddress": _Meaning(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "SoftBounce": _Meaning(EventKind.BOUNCED, BounceReason.OTHER),
    "Blocked": _Meaning(EventKind.BOUNCED, BounceReason.POLICY),
    "Transient": _Meaning(EventKind.DEFERRED, BounceReason.DELAYED),
    "DnsError": _Meaning(EventKind.DEFERRED, BounceReason.NETWORK),
    "OpenRelayTest": _Meaning(EventKind.DEFERRED, BounceReason.OTHER),
    "AutoResponder": _Meaning(EventKind.AUTORESPONDED, "automatic"),
    "AddressChange": _Meaning(EventKind.AUTORESPONDED, "automatic"),
    "ChallengeVerification": _Meaning(EventKind.AUTORESPONDED, "automatic"),
    "SpamNotification": _Meaning(EventKind.COMPLAINED),
    "SpamComplaint": _Meaning(EventKind.COMPLAINED),
    "Unsubscribe": _Meaning(EventKind.UNSUBSCRIBED),
    "ManualSuppression": _Meaning(EventKind.UNSUBSCRIBED),
    "ManuallyDeactivated": _Meaning(EventKind.REJECTED, BounceReason.POLICY),
    "DMARCPolicy": _Meaning(EventKind.REJECTED, BounceReason.POLICY),
    "VirusNotification": _Meaning(EventKind.REJECTED, BounceReason.CONTENT),
    "Unknown": _Meaning(EventKind.REJECTED, BounceReason.OTHER),
    "SMTPApiError": _Meaning(EventKind.REJECTED, BounceReason.OTHER),
    "TemplateRenderingFailed": _Meaning(EventKind.REJECTED, BounceReason.OTHER),
    "InboundError": _Meaning(EventKind.REJECTED, BounceReason.OTHER),
    "Unconfirmed": _Meaning(EventKind.REJECTED, BounceReason.OTHER),
}
_SUPPRESSIONS = {
    "HardBounce": _Meaning(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True),
    "SpamComplaint": _Meaning(EventKind.COMPLAINED),
}
_PLAIN = {
    "Delivery": _Meaning(EventKind.DELIVERED),
    "SpamComplaint": _Meaning(EventKind.COMPLAINED),
    "Open": _Meaning(EventKind.OPENED),
    "Click": _Meaning(EventKind.CLICKED),
}
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
        require_basic_auth(delivery.headers, self._options.user, self._options.accepted)

    def key(self, delivery: Delivery) -> str:
        try:
            payload = json_object(delivery.body)
        except ValueError:
            return digest(delivery.body)
        return _key_of(payload) or digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        found = [clues_in_json(delivery.body, _KEYS)]
        found += [raw_clues(mail.encode("utf-8", "replace")) for mail in values_of(delivery.body, ("RawEmail",))]
        found += [raw_clues(_decoded(part)) for part in values_of(delivery.body, ("Content",))[:20]]
        return _joined(found)

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
    return tuple((kind, _decoded(text_at(one, "Content"))) for kind, one in attached if kind in _REPORT_TYPES)


def _attachments(payload: Json) -> tuple[Json, ...]:
    return objects_at(payload, "Attachments")[:20]


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content[: len(content) // 4 * 4].encode("ascii", "replace"))
    except (binascii.Error, ValueError):
        return b""


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
            message_ids=message_ids_in(text_at(object_at(payload, "Metadata"), "message_id")),
            provider_ids=unique((text_at(payload, "MessageID").strip(),)),
            addresses=people_of("email", recipient),
        ),
        subject=text_at(payload, "Subject")[:998],
        reason=meaning.reason,
        is_hard=meaning.is_hard,
        data=_record_data(payload, record),
    )


def _meaning_of(payload: Json, record: str) -> _Meaning:
    if record == "Bounce":
        return _bounce_meaning(payload)
    if record == "SubscriptionChange":
        return _subscription_meaning(payload)
    return _PLAIN.get(record, _Meaning(EventKind.UNKNOWN))


def _bounce_meaning(payload: Json) -> _Meaning:
    """By Postmark's type; what the server said refines the reason, and takes `hard` back from a full mailbox."""
    meaning = _BOUNCE_TYPES.get(text_at(payload, "Type"), _Meaning(EventKind.UNKNOWN))
    said = reason_of_text(text_at(payload, "Details"))
    if meaning.kind is not EventKind.BOUNCED or said is BounceReason.OTHER:
        return meaning
    return _Meaning(meaning.kind, said, meaning.is_hard and said in HARD)


def _subscription_meaning(payload: Json) -> _Meaning:
    if payload.get("SuppressSending") is not True:
        return _Meaning(EventKind.UNKNOWN)
    return _SUPPRESSIONS.get(text_at(payload, "SuppressionReason"), _Meaning(EventKind.UNSUBSCRIBED))


def _record_data(payload: Json, record: str) -> Mapping[str, object]:
    names = ("MessageID", "Type", "Details", "OriginalLink", "UserAgent", "Origin", "SuppressionReason", "Tag")
    found: dict[str, object] = {"record": record[:64]}
    found |= {name: storable(text_at(payload, name))[:1000] for name in names if text_at(payload, name)}
    return found


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


def _joined(found: list[Clues]) -> Clues:
    return Clues(
        message_ids=unique(one for clues in found for one in clues.message_ids),
        tokens=unique(one for clues in found for one in clues.tokens),
        provider_ids=unique(one for clues in found for one in clues.provider_ids),
        thread_ids=unique(one for clues in found for one in clues.thread_ids),
        addresses=tuple(dict.fromkeys(one for clues in found for one in clues.addresses)),
    )
