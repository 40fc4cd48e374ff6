"""Parts of an account that a connection's credentials may not read: `check` says so, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from outreach.errors import Refused, Unauthorized

Parts = dict[tuple[str, ...], Callable[[], Awaitable[object]]]
"""Names of `Account` → how to read what stands there."""


async def unread_of(
    parts: Parts,
    *,
    closed: tuple[type[Refused] | type[Unauthorized], ...] = (Unauthorized,),
) -> dict[str, str]:
    """Of the parts that are closed to us, what was said."""
    unread: dict[str, str] = {}
    for names, read in parts.items():
        try:
            await read()
        except closed as error:
            unread |= dict.fromkeys(names, error.said)
    return unread
