"""Relations of a LinkedIn account, by Unipile's list: bounded, with the profile's address and the instant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from outreach.channel import Relation
from outreach.channels.unipile import Options, Unipile

NEW, OLD = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 1, 2, 9, tzinfo=UTC)


def person(number: int, at: datetime) -> dict[str, Any]:
    made = int(at.timestamp() * 1000)
    return {"member_id": f"ACo{number}", "public_identifier": f"Ada-{number}", "created_at": made}


def ask(*pages: Sequence[dict[str, Any]]) -> tuple[Sequence[Relation], int]:
    """What is found, and how many calls it took."""
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        number = int(request.url.params.get("cursor", 0))
        cursor = str(number + 1) if number + 1 < len(pages) else None
        return httpx.Response(200, json={"items": list(pages[number]), "cursor": cursor})

    async def story() -> Sequence[Relation]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            options = Options(base_url="https://api1.example.com:13111", account="acc_1", token="sample")
            return await Unipile(options, http).relations(datetime(2026, 3, 1, tzinfo=UTC))

    return asyncio.run(story()), len(calls)


def test_who_became_a_relation_since_then_is_told() -> None:
    found, calls = ask([person(1, NEW), person(2, OLD)])

    assert found == [Relation(provider_id="ACo1", profile_url="https://www.linkedin.com/in/ada-1", at=NEW)]
    assert calls == 1


def test_it_ends_where_everybody_is_older() -> None:
    assert ask([person(1, NEW)], [person(2, OLD)], [person(3, OLD)])[1] == 2


def test_the_calls_are_bounded() -> None:
    found, calls = ask(*([person(number, NEW)] for number in range(9)))

    assert (len(found), calls) == (3, 3)


def test_a_list_without_instants_is_taken_whole() -> None:
    found, _ = ask([{"member_id": "ACo1", "public_identifier": None}])

    assert found == [Relation(provider_id="ACo1")]
