"""HTTP out: httpx goes in, our errors come out. One client per provider account; the reply is read inside the call.

| The provider's answer                                  | a write          | a read        |
|--------------------------------------------------------|------------------|---------------|
| no connection, no free connection, 503                 | Unavailable      | Unavailable   |
| read time-out, broken connection, 500, 502, 504,       |                  |               |
| not JSON, unexpected body, a redirect that may follow  | OutcomeUnknown   | Unavailable   |
| the work (301, 302, 303)                               |                  |               |
| 429                                                    | RateLimited      | RateLimited   |
| 401, 403                                               | Unauthorized     | Unauthorized  |
| 307, 308, other 4xx                                    | Refused          | Refused       |

An adapter whose provider documents more hands in `translate` and is finer. Nothing is repeated and nothing waits here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Protocol, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx

from outreach.channel import LastLook
from outreach.errors import (
    AdapterError,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    UsageError,
)

T = TypeVar("T")
Translate = Callable[[httpx.Response, Any], AdapterError | None]
"""(response, parsed body or None) → a finer error, or None for the table above. Only status and headers of the response
may be used: its body was read already and is the second argument."""

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
WHOLE_CALL = 60.0  # seconds for one call, however slowly the reply drips in
LARGEST_REPLY = 1024 * 1024
DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=24)
_LONGEST_WORDS = 300
_SHORTEST_SECRET = 4  # shorter ones would blank out ordinary letters of the text

_NOTHING_ACCEPTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
_OUTCOME_BY_STATUS = {
    307: Outcome.CONFIG,
    308: Outcome.CONFIG,
    404: Outcome.NOT_FOUND,
    410: Outcome.NOT_FOUND,
    409: Outcome.DUPLICATE,
}


class Call(TypedDict, total=False):
    """What a call may carry besides its path and the way to read its reply."""

    params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None
    json: Any
    data: Mapping[str, Any] | None  # form fields
    content: bytes | None  # a body as it is, for one that is signed; its type stands in `headers`
    files: Any  # httpx's multipart parts; a plain field is (name, (None, value))
    headers: Mapping[str, str] | None
    key: str | None  # the idempotency key; sent if the client was given a `key_header`
    is_write: bool  # default: every method but GET and HEAD; False for a search by POST
    before: LastLook | None  # awaited when the request is built, just before it goes out
    is_text: bool  # the reply is no JSON: `read` gets it as text
    largest: int  # bytes of the reply, where LARGEST_REPLY is too little: descriptions of a big account
    heard: Callable[[httpx.Response], None] | None  # gets status and headers of a 2xx, before `read` gets its body
    extensions: Mapping[str, Any] | None  # httpx's own: `sni_hostname` for a call to an address that was looked up


@dataclass(frozen=True, slots=True)
class Credentials:
    """What authenticates a call: headers, and the host to call if it comes with them."""

    headers: Mapping[str, str] = field(repr=False)
    base_url: str = ""


class Authority(Protocol):
    """Gives credentials that end, such as `outreach.oauth.Bearer`."""

    async def credentials(self, *, refused: Credentials | None = None) -> Credentials:
        """Valid ones. `refused` were answered with 401: others, or Unauthorized."""
        ...


def segment(value: str) -> str:
    """A value as one segment of a path. Raises ValueError for one that would name another path (empty, `.`, `..`)."""
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot stand in a path")
    return quote(value, safe="")


class ApiClient:
    """One account at one provider. Tasks may share it; the httpx client belongs to the caller, who closes it."""

    def __init__(
        self,
        provider: str,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        key_header: str = "",
        translate: Translate | None = None,
        authority: Authority | None = None,
    ) -> None:
        """`headers` go with every call, and their values count as secrets, as do `secrets` (a token inside a URL).

        `key_header` names the header for idempotency keys, for providers that have one (`Idempotency-Key`).
        `authority` is asked before each call; after a 401 it is asked for others, and the call goes out once more.
        """
        if not base_url.startswith(("https://", "http://")):
            raise UsageError(f"{provider}: base_url must begin with https:// (or http:// on loopback)")
        self.provider = provider
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._secrets = _all_spellings([*secrets, *self._headers.values()])
        self._key_header = key_header
        self._translate = translate
        self._authority = authority
        self._lasting_secrets = self._secrets

    def __repr__(self) -> str:
        return f"ApiClient({self.provider!r}, base_url={self.redact(self._base_url)!r})"

    async def get(self, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        return await self.request("GET", path, read=read, **call)

    async def post(self, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        return await self.request("POST", path, read=read, **call)

    async def patch(self, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        return await self.request("PATCH", path, read=read, **call)

    async def put(self, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        return await self.request("PUT", path, read=read, **call)

    async def delete(self, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        return await self.request("DELETE", path, read=read, **call)

    async def request(self, method: str, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        """Do it once and read the reply. `read` gets the parsed JSON, or None for an empty body; text if `is_text`.

        `read` may raise an AdapterError of its own; a LookupError, TypeError, ValueError or AttributeError from it
        means the body was not what the provider documents. `path` begins with `/`; put data in it by `segment()`.
        """
        is_write = call.get("is_write", method not in ("GET", "HEAD"))
        credentials = await self._credentials(None)
        request = self._build(method, path, call, credentials)
        if before := call.get("before"):
            await before()
        what, largest = f"{method} {path}", call.get("largest", LARGEST_REPLY)
        response, content = await self._exchange(request, what, is_write, largest=largest)
        if response.status_code == 401 and self._authority:
            request = self._build(method, path, call, await self._credentials(credentials))
            response, content = await self._exchange(request, what, is_write, largest=largest)
        if not response.is_success:
            raise self._error(response, content, what, is_write)
        if heard := call.get("heard"):
            heard(response)
        if call.get("is_text"):
            return self._told(content.decode("utf-8", "replace"), read, what, is_write)
        return self._understand(content, read, what, is_write)

    def redact(self, text: str) -> str:
        """The text without any secret of this account."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def _credentials(self, refused: Credentials | None) -> Credentials:
        if self._authority is None:
            return _NONE
        credentials = await self._authority.credentials(refused=refused)
        self._secrets = (*_all_spellings(credentials.headers.values()), *self._lasting_secrets)
        return credentials

    def _build(self, method: str, path: str, call: Call, credentials: Credentials) -> httpx.Request:
        headers = {"accept": "application/json", **self._headers, **credentials.headers, **(call.get("headers") or {})}
        key = call.get("key")
        if key and self._key_header:
            headers[self._key_header] = key
        return self._http.build_request(
            method,
            (credentials.base_url.rstrip("/") or self._base_url) + path,
            params=call.get("params"),  # type: ignore[arg-type]  # httpx's own type is narrower than what it takes
            json=call.get("json"),
            data=call.get("data"),
            content=call.get("content"),
            files=call.get("files"),
            headers=headers,
            timeout=TIMEOUT,
            extensions={
                "is_write": call.get("is_write", method not in ("GET", "HEAD")),
                **(call.get("extensions") or {}),
            },
        )

    async def _exchange(
        self, request: httpx.Request, what: str, is_write: bool, *, largest: int
    ) -> tuple[httpx.Response, bytes]:
        # `from None`: the texts of httpx may quote a header with its secret.
        try:
            async with asyncio.timeout(WHOLE_CALL):
                return await self._reply_to(request, largest)
        except AdapterError as error:  # of a hook of the client, which holds the request back
            raise self._without_secrets(error) from None
        except _NOTHING_ACCEPTED as error:
            raise Unavailable(self.provider, self._say(what, f"no connection ({_name(error)})")) from None
        except (httpx.TimeoutException, TimeoutError):
            self._doubt(what, "no reply in time", is_write)
        except _TooLarge:
            self._doubt(what, f"the reply is larger than {largest} bytes", is_write)
        except httpx.HTTPError as error:
            self._doubt(what, f"the connection broke ({_name(error)})", is_write)

    async def _reply_to(self, request: httpx.Request, largest: int) -> tuple[httpx.Response, bytes]:
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > largest:
                    raise _TooLarge
            return response, bytes(content)
        finally:
            await response.aclose()

    def _understand(self, content: bytes, read: Callable[[Any], T], what: str, is_write: bool) -> T:
        body = None
        if content.strip():
            try:
                body = json.loads(content)
            except (ValueError, RecursionError):
                self._doubt(what, "the reply is not JSON", is_write)
        return self._told(body, read, what, is_write)

    def _told(self, body: Any, read: Callable[[Any], T], what: str, is_write: bool) -> T:
        try:
            return read(body)
        except AdapterError as error:
            raise self._without_secrets(error) from None
        except _UNREADABLE as error:
            self._doubt(what, f"the reply is not what was expected ({_name(error)})", is_write)

    def _doubt(self, what: str, why: str, is_write: bool) -> NoReturn:
        if is_write:
            raise OutcomeUnknown(self.provider, self._say(what, f"{why}; it may have been accepted")) from None
        raise Unavailable(self.provider, self._say(what, why)) from None

    def _error(self, response: httpx.Response, content: bytes, what: str, is_write: bool) -> AdapterError:
        body = _json_or_none(content)
        error = self._translate(response, body) if self._translate else None
        if error is None:
            words = words_of(body) or content.decode("utf-8", "replace")
            said = self._say(what, f"{response.status_code} {words}".rstrip())
            error = self._by_status(response, said, code_of(body) or str(response.status_code), is_write)
        return self._without_secrets(error)

    def _by_status(self, response: httpx.Response, said: str, code: str, is_write: bool) -> AdapterError:
        status = response.status_code
        if status == 429:
            return RateLimited(self.provider, said, retry_after=retry_after(response), code=code)
        if status in (401, 403):
            return Unauthorized(self.provider, said, code=code)
        if 400 <= status < 500 or status in (307, 308):
            return Refused(self.provider, said, outcome=_OUTCOME_BY_STATUS.get(status, Outcome.VALIDATION), code=code)
        if is_write and status != 503:
            return OutcomeUnknown(self.provider, f"{said}; it may have been accepted", code=code)
        return Unavailable(self.provider, said, code=code)

    def _say(self, what: str, why: str) -> str:
        return self.redact(f"{what}: {' '.join(why.split())[:_LONGEST_WORDS]}")

    def _without_secrets(self, error: AdapterError) -> AdapterError:
        error.said = self.redact(error.said)
        error.args = (f"{error.provider}: {error.said}",)
        return error


