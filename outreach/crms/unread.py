"""Parts of an account that a connection's credentials may not read: `check` says so, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from outreach.errors import Refused, Unauthorized


async def unread_of(
    parts: Mapping[tuple[str, ...], Callable[[], Awaitable[object]]],
    *,
    closed: tuple[type[Refused] | type[Unauthorized], ...] = (Unauthorized,),
) -> dict[str, str]:
    """Names of `Account` → how to read what stands there. Of those that are closed, what was said."""
    unread: dict[str, str] = {}
    for names, read in parts.items():
        try:
            await read()
        except closed as error:
            unread |= dict.fromkeys(names, error.said)
    return unread
