"""The way out of receivers: bounded, https alone, no redirects, each answer with one meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.errors import Refused, Unavailable
from outreach.fetching import Fetcher

URL = "https://sns.eu-central-1.amazonaws.com/x.pem"
Handle = Callable[[httpx.Request], httpx.Response]


def fetcher(handle: Handle, clock: MovableClock | None = None) -> Fetcher:
    clock = clock or MovableClock(datetime(2026, 11, 21, tzinfo=UTC))
    return Fetcher(clock, transport=httpx.MockTransport(handle))


def test_the_body_of_a_200_comes_back_and_headers_go_out() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"PEM")

    fetch = fetcher(handle)

    assert fetch(URL, headers={"Authorization": "Bearer sample"}) == b"PEM"
    assert fetch(URL) == b"PEM"
    assert [request.headers.get("authorization") for request in seen] == ["Bearer sample", None]
    fetch.close()


@pytest.mark.parametrize("status", [301, 302, 307, 204, 500, 503])
def test_another_answer_is_for_later(status: int) -> None:
    with pytest.raises(Unavailable):
        fetcher(lambda _: httpx.Response(status, headers={"location": "https://evil.example/"}))(URL)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(status: int) -> None:
    with pytest.raises(Refused):
        fetcher(lambda _: httpx.Response(status))(URL)


def test_no_answer_is_for_later_and_tells_no_secret() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow, with Bearer sample")

    with pytest.raises(Unavailable) as caught:
        fetcher(handle)(URL, headers={"Authorization": "Bearer sample"})

    assert "sample" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://sns.eu-central-1.amazonaws.com/", "file:///etc/passwd", "ftp://x/"])
def test_only_https_is_called(url: str) -> None:
    with pytest.raises(Refused):
        fetcher(lambda _: httpx.Response(200))(url)


def test_a_body_that_drips_is_given_up() -> None:
    clock = MovableClock(datetime(2026, 11, 21, tzinfo=UTC))

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.advance(timedelta(seconds=3))
                yield b"drop"

    with pytest.raises(Unavailable):
        fetcher(lambda _: httpx.Response(200, stream=Drip()), clock)(URL)


def test_a_body_without_end_is_given_up() -> None:
    class Flood(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 1024 * 1024

    with pytest.raises(Unavailable):
        fetcher(lambda _: httpx.Response(200, stream=Flood()))(URL)
