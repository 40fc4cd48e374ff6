"""La Growth Machine's inbox webhook: every message, sent or received, on LinkedIn and by e-mail.

Nothing is signed and no payload is documented: a secret in the address is the proof, names are compared without regard
to case and underscores, and whatever is not found is left out. A message of ours is no reply; one whose direction is
not told is read from the CRM instead of being taken for one.
Unverified: every name in the body. The raw delivery is kept, and can be played again after a correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from outreach.domain.crm_news import Change, CrmNews, person_kind
from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.mail.addresses import People, people_of
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.understand import understand_chat
from outreach.receiver import Delivery
from outreach.receivers.crm_events import event_of_news
from outreach.receivers.mail_events import event_of
from outreach.receivers.payload import Json, instant_of, json_object, text_at
from outreach.receivers.proof import digest, is_one_of, short_key

_LEAD_IDS = ("leadId", "lead_id", "LeadId", "id")
_IN = frozenset({"in", "incoming", "inbound", "received", "receive"})
_OUT = frozenset({"out", "outgoing", "outbound", "sent", "send"})
_MOST_PARTS = 200
_DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The secret that stands in the address as `?secret=…`; `secrets` while one is exchanged. `crm`: the connection in
    config/crm.yaml; left out, the one of the webhook's own name. The others: names in the body, small letters without
    underscores, tried in turn.
    """

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""
    text_names: tuple[str, ...] = ("message", "text", "content", "body")
    direction_names: tuple[str, ...] = ("direction", "messagedirection", "messagetype", "eventtype", "type")

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: lagrowthmachine` needs `secret`, as it stands in the address.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(secret for secret in dict.fromkeys((self.secret, *self.secrets)) if secret)


class LaGrowthMachine:
    """The receiver behind every connection with `use: lagrowthmachine`."""

    provider: ClassVar[str] = "lagrowthmachine"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        given = next(iter(parse_qs(urlsplit(delivery.url).query).get("secret", ())), "")
        if not is_one_of(given, self._options.accepted):
            raise WebhookRejected("the secret in the address is missing or wrong")

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        found = clues_in_json(delivery.body, Keys(thread_ids=_LEAD_IDS, people=("proEmail", "email", "leadEmail")))
        records = tuple((person_kind(self._crm(delivery)), one) for one in found.thread_ids)
        links = clues_in_json(delivery.body, Keys(people=("linkedinUrl", "linkedin_url"))).addresses
        return Clues(addresses=tuple(dict.fromkeys((*records, *found.addresses, *links))))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        told = _flat(json_object(delivery.body))
        key = f"{delivery.connection}/{self._key_of(told, delivery)}"
        at = instant_of(_first(told, ("createdat", "timestamp", "date", "sentat")), latest=delivery.received_at)
        direction, text = self._direction(told), _first(told, self._options.text_names)
        lead_id = _first(told, ("leadid",))
        if direction == "out":
            return (Event(key=key, kind=EventKind.OWN, at=at, channel=_channel(told)),)
        if direction == "in" and text:
            return (self._reply(told, delivery, text=text, key=key, at=at),)
        if lead_id:
            news = CrmNews(crm=self._crm(delivery), change=Change.HINT, person_id=lead_id)
            return (event_of_news(news, key=key, at=at),)
        return (Event(key=key, kind=EventKind.UNKNOWN, at=at, channel="other", data={"type": "inbox"}),)

    def _reply(self, told: dict[str, str], delivery: Delivery, *, text: str, key: str, at: datetime) -> Event:
        channel, lead_id = _channel(told), _first(told, ("leadid",))
        record = ((person_kind(self._crm(delivery)), lead_id),) if lead_id else ()
        clues = Clues(addresses=(*record, *_people(told)))
        event = event_of(understand_chat(text), key=key, at=at, channel=channel, clues=clues)
        return replace(event, data={"lead_id": lead_id[:64], **event.data} if lead_id else event.data)

    def _direction(self, told: dict[str, str]) -> str:
        words = [word for name in self._options.direction_names for word in _words(told.get(name, ""))]
        found = {"in" if word in _IN else "out" for word in words if word in _IN | _OUT}
        return found.pop() if len(found) == 1 else ""

    def _key_of(self, told: dict[str, str], delivery: Delivery) -> str:
        return short_key(_first(told, ("messageid", "eventid")) or digest(delivery.body))

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection


def _flat(payload: Json) -> dict[str, str]:
    """Every text by its plain name, outer ones before inner ones; an `id` inside `lead` is `leadid`."""
    found: dict[str, str] = {}
    for number, (parent, part) in enumerate(_parts(payload)):
        if number >= _MOST_PARTS:
            break
        for name in part:
            plain = _plain(str(name))
            value = text_at(part, str(name))
            if value and not isinstance(part[name], dict | list):
                found.setdefault("leadid" if (parent, plain) == ("lead", "id") else plain, value)
    return found


def _parts(payload: Json) -> Iterator[tuple[str, Json]]:
    level: list[tuple[str, Json]] = [("", payload)]
    for _ in range(_DEEPEST):
        yield from level
        level = [
            (_plain(str(name)), inner)
            for _, part in level
            for name, value in part.items()
            for inner in (value if isinstance(value, list) else [value])
            if isinstance(inner, dict)
        ]


def _people(told: dict[str, str]) -> People:
    email, link = _first(told, ("proemail", "leademail", "email")), told.get("linkedinurl", "")
    return (*(people_of("email", email) if email else ()), *(people_of("linkedin", link) if link else ()))


def _channel(told: dict[str, str]) -> str:
    said = " ".join(told.get(name, "") for name in ("channel", "type", "eventtype", "messagetype")).lower()
    return "email" if "mail" in said and "linkedin" not in said else "linkedin"


def _first(told: dict[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if told.get(name)), "")


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
