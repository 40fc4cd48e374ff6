"""A CRM connection that writes nothing: it reads, and says of jobs which request they would have begun with.

The jobs are put aside as those that need a person: nobody is told, and a retry writes them when the dry run is over.
"""

from __future__ import annotations

import httpx

from outreach.errors import Outcome, Refused

_LONGEST_BODY = 500


class Held(Refused):
    """A write that was held back. `said` has the request with its body, `line` its method and host alone."""

    def __init__(self, request: httpx.Request) -> None:
        path = request.url.raw_path.decode("ascii", "replace").partition("?")[0]
        body = request.content.decode("utf-8", "replace")[:_LONGEST_BODY]
        self.line = f"{request.method} {request.url.host}"
        said = f"it would begin with {request.method} {path} {body}".rstrip()
        super().__init__("dry run", said, outcome=Outcome.CONFIG)


async def hold_writes(request: httpx.Request) -> None:
    """For httpx's hook `request`. What is a write `ApiClient` tells: some searches go by POST."""
    if request.extensions.get("is_write", request.method not in ("GET", "HEAD")):
        raise Held(request)
