"""Microsoft Graph change notifications: there is something new in a mailbox. IMAP reads it; this only wakes the reader.

When a subscription is made, Graph asks with `?validationToken=…` and wants it back as text, with 200. A notification
is proved by its `clientState`, of which every one in a delivery has to be ours. Notices about the life of a
subscription (`lifecycleEvent`) wake the mailbox too: with `missed` something was not told.
Source: Microsoft Graph, "Set up notifications for changes in resource data".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from outreach.domain.event import Clues, Event
from outreach.errors import WebhookRejected
from outreach.receiver import Answer, Delivery
from outreach.receivers.payload import Json, is_mapping, json_object, objects_at, text_at
from outreach.receivers.proof import digest, is_one_of

_LONGEST_TOKEN = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """`mailboxes`: id of a subscription → sender. `secrets`: the clientState; several while it changes."""

    mailboxes: Mapping[str, str]
    secrets: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets:
            raise ValueError("A connection with `use: graph` needs `secrets`: the clientState of its subscriptions.")
        if not is_mapping(self.mailboxes):
            raise ValueError("`mailboxes` says whose subscription is whose: {<id of the subscription>: anna}.")


class Graph:
    """The receiver `graph`."""

    provider: ClassVar[str] = "graph"
    accepted_status: ClassVar[int] = 202
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 256 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._senders = {each.strip().lower(): sender for each, sender in options.mailboxes.items()}

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if _question(delivery):
            return
        try:
            told = _told(delivery)
        except ValueError as error:
            raise WebhookRejected(str(error)) from None
        states = [is_one_of(text_at(each, "clientState"), self._options.secrets) for each in told]
        if not states or not all(states):
            raise WebhookRejected("clientState is missing or wrong")

    def answer(self, delivery: Delivery) -> Answer | None:
        """The question that Graph asks when a subscription is made, answered with itself."""
        token = _question(delivery)
        return Answer(status=200, body=token) if token else None

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return Clues()

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        _told(delivery)
        return ()

    def wakes(self, delivery: Delivery) -> tuple[str, ...]:
        """The senders whose mailboxes these are; none for a subscription we do not know."""
        found = (self._senders.get(text_at(each, "subscriptionId").strip().lower()) for each in _told(delivery))
        return tuple(dict.fromkeys(sender for sender in found if sender))


def _question(delivery: Delivery) -> str:
    given = parse_qs(urlsplit(delivery.url).query).get("validationToken", [""])[0]
    return given if delivery.method == "POST" and len(given) <= _LONGEST_TOKEN else ""


def _told(delivery: Delivery) -> tuple[Json, ...]:
    payload = json_object(delivery.body)
    if not isinstance(payload.get("value"), list):
        raise ValueError("The body has no value: it is no notification of Graph.")
    return objects_at(payload, "value")
