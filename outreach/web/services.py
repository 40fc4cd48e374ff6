"""What the web asks of the program: a handful of callables, put together where the program is built.

Pages get plain values. The shapes, every key present:

`today()`
    now: datetime
    sent, due, replies, blocked, unknown, failed, tasks, forgotten: int   (sent, replies, failed: of today)
    forgotten_at: datetime | None   when these were counted, if not now
    blocks:  [{because: str, count: int}]                                 most first
    senders: [{name: str, action: str, used: int, per_day: int | None, state: str, detail: str}]
             `state` is ready, waiting, paused or failing
    health:  [{name: str, is_fine: bool, detail: str}]
    latest:  [{at: datetime, kind: str, lead_id: str | None, who: str, text: str}]   newest first
    numbers: {name: float}   more gauges for /metrics, such as `lateness_seconds`, `crm_waiting`

The other pages of the dashboard call services of the `program` themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from outreach.receiver import Answer, Receiver

if TYPE_CHECKING:
    from outreach.app import App

Values = Mapping[str, Any]


class Accepted(Protocol):
    """A delivery that is stored, with its holds."""

    @property
    def delivery_id(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def answer(self) -> Answer | None: ...


class Accept(Protocol):
    """Store one delivery. Raises WebhookRejected when it is not provably from the provider."""

    def __call__(
        self, connection: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Accepted: ...


class Leaving(Protocol):
    """What the opt-out page may know: in which language to speak, for whom, and whether it has happened."""

    @property
    def language(self) -> str | None: ...
    @property
    def organisation(self) -> str: ...
    @property
    def is_done(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """Everything behind the pages. Callables are synchronous and may be called from several threads."""

    public_url: str
    receivers: Mapping[str, Receiver]
    accept: Accept
    look: Callable[[str], Leaving | None]
    """Opt-out token → what the page may know; None: no such token. Changes nothing."""
    leave: Callable[[str], Leaving | None]
    """Opt-out token → the same, after the opt-out has been committed; a repeat is fine."""
    ready: Callable[[], None]
    """Raise anything when the database cannot be used or is not at the newest revision."""
    today: Callable[[], Values]
    opened: Callable[[str, str], None] = lambda token, agent: None
    """An image's token and the program that asked: count an open, if we made the token."""
    clicked: Callable[[str, str | None], str | None] = lambda token, agent: None
    """A link's token and the program (None: do not count) → where it leads; None: we did not make it."""
    program: App | None = None
    """What the pages of the dashboard read and write; None: there are no pages but today."""
    zone: str = "UTC"
    """The IANA zone in which pages show time."""
    dashboard_everywhere: bool = False
    """Show the dashboard under `public_url` too: only where something in front asks for a login."""
