"""The generic webhook: whatever can sign a small JSON object may tell us about a reply.

Signature: Standard Webhooks 1.0.0, symmetric (`v1`), https://www.standardwebhooks.com.
Payload: `channel, from, text` required; `to, subject, in_reply_to, thread, html, received_at, id` optional;
bare, or as `{"type": "reply.received", "timestamp": …, "data": {…}}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import CHANNELS, people_of
from outreach.mail.identifiers import message_ids_in, tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.understand import Given, understand_chat, understand_text
from outreach.mail.understood import Understood
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import Json, instant_of, json_object, object_at, text_at
from outreach.receivers.proof import digest, require_basic_auth, short_key
from outreach.receivers.signed_webhook import key_of, require_signature

REPLY_TYPE = "reply.received"

_KEYS = Keys(
    answered=("in_reply_to",),
    thread_ids=("thread",),
    people=("from",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Secrets as `whsec_<base64>`, with or without prefix and padding, or public keys `whpk_…`; several in exchange."""

    secrets: tuple[str, ...] = field(repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)  # basic auth in the URL, on top of the signature
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.secrets:
            raise ValueError("A connection with `use: standard` needs `secrets`: a list of whsec_… values.")
        for secret in self.secrets:
            key_of(secret)


class Standard:
    """The receiver behind every connection with `use: standard`."""

    provider: ClassVar[str] = "standard"
    accepted_status: ClassVar[int] = 202
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)
        self._secrets = tuple(key_of(secret) for secret in options.secrets)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if self._options.passwords:
            require_basic_auth(delivery.headers, self._options.user, self._options.passwords)
        require_signature(delivery, self._secrets, prefix="webhook", now=now)

    def key(self, delivery: Delivery) -> str:
        webhook_id = delivery.headers.get("webhook-id", "")
        return short_key(webhook_id) if webhook_id else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        envelope = json_object(delivery.body)
        kind = text_at(envelope, "type")
        if kind and kind != REPLY_TYPE:
            return (self._unknown(delivery, kind),)
        payload = object_at(envelope, "data") if "data" in envelope and "channel" not in envelope else envelope
        _require_fields(payload)
        return (self._event(delivery, payload, text_at(envelope, "timestamp")),)

    def _event(self, delivery: Delivery, payload: Json, timestamp: str) -> Event:
        channel = text_at(payload, "channel")
        understood = self._understood(channel, payload, delivery.received_at)
        event = event_of(
            understood,
            key=f"{delivery.connection}/{self._key_of(delivery, payload)}",
            at=instant_of(text_at(payload, "received_at") or timestamp, latest=delivery.received_at),
            channel=channel,
            clues=_clues_of(channel, payload),
        )
        return replace(event, data=_data_of(payload) | dict(event.data))

    def _understood(self, channel: str, payload: Json, now: datetime) -> Understood:
        subject, text, html = (text_at(payload, name) for name in ("subject", "text", "html"))
        if channel != "email":
            return understand_chat(text, subject=subject)
        headers = (("From", text_at(payload, "from")), ("In-Reply-To", text_at(payload, "in_reply_to")))
        given = Given(subject=subject, text=text, html=html, headers=headers)
        return understand_text(given, own=self._own, now=now)

    def _key_of(self, delivery: Delivery, payload: Json) -> str:
        own_id = text_at(payload, "id")
        return short_key(own_id) if own_id else self.key(delivery)

    def _unknown(self, delivery: Delivery, kind: str) -> Event:
        return Event(
            key=f"{delivery.connection}/{self.key(delivery)}",
            kind=EventKind.UNKNOWN,
            at=delivery.received_at,
            channel="other",
            data={"type": kind[:200]},
        )


def _require_fields(payload: Json) -> None:
    missing = [name for name in ("channel", "from") if not text_at(payload, name).strip()]
    if not isinstance(payload.get("text"), str):
        missing.append("text")
    if missing:
        raise ValueError(f"The payload lacks {', '.join(missing)}: channel, from and text are required.")
    if text_at(payload, "channel") not in CHANNELS:
        given = text_at(payload, "channel")[:64]
        raise ValueError(f"The payload's channel is {given!r}: write one of {', '.join(CHANNELS)}.")


def _clues_of(channel: str, payload: Json) -> Clues:
    return Clues(
        message_ids=message_ids_in(text_at(payload, "in_reply_to")),
        tokens=tokens_in(" ".join(_texts(payload.get("to")))),
        thread_ids=unique((text_at(payload, "thread").strip(),)),
        addresses=people_of(channel, text_at(payload, "from")),
    )


def _texts(value: object) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _data_of(payload: Json) -> dict[str, object]:
    found = {name: text_at(payload, name)[:998] for name in ("from", "thread", "id", "in_reply_to")}
    return {name: value for name, value in found.items() if value}
