"""ClinchPad webhooks: what people do to leads, as news of a CRM connection.

Set up by hand under Settings → Integrations. The handshake key in the body, chosen there, is the only proof. A lead is
a deal to us; whose it is, the connection reads (https://clinchpad.com/api/docs/webhooks).
Unverified: the names of types other than those on that page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.crm_news import Change, CrmNews, deal_kind
from outreach.domain.event import Clues, Event, EventKind
from outreach.receiver import Delivery
from outreach.receivers.crm_events import event_of_news
from outreach.receivers.payload import instant_of, json_object, object_at, said_in, text_at
from outreach.receivers.proof import digest, require_word, short_key

_ID = re.compile(rb'"_id"\s*:\s*"([0-9a-f]{24})"')
_MOST_IDS = 50
_ONLY_WORDS = ("note:", "email:", "task:", "comment:", "file:")  # they change nothing that is kept here


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret`: the handshake key; `secrets` while one is exchanged. `crm`: the connection in config/crm.yaml; left
    out, the one of the webhook's own name.
    """

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: clinchpad` needs `secret`, the handshake key of the webhook.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(secret for secret in dict.fromkeys((self.secret, *self.secrets)) if secret)


class ClinchPad:
    """The receiver behind every connection with `use: clinchpad`."""

    provider: ClassVar[str] = "clinchpad"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_word(said_in(delivery.body, "handshake_key"), self._options.accepted, "the handshake key")

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        """Every id in the body, as a lead's: which of them it is, understanding tells."""
        kind = deal_kind(self._crm(delivery))
        ids = dict.fromkeys(found.decode() for found in _ID.findall(delivery.body)[:_MOST_IDS])
        return Clues(addresses=tuple((kind, one) for one in ids))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        activity, lead = object_at(payload, "activity"), object_at(payload, "lead")
        what, lead_id = text_at(activity, "type"), text_at(lead, "_id")
        if not what:
            raise ValueError("The payload has no activity: it is no webhook of ClinchPad.")
        at = instant_of(text_at(activity, "created_at"), latest=delivery.received_at)
        key = f"{delivery.connection}/{short_key(text_at(activity, '_id') or digest(delivery.body))}"
        if not lead_id or ":" not in what or what.startswith(_ONLY_WORDS):
            return (Event(key=key, kind=EventKind.UNKNOWN, at=at, channel="other", data={"type": what[:64]}),)
        stage = text_at(object_at(lead, "stage"), "name")
        is_move = what == "lead:moved" and bool(stage)
        news = CrmNews(
            crm=self._crm(delivery),
            change=Change.STAGE if is_move else Change.HINT,
            deal_id=lead_id,
            value=stage[:200] if is_move else "",
        )
        return (event_of_news(news, key=key, at=at),)

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection
