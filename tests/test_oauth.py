"""Tokens: one refresh for all who wait, renewed ahead, stored before use, and never shown."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs

import httpx
import pytest

from outreach.api_client import ApiClient
from outreach.clock import MovableClock
from outreach.errors import AdapterError, RateLimited, Unauthorized, Unavailable
from outreach.grants import Grant, GrantKind
from outreach.oauth import Bearer, Tokens, TokenSource

T = TypeVar("T")
TOKEN_URL = "https://login.example.com/oauth/token?tenant=1"
GRANT = Grant(
    provider="sample",
    token_url=TOKEN_URL,
    client_id="client-1",
    client_secret="client-secret-1",
    refresh_token="refresh-0",
)


class ShelfVault:
    """A vault of one process, that can be told to fail or to be busy."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.is_busy = False
        self.failure: Exception | None = None
        self.turns = 0

    def get(self, name: str) -> str | None:
        return self.entries.get(name)

    def put(self, name: str, value: str) -> None:
        if self.failure:
            raise self.failure
        self.entries[name] = value

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        self.turns += not self.is_busy
        return not self.is_busy

    def end_turn(self, name: str) -> None:
        self.turns -= 1


class LoginServer:
    """Gives access-1, access-2, …; with `rotates` a refresh token is good for one use."""

    def __init__(self, *, lifetime: int | None = 3600, rotates: bool = False) -> None:
        self.lifetime, self.rotates = lifetime, rotates
        self.good = "refresh-0"
        self.asked: list[httpx.Request] = []
        self.answer: httpx.Response | Exception | None = None

    def forms(self) -> list[dict[str, str]]:
        return [{name: value[0] for name, value in parse_qs(one.content.decode()).items()} for one in self.asked]

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer:
            return self.answer
        form = self.forms()[-1]
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.good:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "expired or used"})
        body: dict[str, Any] = {"access_token": f"access-{len(self.asked)}", "expires_in": self.lifetime}
        if self.rotates or form["grant_type"] == "authorization_code":
            self.good = body["refresh_token"] = f"refresh-{len(self.asked)}"
        return httpx.Response(200, json=body)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def tokens_of(server: LoginServer, vault: ShelfVault, clock: MovableClock) -> Tokens:
    return Tokens(httpx.AsyncClient(transport=httpx.MockTransport(server.handle)), vault=lambda: vault, clock=clock)


@pytest.fixture
def server() -> LoginServer:
    return LoginServer()


@pytest.fixture
def vault() -> ShelfVault:
    return ShelfVault()


@pytest.fixture
def source(server: LoginServer, vault: ShelfVault, clock: MovableClock) -> TokenSource:
    return tokens_of(server, vault, clock).source(GRANT)


def test_a_hundred_waiting_tasks_make_one_refresh(source: TokenSource, server: LoginServer) -> None:
    async def all_at_once() -> list[str]:
        found = await asyncio.gather(*(source.token() for _ in range(100)))
        return [token.access_token for token in found]

    assert set(run(all_at_once())) == {"access-1"}
    assert server.forms() == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-0",
            "client_id": "client-1",
            "client_secret": "client-secret-1",
        }
    ]
    assert str(server.asked[0].url) == TOKEN_URL


def test_tasks_whose_token_was_refused_make_one_refresh(source: TokenSource, server: LoginServer) -> None:
    async def refused_together() -> set[str]:
        first = (await source.token()).access_token
        found = await asyncio.gather(*(source.token(refused=first) for _ in range(20)))
        return {token.access_token for token in found}

    assert run(refused_together()) == {"access-2"}
    assert len(server.asked) == 2


def test_a_refresh_outlives_the_task_that_began_it(source: TokenSource, server: LoginServer) -> None:
    async def first_is_cancelled() -> str:
        first = asyncio.create_task(source.token())
        second = asyncio.create_task(source.token())
        await asyncio.sleep(0)
        first.cancel()
        return (await second).access_token

    assert run(first_is_cancelled()) == "access-1"


def test_a_token_is_renewed_ahead_of_its_end(source: TokenSource, clock: MovableClock) -> None:
    run(source.token())

    clock.advance(timedelta(minutes=54))
    early = run(source.token())
    clock.advance(timedelta(minutes=2))
    late = run(source.token())

    assert (early.access_token, late.access_token) == ("access-1", "access-2")


def test_a_token_without_an_end_is_used_until_it_is_refused(vault: ShelfVault, clock: MovableClock) -> None:
    source = tokens_of(LoginServer(lifetime=None), vault, clock).source(GRANT)
    run(source.token())

    clock.advance(timedelta(days=9))

    assert run(source.token()).access_token == "access-1"
    assert run(source.token(refused="access-1")).access_token == "access-2"


