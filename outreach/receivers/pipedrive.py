"""Pipedrive webhooks, version 2: what people change on persons and deals there, as news of a CRM connection.

One change a delivery: `meta` names it, `data` holds the record as it is now, `previous` what was different. Nothing is
signed; user and password, which Pipedrive sends along, are the proof (its page "Guide for webhooks v2"). Repeats carry
the same `meta.id`. Unverified: that persons who were merged come as deleted.
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
from outreach.receivers.payload import Json, instant_of, json_object, object_at, text_at
from outreach.receivers.proof import digest, require_basic_auth, short_key

_IDS = re.compile(rb'"(?:entity_id|person_id|id)"\s*:\s*"?(\d{1,19})')
_ENDS = {"won": Change.WON, "lost": Change.LOST}
_MOST_IDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`user` and `password` as given to the webhook; `passwords` while one is exchanged for another. `crm`: the
    connection in config/crm.yaml; left out, the one of the webhook's own name. `user_id`: the user whose token the
    connection has, whose changes by the API are not news.
    """

    user: str
    password: str = field(default="", repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""
    user_id: str = ""

    def __post_init__(self) -> None:
        if not self.user or not self.accepted:
            raise ValueError("A connection with `use: pipedrive` needs `user` and `password`, as given to the webhook.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(one for one in dict.fromkeys((self.password, *self.passwords)) if one)


class Pipedrive:
    """The receiver behind every connection with `use: pipedrive`."""

    provider: ClassVar[str] = "pipedrive"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_basic_auth(delivery.headers, self._options.user, self._options.accepted)

    def key(self, delivery: Delivery) -> str:
        try:
            return _key_of(json_object(delivery.body))
        except ValueError:
            return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        """Every id in the body, as a person's and as a deal's: which of them it is, understanding tells."""
        crm = self._crm(delivery)
        numbers = dict.fromkeys(found.decode() for found in _IDS.findall(delivery.body)[:_MOST_IDS])
        kinds = (person_kind(crm), deal_kind(crm))
        return Clues(addresses=tuple((kind, number) for number in numbers for kind in kinds))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        meta = object_at(payload, "meta")
        at = instant_of(text_at(meta, "timestamp"), latest=delivery.received_at)
        key = f"{delivery.connection}/{_key_of(payload)}"
        news = None if self._is_ours(meta) else self._news(payload, meta, self._crm(delivery))
        if news:
            return (event_of_news(news, key=key, at=at),)
        kind = EventKind.OWN if self._is_ours(meta) else EventKind.UNKNOWN
        said = f"{text_at(meta, 'action')}.{text_at(meta, 'entity')}"[:64]
        return (Event(key=key, kind=kind, at=at, channel="other", data={"type": said}),)

    def _news(self, payload: Json, meta: Json, crm: str) -> CrmNews | None:
        record, data, before = text_at(meta, "entity_id"), object_at(payload, "data"), object_at(payload, "previous")
        match (text_at(meta, "action"), text_at(meta, "entity")) if record else ("", ""):
            case ("delete", "person"):
                return CrmNews(crm=crm, change=Change.DELETED, person_id=record)
            case ("change", "person"):
                is_opt_out = text_at(data, "marketing_status") == "unsubscribed" and "marketing_status" in before
                change = Change.DO_NOT_CONTACT if is_opt_out else Change.HINT  # labels and fields come as numbers
                return CrmNews(crm=crm, change=change, person_id=record)
            case ("change", "deal"):
                return _deal_news(crm, record, data, before)
            case ("delete", "deal"):
                return CrmNews(crm=crm, change=Change.HINT, deal_id=record)
        return None

    def _is_ours(self, meta: Json) -> bool:
        """Changes by the API in the name of our user; others are recognised by their values, later."""
        is_our_user = bool(self._options.user_id) and text_at(meta, "user_id") == self._options.user_id
        return is_our_user and text_at(meta, "change_source") == "api"

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection


def _deal_news(crm: str, deal_id: str, data: Json, before: Json) -> CrmNews:
    person, status = text_at(data, "person_id"), text_at(data, "status")
    change, value = Change.HINT, ""
    if status in _ENDS and "status" in before:
        change, value = _ENDS[status], _amount(data)
    elif status == "open" and "stage_id" in before:
        change, value = Change.STAGE, text_at(data, "stage_id")
    return CrmNews(crm=crm, change=change, person_id=person, deal_id="" if person else deal_id, value=value)


def _amount(data: Json) -> str:
    value = data.get("value")
    is_amount = isinstance(value, int | float) and not isinstance(value, bool) and value
    return f"{value:.15g}" if is_amount else ""


def _key_of(payload: Json) -> str:
    """Its own id; where it has none, the whole delivery but for the number of the attempt."""
    meta = object_at(payload, "meta")
    if named := text_at(meta, "id"):
        return short_key(named)
    kept = {name: value for name, value in meta.items() if name != "attempt"}
    return digest(json.dumps({**payload, "meta": kept}, sort_keys=True).encode("utf-8", "replace"))
