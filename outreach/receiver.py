"""The contract of a receiver: one source of news. Implementations live in `receivers/`."""

from __future__ import annotations

from collections.abc import Mapping
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


class Receiver(Protocol):
    """Configured for one connection. Synchronous and without input or output: bytes in, values out."""

    provider: ClassVar[str]
    accepted_status: ClassVar[int]  # what the provider wants to hear when we stored it
    unavailable_status: ClassVar[int]  # … and when we could not
    max_bytes: ClassVar[int]

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        """Raise WebhookRejected unless the delivery is provably from the provider, now."""
        ...

    def key(self, delivery: Delivery) -> str:
        """What makes a repeat of this delivery the same delivery. Never raises."""
        ...

    def clues(self, delivery: Delivery) -> Clues:
        """Whom this may be about, from the bytes alone: the hold is put on these. Linear time; never raises."""
        ...

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        """Every event in the delivery, once. An unknown kind becomes EventKind.UNKNOWN. ValueError: not understood."""
        ...
