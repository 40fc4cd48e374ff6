"""HubSpot with OAuth in place of a token: renewed ahead, and once more after a 401."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.crms.hubspot import HubSpot, Options
from outreach.crms.hubspot_options import grant_of
from outreach.errors import Unauthorized
from outreach.oauth import Tokens
from tests.crms.oauth_worlds import ShelfVault

OPTIONS = Options(client_id="c1", client_secret="sample-secret", refresh_token="refresh-0", connection="hubspot")


class Service:
    """Takes the newest access token only."""

    def __init__(self) -> None:
        self.given = 0
        self.asked: list[dict[str, list[str]]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/2026-09/token":
            self.asked.append(parse_qs(request.content.decode()))
            self.given += 1
            return httpx.Response(
                200, json={"access_token": f"a{self.given}", "refresh_token": f"r{self.given}", "expires_in": 1800}
            )
        if request.headers["authorization"] != f"Bearer a{self.given}":
            return httpx.Response(401, json={"category": "EXPIRED_AUTHENTICATION", "message": "expired"})
        return httpx.Response(404, json={"category": "OBJECT_NOT_FOUND", "message": "not there"})


def connected(service: Service, options: Options, vault: ShelfVault) -> HubSpot:
    http = httpx.AsyncClient(transport=httpx.MockTransport(service.answer))
    clock = MovableClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    return HubSpot(options, http, Tokens(http, vault=lambda: vault, clock=clock))


def test_calls_carry_an_access_token_that_is_renewed_after_a_401() -> None:
    service, vault = Service(), ShelfVault()
    crm = connected(service, OPTIONS, vault)

    async def twice() -> None:
        assert await crm.find_person("ayse@example.com") == ()
        service.given += 1  # what was given before is worth nothing now
        assert await crm.find_person("ayse@example.com") == ()

    asyncio.run(twice())

    assert [each["refresh_token"] for each in service.asked] == [["refresh-0"], ["r1"]]
    assert '"refresh_token": "r3"' in vault.entries[grant_of(OPTIONS).name]


def test_a_connection_that_nobody_authorized_says_what_to_run() -> None:
    options = Options(client_id="c1", client_secret="sample-secret", connection="hubspot")
    crm = connected(Service(), options, ShelfVault())

    with pytest.raises(Unauthorized, match="Run: outreach crm authorize"):
        asyncio.run(crm.find_person("ayse@example.com"))


def test_two_connections_of_one_app_keep_their_tokens_apart() -> None:
    names = {grant_of(Options(client_id="c1", client_secret="s", connection=each)).name for each in ("one", "two")}

    assert len(names) == 2


@pytest.mark.parametrize("wrong", [{}, {"token": "t", "client_id": "c", "client_secret": "s"}, {"client_id": "c"}])
def test_a_token_or_oauth_and_not_both(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="or, instead of it"):
        Options(**wrong)