_NONE = Credentials({})


class _TooLarge(Exception):
    """The reply passed the limit; reading stopped."""


def retry_after(response: httpx.Response, default: timedelta = DEFAULT_WAIT) -> timedelta:
    """What `Retry-After` asks for (RFC 9110 §10.2.3), between one second and a day; `default` if it is not readable.

    A date in it is measured against the reply's own `Date`, so that the two clocks need not agree.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=min(int(value[:12]), int(LONGEST_WAIT.total_seconds())))
    else:
        wait = _between(response.headers.get("date", ""), value) or default
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def words_of(body: Any) -> str:
    """The sentence in a provider's error body, wherever it usually stands; empty if there is none."""
    return _first_text(body, ("message", "detail", "title", "error_description", "description", "error"))


def code_of(body: Any) -> str:
    """The provider's own code in an error body; empty if there is none."""
    return _first_text(body, ("code", "type", "errorCode", "error_code", "category", "status_code"))


def _first_text(body: Any, names: Sequence[str]) -> str:
    if isinstance(body, list) and body:
        return _first_text(body[0], names)
    if not isinstance(body, dict):
        return ""
    for name in names:
        value = body.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    nested = body.get("error") or body.get("errors")
    return _first_text(nested, names) if isinstance(nested, dict | list) else ""


def _between(start: str, end: str) -> timedelta | None:
    try:
        return parsedate_to_datetime(end) - parsedate_to_datetime(start)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _all_spellings(values: Iterable[str]) -> tuple[str, ...]:
    """Each secret, its bare form after `Bearer ` and the like, and its form in a URL; the longest first."""
    bare = {word for value in values for word in (value, value.rpartition(" ")[2])}
    spellings = {form for word in bare for form in (word, quote(word, safe=""))}
    return tuple(sorted((word for word in spellings if len(word) >= _SHORTEST_SECRET), key=len, reverse=True))


def _name(error: Exception) -> str:
    return type(error).__name__