def test_a_new_refresh_token_is_stored_before_the_access_token_is_used(
    vault: ShelfVault, clock: MovableClock, source: TokenSource, server: LoginServer
) -> None:
    server.rotates = True
    vault.failure = OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        run(source.token())
    vault.failure = None
    token = run(source.token())

    assert token.refresh_token == "refresh-1"
    assert "refresh-1" in vault.entries[GRANT.name]
    assert len(server.asked) == 1


def test_the_next_process_takes_what_is_stored(server: LoginServer, vault: ShelfVault, clock: MovableClock) -> None:
    server.rotates = True
    run(tokens_of(server, vault, clock).source(GRANT).token())

    other = tokens_of(server, vault, clock).source(GRANT)
    found = run(other.token())
    clock.advance(timedelta(hours=2))
    later = run(other.token())

    assert (found.access_token, later.access_token) == ("access-1", "access-2")
    assert [form["refresh_token"] for form in server.forms()] == ["refresh-0", "refresh-1"]


def test_a_newer_stored_token_wins_over_asking_again(
    server: LoginServer, vault: ShelfVault, clock: MovableClock
) -> None:
    one, two = (tokens_of(server, vault, clock).source(GRANT) for _ in range(2))
    run(one.token())
    run(two.token())

    run(one.token(refused="access-1"))

    assert run(two.token(refused="access-1")).access_token == "access-2"
    assert len(server.asked) == 2


def test_while_another_process_refreshes_ours_is_used_or_waited_for(
    source: TokenSource, vault: ShelfVault, clock: MovableClock
) -> None:
    run(source.token())
    vault.is_busy = True
    clock.advance(timedelta(minutes=57))

    assert run(source.token()).access_token == "access-1"
    with pytest.raises(RateLimited) as waiting:
        run(source.token(refused="access-1"))

    assert waiting.value.retry_after == timedelta(seconds=2)


def test_an_outage_ahead_of_time_is_not_felt(source: TokenSource, server: LoginServer, clock: MovableClock) -> None:
    run(source.token())
    server.answer = httpx.ConnectError("down")
    clock.advance(timedelta(minutes=57))

    found = [run(source.token()).access_token for _ in range(3)]

    assert found == ["access-1"] * 3
    assert len(server.asked) == 2
    clock.advance(timedelta(minutes=4))
    with pytest.raises(Unavailable):
        run(source.token())


def test_a_stored_refresh_token_that_is_declined_gives_way_to_the_configured_one(
    server: LoginServer, vault: ShelfVault, clock: MovableClock
) -> None:
    server.rotates = True
    run(tokens_of(server, vault, clock).source(GRANT).token())
    server.good = "refresh-0"  # as after a restored backup of the other side
    clock.advance(timedelta(hours=2))

    token = run(tokens_of(server, vault, clock).source(GRANT).token())

    assert token.access_token == "access-3"


def test_who_finds_the_refresh_token_used_up_takes_what_came_of_it(clock: MovableClock, vault: ShelfVault) -> None:
    elsewhere = ShelfVault()
    run(tokens_of(LoginServer(rotates=True), elsewhere, clock).source(GRANT).token())

    async def late(request: httpx.Request) -> httpx.Response:
        vault.entries |= elsewhere.entries
        return httpx.Response(400, json={"error": "invalid_grant"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(late))
    source = Tokens(http, vault=lambda: vault, clock=clock).source(GRANT)

    assert run(source.token()).access_token == "access-1"


def test_a_code_is_exchanged_once(vault: ShelfVault, server: LoginServer, clock: MovableClock) -> None:
    grant = Grant(
        provider="sample",
        token_url=TOKEN_URL,
        client_id="client-1",
        client_secret="s3cret",
        code="code-1",
        redirect_uri="https://example.com/back",
        is_basic=True,
    )
    run(tokens_of(server, vault, clock).source(grant).token())
    clock.advance(timedelta(hours=2))

    run(tokens_of(server, vault, clock).source(grant).token())

    assert server.forms() == [
        {"grant_type": "authorization_code", "code": "code-1", "redirect_uri": "https://example.com/back"},
        {"grant_type": "refresh_token", "refresh_token": "refresh-1"},
    ]
    assert server.asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"client-1:s3cret").decode()


