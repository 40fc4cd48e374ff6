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
_DRAW, _DIGITS = 256, 13
_DIGIT_OF_BYTE = "".join(_ALPHABET[byte % 32] for byte in range(256)).encode()


@lru_cache(maxsize=16)
def _time_digits(milliseconds: int) -> str:
    return "".join([_PAIRS[milliseconds >> shift & 1023] for shift in _TIME_SHIFTS])[1:]


_drawn: list[str] = []
"""Random numbers that were drawn and not used: asking the kernel for each costs more than the rest of an id."""

os.register_at_fork(after_in_child=_drawn.clear)  # else parent and child would use the same ones


def _random_digits() -> str:
    """13 random digits, given out once, whoever asks: taking the last of a list is one step."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            block = secrets.token_bytes(_DRAW * _DIGITS).translate(_DIGIT_OF_BYTE).decode()
            _drawn.extend(block[at : at + _DIGITS] for at in range(0, len(block), _DIGITS))


def _id_at(seconds: float) -> str:
    return _time_digits(int(seconds * 1000)) + _random_digits()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def fresh_id(self) -> str:
        return _id_at(time.time())


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
        return _id_at(self.now().timestamp())

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
