"""HTTP out: every answer of a provider becomes a value or exactly one error, and no error tells a secret."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest

from outreach.api_client import LARGEST_REPLY, ApiClient, code_of, retry_after, segment, words_of
from outreach.errors import (
    AdapterError,
    NotNow,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    UsageError,
)

T = TypeVar("T")
TOKEN = "Bearer top-secret/token+1"
BASE = "https://api.example.com/v1"

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


def call(
    answer: Answer, method: str = "POST", path: str = "/things", **options: Any
) -> tuple[Any, list[httpx.Request]]:
    """The value or the error of one call, and the requests it made."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    client_options = {name: options.pop(name) for name in ("key_header", "translate", "secrets") if name in options}

    async def story() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            api = ApiClient("pigeon", http, base_url=BASE, headers={"Authorization": TOKEN}, **client_options)
            try:
                return await api.request(method, path, **{"read": lambda reply: reply, **options})
            except AdapterError as error:
                return error

    return run(story()), requests


BROKEN: dict[str, Answer] = {
    "read timeout": httpx.ReadTimeout("silent"),
    "write timeout": httpx.WriteTimeout("stuck"),
    "broken while reading": httpx.ReadError("gone"),
    "broken while writing": httpx.WriteError("gone"),
    "closed without an answer": httpx.RemoteProtocolError("Server disconnected"),
    "500": httpx.Response(500, json={"message": "oops"}),
    "502": httpx.Response(502, text="<html>bad gateway"),
    "504": httpx.Response(504),
    "501": httpx.Response(501),
    "302": httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
    "303": httpx.Response(303, headers={"location": "/result"}),
    "not JSON": httpx.Response(200, text="<html>welcome"),
    "JSON without an end": httpx.Response(200, text="[" * 100_000),
    "larger than the limit": httpx.Response(200, content=b'"' + b"x" * LARGEST_REPLY + b'"'),
    "not what it says it is": lambda _: httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"this is no gzip")
    ),
}

