"""Mailgun: webhooks of events, and mail by routes (`forward`, parsed or raw).

Signature: hex of HMAC-SHA256 with the webhook signing key over timestamp and token, which stand in the JSON or among
the form's fields (documentation.mailgun.com, "Securing Webhooks"). **The body is not covered**: whoever has seen one
triple could put it on another body, so the token is the delivery's key, and a token that was used is not taken again.
No time window is documented, and retries go on for hours with what was signed first. 406 would end them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.raw_match import raw_clues
from outreach.mail.storable import storable
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.mail.understand import Given
from outreach.mail.understood import BounceReason
from outreach.receiver import Delivery
from outreach.receivers import mail_news
from outreach.receivers.form_fields import Form, form_of
from outreach.receivers.inbound_mail import Inbound, event_of_mail, report_parts
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_object, object_at, text_at
from outreach.receivers.proof import digest, is_one_of, require_basic_auth, short_key

_KEYS = Keys(answered=("message-id", MARK), provider_ids=("message-id",), people=("recipient",))
_ENVELOPE = ("recipient", "sender", "from", "To", "Cc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The webhook signing key (not the API key); `signing_keys` while one is exchanged for another, or for several."""

    signing_key: str = field(default="", repr=False)
    signing_keys: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)  # basic auth in the URL, on top of the signature
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("A connection with `use: mailgun` needs `signing_key`, the HTTP webhook signing key.")

    @property
    def keys(self) -> tuple[str, ...]:
        return unique((self.signing_key, *self.signing_keys))


class Triple(NamedTuple):
    """What Mailgun signs with."""

    timestamp: str
    token: str
    signature: str


class Mailgun:
    """The receiver behind every connection with `use: mailgun`, for webhooks and for routes."""

    provider: ClassVar[str] = "mailgun"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if self._options.passwords:
            require_basic_auth(delivery.headers, self._options.user, self._options.passwords)
        triple = _triple_of(delivery)
        expected = tuple(signature(key, triple.timestamp, triple.token) for key in self._options.keys)
        if not (is_one_of(triple.signature, expected) and triple.timestamp and triple.token):
            raise WebhookRejected("timestamp, token or signature is missing or wrong")

    def key(self, delivery: Delivery) -> str:
        token = _triple_of(delivery).token
        return short_key(token) if token else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        form = form_of(delivery)
        if form.fields:
            return _form_clues(form)
        marks = [one for value in values_of(delivery.body, (MARK,)) for one in ids_of_mark(value)]
        return joined((clues_in_json(delivery.body, _KEYS), Clues(message_ids=tuple(marks))))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        form = form_of(delivery)
        if form.fields:
            mail = _inbound(form)
            return (event_of_mail(delivery, mail, key=f"mail/{self.key(delivery)}", own=self._own),)
        payload = json_object(delivery.body)
        event = object_at(payload, "event-data")
        if not event:
            raise ValueError("The payload has no event-data: it is no webhook of Mailgun.")
        return (_event(delivery, event, self.key(delivery)),)


def signature(key: str, timestamp: str, token: str) -> str:
    """What Mailgun writes beside timestamp and token."""
    signed = f"{timestamp}{token}".encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def _triple_of(delivery: Delivery) -> Triple:
    """From the form's fields, where the last of a repeated name counts; else from `signature` of the JSON."""
    form = form_of(delivery)
    if form.fields:
        return Triple(form.last("timestamp"), form.last("token"), form.last("signature"))
    try:
        found = object_at(json_object(delivery.body), "signature")
    except ValueError:
        return Triple("", "", "")
    return Triple(text_at(found, "timestamp"), text_at(found, "token"), text_at(found, "signature"))


