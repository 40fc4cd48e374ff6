"""SendGrid: the Event Webhook, and mail by Inbound Parse.

Both may be signed: ECDSA with P-256 and SHA-256 over timestamp and raw body, no separator, keys as the base64 of a DER
SubjectPublicKeyInfo (docs.sendgrid.com, "Event Webhook Security"). That Inbound Parse uses the same two headers is
unverified. No time window is documented and retries go on for days, so a repeat is recognised by its key alone.
A connection proves itself by signature, by user and password in the URL, or by both, as its options say.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.raw_match import raw_clues
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.mail.understand import Given
from outreach.mail.understood import BounceReason
from outreach.receiver import Delivery
from outreach.receivers import mail_news
from outreach.receivers.form_fields import Form, form_of
from outreach.receivers.inbound_mail import Inbound, event_of_mail, head_of, report_parts
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_object, json_objects, text_at
from outreach.receivers.proof import digest, exact_base64, require_basic_auth, short_key

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_KEYS = Keys(answered=("smtp-id", MARK), provider_ids=("sg_message_id",), people=("email",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`public_key` as the dashboard shows it, `public_keys` while one is exchanged. Or user and password, or both."""

    public_key: str = ""
    public_keys: tuple[str, ...] = ()
    user: str = ""
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not (self.keys or (self.user and self.accepted)):
            raise ValueError("A connection with `use: sendgrid` needs `public_key`, or `user` and `password`.")
        for key in self.keys:
            verification_key(key)

    @property
    def keys(self) -> tuple[str, ...]:
        return unique((self.public_key, *self.public_keys))

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.password, *self.passwords))


def verification_key(written: str) -> ec.EllipticCurvePublicKey:
    """The key behind base64 DER, with or without PEM's armour. ValueError when it is no P-256 key."""
    encoded = "".join(line for line in written.split() if line not in ("-----BEGIN", "PUBLIC", "KEY-----", "-----END"))
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("public_key is not a key: copy it from SendGrid's page whole, MFkwEwYH….") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("public_key is a key of another kind: SendGrid signs with ECDSA on the curve P-256.")
    return key


class SendGrid:
    """The receiver behind every connection with `use: sendgrid`, for events and for inbound mail."""

    provider: ClassVar[str] = "sendgrid"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)
        self._keys = tuple(verification_key(key) for key in options.keys)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if self._options.accepted:
            require_basic_auth(delivery.headers, self._options.user, self._options.accepted)
        if self._keys and not _is_signed(delivery, self._keys):
            raise WebhookRejected("no signature matches")

    def key(self, delivery: Delivery) -> str:
        form = form_of(delivery)
        return _key_of_mail(form) if form.fields else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        form = form_of(delivery)
        if form.fields:
            sender, recipients = _envelope(form)
            told = Clues(tokens=tokens_in(" ".join(recipients)), addresses=people_of("email", sender))
            return joined((raw_clues(delivery.body), told))
        found = clues_in_json(delivery.body, _KEYS)
        ids = [one for value in found.provider_ids for one in _provider_ids(value)]
        marks = [one for value in values_of(delivery.body, (MARK,)) for one in ids_of_mark(value)]
        return joined((found, Clues(provider_ids=tuple(ids), message_ids=tuple(marks))))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        form = form_of(delivery)
        if form.fields:
            return (event_of_mail(delivery, _inbound(form), key=_key_of_mail(form), own=self._own),)
        return tuple(_event(delivery, each) for each in _each_once(delivery.body))


def _is_signed(delivery: Delivery, keys: tuple[ec.EllipticCurvePublicKey, ...]) -> bool:
    signed = delivery.headers.get(_TIMESTAMP, "").encode("utf-8", "surrogatepass") + delivery.body
    signature = exact_base64(delivery.headers.get(_SIGNATURE, ""))
    if not signature or _TIMESTAMP not in delivery.headers:
        return False
    return any(_matches(key, signature, signed) for key in keys)


