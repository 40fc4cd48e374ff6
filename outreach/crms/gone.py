"""Records that are not there any more: what is asked for may be gone, and a deal may go while it is to be moved."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from outreach.errors import Outcome, Refused, Unavailable

T = TypeVar("T")


async def none_if_gone(asked: Awaitable[T]) -> T | None:
    """The answer; None where the record is not there."""
    try:
        return await asked
    except Refused as error:
        if error.outcome is not Outcome.NOT_FOUND:
            raise
        return None


async def again_if_gone(provider: str, asked: Awaitable[T], *, what: str) -> T:
    """The answer. That `what` is gone does not mean that the person is: the work is begun anew later."""
    try:
        return await asked
    except Refused as error:
        if error.outcome is not Outcome.NOT_FOUND:
            raise
        raise Unavailable(provider, f"{what} was removed while it was to be written") from None
