"""Resend: what became of mail, and inbound mail.

Signed as Svix does (`svix-id`, `svix-timestamp`, `svix-signature`; `webhook-…` where a proxy renames them). An event of
inbound mail names the mail without its text; it is fetched with the API key when the event is understood, raw where
Resend offers that (resend.com/docs, "Retrieve Received Email").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote, urlsplit

from outreach.domain.event import Clues, Event
from outreach.errors import Refused
from outreach.mail.addresses import people_of
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.mail.understand import Given
from outreach.receiver import Delivery, Fetch
from outreach.receivers import mail_news
from outreach.receivers.amazon_bounces import amazon_bounce
from outreach.receivers.inbound_mail import Inbound, event_of_mail
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, require_basic_auth, short_key
from outreach.receivers.signed_webhook import key_of, require_signature

_KEYS = Keys(answered=("message_id", MARK), provider_ids=("email_id",), people=("from", "email"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secrets` are the `whsec_…` of the endpoint. `token` is an API key with full access, for inbound mail alone."""

    secrets: tuple[str, ...] = field(repr=False)
    token: str = field(default="", repr=False)
    base_url: str = "https://api.resend.com"
    raw_hosts: tuple[str, ...] = ("resend.com",)  # raw mails are fetched from these and their subdomains alone
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)  # basic auth in the URL, on top of the signature
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.secrets:
            raise ValueError("A connection with `use: resend` needs `secrets`: a list of whsec_… values.")
        for secret in self.secrets:
            key_of(secret)


class Resend:
    """The receiver behind every connection with `use: resend`."""

    provider: ClassVar[str] = "resend"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options, fetch: Fetch) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)
        self._secrets = tuple(key_of(secret) for secret in options.secrets)
        self._fetch = fetch

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if self._options.passwords:
            require_basic_auth(delivery.headers, self._options.user, self._options.passwords)
        require_signature(delivery, self._secrets, prefix=_prefix_of(delivery), now=now)

    def key(self, delivery: Delivery) -> str:
        own_id = delivery.headers.get(f"{_prefix_of(delivery)}-id", "")
        return short_key(own_id) if own_id else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        found = clues_in_json(delivery.body, _KEYS)
        try:
            data = object_at(json_object(delivery.body), "data")
        except ValueError:
            return found
        people = [person for one in _texts(data, "to") for person in people_of("email", one)]
        marks = ids_of_mark(_mark(data))
        return joined((found, Clues(message_ids=marks, addresses=tuple(people))))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        kind, data = text_at(payload, "type"), object_at(payload, "data")
        if not kind:
            raise ValueError("The payload has no type: it is no webhook of Resend.")
        if kind == "email.received":
            return (self._mail(delivery, data),)
        return (_event(delivery, payload, self.key(delivery)),)

    def _mail(self, delivery: Delivery, data: Json) -> Event:
        own_id = text_at(data, "email_id")
        if not self._options.token:
            raise ValueError("The event names a mail without its text: give the connection `token`, an API key.")
        if not own_id:
            raise ValueError("The event of a received mail has no email_id.")
        address = f"{self._options.base_url.rstrip('/')}/emails/receiving/{quote(own_id, safe='')}"
        headers = {"Authorization": f"Bearer {self._options.token}", "Accept": "application/json"}
        mail = json_object(self._fetch(address, headers=headers))
        recipients = (*_texts(data, "received_for"), *_texts(data, "to"))
        raw = self._raw(text_at(object_at(mail, "raw"), "download_url"))
        given = None if raw else _given(mail, data)
        found = Inbound(raw=raw, given=given, recipients=recipients, sent_at=text_at(data, "created_at"))
        return event_of_mail(delivery, found, key=f"mail/{short_key(own_id)}", own=self._own)

    def _raw(self, url: str) -> bytes:
        """The whole mail, from Resend's own hosts; empty when the address is another's or has ended."""
        host = urlsplit(url).hostname or "" if url.startswith("https://") else ""
        if not any(host == one or host.endswith(f".{one}") for one in self._options.raw_hosts):
            return b""
        try:
            return self._fetch(url)
        except Refused:
            return b""


def _prefix_of(delivery: Delivery) -> str:
    return "svix" if "svix-id" in delivery.headers or "webhook-id" not in delivery.headers else "webhook"


def _given(mail: Json, data: Json) -> Given:
    """Where the raw mail cannot be had: its texts, and its headers as an object of name and value."""
    headers = tuple((name, text_at({"it": value}, "it")) for name, value in object_at(mail, "headers").items())
    named = {name.lower() for name, _ in headers}
    added = (
        ("From", text_at(mail, "from") or text_at(data, "from")),
        ("To", ", ".join(_texts(data, "to"))),
        ("Message-ID", text_at(data, "message_id")),
    )
    return Given(
        subject=text_at(mail, "subject") or text_at(data, "subject"),
        text=text_at(mail, "text"),
        html=text_at(mail, "html"),
        headers=headers + tuple(one for one in added if one[0].lower() not in named),
    )


def _texts(payload: Json, name: str) -> tuple[str, ...]:
    value = payload.get(name)
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed if isinstance(one, str))


def _mark(data: Json) -> str:
    """`tags` come back as an object; as a list of name and value in older payloads."""
    listed = {text_at(one, "name"): text_at(one, "value") for one in objects_at(data, "tags")}
    return text_at(object_at(data, "tags"), MARK) or listed.get(MARK, "")


_PLAIN = {
    "email.delivered": mail_news.DELIVERED,
    "email.opened": mail_news.OPENED,
    "email.clicked": mail_news.CLICKED,
    "email.complained": mail_news.COMPLAINED,
}


def _event(delivery: Delivery, payload: Json, key: str) -> Event:
    data, kind = object_at(payload, "data"), text_at(payload, "type")
    recipients = _texts(data, "to")
    recipient = recipients[0] if len(recipients) == 1 else text_at(data, "email")
    click = object_at(data, "click")
    said = text_at(object_at(data, "bounce"), "message") or text_at(object_at(data, "failed"), "reason")
    about = About(
        recipient=recipient,
        message_ids=(*ids_of_mark(_mark(data)), text_at(data, "message_id")),
        provider_ids=(text_at(data, "email_id"),),
        subject=text_at(data, "subject"),
        data={"event": kind, "said": said, "url": text_at(click, "link"), "useragent": text_at(click, "userAgent")},
    )
    at = instant_of(text_at(payload, "created_at"), latest=delivery.received_at)
    return event_about(delivery, _news_of(kind, data), key=key, at=at, about=about)


def _news_of(kind: str, data: Json) -> News:
    if kind == "email.bounced":
        bounce = object_at(data, "bounce")
        return amazon_bounce(text_at(bounce, "type"), text_at(bounce, "subType"), said=text_at(bounce, "message"))
    if kind == "email.delivery_delayed":
        return mail_news.DEFERRED
    if kind in ("email.suppressed", "email.failed"):
        why = object_at(data, "suppressed") or object_at(data, "failed")
        return mail_news.rejected(text_at(why, "message") or text_at(why, "reason"))
    if kind == "contact.updated" and data.get("unsubscribed") is True:
        return mail_news.UNSUBSCRIBED
    if kind == "suppression.added":
        return _suppressed(text_at(data, "origin"))
    return _PLAIN.get(kind, mail_news.UNKNOWN)


def _suppressed(origin: str) -> News:
    if origin == "bounce":
        return amazon_bounce("Permanent", "Suppressed", said="")
    return mail_news.COMPLAINED if origin == "complaint" else mail_news.UNSUBSCRIBED
