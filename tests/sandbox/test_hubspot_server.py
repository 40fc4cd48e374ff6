"""The stand-in of HubSpot over real HTTP, as the demo serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from outreach.crm import Person
from outreach.crms.hubspot import HubSpot, Options
from outreach.errors import RateLimited, Unauthorized
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot, served

_ADA = Person(email="ada@lead.example", first_name="Ada")


@pytest.fixture
def hubspot() -> FakeHubSpot:
    return FakeHubSpot()


@pytest.fixture
def url(hubspot: FakeHubSpot) -> Iterator[str]:
    host = HttpHost(served(hubspot), name="hubspot")
    host.start()
    yield host.url
    host.stop()


def _upsert(url: str, token: str = TOKEN) -> str:
    async def run() -> str:
        async with httpx.AsyncClient() as http:
            return (
                await HubSpot(Options(token=token, base_url=url), http).upsert_person(_ADA, person_id=None)
            ).person_id

    return asyncio.run(run())


def test_a_person_is_made_once(hubspot: FakeHubSpot, url: str) -> None:
    first, second = _upsert(url), _upsert(url)

    assert first == second
    assert len(hubspot.objects["contacts"]) == 1


def test_a_wrong_token_is_refused(url: str) -> None:
    with pytest.raises(Unauthorized):
        _upsert(url, token="wrong")


def test_what_stands_in_its_way_is_answered_with_its_headers(hubspot: FakeHubSpot, url: str) -> None:
    hubspot.before = lambda request: httpx.Response(429, json={"category": "RATE_LIMITS"}, headers={"retry-after": "7"})

    with pytest.raises(RateLimited) as refusal:
        _upsert(url)

    assert refusal.value.retry_after.total_seconds() == 7
