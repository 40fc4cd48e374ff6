"""Trello webhooks: what people do to the cards of a board, as news of a CRM connection.

The address is asked for by HEAD when the webhook is made. Every POST is one action, signed with the app's secret:
base64 of HMAC-SHA1 over body and callback URL, exactly as it was registered. Facts: Atlassian's page "Webhooks" of the
Trello REST API. A card is named by its id, a list by its name, as in the connection. Unverified: how long a failing
webhook is kept alive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.crm_news import Change, CrmNews, person_kind
from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Answer, Delivery
from outreach.receivers.crm_events import event_of_news
from outreach.receivers.hmac_proof import base64_mac, require_mac
from outreach.receivers.payload import Json, instant_of, json_object, object_at, text_at
from outreach.receivers.proof import digest, short_key

_HEADER = "x-trello-webhook"
_ID = re.compile(rb'"id"\s*:\s*"([0-9a-f]{24})"')
_MOST_IDS = 50
_TO_BE_READ = frozenset(
    {
        *("updateCard", "addMemberToCard", "removeMemberFromCard", "updateCustomFieldItem", "removeLabelFromCard"),
        *("addLabelToCard", "moveCardFromBoard", "moveCardToBoard", "createCard", "copyCard"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret`: the app's, not the token; `secrets` while one is exchanged. `crm`: the connection in config/crm.yaml
    whose board it is; left out, the one of the webhook's own name. `member_id`: the member our token belongs to, whose
    actions are not news. `do_not_contact_label` as in that connection.
    """

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""
    member_id: str = ""
    do_not_contact_label: str = "Do not contact"

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: trello` needs `secret`, the secret of the Trello app.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(secret for secret in dict.fromkeys((self.secret, *self.secrets)) if secret)


class Trello:
    """The receiver behind every connection with `use: trello`."""

    provider: ClassVar[str] = "trello"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        """A HEAD proves nothing and carries nothing: it is answered, and never stored."""
        if delivery.method == "HEAD":
            return
        signed = delivery.body + delivery.url.encode()
        expected = tuple(base64_mac(secret, signed, "sha1") for secret in self._options.accepted)
        require_mac(delivery.headers.get(_HEADER, ""), expected, "X-Trello-Webhook")
        if delivery.method != "POST":
            raise WebhookRejected("Trello sends its actions by POST")

    def answer(self, delivery: Delivery) -> Answer | None:
        return Answer() if delivery.method == "HEAD" else None

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        """Every id in the body, as a card's: which of them it is, understanding tells."""
        kind = person_kind(self._crm(delivery))
        ids = dict.fromkeys(found.decode() for found in _ID.findall(delivery.body)[:_MOST_IDS])
        return Clues(addresses=tuple((kind, one) for one in ids))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        action = object_at(json_object(delivery.body), "action")
        if not text_at(action, "type"):
            raise ValueError("The payload has no action: it is no webhook of Trello.")
        at = instant_of(text_at(action, "date"), latest=delivery.received_at)
        key = f"{delivery.connection}/{short_key(text_at(action, 'id') or digest(delivery.body))}"
        news = next(self._news(action, self._crm(delivery)), None)
        if news is not None:
            return (event_of_news(news, key=key, at=at),)
        kind = EventKind.OWN if self._is_ours(action) else EventKind.UNKNOWN
        data: dict[str, object] = {"type": text_at(action, "type")[:64]}
        return (Event(key=key, kind=kind, at=at, channel="other", data=data),)

    def _news(self, action: Json, crm: str) -> Iterator[CrmNews]:
        """What it tells; nothing for what we did ourselves, and for what says nothing about a lead."""
        what, data = text_at(action, "type"), object_at(action, "data")
        card = text_at(object_at(data, "card"), "id")
        if not card or self._is_ours(action):
            return
        if what == "deleteCard":
            yield CrmNews(crm=crm, change=Change.DELETED, person_id=card)
        elif what == "addLabelToCard" and self._is_opt_out(data):
            yield CrmNews(crm=crm, change=Change.DO_NOT_CONTACT, person_id=card)
        elif what == "updateCard" and (stage := text_at(object_at(data, "listAfter"), "name")):
            yield CrmNews(crm=crm, change=Change.STAGE, person_id=card, value=stage[:200])
        elif what in _TO_BE_READ:
            yield CrmNews(crm=crm, change=Change.HINT, person_id=card)

    def _is_opt_out(self, data: Json) -> bool:
        label = text_at(object_at(data, "label"), "name") or text_at(data, "text")
        return label == self._options.do_not_contact_label

    def _is_ours(self, action: Json) -> bool:
        creator = text_at(object_at(action, "memberCreator"), "id") or text_at(action, "idMemberCreator")
        return bool(self._options.member_id) and creator == self._options.member_id

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection
