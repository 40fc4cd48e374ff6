"""The only reader of time, randomness and fresh ids; everything else is given a Clock."""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """What services ask for the present instant, for elapsed seconds and for new ids."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; for leases and deadlines inside one process."""
        ...

    def fresh_id(self) -> str:
        """A new id of 24 characters, lower case: 11 of time in ms (so ids sort by birth), 13 random (65 bits)."""
        ...


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TIME_SHIFTS = range(50, -1, -10)  # six pairs; the first digit is cut off
_DRAW, _BYTES, _MASK = 256, 9, (1 << 65) - 1
_RANDOM_SHIFTS = range(60, -1, -10)  # seven pairs of 65 bits; the first digit is always 0, and cut off


@lru_cache(maxsize=16)
def _time_digits(milliseconds: int) -> str:
    return "".join([_PAIRS[milliseconds >> shift & 1023] for shift in _TIME_SHIFTS])[1:]


_drawn: list[int] = []
"""Random numbers that were drawn and not used: asking the kernel for each costs more than the rest of an id."""

os.register_at_fork(after_in_child=_drawn.clear)  # else parent and child would use the same ones


def _random_bits() -> int:
    """65 random bits, each given out once, whoever asks: taking the last of a list is one step."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            block = secrets.token_bytes(_DRAW * _BYTES)
            _drawn.extend(int.from_bytes(block[at : at + _BYTES]) & _MASK for at in range(0, len(block), _BYTES))


def _id_at(instant: datetime) -> str:
    bits = _random_bits()
    random_digits = "".join([_PAIRS[bits >> shift & 1023] for shift in _RANDOM_SHIFTS])[1:]
    return _time_digits(int(instant.timestamp() * 1000)) + random_digits


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def fresh_id(self) -> str:
        return _id_at(self.now())


class MovableClock:
    """A clock that stands still until it is moved: for tests, the sandbox and simulations. Safe to share by threads."""

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        self._start = start.astimezone(UTC)
        self._now = self._start

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        return (self.now() - self._start).total_seconds()

    def fresh_id(self) -> str:
        return _id_at(self.now())

    def advance(self, by: timedelta) -> None:
        with self._lock:
            self._now += by

    def move_to(self, instant: datetime) -> None:
        """Go to an instant; an earlier one than now leaves the clock where it is."""
        with self._lock:
            self._now = max(self._now, instant.astimezone(UTC))


def fresh_secret() -> str:
    """A new secret of 256 bits, as URL-safe text."""
    return secrets.token_urlsafe(32)
