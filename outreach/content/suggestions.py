"""Guesses at what somebody meant to write."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_SHOWN = 12


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word most like `word`, or None if none is near."""
    by_lower = {name.lower(): name for name in sorted(known)}
    found = get_close_matches(word.lower()[:100], by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'email'?`, or what is known, or nothing."""
    names = sorted(known)
    near = closest(word, names)
    if near is not None:
        return f"Did you mean '{near}'?"
    return one_of(names) if len(names) <= _MOST_SHOWN else ""


def one_of(names: Iterable[str]) -> str:
    """`Write one of: a, b, c.`, or nothing."""
    listed = ", ".join(names)
    return f"Write one of: {listed}." if listed else ""
