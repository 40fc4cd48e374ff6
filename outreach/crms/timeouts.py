"""408: the server waited in vain, or says so although it had the request. Which of them nobody can tell."""

from __future__ import annotations

import httpx

from outreach.errors import AdapterError, OutcomeUnknown, Unavailable


def timed_out(provider: str, response: httpx.Response) -> AdapterError | None:
    """What a 408 means for this request; None for any other status. A search by POST only reads."""
    if response.status_code != 408:
        return None
    request = response.request
    said = f"{request.method} {request.url.path}: 408"
    if request.method == "GET" or request.url.path.endswith("/search"):
        return Unavailable(provider, said, code="408")
    return OutcomeUnknown(provider, f"{said}; it may have been accepted", code="408")
