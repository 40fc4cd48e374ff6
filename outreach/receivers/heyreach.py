"""HeyReach: accepted invitations and answers on LinkedIn.

Nothing is signed: a secret in the address of the webhook is the proof. One webhook tells one type of event, and bodies
differ between accounts and over time, so names are compared without regard to case and underscores, and the type may
stand in the address (`?event=…`) instead. What is known comes from users' reports; the receiver takes whatever names a
person and a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import People, people_of
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.understand import understand_chat
from outreach.receiver import Delivery
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, is_one_of, short_key

_CHANNEL = "linkedin"
_REPLIES = frozenset({"messagereplyreceived", "inmailreplyreceived", "everymessagereplyreceived"})
_KINDS: Mapping[str, EventKind] = {
    "connectionrequestaccepted": EventKind.ACCEPTED,
    "messagesent": EventKind.DELIVERED,
    "inmailsent": EventKind.DELIVERED,
    "connectionrequestsent": EventKind.DELIVERED,
}
_PROFILE = ("profile_url", "profileUrl", "ProfileUrl", "linkedin_url", "linkedInUrl")
_THREAD = ("conversation_id", "conversationId", "ConversationId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The secret that stands in the address of the webhook as `?secret=…`; `secrets` while one is exchanged."""

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: heyreach` needs `secret`, as it stands in the webhook's address.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique(each for each in (self.secret, *self.secrets) if each)


class HeyReach:
    """The receiver behind every connection with `use: heyreach`."""

    provider: ClassVar[str] = "heyreach"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if not is_one_of(_in_address(delivery, "secret"), self._options.accepted):
            raise WebhookRejected("the secret in the address is missing or wrong")

    def key(self, delivery: Delivery) -> str:
        return digest(_type_in_address(delivery).encode() + delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, Keys(thread_ids=_THREAD, people=_PROFILE))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = _plain(json_object(delivery.body))
        kind = _type_in_address(delivery) or _word(_first(payload, "eventtype", "type", "event"))
        if kind in _REPLIES:
            return (_reply(payload, delivery),)
        return (
            Event(
                key=f"{delivery.connection}/{self.key(delivery)}",
                kind=_KINDS.get(kind, EventKind.UNKNOWN),
                at=_at(payload, delivery),
                channel=_CHANNEL,
                clues=_clues(payload),
                data={"type": kind[:64]} | _data(payload),
            ),
        )


def _reply(payload: Json, delivery: Delivery) -> Event:
    """One answer may come twice, for its campaign and for every conversation: its key is made of what was said."""
    last = _last_answer(payload)
    text = _first(last, "message", "text", "body") or _first(payload, "message", "text")
    said_at = _first(last, "creationtime", "createdat", "timestamp")
    thread = _first(payload, "conversationid") or _profile(payload)
    event = event_of(
        understand_chat(text),
        key=short_key(f"{delivery.connection}/reply/{digest(f'{thread}|{said_at}|{text}'.encode('utf-8', 'replace'))}"),
        at=instant_of(said_at, latest=delivery.received_at) if said_at else _at(payload, delivery),
        channel=_CHANNEL,
        clues=_clues(payload),
    )
    return replace(event, data={**_data(payload), **event.data})


def _last_answer(payload: Json) -> Json:
    """The newest of the recent messages that is theirs; by its time where it has one, else by its place."""
    answers = [each for each in objects_at(payload, "recentmessages") if each.get("isreply") is not False]
    return max(answers, key=lambda each: _first(each, "creationtime", "createdat"), default={})


def _clues(payload: Json) -> Clues:
    return Clues(thread_ids=unique((_first(payload, "conversationid").strip(),)), addresses=_people(payload))


def _people(payload: Json) -> People:
    return people_of(_CHANNEL, _profile(payload)) if _profile(payload) else ()


def _profile(payload: Json) -> str:
    """The address of the lead's profile; that of `sender` is our own seat."""
    for part in (object_at(payload, "lead"), object_at(payload, "correspondent"), payload):
        found = _first(part, "profileurl", "linkedinurl")
        if found:
            return found
    return ""


def _at(payload: Json, delivery: Delivery) -> datetime:
    return instant_of(_first(payload, "timestamp", "createdat", "time"), latest=delivery.received_at)


def _data(payload: Json) -> dict[str, object]:
    lead, campaign = object_at(payload, "lead"), object_at(payload, "campaign")
    name = " ".join(part for part in (_first(lead, "firstname"), _first(lead, "lastname")) if part)
    campaign_id = _first(campaign, "id") or _first(payload, "campaignid")
    found = {"from_name": name[:200], "campaign": campaign_id[:64]}
    return {key: value for key, value in found.items() if value}


def _first(payload: Json, *names: str) -> str:
    return next((found for name in names if (found := text_at(payload, name))), "")


def _plain(value: Any, depth: int = 0) -> Any:
    """The same with names in small letters and without underscores; deeper than six levels as it is."""
    if depth > 6:
        return value
    if isinstance(value, dict):
        return {_word(str(key)): _plain(inner, depth + 1) for key, inner in value.items()}
    return [_plain(each, depth + 1) for each in value] if isinstance(value, list) else value


def _word(text: str) -> str:
    return "".join(_letters(text))


def _letters(text: str) -> Iterator[str]:
    yield from (letter for letter in text.lower() if letter not in "_- ")


def _type_in_address(delivery: Delivery) -> str:
    return _word(_in_address(delivery, "event"))


def _in_address(delivery: Delivery, name: str) -> str:
    return next(iter(parse_qs(urlsplit(delivery.url).query).get(name, ())), "")
