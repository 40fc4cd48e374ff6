"""GET for receivers: bounded in time and size, https alone, no redirects. Whose hosts may be called they decide."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from outreach.clock import Clock
from outreach.errors import Refused, Unavailable

_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
_WHOLE_CALL = 10.0  # seconds, however slowly the body drips in: providers wait 15 for our answer
_LARGEST = 40 * 1024 * 1024  # a mail with its attachments, as providers keep them


class Fetcher:
    """Implements `outreach.receiver.Fetch`. Threads share it; connections are kept until `close`."""

    def __init__(self, clock: Clock, *, transport: httpx.BaseTransport | None = None) -> None:
        self._clock = clock
        self._transport = transport
        self._http: httpx.Client | None = None

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        """Raises Refused for a 4xx, Unavailable for everything else that is no 200."""
        if httpx.URL(url).scheme != "https":
            raise Refused("fetch", "only https:// is called")
        host = httpx.URL(url).host
        try:
            return self._get(url, headers or {}, host)
        except httpx.HTTPError as error:  # `from None`: the texts of httpx may quote a header with its secret
            raise Unavailable("fetch", f"{host} did not answer ({type(error).__name__})") from None

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def _get(self, url: str, headers: Mapping[str, str], host: str) -> bytes:
        began = self._clock.monotonic()
        body = bytearray()
        with self._client().stream("GET", url, headers=dict(headers)) as answer:
            if answer.is_client_error:
                raise Refused("fetch", f"{host} answered {answer.status_code}", code=str(answer.status_code))
            if answer.status_code != 200:
                raise Unavailable("fetch", f"{host} answered {answer.status_code}", code=str(answer.status_code))
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _LARGEST or self._clock.monotonic() - began > _WHOLE_CALL:
                    raise Unavailable("fetch", f"{host} answers too much or too slowly")
        return bytes(body)

    def _client(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(timeout=_TIMEOUT, follow_redirects=False, transport=self._transport)
        return self._http
