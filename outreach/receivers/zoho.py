"""Zoho CRM notifications: which leads, contacts and deals somebody changed or deleted, as news of a CRM connection.

A delivery names a module, an operation and record ids, no values: what is now has to be read. The token of the channel
comes back in the body and is the only proof Zoho offers (its page "Enable Notifications"), so keep the address secret
too. Unverified: the keys beyond `module`, `operation`, `ids`, `channel_id` and `token`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.crm_news import Change, CrmNews, deal_kind, person_kind
from outreach.domain.event import Clues, Event, EventKind
from outreach.receiver import Delivery
from outreach.receivers.crm_events import event_of_news
from outreach.receivers.payload import Json, instant_of, json_object, said_in, text_at
from outreach.receivers.proof import digest, require_word

_PEOPLE = ("Leads", "Contacts")
_IDS = re.compile(rb'"(\d{10,19})"')
_MOST_IDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token` of the notification channel; `tokens` while one is exchanged for another. `crm`: the connection in
    config/crm.yaml; left out, the one of the webhook's own name.
    """

    token: str = field(default="", repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: zoho` needs `token`, as given to the notification channel.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(one for one in dict.fromkeys((self.token, *self.tokens)) if one)


class Zoho:
    """The receiver behind every connection with `use: zoho`."""

    provider: ClassVar[str] = "zoho"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_word(said_in(delivery.body, "token"), self._options.accepted, "the token")

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        """Every id in the body, as a lead's, a contact's and a deal's: which it is, understanding tells."""
        crm = self._crm(delivery)
        numbers = dict.fromkeys(found.decode() for found in _IDS.findall(delivery.body)[:_MOST_IDS])
        people = [(person_kind(crm), f"{module}/{number}") for number in numbers for module in _PEOPLE]
        return Clues(addresses=(*people, *((deal_kind(crm), number) for number in numbers)))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        module, operation = text_at(payload, "module"), text_at(payload, "operation")
        at = instant_of(text_at(payload, "server_time"), latest=delivery.received_at)
        key = f"{delivery.connection}/{_key_of(payload)}"
        events = tuple(
            event_of_news(news, key=f"{key}/{record}", at=at)
            for record in _ids(payload)
            if (news := _news(self._crm(delivery), module, operation, record))
        )
        data: dict[str, object] = {"type": f"{module}.{operation}"[:64]}
        return events or (Event(key=key, kind=EventKind.UNKNOWN, at=at, channel="other", data=data),)

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection


def _news(crm: str, module: str, operation: str, record: str) -> CrmNews | None:
    if module in _PEOPLE and operation in ("update", "edit", "delete"):
        change = Change.DELETED if operation == "delete" else Change.HINT
        return CrmNews(crm=crm, change=change, person_id=f"{module}/{record}")
    if module == "Deals" and operation in ("update", "edit", "insert", "create"):
        return CrmNews(crm=crm, change=Change.HINT, deal_id=record)
    return None


def _ids(payload: Json) -> list[str]:
    listed = payload.get("ids")
    ids = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return [each for each in dict.fromkeys(ids) if re.fullmatch(r"[0-9]{10,19}", each)][:_MOST_IDS]


def _key_of(payload: Json) -> str:
    """The same notification again says the same; the token in it is no part of any key."""
    kept = {name: value for name, value in payload.items() if name != "token"}
    return digest(json.dumps(kept, sort_keys=True).encode("utf-8", "replace"))
