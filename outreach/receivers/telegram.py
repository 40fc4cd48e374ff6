"""Telegram: what people write to the bot. A word of ours in a header proves it (core.telegram.org/bots/api#setwebhook).

`/start` opens the chat: from then on the bot may write, so it counts as accepted and brings the chat's id. What stands
behind it (`t.me/<bot>?start=<token>`) may be the token of a touch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import People, people_of
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json, values_of
from outreach.mail.understand import understand_chat
from outreach.mail.understood import BounceReason, Kind
from outreach.receiver import Delivery
from outreach.receivers.hmac_proof import require_user
from outreach.receivers.payload import Json, instant_of, json_object, key_said_in, object_at, text_at
from outreach.receivers.proof import require_word

_HEADER = "x-telegram-bot-api-secret-token"
_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_.-]{1,64}))?\s*")
_COMMAND = re.compile(r"/(\w+)(?:@\w+)?")
_KEYS = Keys(thread_ids=("id",), people=("id", "username"))
_LEFT = ("kicked", "left")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The `secret_token` given to setWebhook; `secrets` while one is exchanged for another."""

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: telegram` needs `secret`, as given to setWebhook.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class Telegram:
    """The receiver behind every connection with `use: telegram`."""

    provider: ClassVar[str] = "telegram"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        require_word(delivery.headers.get(_HEADER, ""), self._options.accepted, f"the header {_HEADER}")

    def key(self, delivery: Delivery) -> str:
        return key_said_in(delivery.body, "update_id")

    def clues(self, delivery: Delivery) -> Clues:
        found = clues_in_json(delivery.body, _KEYS)
        tokens = [token for text in values_of(delivery.body, ("text",)) if (token := _token(text))]
        return Clues(tokens=unique((*found.tokens, *tokens)), thread_ids=found.thread_ids, addresses=found.addresses)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        update = json_object(delivery.body)
        if not text_at(update, "update_id"):
            raise ValueError("The payload has no update_id: it is no update of Telegram.")
        key = f"{delivery.connection}/{self.key(delivery)}"
        message = object_at(update, "message") or object_at(update, "edited_message")
        if _is_private(message) and object_at(message, "from").get("is_bot") is not True:
            return (_message(message, key, delivery.received_at),)
        left = object_at(update, "my_chat_member")
        if _is_private(left) and text_at(object_at(left, "new_chat_member"), "status") in _LEFT:
            return (_gone(left, key, delivery.received_at),)
        kind = next((name for name in update if name != "update_id"), "nothing")
        return (
            Event(
                key=key, kind=EventKind.UNKNOWN, at=delivery.received_at, channel="telegram", data={"type": kind[:64]}
            ),
        )


def _is_private(message: Json) -> bool:
    """A talk with one person; what is said in groups answers nobody of us."""
    return text_at(object_at(message, "chat"), "type") in ("private", "") and bool(object_at(message, "chat"))


def _message(message: Json, key: str, latest: datetime) -> Event:
    text = text_at(message, "text") or text_at(message, "caption")
    starts = _START.fullmatch(text)
    understood = understand_chat(_COMMAND.sub(r"\1", text, count=1) if text.startswith("/") else text)
    answered = EventKind.UNSUBSCRIBED if understood.kind is Kind.UNSUBSCRIBE else EventKind.REPLIED
    chat = text_at(object_at(message, "chat"), "id")
    return Event(
        key=key,
        kind=EventKind.ACCEPTED if starts else answered,
        at=instant_of(text_at(message, "date"), latest=latest),
        channel="telegram",
        clues=Clues(tokens=unique((_token(text),)), thread_ids=unique((chat,)), addresses=_people(message)),
        text="" if starts else text,
        data={"provider_id": chat, "message_id": text_at(message, "message_id")[:64], "from_name": _name(message)},
    )


def _gone(left: Json, key: str, latest: datetime) -> Event:
    """The person blocked the bot: nothing reaches this chat any more."""
    return Event(
        key=key,
        kind=EventKind.BOUNCED,
        at=instant_of(text_at(left, "date"), latest=latest),
        channel="telegram",
        clues=Clues(addresses=_people(left)),
        reason=BounceReason.DISABLED,
        is_hard=True,
        data={"provider_id": text_at(object_at(left, "chat"), "id")},
    )


def _token(text: str) -> str:
    found = _START.fullmatch(text)
    return (found.group(1) or "") if found else ""


def _people(message: Json) -> People:
    person, chat = object_at(message, "from"), object_at(message, "chat")
    values = [text_at(one, name) for one in (person, chat) for name in ("id", "username")]
    return tuple(dict.fromkeys(found for value in values if value for found in people_of("telegram", value)))


def _name(message: Json) -> str:
    person = object_at(message, "from")
    return " ".join(filter(None, (text_at(person, "first_name"), text_at(person, "last_name"))))[:200]
