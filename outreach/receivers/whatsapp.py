"""WhatsApp Cloud API: messages, statuses of ours, and who wants no more marketing.

developers.facebook.com/docs/whatsapp/cloud-api/webhooks. The address is asked for by GET with a token of ours; every
POST is signed with the app's secret. A person may be known by a business-scoped user id alone, without a number.
Unverified: `from_user_id` on a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import People, people_of
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.understand import understand_chat
from outreach.mail.understood import BounceReason, Kind
from outreach.receiver import Answer, Delivery
from outreach.receivers.hmac_proof import hex_macs, require_mac, require_user
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, is_one_of, short_key

_HEADER = "x-hub-signature-256"
_KEYS = Keys(
    provider_ids=("id",),
    tokens=("biz_opaque_callback_data",),
    people=("from", "from_user_id", "wa_id", "user_id", "recipient_id", "recipient_user_id"),
)
_SILENT = ("reaction", "system")  # news about a chat, and nobody's words
_DEAD = frozenset({131026, 130497})
_STOPPED = frozenset({131050})
_SOFT = frozenset({131049, 131056, 130472, 131000, 131016})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the app's; `verify_token` the word given when the address was entered. Plurals while exchanged."""

    verify_token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted or not self.verify_token:
            raise ValueError("A connection with `use: whatsapp` needs `secret`, the app's, and `verify_token`.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class WhatsApp:
    """The receiver behind every connection with `use: whatsapp`."""

    provider: ClassVar[str] = "whatsapp"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 3 * 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        if delivery.method == "GET":
            asked = _asked(delivery)
            known = is_one_of(asked.get("hub.verify_token", ""), (self._options.verify_token,))
            if not known or asked.get("hub.mode") != "subscribe" or not asked.get("hub.challenge", "").isdigit():
                raise WebhookRejected("the verify token is missing or wrong")
            return
        expected = hex_macs(self._options.accepted, delivery.body, start="sha256=")
        require_mac(delivery.headers.get(_HEADER, ""), expected, "X-Hub-Signature-256")

    def answer(self, delivery: Delivery) -> Answer | None:
        return Answer(body=_asked(delivery)["hub.challenge"]) if delivery.method == "GET" else None

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        if not objects_at(payload, "entry"):
            raise ValueError("The payload has no entry: it is no webhook of WhatsApp.")
        found = {event.key: event for event in _events(payload, delivery)}
        return tuple(found.values()) or (_unknown(delivery, "nothing"),)


def _events(payload: Json, delivery: Delivery) -> Iterator[Event]:
    for entry in objects_at(payload, "entry"):
        for change in objects_at(entry, "changes"):
            yield from _change(change, delivery)


def _change(change: Json, delivery: Delivery) -> Iterator[Event]:
    value, name = object_at(change, "value"), text_at(change, "field")
    contacts = objects_at(value, "contacts")
    messages, statuses = objects_at(value, "messages"), objects_at(value, "statuses")
    wishes = objects_at(value, "user_preferences")
    for message in messages:
        yield _message(message, contacts, delivery)
    for status in statuses:
        yield _status(status, delivery)
    for wish in wishes:
        yield _wish(wish, contacts, delivery)
    if not (messages or statuses or wishes):
        yield _unknown(delivery, name or "nothing")


def _message(message: Json, contacts: tuple[Json, ...], delivery: Delivery) -> Event:
    kind, understood = text_at(message, "type"), understand_chat(_words(message))
    is_silent = kind in _SILENT
    answered = text_at(object_at(message, "context"), "id")
    event_kind = EventKind.UNSUBSCRIBED if understood.kind is Kind.UNSUBSCRIBE else EventKind.REPLIED
    contact = _contact_of(message, contacts)
    return Event(
        key=_key(delivery, f"message/{text_at(message, 'id')}"),
        kind=EventKind.UNKNOWN if is_silent else event_kind,
        at=instant_of(text_at(message, "timestamp"), latest=delivery.received_at),
        channel="whatsapp",
        clues=Clues(provider_ids=unique((answered,)), addresses=_people(message, contact)),
        text="" if is_silent else understood.text,
        data=_data(
            type=kind,
            message_id=text_at(message, "id"),
            from_name=text_at(object_at(contact, "profile"), "name"),
            provider_id=text_at(contact, "user_id") or text_at(message, "from_user_id"),
        ),
    )


def _words(message: Json) -> str:
    """What the person wrote or chose, whatever it came in."""
    kind = text_at(message, "type")
    inner = object_at(message, kind)
    chosen = object_at(inner, "button_reply") or object_at(inner, "list_reply")
    return next(filter(None, (text_at(inner, name) for name in ("body", "text", "caption"))), "") or text_at(
        chosen, "title"
    )


def _contact_of(message: Json, contacts: tuple[Json, ...]) -> Json:
    """The contact entry of a message: the one with its number or user id, or the only one there is."""
    known = {text_at(message, "from"), text_at(message, "from_user_id")} - {""}
    named = [one for one in contacts if known & {text_at(one, "wa_id"), text_at(one, "user_id")}]
    return named[0] if named else contacts[0] if len(contacts) == 1 else {}


def _people(message: Json, contact: Json) -> People:
    values = [text_at(message, "from"), text_at(message, "from_user_id")]
    values += [text_at(contact, "wa_id"), text_at(contact, "user_id")]
    return tuple(dict.fromkeys(person for value in values if value for person in people_of("whatsapp", value)))


def _status(status: Json, delivery: Delivery) -> Event:
    word = text_at(status, "status")
    kinds = {"delivered": EventKind.DELIVERED, "read": EventKind.OPENED, "played": EventKind.OPENED}
    codes = [code for one in objects_at(status, "errors") if (code := text_at(one, "code"))]
    kind, reason, is_hard = _failed(codes) if word == "failed" else (kinds.get(word, EventKind.UNKNOWN), "", False)
    number = text_at(status, "recipient_id") or text_at(status, "recipient_user_id")
    return Event(
        key=_key(delivery, f"status/{text_at(status, 'id')}/{word}"),
        kind=kind,
        at=instant_of(text_at(status, "timestamp"), latest=delivery.received_at),
        channel="whatsapp",
        clues=Clues(
            tokens=unique((text_at(status, "biz_opaque_callback_data"),)),
            provider_ids=unique((text_at(status, "id"),)),
            addresses=people_of("whatsapp", number) if number else (),
        ),
        reason=reason,
        is_hard=is_hard,
        data=_data(status=word, message_id=text_at(status, "id"), code=",".join(codes)),
    )


def _failed(codes: list[str]) -> tuple[EventKind, str, bool]:
    """The codes of the error table, the same that a send may be answered with."""
    known = {int(code) for code in codes if code.isdigit()}
    if known & _STOPPED:
        return EventKind.UNSUBSCRIBED, "", False
    if known & _DEAD:
        return EventKind.BOUNCED, BounceReason.NO_MAILBOX, True
    if known & _SOFT:
        return EventKind.BOUNCED, BounceReason.POLICY, False
    return EventKind.REJECTED, BounceReason.OTHER, False


def _wish(wish: Json, contacts: tuple[Json, ...], delivery: Delivery) -> Event:
    stops = text_at(wish, "value") == "stop"
    contact = contacts[0] if contacts else {}
    stamp = text_at(wish, "timestamp")
    return Event(
        key=_key(delivery, f"wish/{text_at(wish, 'wa_id') or text_at(contact, 'wa_id')}/{stamp}"),
        kind=EventKind.UNSUBSCRIBED if stops else EventKind.UNKNOWN,
        at=instant_of(stamp, latest=delivery.received_at),
        channel="whatsapp",
        clues=Clues(addresses=_people({"from": text_at(wish, "wa_id")}, contact)),
        data=_data(type="user_preferences", value=text_at(wish, "value"), category=text_at(wish, "category")),
    )


def _unknown(delivery: Delivery, name: str) -> Event:
    return Event(
        key=_key(delivery, f"{name}/{digest(delivery.body)}"),
        kind=EventKind.UNKNOWN,
        at=delivery.received_at,
        channel="whatsapp",
        data=_data(type=name),
    )


def _key(delivery: Delivery, what: str) -> str:
    return f"{delivery.connection}/{short_key(what)}"


def _data(**values: str) -> dict[str, object]:
    return {name: value[:255] for name, value in values.items() if value}


def _asked(delivery: Delivery) -> dict[str, str]:
    try:
        found = parse_qs(urlsplit(delivery.url).query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
