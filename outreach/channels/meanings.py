"""What a provider's own error code says, in our words: the class the engine decides on, and the finer outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import httpx

from outreach.api_client import retry_after
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable


class Meaning(NamedTuple):
    """One row of a provider's table of errors. `wait` is for limits whose answer names no time."""

    kind: type[AdapterError]
    outcome: Outcome
    wait: timedelta = timedelta(minutes=1)


RECIPIENT = Meaning(Refused, Outcome.REJECTED_RECIPIENT)
CONTENT = Meaning(Refused, Outcome.REJECTED_CONTENT)
SUPPRESSED = Meaning(Refused, Outcome.SUPPRESSED)
NOT_READY = Meaning(Refused, Outcome.NOT_READY)
WRONG_REQUEST = Meaning(Refused, Outcome.CONFIG)
BLOCKED = Meaning(Unauthorized, Outcome.ACCOUNT_BLOCKED)
SET_UP = Meaning(Unauthorized, Outcome.CONFIG)
LATER = Meaning(Unavailable, Outcome.DEFERRED)
LIMIT = Meaning(RateLimited, Outcome.THROTTLED)
IN_DOUBT = Meaning(OutcomeUnknown, Outcome.UNKNOWN)


def error_of(
    provider: str, meaning: Meaning, said: str, *, code: str, response: httpx.Response | None = None
) -> AdapterError:
    """The error for a row. A limit waits as long as the response asks (`Retry-After`), else the row's own time."""
    if meaning.kind is RateLimited:
        wait = meaning.wait if response is None else retry_after(response, default=meaning.wait)
        return RateLimited(provider, said, retry_after=wait, outcome=meaning.outcome, code=code)
    return meaning.kind(provider, said, outcome=meaning.outcome, code=code)
