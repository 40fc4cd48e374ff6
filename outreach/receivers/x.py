"""X: messages and other doings of people towards our account, in the activity envelope and in the older one.

docs.x.com/x-api/webhooks. X asks for the address by GET with a `crc_token`, again and again, and wants it signed with
the same secret that signs events. So only tokens that could never be an event are signed: letters, digits, `-`, `_`.
Unverified: the shapes of `dm.read`, `chat.received`, mentions and replies, and that a conversation's id is made of the
two numbers.
"""

from __future__ import annotations

import json
import re
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
from outreach.mail.understood import Kind
from outreach.receiver import Answer, Delivery
from outreach.receivers.hmac_proof import base64_macs, require_mac, require_user
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, short_key

_HEADER = "x-twitter-webhooks-signature"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}")
_KEYS = Keys(
    provider_ids=("last_read_event_id", "in_reply_to_status_id", "in_reply_to_tweet_id"),
    thread_ids=("dm_conversation_id", "conversation_id"),
    people=("sender_id", "recipient_id", "author_id", "user_id", "username", "screen_name", "id", "for_user_id"),
)
_WORDS = ("post.reply.create", "post.mention.create")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the app's consumer secret; `secrets` while it is exchanged. `user_id`: the number of our account."""

    user_id: str
    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted or not str(self.user_id).isdigit():
            raise ValueError("A connection with `use: x` needs `secret`, the app's consumer secret, and `user_id`.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class X:
    """The receiver behind every connection with `use: x`."""

    provider: ClassVar[str] = "x"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._me = str(options.user_id)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        if delivery.method == "GET":
            if not _TOKEN.fullmatch(_crc_token(delivery)):
                raise WebhookRejected("there is no crc_token, or one that is none")
            return
        if _TOKEN.fullmatch(delivery.body.decode("utf-8", "replace")):
            raise WebhookRejected("the body is a token that anybody can have signed")
        expected = base64_macs(self._options.accepted, delivery.body, start="sha256=")
        require_mac(delivery.headers.get(_HEADER, ""), expected, "x-twitter-webhooks-signature")

    def answer(self, delivery: Delivery) -> Answer | None:
        if delivery.method != "GET":
            return None
        signed = base64_macs(self._options.accepted[:1], _crc_token(delivery).encode(), start="sha256=")
        return Answer(body=json.dumps({"response_token": signed[0]}), content_type="application/json")

    def key(self, delivery: Delivery) -> str:
        try:
            uuid = text_at(object_at(json_object(delivery.body), "data"), "event_uuid")
        except ValueError:
            return digest(delivery.body)
        return short_key(uuid) if uuid else digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS) if delivery.method != "GET" else Clues()

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        body = json_object(delivery.body)
        data = object_at(body, "data")
        kind, payload = text_at(data, "event_type"), object_at(data, "payload") if data else body
        if not (kind or text_at(body, "for_user_id")):
            raise ValueError("The payload has neither data.event_type nor for_user_id: it is no event of X.")
        found = {event.key: event for event in self._events(kind, payload, delivery)}
        return tuple(found.values()) or (_unknown(delivery, self.key(delivery), kind or "nothing"),)

    def _events(self, kind: str, payload: Json, delivery: Delivery) -> Iterator[Event]:
        for message in objects_at(payload, "direct_message_events"):
            yield self._message(message, payload, delivery)
        for read in objects_at(payload, "direct_message_mark_read_events"):
            yield self._read(read, delivery)
        if kind in _WORDS and text_at(payload, "author_id") not in ("", self._me):
            yield self._post(payload, delivery)

    def _message(self, message: Json, payload: Json, delivery: Delivery) -> Event:
        create = object_at(message, "message_create")
        sender, target = text_at(create, "sender_id"), text_at(object_at(create, "target"), "recipient_id")
        is_own = sender == self._me
        other = target if is_own else sender
        text = text_at(object_at(create, "message_data"), "text")
        understood = understand_chat(text)
        kind = EventKind.UNSUBSCRIBED if understood.kind is Kind.UNSUBSCRIBE else EventKind.REPLIED
        return Event(
            key=f"{delivery.connection}/{short_key('dm/' + (text_at(message, 'id') or digest(delivery.body)))}",
            kind=EventKind.OWN if is_own else kind,
            at=instant_of(text_at(message, "created_timestamp"), latest=delivery.received_at),
            channel="x",
            clues=Clues(
                thread_ids=unique((text_at(message, "dm_conversation_id"),)),
                addresses=_people(other, payload),
            ),
            text=understood.text,
            data={"provider_id": other[:64], "message_id": text_at(message, "id")[:64]},
        )

    def _read(self, read: Json, delivery: Delivery) -> Event:
        reader, last = text_at(read, "sender_id"), text_at(read, "last_read_event_id")
        return Event(
            key=f"{delivery.connection}/{short_key(f'read/{reader}/{last}')}",
            kind=EventKind.UNKNOWN if reader == self._me else EventKind.OPENED,
            at=instant_of(text_at(read, "created_timestamp"), latest=delivery.received_at),
            channel="x",
            clues=Clues(provider_ids=unique((last,)), addresses=people_of("x", reader)),
        )

    def _post(self, payload: Json, delivery: Delivery) -> Event:
        understood = understand_chat(text_at(payload, "text"))
        author = text_at(payload, "author_id")
        return Event(
            key=f"{delivery.connection}/{short_key('post/' + text_at(payload, 'id'))}",
            kind=EventKind.REPLIED,
            at=delivery.received_at,
            channel="x",
            clues=Clues(addresses=people_of("x", author)),
            text=understood.text,
            data={"type": "post", "post_id": text_at(payload, "id")[:64]},
        )


def _people(number: str, payload: Json) -> People:
    """The number, and the handle where the payload introduces the person, in the newer envelope or the older one."""
    entry = object_at(object_at(payload, "users"), number)
    known = object_at(entry, "data") or entry
    handle = text_at(known, "username") or text_at(known, "screen_name")
    values = [one for one in (number, handle) if one]
    return tuple(dict.fromkeys(person for value in values for person in people_of("x", value)))


def _unknown(delivery: Delivery, key: str, kind: str) -> Event:
    return Event(
        key=f"{delivery.connection}/{key}",
        kind=EventKind.UNKNOWN,
        at=delivery.received_at,
        channel="x",
        data={"type": kind[:64]},
    )


def _crc_token(delivery: Delivery) -> str:
    try:
        return parse_qs(urlsplit(delivery.url).query, max_num_fields=50).get("crc_token", [""])[0]
    except ValueError:
        return ""
