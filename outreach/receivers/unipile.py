"""Unipile (API v1): messages on LinkedIn, WhatsApp and others, accepted invitations, mail, and the state of accounts.

No signature: a header of our own, set when the webhook is created, is compared. The body is JSON whatever its
content type says, and only 200 counts as taken. Facts: https://developer.unipile.com/docs/webhooks-2.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import People, people_of
from outreach.mail.identifiers import message_ids_in, tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.understand import Given, understand_chat, understand_text
from outreach.mail.understood import Understood
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, is_one_of, short_key

_KEYS = Keys(
    answered=("message_id",),
    provider_ids=("message_id", "email_id", "tracking_id"),
    thread_ids=("chat_id", "thread_id"),
    people=(
        "attendee_provider_id",
        "attendee_profile_url",
        "attendee_public_identifier",
        "user_provider_id",
        "user_profile_url",
        "user_public_identifier",
        "identifier",
    ),
)
_CHANNELS = {"LINKEDIN": "linkedin", "WHATSAPP": "whatsapp", "TELEGRAM": "telegram", "TWITTER": "x"}
_TRACKED = {"mail_opened": EventKind.OPENED, "mail_link_clicked": EventKind.CLICKED}
_MESSAGE_KINDS = {"message_read": EventKind.OPENED, "message_delivered": EventKind.DELIVERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Name and value of the header given when the webhook was created; `values` while one is exchanged for another."""

    header: str
    value: str = field(default="", repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own mail addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.header or not self.accepted:
            raise ValueError("A connection with `use: unipile` needs `header` and `value`, as set at the webhook.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.value, *self.values))


class Unipile:
    """The receiver behind every connection with `use: unipile`, for all sources of webhooks."""

    provider: ClassVar[str] = "unipile"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 10 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        given = delivery.headers.get(self._options.header.lower(), "")
        if not is_one_of(given, self._options.accepted):
            raise WebhookRejected(f"the header {self._options.header} is missing or wrong")

    def key(self, delivery: Delivery) -> str:
        try:
            payload = json_object(delivery.body)
        except ValueError:
            return digest(delivery.body)
        return _key_of(payload, delivery)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        event = text_at(payload, "event") or text_at(payload, "type")
        if "AccountStatus" in payload:
            return (_status_event(payload, delivery),)
        if event == "message_received":
            return (_message_event(payload, delivery),)
        if event == "new_relation" or (not event and text_at(payload, "user_provider_id")):
            return (_relation_event(payload, delivery),)
        if event in ("mail_received", "mail_sent"):
            return (self._mail_event(payload, delivery, event),)
        return (_other_event(payload, delivery, event),)

    def _mail_event(self, payload: Json, delivery: Delivery, event: str) -> Event:
        understood = self._understood(payload, delivery.received_at)
        answered = object_at(payload, "in_reply_to")
        is_own = event == "mail_sent" or text_at(payload, "role") == "sent"
        others = objects_at(payload, "to_attendees") if is_own else (object_at(payload, "from_attendee"),)
        found = event_of(
            understood,
            key=f"{delivery.connection}/{_key_of(payload, delivery)}",
            at=instant_of(text_at(payload, "date"), latest=delivery.received_at),
            channel="email",
            clues=Clues(
                message_ids=message_ids_in(text_at(payload if is_own else answered, "message_id")),
                tokens=tokens_in(" ".join(text_at(one, "identifier") for one in objects_at(payload, "to_attendees"))),
                provider_ids=unique((text_at(payload, "tracking_id"),)) if is_own else (),
                thread_ids=unique((text_at(payload, "thread_id"),)),
                addresses=_people(tuple(one for one in others if one), "email"),
            ),
        )
        return replace(found, kind=EventKind.OWN) if is_own else found

    def _understood(self, payload: Json, now: datetime) -> Understood:
        sender = object_at(payload, "from_attendee")
        given = Given(
            subject=text_at(payload, "subject"),
            text=text_at(payload, "body_plain"),
            html=text_at(payload, "body"),
            headers=(
                ("From", text_at(sender, "identifier")),
                ("Message-ID", text_at(payload, "message_id")),
                ("In-Reply-To", text_at(object_at(payload, "in_reply_to"), "message_id")),
            ),
            from_name=text_at(sender, "display_name"),
        )
        return understand_text(given, own=self._own, now=now)


def _message_event(payload: Json, delivery: Delivery) -> Event:
    channel = _channel_of(payload)
    sender, is_own = object_at(payload, "sender"), _is_own(payload)
    others = _others(payload) if is_own else (sender,)
    event = event_of(
        understand_chat(text_at(payload, "message"), subject=text_at(payload, "subject")),
        key=f"{delivery.connection}/{_key_of(payload, delivery)}",
        at=instant_of(text_at(payload, "timestamp"), latest=delivery.received_at),
        channel=channel,
        clues=Clues(
            provider_ids=unique((text_at(payload, "message_id").strip(),)) if is_own else (),
            thread_ids=unique((text_at(payload, "chat_id").strip(),)),
            addresses=_people(others, channel),
        ),
    )
    data = _data_of(payload) | _person_of(sender, "attendee") | dict(event.data)
    return replace(event, kind=EventKind.OWN if is_own else event.kind, data=data)


def _relation_event(payload: Json, delivery: Delivery) -> Event:
    values = [text_at(payload, name) for name in ("user_profile_url", "user_provider_id")]
    slug = text_at(payload, "user_public_identifier")
    values += [f"https://www.linkedin.com/in/{slug}"] if slug else []
    return Event(
        key=f"{delivery.connection}/{_key_of(payload, delivery)}",
        kind=EventKind.ACCEPTED,
        at=delivery.received_at,
        channel="linkedin",
        clues=Clues(addresses=tuple(dict.fromkeys(one for value in values for one in people_of("linkedin", value)))),
        data=_data_of(payload) | _person_of(payload, "user"),
    )


def _status_event(payload: Json, delivery: Delivery) -> Event:
    status = object_at(payload, "AccountStatus")
    return Event(
        key=f"{delivery.connection}/{_key_of(payload, delivery)}",
        kind=EventKind.UNKNOWN,
        at=delivery.received_at,
        channel=_channel_of(status),
        data=_data_of(status) | {"type": "account_status", "status": text_at(status, "message")[:200]},
    )


def _other_event(payload: Json, delivery: Delivery, event: str) -> Event:
    tracked = _TRACKED.get(event)
    kind = tracked or _MESSAGE_KINDS.get(event, EventKind.UNKNOWN)
    ids = ("email_id", "tracking_id") if tracked else ("message_id",)
    return Event(
        key=f"{delivery.connection}/{_key_of(payload, delivery)}",
        kind=EventKind.UNKNOWN if _is_by_us(payload, event) else kind,
        at=instant_of(text_at(payload, "timestamp") or text_at(payload, "date"), latest=delivery.received_at),
        channel="email" if tracked else _channel_of(payload),
        clues=Clues(
            provider_ids=unique(text_at(payload, name).strip() for name in ids),
            thread_ids=unique((text_at(payload, "chat_id").strip(),)),
        ),
        data=_data_of(payload) | {"type": event[:64]},
    )


def _is_own(payload: Json) -> bool:
    """Own messages are delivered too: the direction is told by ids, never by the name of the event."""
    sender = text_at(object_at(payload, "sender"), "attendee_provider_id")
    account = text_at(object_at(payload, "account_info"), "user_id")
    return payload.get("is_sender") in (True, 1) or bool(sender and sender == account)


def _is_by_us(payload: Json, event: str) -> bool:
    return event == "message_read" and _is_own(payload)


def _others(payload: Json) -> tuple[Json, ...]:
    account = text_at(object_at(payload, "account_info"), "user_id")
    return tuple(one for one in objects_at(payload, "attendees") if text_at(one, "attendee_provider_id") != account)


def _people(attendees: tuple[Json, ...], channel: str) -> People:
    names = ("attendee_profile_url", "attendee_provider_id", "identifier")
    values = [text_at(one, name) for one in attendees for name in names]
    return tuple(dict.fromkeys(person for value in values for person in people_of(channel, value)))


def _channel_of(payload: Json) -> str:
    return _CHANNELS.get(text_at(payload, "account_type").upper(), "other")


def _data_of(payload: Json) -> dict[str, object]:
    names = ("account_id", "chat_id", "message_id", "webhook_name")
    return {name: text_at(payload, name)[:512] for name in names if text_at(payload, name)}


def _person_of(payload: Json, prefix: str) -> dict[str, object]:
    """Who it is: the name, and the provider's id, by which messages can be sent."""
    name = text_at(payload, f"{prefix}_name") or text_at(payload, f"{prefix}_full_name")
    found = {"from_name": name[:200], "provider_id": text_at(payload, f"{prefix}_provider_id")[:255]}
    return {key: value for key, value in found.items() if value}


def _key_of(payload: Json, delivery: Delivery) -> str:
    """By message, mail or tracking id; a relation by account and person; an account's state, which repeats, by hour."""
    event = text_at(payload, "event") or text_at(payload, "type")
    if "AccountStatus" in payload:
        return f"account_status/{delivery.received_at:%Y-%m-%dT%H}/{digest(delivery.body)}"
    if event == "new_relation" or (not event and text_at(payload, "user_provider_id")):
        return short_key(f"new_relation/{text_at(payload, 'account_id')}/{text_at(payload, 'user_provider_id')}")
    ids = [text_at(payload, name) for name in ("event_id", "message_id", "email_id") if text_at(payload, name)]
    if not ids or event in ("message_reaction", "message_edited"):
        return digest(delivery.body)
    return short_key(f"{event}/{ids[0]}")