def _inbound(form: Form) -> Inbound:
    recipients, sender = (form.first("recipient"),), form.first("sender")
    if "body-mime" in form:
        return Inbound(raw=form.raw("body-mime"), recipients=recipients, sender=sender)
    if "from" not in form and "message-headers" not in form:
        raise ValueError("The form has neither body-mime nor from: it is no mail of a route.")
    given = Given(
        subject=form.first("subject"),
        text=form.first("body-plain"),
        html=form.first("body-html"),
        headers=_headers(form) or (("From", form.first("from")), ("To", form.first("To"))),
        parts=report_parts((each.content_type, each.value) for each in form.files),
    )
    return Inbound(given=given, recipients=recipients, sender=sender, sent_at=form.last("timestamp"))


def _headers(form: Form) -> tuple[tuple[str, str], ...]:
    """`message-headers` is a JSON list of [name, value]."""
    try:
        listed = json.loads(form.first("message-headers") or "[]")
    except (ValueError, RecursionError):
        return ()
    pairs = [one for one in listed if isinstance(one, list) and len(one) == 2] if isinstance(listed, list) else []
    return tuple((name, storable(value)) for name, value in pairs if isinstance(name, str) and isinstance(value, str))


def _form_clues(form: Form) -> Clues:
    """Of the fields, out of the form's encoding; the raw mail as it is."""
    said = "\n".join(form.first(name) for name in _ENVELOPE)
    heads = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in _headers(form))
    people = [person for name in ("sender", "from") for person in people_of("email", form.first(name))]
    return joined(
        (
            raw_clues(form.raw("body-mime") or heads.encode("utf-8", "replace")),
            Clues(tokens=tokens_in(said), addresses=tuple(people)),
            *(raw_clues(each.value) for each in form.files[:20]),
            raw_clues(form.raw("body-plain")),
        )
    )


_PLAIN = {
    "delivered": mail_news.DELIVERED,
    "opened": mail_news.OPENED,
    "clicked": mail_news.CLICKED,
    "complained": mail_news.COMPLAINED,
    "unsubscribed": mail_news.UNSUBSCRIBED,
}
_SUPPRESSED = {
    "suppress-bounce": News(EventKind.REJECTED, BounceReason.NO_MAILBOX),
    "suppress-unsubscribe": mail_news.UNSUBSCRIBED,
    "suppress-complaint": mail_news.COMPLAINED,
}


def _event(delivery: Delivery, event: Json, key: str) -> Event:
    headers = object_at(object_at(event, "message"), "headers")
    status = object_at(event, "delivery-status")
    message_id = text_at(headers, "message-id")
    mark = text_at(object_at(event, "user-variables"), MARK)
    data = {name: text_at(event, name) for name in ("event", "severity", "reason", "url", "ip")}
    data |= {"said": _said(status), "code": text_at(status, "code"), "attempt": text_at(status, "attempt-no")}
    data |= {"useragent": text_at(object_at(event, "client-info"), "user-agent")}
    about = About(
        recipient=text_at(event, "recipient"),
        message_ids=(*ids_of_mark(mark), message_id),
        provider_ids=(message_id.strip("<> "),),
        subject=text_at(headers, "subject"),
        data=data,
    )
    at = instant_of(_seconds(event), latest=delivery.received_at)
    return event_about(delivery, _news_of(event, status), key=key, at=at, about=about)


def _seconds(event: Json) -> str:
    """`timestamp` is a number with a fraction here, and text in the signature."""
    value = event.get("timestamp")
    return str(int(value)) if isinstance(value, float) and 0 < value < 1e12 else text_at(event, "timestamp")


def _said(status: Json) -> str:
    return text_at(status, "message") or text_at(status, "description")


def _news_of(event: Json, status: Json) -> News:
    kind, reason = text_at(event, "event"), text_at(event, "reason")
    said = f"{text_at(status, 'code')} {_said(status)}".strip()
    if kind == "failed" and reason in _SUPPRESSED:
        return _SUPPRESSED[reason]
    if kind == "failed" and text_at(event, "severity") == "temporary":
        return mail_news.deferred(said)
    if kind == "failed":
        return mail_news.bounced(said, is_permanent=True)
    if kind == "rejected":
        return mail_news.rejected(text_at(object_at(event, "reject"), "reason") or said)
    return _PLAIN.get(kind, mail_news.UNKNOWN)