NOT_REACHED: dict[str, Answer] = {
    "connection refused": httpx.ConnectError("refused"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "no free connection": httpx.PoolTimeout("full"),
    "proxy says no": httpx.ProxyError("no"),
    "503": httpx.Response(503, json={"message": "closed for repairs"}),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_in_doubt_may_have_been_accepted(name: str, method: str) -> None:
    error, _ = call(BROKEN[name], method)

    assert type(error) is OutcomeUnknown
    assert "may have been accepted" in str(error)


@pytest.mark.parametrize("name", BROKEN)
def test_a_read_in_doubt_may_be_made_again(name: str) -> None:
    by_get, _ = call(BROKEN[name], "GET")
    by_post, _ = call(BROKEN[name], "POST", is_write=False)

    assert type(by_get) is type(by_post) is Unavailable


@pytest.mark.parametrize("name", NOT_REACHED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_never_arrived_was_not_accepted(name: str, method: str) -> None:
    error, _ = call(NOT_REACHED[name], method)

    assert type(error) is Unavailable
    assert error.outcome is Outcome.DEFERRED


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (401, Unauthorized, Outcome.ACCOUNT_BLOCKED),
        (403, Unauthorized, Outcome.ACCOUNT_BLOCKED),
        (429, RateLimited, Outcome.THROTTLED),
        (400, Refused, Outcome.VALIDATION),
        (404, Refused, Outcome.NOT_FOUND),
        (409, Refused, Outcome.DUPLICATE),
        (410, Refused, Outcome.NOT_FOUND),
        (422, Refused, Outcome.VALIDATION),
        (451, Refused, Outcome.VALIDATION),
        (307, Refused, Outcome.CONFIG),
        (308, Refused, Outcome.CONFIG),
    ],
)
def test_a_status_has_one_meaning(method: str, status: int, kind: type[AdapterError], outcome: Outcome) -> None:
    error, _ = call(httpx.Response(status, json={"message": "no, thank you"}), method)

    assert (type(error), error.outcome) == (kind, outcome)
    assert str(error) == f"pigeon: {method} /things: {status} no, thank you"
    assert error.code == str(status)


def test_a_value_is_what_read_makes_of_the_reply() -> None:
    value, requests = call(httpx.Response(201, json={"id": "7"}), read=lambda reply: int(reply["id"]))

    assert (value, len(requests)) == (7, 1)


@pytest.mark.parametrize("reply", [httpx.Response(204), httpx.Response(200, content=b"  \r\n")])
def test_an_empty_body_reads_as_none(reply: httpx.Response) -> None:
    assert call(reply, read=lambda body: body is None)[0] is True


@pytest.mark.parametrize("body", [{}, [], None, "id", {"id": None}, {"id": "x"}])
def test_an_unexpected_body_is_a_doubt(body: Any) -> None:
    reply = httpx.Response(200, content=json.dumps(body).encode())

    written, _ = call(reply, read=lambda each: int(each["id"]))
    read, _ = call(reply, "GET", read=lambda each: int(each["id"]))

    assert (type(written), type(read)) == (OutcomeUnknown, Unavailable)


def test_an_error_of_the_reading_adapter_passes_without_secrets() -> None:
    def read(reply: Any) -> None:
        raise Refused("pigeon", f"ok is false, {TOKEN}", outcome=Outcome.REJECTED_CONTENT)

    error, _ = call(httpx.Response(200, json={"ok": False}), read=read)

    assert (type(error), str(error)) == (Refused, "pigeon: ok is false, ***")


def test_an_adapter_may_be_finer() -> None:
    def translate(response: httpx.Response, body: Any) -> AdapterError | None:
        if response.status_code == 403 and body["code"] == "blocked":
            return Refused("pigeon", f"the person blocked us {TOKEN}", outcome=Outcome.REJECTED_RECIPIENT)
        return None

    blocked, _ = call(httpx.Response(403, json={"code": "blocked"}), translate=translate)
    other, _ = call(httpx.Response(403, json={"code": "token"}), translate=translate)

    assert (type(blocked), str(blocked)) == (Refused, "pigeon: the person blocked us ***")
    assert (type(other), other.code) == (Unauthorized, "token")


@pytest.mark.parametrize(
    "answer",
    [
        *BROKEN.values(),
        httpx.ConnectError(f"cannot reach with {TOKEN}"),
        httpx.LocalProtocolError(f"Illegal header value {TOKEN!r}"),
        httpx.Response(401, json={"message": f"who is {TOKEN}?", "code": "top-secret/token+1"}),
        httpx.Response(422, text="seen top-secret%2Ftoken%2B1 in the query"),
        httpx.Response(500, text="also-secret in the text"),
    ],
)
def test_no_error_tells_a_secret(answer: Answer) -> None:
    error, _ = call(answer, secrets=["also-secret"])

    told = "".join(traceback.format_exception(error)) + repr(error) + error.said
    assert not [word for word in ("top-secret", "also-secret") if word in told]


def test_a_client_shows_no_secret() -> None:
    http = httpx.AsyncClient()
    api = ApiClient("pigeon", http, base_url=f"{BASE}/bot12345:abc", headers={"X-Key": TOKEN}, secrets=["bot12345:abc"])

    run(http.aclose())

    assert repr(api) == "ApiClient('pigeon', base_url='https://api.example.com/v1/***')"


def test_the_request_is_what_was_asked_for() -> None:
    _, requests = call(
        httpx.Response(200, json={}),
        params={"limit": 5},
        json={"name": "Ayşe"},
        headers={"X-Trace": "1"},
        key="e1.intro",
    )

    request = requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/things?limit=5")
    assert json.loads(request.content) == {"name": "Ayşe"}
    assert request.headers["authorization"] == TOKEN
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-trace"] == "1"
    assert "idempotency-key" not in request.headers


def test_a_key_is_sent_where_the_provider_has_a_header_for_it() -> None:
    _, requests = call(httpx.Response(200), key="e1.intro", key_header="Idempotency-Key")

    assert requests[0].headers["idempotency-key"] == "e1.intro"


def test_a_redirect_is_not_followed() -> None:
    _, requests = call(httpx.Response(307, headers={"location": "https://evil.example.com/"}), "GET")

    assert len(requests) == 1


def test_the_last_look_stands_before_the_request() -> None:
    seen: list[str] = []

    async def look() -> None:
        seen.append("look")

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append("request")
        return httpx.Response(200)

    call(handle, before=look)

    assert seen == ["look", "request"]


def test_a_refusing_last_look_sends_nothing() -> None:
    async def look() -> None:
        raise NotNow("a reply came in")

    def handle(request: httpx.Request) -> httpx.Response:
        raise AssertionError

    with pytest.raises(NotNow):
        call(handle, before=look)


def test_a_body_that_cannot_be_written_fails_before_the_last_look() -> None:
    async def look() -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="JSON"):
        call(httpx.Response(200), json={"score": float("nan")}, before=look)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "90"}, 90),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "999999999999999999999"}, 24 * 3600),
        ({"retry-after": "Mon, 02 Mar 2026 07:05:00 GMT", "date": "Mon, 02 Mar 2026 07:00:00 GMT"}, 300),
        ({"retry-after": "Mon, 02 Mar 2026 06:00:00 GMT", "date": "Mon, 02 Mar 2026 07:00:00 GMT"}, 1),
        ({"retry-after": "Mon, 02 Mar 2026 07:05:00 GMT"}, 60),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-5"}, 60),
        ({}, 60),
    ],
)
def test_a_limit_waits_as_told_within_reason(headers: dict[str, str], seconds: int) -> None:
    error, _ = call(httpx.Response(429, headers=headers))

    assert error.retry_after == timedelta(seconds=seconds)
    assert retry_after(httpx.Response(429, headers=headers)) == error.retry_after


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ({"message": "no", "category": "VALIDATION_ERROR"}, "no", "VALIDATION_ERROR"),
        ({"type": "errors/x", "title": "T", "detail": "D"}, "D", "errors/x"),
        ({"error": {"message": "deep", "code": 190}}, "deep", "190"),
        ({"error": "plain"}, "plain", ""),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first", ""),
        ([{"message": "listed", "errorCode": "E1"}], "listed", "E1"),
        ({"ok": False}, "", ""),
        (None, "", ""),
        ("text", "", ""),
    ],
)
def test_a_provider_is_quoted_in_its_own_words(body: Any, words: str, code: str) -> None:
    assert (words_of(body), code_of(body)) == (words, code)


