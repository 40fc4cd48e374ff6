"""Twilio: messages that came in by SMS and WhatsApp, and what became of those we sent.

Signed is the URL as it was called, then every form parameter by its name (twilio.com/docs/usage/security): HMAC-SHA1
with the account's token, or the algorithm that `X-Twilio-Webhooks-Signature-Settings` names with a shared key of ours.
A JSON body is signed by `bodySHA256` in the URL. There is no time in what is signed: a repeat is known by its id.
The meanings of error codes are unverified, except 21610.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import unique
from outreach.mail.storable import storable
from outreach.mail.understand import understand_chat
from outreach.mail.understood import BounceReason, Kind
from outreach.receiver import Answer, Delivery
from outreach.receivers.hmac_proof import base64_mac, require_user
from outreach.receivers.proof import digest, is_one_of, short_key

_HEADER, _SETTINGS = "x-twilio-signature", "x-twilio-webhooks-signature-settings"
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_PORTS = {"https": "443", "http": "80"}
_MOST_FIELDS = 300
_BODY_SUM = re.compile(r"[?&]bodySHA256=([0-9a-fA-F]{64})(?:&|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The account's `auth_token`, `auth_tokens` while one is exchanged; or `shared_keys`: id → secret."""

    auth_token: str = field(default="", repr=False)
    auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    shared_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not (self.accepted or self.shared_keys):
            raise ValueError("A connection with `use: twilio` needs `auth_token`, or `shared_keys`.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.auth_token, *self.auth_tokens))


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: EventKind
    reason: str = ""
    is_hard: bool = False


_DEAD = _Meaning(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True)
_OURS = _Meaning(EventKind.REJECTED, BounceReason.POLICY)
_STATUSES = {
    "delivered": _Meaning(EventKind.DELIVERED),
    "read": _Meaning(EventKind.OPENED),
    "canceled": _Meaning(EventKind.REJECTED, "canceled"),
}
_ERRORS = {
    "21610": _Meaning(EventKind.UNSUBSCRIBED),
    "21211": _DEAD,
    "21614": _DEAD,
    "30005": _DEAD,
    "30006": _DEAD,
    "63003": _DEAD,
    "63024": _DEAD,
    "30003": _Meaning(EventKind.BOUNCED, BounceReason.NETWORK),
    "30008": _Meaning(EventKind.BOUNCED, BounceReason.OTHER),
    "30004": _Meaning(EventKind.BOUNCED, BounceReason.POLICY, True),
    "30007": _OURS,
    "30032": _OURS,
    "30034": _OURS,
    "63016": _OURS,
    "63018": _OURS,
}


class Twilio:
    """The receiver behind every connection with `use: twilio`, for inbound messages and for status callbacks."""

    provider: ClassVar[str] = "twilio"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        given = delivery.headers.get(_HEADER, "")
        secrets, algorithm = self._keys(delivery.headers.get(_SETTINGS, ""))
        signed = [(url + _parameters(delivery)).encode("utf-8", "surrogateescape") for url in _spellings(delivery.url)]
        expected = tuple(base64_mac(secret, text, algorithm) for secret in secrets for text in signed)
        if not is_one_of(given, expected) or not _is_the_body(delivery):
            raise WebhookRejected("the header X-Twilio-Signature is missing or wrong")

    def _keys(self, settings: str) -> tuple[tuple[str, ...], str]:
        """(secrets, algorithm): those of the account, or the shared key that the header names."""
        if not settings:
            return self._options.accepted, "sha1"
        named = dict(pair.strip().partition("=")[::2] for pair in settings.split(",")[:8])
        secret = self._options.shared_keys.get(named.get("key", ""), "")
        algorithm = _ALGORITHMS.get(named.get("algorithm", ""))
        if not secret or algorithm is None:
            raise WebhookRejected("the signature names a key or algorithm that is not ours")
        return (secret,), algorithm

    def answer(self, delivery: Delivery) -> Answer:
        """TwiML that does nothing: any other words would be sent to the person."""
        return Answer(body="<Response/>", content_type="text/xml", is_news=True)

    def key(self, delivery: Delivery) -> str:
        fields = _fields(delivery)
        sid = fields.get("MessageSid") or fields.get("SmsSid", "")
        return short_key(f"{sid}/{_status(fields)}") if sid else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return _clues(_fields(delivery), _touch(delivery))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        fields = _fields(delivery)
        if not (fields.get("MessageSid") or fields.get("SmsSid")):
            raise ValueError("The form has no MessageSid: it is no webhook of Twilio's messages.")
        key = f"{delivery.connection}/{self.key(delivery)}"
        made = _status_event if _status(fields) else _message_event
        event = made(fields, key, delivery.received_at)
        return (replace(event, clues=_clues(fields, _touch(delivery))),)


def _message_event(fields: Mapping[str, str], key: str, at: datetime) -> Event:
    """Somebody wrote. `OptOutType` comes with Advanced Opt-Out; without it the words tell."""
    text = fields.get("Body", "") or fields.get("ButtonText", "")
    understood = understand_chat(text)
    stops = fields.get("OptOutType", "").upper() == "STOP" or understood.kind is Kind.UNSUBSCRIBE
    return Event(
        key=key,
        kind=EventKind.UNSUBSCRIBED if stops else EventKind.REPLIED,
        at=at,
        channel=_channel(fields),
        text=understood.text,
        data=_data(fields, "MessageSid", "From", "To", "ProfileName", "NumMedia", "MediaUrl0", "OptOutType"),
    )


def _status_event(fields: Mapping[str, str], key: str, at: datetime) -> Event:
    status, code = _status(fields), fields.get("ErrorCode", "")
    meaning = _STATUSES.get(status, _Meaning(EventKind.UNKNOWN))
    if status in ("undelivered", "failed"):
        meaning = _ERRORS.get(code, _Meaning(EventKind.REJECTED, BounceReason.OTHER))
    return Event(
        key=key,
        kind=meaning.kind,
        at=at,
        channel=_channel(fields),
        reason=meaning.reason,
        is_hard=meaning.is_hard,
        data=_data(fields, "MessageSid", "MessageStatus", "SmsStatus", "ErrorCode", "To"),
    )


def _status(fields: Mapping[str, str]) -> str:
    """What became of a message of ours; empty for one that came in (`received`)."""
    status = fields.get("MessageStatus") or fields.get("SmsStatus", "")
    return "" if status.lower() == "received" else status.lower()


def _channel(fields: Mapping[str, str]) -> str:
    return "whatsapp" if _other_side(fields).startswith("whatsapp:") else "sms"


def _other_side(fields: Mapping[str, str]) -> str:
    return fields.get("To", "") if _status(fields) else fields.get("From", "")


def _clues(fields: Mapping[str, str], touch: str) -> Clues:
    named = "MessageSid" if _status(fields) else "OriginalRepliedMessageSid"
    return Clues(
        tokens=unique((touch,)),
        provider_ids=unique((fields.get(named, ""),)),
        addresses=people_of(_channel(fields), _other_side(fields)),
    )


def _touch(delivery: Delivery) -> str:
    """The key we put into the address of the status callback."""
    try:
        return storable(parse_qs(urlsplit(delivery.url).query, max_num_fields=50).get("touch", [""])[0][:200])
    except ValueError:
        return ""


def _data(fields: Mapping[str, str], *names: str) -> dict[str, object]:
    return {name: fields[name][:500] for name in names if fields.get(name)}


def _fields(delivery: Delivery) -> dict[str, str]:
    """The first value of every name, from the body, or from the query of a GET."""
    found: dict[str, str] = {}
    for name, value in _pairs(delivery):
        found.setdefault(storable(name), storable(value))
    return found


def _pairs(delivery: Delivery) -> list[tuple[str, str]]:
    text = delivery.body.decode("utf-8", "surrogateescape") if delivery.body else urlsplit(delivery.url).query
    try:
        return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []


def _parameters(delivery: Delivery) -> str:
    """Sorted names, each with its sorted values, as they are after decoding. A GET and JSON have none."""
    if not delivery.body or _BODY_SUM.search(delivery.url):
        return ""
    return "".join(name + value for name, value in sorted(set(_pairs(delivery))))


def _is_the_body(delivery: Delivery) -> bool:
    """The sum in the URL, which is signed, is the one of the body; without a sum the body was signed as a form."""
    found = _BODY_SUM.search(delivery.url)
    return not found or is_one_of(hashlib.sha256(delivery.body).hexdigest(), (found.group(1).lower(),))


def _spellings(url: str) -> tuple[str, ...]:
    """With and without the port of the scheme, because Twilio does both."""
    parts = urlsplit(url)
    host, colon, port = parts.netloc.partition(":")
    usual = _PORTS.get(parts.scheme, "")
    other = host if colon and port == usual else f"{parts.netloc}:{usual}" if not colon else parts.netloc
    return unique((url, url.replace(parts.netloc, other, 1)))
