"""The contract of a receiver: one source of news. Implementations live in `receivers/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from outreach.domain.event import Clues, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One raw thing a provider told us, before it is understood. `headers` have lower-case names."""

    connection: str  # the name in config/outreach.yaml
    method: str
    url: str  # as the provider called it, by the configured public address
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime


class Fetch(Protocol):
    """Gets what a delivery only names: a certificate, a confirmation, a mail that is kept elsewhere.

    The one way out a receiver has, and only for those that ask for `fetch` in their constructor. The receiver checks
    the host against its provider's own before it calls. Synchronous; bounded in time and size; no redirects.
    """

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200. Raises Refused for a 4xx, Unavailable for everything else."""
        ...


class Receiver(Protocol):
    """Configured for one connection. Synchronous, bytes in, values out; without input or output but `Fetch`."""

    provider: ClassVar[str]
    accepted_status: ClassVar[int]  # what the provider wants to hear when we stored it
    unavailable_status: ClassVar[int]  # … and when we could not
    max_bytes: ClassVar[int]

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        """Raise WebhookRejected unless the delivery is provably from the provider, now. Unavailable: cannot be told."""
        ...

    def key(self, delivery: Delivery) -> str:
        """What makes a repeat of this delivery the same delivery. Never raises."""
        ...

    def clues(self, delivery: Delivery) -> Clues:
        """Whom this may be about, from the bytes alone: the hold is put on these. Linear time; never raises."""
        ...

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        """Every event in the delivery, once. An unknown kind becomes EventKind.UNKNOWN. ValueError: not understood.

        Unavailable: what it names cannot be fetched at the moment; it is tried again.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider wants to hear in place of our usual words.

    `is_news`: the delivery is stored as well. A handshake (X, WhatsApp, Slack, Trello …) is no news.
    """

    status: int = 200
    body: str = field(default="", repr=False)
    content_type: str = "text/plain; charset=utf-8"
    is_news: bool = False


def answer_of(receiver: Receiver, delivery: Delivery) -> Answer | None:
    """What a receiver with a method `answer(delivery) -> Answer | None` says to a delivery that was verified."""
    asked: Callable[[Delivery], Answer | None] | None = getattr(receiver, "answer", None)
    return asked(delivery) if asked else None


def wakes_of(receiver: Receiver, delivery: Delivery) -> tuple[str, ...]:
    """Senders in whose mailboxes there is something new, from a receiver with a method `wakes(delivery)`.

    What is new is not in the delivery: whoever reads the mailbox finds it there.
    """
    asked: Callable[[Delivery], tuple[str, ...]] | None = getattr(receiver, "wakes", None)
    return asked(delivery) if asked else ()