@pytest.mark.parametrize(
    ("value", "encoded"), [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("ayşe", "ay%C5%9Fe"), ("a..b", "a..b")]
)
def test_data_in_a_path_stays_one_segment(value: str, encoded: str) -> None:
    _, requests = call(httpx.Response(200), "GET", f"/people/{segment(value)}")

    assert requests[0].url.raw_path == f"/v1/people/{encoded}".encode()


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_segment_that_names_another_path_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="path"):
        segment(value)


def test_a_base_url_that_is_none_is_refused_with_what_to_write() -> None:
    http = httpx.AsyncClient()

    with pytest.raises(UsageError, match="https://"):
        ApiClient("pigeon", http, base_url="api.example.com")

    run(http.aclose())


def test_a_reply_is_not_read_beyond_the_limit() -> None:
    served: list[int] = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                served.append(1)
                yield b"x" * 65536

    error, _ = call(httpx.Response(200, stream=Endless()))

    assert type(error) is OutcomeUnknown
    assert len(served) <= LARGEST_REPLY // 65536 + 1


def test_a_call_may_have_a_limit_of_its_own() -> None:
    long = "x" * (LARGEST_REPLY + 1)

    value, _ = call(httpx.Response(200, json=long), largest=2 * LARGEST_REPLY)

    assert value == long


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], Coroutine[Any, Any, int]]]:
    """Starts a server on loopback that answers every request with the given bytes, then closes."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", OutcomeUnknown),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", OutcomeUnknown),
        (b"nonsense\r\n\r\n", OutcomeUnknown),
        (b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\n{}", Refused),
    ],
)
def test_a_real_server_that_breaks_off_leaves_a_doubt(
    answering: Callable[[bytes], Coroutine[Any, Any, int]], answer: bytes, kind: type[AdapterError]
) -> None:
    async def story() -> AdapterError:
        port = await answering(answer)
        async with httpx.AsyncClient() as http:
            api = ApiClient("pigeon", http, base_url=f"http://127.0.0.1:{port}")
            with pytest.raises(AdapterError) as caught:
                await api.post("/things", json={}, read=lambda reply: reply)
            return caught.value

    assert type(run(story())) is kind