def test_client_credentials_and_assertions_need_no_refresh_token(
    vault: ShelfVault, server: LoginServer, clock: MovableClock
) -> None:
    shared = {"provider": "sample", "token_url": TOKEN_URL, "client_id": "client-1"}
    machine = Grant(**shared, client_secret="s3cret", kind=GrantKind.CLIENT_CREDENTIALS, scope="all")  # type: ignore[arg-type]
    signed = Grant(**shared, kind=GrantKind.JWT_BEARER, assertion=lambda now: f"signed-{now.year}")  # type: ignore[arg-type]
    tokens = tokens_of(server, vault, clock)

    run(tokens.source(machine).token())
    run(tokens.source(signed).token())

    assert server.forms() == [
        {"grant_type": "client_credentials", "client_id": "client-1", "client_secret": "s3cret", "scope": "all"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "signed-2026"},
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "refresh-0 is gone"}), Unauthorized),
        (httpx.Response(401, json={"error": "invalid_client"}), Unauthorized),
        (httpx.Response(200, json={"error": "invalid_code"}), Unauthorized),
        (httpx.Response(403, text="<html>"), Unauthorized),
        (httpx.Response(429), RateLimited),
        (httpx.Response(400, json={"error": "x", "error_description": "You have made too many requests"}), RateLimited),
        (httpx.Response(408), Unavailable),
        (httpx.Response(500), Unavailable),
        (httpx.Response(200, text="<html>"), Unavailable),
        (httpx.Response(200, json=[]), Unavailable),
        (httpx.ReadTimeout("silent"), Unavailable),
        (httpx.ConnectError("down"), Unavailable),
    ],
)
def test_every_answer_of_the_login_has_one_meaning(
    source: TokenSource, server: LoginServer, vault: ShelfVault, answer: Any, kind: type[AdapterError]
) -> None:
    server.answer = answer

    with pytest.raises(AdapterError) as error:
        run(source.token())

    assert type(error.value) is kind
    assert vault.turns == 0
    for secret in ("refresh-0", "client-secret-1"):
        assert secret not in str(error.value)


def test_the_same_token_given_again_after_a_refusal_is_unauthorized(source: TokenSource, server: LoginServer) -> None:
    run(source.token())
    server.answer = httpx.Response(200, json={"access_token": "access-1"})

    with pytest.raises(Unauthorized, match="refused"):
        run(source.token(refused="access-1"))


def test_new_credentials_in_the_settings_are_a_new_entry(clock: MovableClock) -> None:
    other = Grant(provider="sample", token_url=TOKEN_URL, client_id="client-1", refresh_token="refresh-9")

    assert other.name != GRANT.name
    assert "refresh" not in other.name


def test_nothing_secret_is_shown(source: TokenSource) -> None:
    token = run(source.token())

    for secret in ("refresh-0", "client-secret-1", "access-1"):
        assert secret not in repr(token) + repr(GRANT) + repr(source)


class TestCalls:
    """What an ApiClient does with it."""

    @staticmethod
    def client(
        source: TokenSource,
        answer: Callable[[httpx.Request], httpx.Response],
        base_url: str = "https://api.example.com",
    ) -> ApiClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        return ApiClient("sample", http, base_url=base_url, authority=Bearer(source))

    def test_a_401_is_followed_by_one_refresh_and_one_replay(self, source: TokenSource, server: LoginServer) -> None:
        seen: list[tuple[str, bytes]] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append((request.headers["authorization"], request.content))
            return httpx.Response(401) if len(seen) == 1 else httpx.Response(200, json={})

        run(self.client(source, answer).post("/people", json={"a": 1}, read=dict))

        assert seen == [("Bearer access-1", b'{"a":1}'), ("Bearer access-2", b'{"a":1}')]

    def test_a_second_401_is_final(self, source: TokenSource, server: LoginServer) -> None:
        calls: list[httpx.Request] = []

        def refuse(request: httpx.Request) -> httpx.Response:
            calls.append(request)
            said = request.headers["authorization"]
            return httpx.Response(401, json={"message": f"{said} is not valid"})

        with pytest.raises(Unauthorized) as refusal:
            run(self.client(source, refuse).get("/people", read=dict))

        assert len(calls) == 2
        assert "access-2" not in str(refusal.value)

    def test_the_host_may_come_with_the_token(self, vault: ShelfVault, clock: MovableClock) -> None:
        server = LoginServer()
        server.answer = httpx.Response(200, json={"access_token": "a", "api": "https://eu.example.com/"})
        grant = Grant(
            provider="sample",
            token_url=TOKEN_URL,
            client_id="c",
            refresh_token="r",
            base_url_of=lambda body: str(body["api"]),
        )
        urls: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            urls.append(str(request.url))
            return httpx.Response(200, json={})

        run(self.client(tokens_of(server, vault, clock).source(grant), answer).get("/people", read=dict))

        assert urls == ["https://eu.example.com/people"]
