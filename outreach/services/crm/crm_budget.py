"""How many calls a CRM connection may still make: our share of the vendor's rate, one for all processes.

The budget stands beside the connection in the database and is taken from in the transaction that claims. A job takes
one call; what it made beyond that, counted by the HTTP client, is taken off at the next claim. When the vendor's own
headers say that less is left, that counts.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from outreach.store.crm_connections import ConnectionState

_SECOND, _HOUR = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `calls` calls in `per`, refilled steadily."""

    calls: int
    per: timedelta

    def at(self, state: ConnectionState, now: datetime) -> tuple[int, datetime]:
        """(what is left now, the instant to count on from): a part of a call is not lost between two looks."""
        if state.calls_left is None or state.calls_at is None:
            return self.calls, now
        gained = int(max(now - state.calls_at, timedelta()) * self.calls / self.per)
        left = state.calls_left + gained
        if left >= self.calls:
            return self.calls, now
        return left, state.calls_at + self.per * gained / self.calls


DOCUMENTED: Mapping[str, Budget] = {
    "hubspot": Budget(90, 10 * _SECOND),  # 100 in 10 s is the smallest plan's
    "pipedrive": Budget(8, 2 * _SECOND),  # searches, the scarcest: 10 in 2 s
    "trello": Budget(90, 10 * _SECOND),  # 100 in 10 s for a token
    "salesmate": Budget(1_350, _HOUR),  # 1,500 an hour
    "clinchpad": Budget(1_080, _HOUR),  # 1,200 an hour
    "zoho": Budget(20, _SECOND),  # limited by credits and by ten calls at a time
}
"""A tenth is left to people and other programs. What is not here documents no rate: only its 429 slows it down."""


class Meter:
    """Counts the calls of one connection's HTTP client in this process, and remembers what the vendor said is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made = 0
        self._reserved = 0
        self._told: int | None = None

    def reserve(self, calls: int) -> None:
        """So many calls were taken from the budget for jobs that begin now."""
        with self._lock:
            self._reserved += calls

    async def made(self, request: httpx.Request) -> None:
        """For httpx's hook `request`."""
        with self._lock:
            self._made += 1

    async def answered(self, response: httpx.Response) -> None:
        """For httpx's hook `response`."""
        left = left_by(response.headers)
        if left is not None:
            with self._lock:
                self._told = left

    def take(self) -> tuple[int, int | None]:
        """(calls made since the last time beyond those reserved, what the vendor last said is left)."""
        with self._lock:
            found = max(self._made - self._reserved, 0), self._told
            self._made, self._reserved, self._told = 0, 0, None
        return found


_WINDOWS = (
    "x-hubspot-ratelimit-remaining",
    "x-hubspot-ratelimit-daily-remaining",
    "x-ratelimit-remaining",
    "x-rate-limit-api-token-remaining",
    "x-api-credits-remaining",
)
_USAGES = re.compile(r"api-usage=(\d+)/(\d+)")  # the organisation's; one of our app alone may stand behind it


def left_by(headers: Mapping[str, str]) -> int | None:
    """The smallest number of calls that the vendor says are left; None: it says nothing."""
    found = [int(value) for name in _WINDOWS if (value := headers.get(name, "")).isascii() and value.isdigit()]
    for used, most in _USAGES.findall(headers.get("sforce-limit-info", "")):
        found.append(max(int(most) - int(used), 0))
    return min(found, default=None)