def _matches(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _inbound(form: Form) -> Inbound:
    sender, recipients = _envelope(form)
    if "email" in form:
        return Inbound(raw=form.raw("email"), recipients=recipients, sender=sender)
    if "from" not in form and "headers" not in form:
        raise ValueError("The form has neither email nor from and headers: it is no mail of Inbound Parse.")
    charsets = _json_of(form.first("charsets"))
    headers = head_of(form.raw("headers")).fields or (("from", form.first("from")), ("to", form.first("to")))
    given = Given(
        subject=form.first("subject", text_at(charsets, "subject")),
        text=form.first("text", text_at(charsets, "text")),
        html=form.first("html", text_at(charsets, "html")),
        headers=headers,
        parts=report_parts((each.content_type, each.value) for each in form.files),
    )
    return Inbound(given=given, recipients=recipients, sender=sender)


def _envelope(form: Form) -> tuple[str, tuple[str, ...]]:
    """Sender and recipients. The envelope counts for routing, not the header To."""
    envelope = _json_of(form.first("envelope"))
    recipients = envelope.get("to")
    found = [one for one in recipients if isinstance(one, str)] if isinstance(recipients, list) else []
    return text_at(envelope, "from"), tuple(found)


def _json_of(text: str) -> Json:
    try:
        return json_object(text.encode("utf-8", "replace"))
    except ValueError:
        return {}


def _key_of_mail(form: Form) -> str:
    """A repeat has another boundary and perhaps another spam score: the mail itself makes the key."""
    parts = [form.raw(name) for name in ("envelope", "email", "headers", "subject", "text", "html")]
    return "mail/" + digest(b"\0".join(parts))


def _each_once(body: bytes) -> list[Json]:
    """The events of a batch; the same event twice in one is one event."""
    found: dict[str, Json] = {}
    for each in json_objects(body):
        found.setdefault(_key_of(each), each)
    return list(found.values())


def _key_of(event: Json) -> str:
    own_id = text_at(event, "sg_event_id")
    if own_id:
        return short_key(own_id)
    names = ("event", "sg_message_id", "smtp-id", "email", "timestamp", "url", "attempt")
    return digest("\0".join(text_at(event, name) for name in names).encode("utf-8", "replace"))


_PLAIN = {
    "delivered": mail_news.DELIVERED,
    "open": mail_news.OPENED,
    "click": mail_news.CLICKED,
    "spamreport": mail_news.COMPLAINED,
    "unsubscribe": mail_news.UNSUBSCRIBED,
    "group_unsubscribe": mail_news.UNSUBSCRIBED,
}
_DROPPED = {
    "bounced address": News(EventKind.REJECTED, BounceReason.NO_MAILBOX),
    "invalid": News(EventKind.REJECTED, BounceReason.NO_MAILBOX),
    "unsubscribed address": mail_news.UNSUBSCRIBED,
    "spam reporting address": mail_news.COMPLAINED,
}


def _event(delivery: Delivery, event: Json) -> Event:
    names = ("event", "type", "status", "reason", "response", "attempt", "url", "useragent", "asm_group_id")
    data = {name: text_at(event, name) for name in names} | {"said": _said(event)}
    if event.get("sg_machine_open") is True:
        data["is_machine"] = "true"
    about = About(
        recipient=text_at(event, "email"),
        message_ids=(*ids_of_mark(text_at(event, MARK)), text_at(event, "smtp-id")),
        provider_ids=_provider_ids(text_at(event, "sg_message_id")),
        data=data,
    )
    at = instant_of(text_at(event, "timestamp"), latest=delivery.received_at)
    return event_about(delivery, _news_of(event), key=_key_of(event), at=at, about=about)


def _said(event: Json) -> str:
    return text_at(event, "reason") or text_at(event, "response")


def _news_of(event: Json) -> News:
    kind, said = text_at(event, "event"), _said(event)
    if kind == "bounce":
        is_permanent = text_at(event, "type") != "blocked"
        unsaid = BounceReason.OTHER if is_permanent else BounceReason.POLICY
        return mail_news.bounced(said, status=text_at(event, "status"), is_permanent=is_permanent, unsaid=unsaid)
    if kind == "deferred":
        return mail_news.deferred(said)
    if kind == "dropped":
        words = said.strip().lower()
        return next((news for start, news in _DROPPED.items() if words.startswith(start)), mail_news.rejected(said))
    return _PLAIN.get(kind, mail_news.UNKNOWN)


def _provider_ids(sg_message_id: str) -> tuple[str, ...]:
    """The id the send API gave stands before the first dot; what follows names the machine (unverified)."""
    return unique((sg_message_id.partition(".")[0].strip(),))
