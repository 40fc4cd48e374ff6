"""Answers that leave open whether a write was carried out: 408, and 500 and above but for 503."""

from __future__ import annotations

import httpx

from outreach.errors import AdapterError, OutcomeUnknown, Unavailable

_READS = ("/search", "/batch/read")  # by POST


def in_doubt(provider: str, response: httpx.Response, words: str) -> AdapterError:
    """`words`: what was said. Whoever only reads has lost nothing; 503 says that nothing was begun."""
    request, code = response.request, str(response.status_code)
    if request.method == "GET" or request.url.path.endswith(_READS) or response.status_code == 503:
        return Unavailable(provider, words, code=code)
    return OutcomeUnknown(provider, f"{words}; it may have been accepted", code=code)


def timed_out(provider: str, response: httpx.Response) -> AdapterError | None:
    """What a 408 means; None for any other status. The server waited in vain, or says so although it had the request:
    which of them nobody can tell.
    """
    if response.status_code != 408:
        return None
    return in_doubt(provider, response, f"{response.request.method} {response.request.url.path}: 408")
