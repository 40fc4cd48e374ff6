"""What worlds of CRMs with OAuth share: a vault of one process, and token sources over a stand-in's transport."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from outreach.clock import MovableClock
from outreach.oauth import Tokens
from outreach.sandbox.stand_in import StandIn


class ShelfVault:
    """A vault of one process; nobody else wants a turn."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.entries.get(name)

    def put(self, name: str, value: str) -> None:
        self.entries[name] = value

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        return True

    def end_turn(self, name: str) -> None:
        return None


def client_and_tokens(fake: StandIn, vault: ShelfVault | None = None) -> tuple[httpx.AsyncClient, Tokens]:
    """One client for the service and for where its tokens are."""
    kept = vault or ShelfVault()
    http = httpx.AsyncClient(transport=fake.transport())
    clock = MovableClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    return http, Tokens(http, vault=lambda: kept, clock=clock)
