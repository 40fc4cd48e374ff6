"""No adapter may send what the published description of its API does not have, whatever a test is about."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from outreach.sandbox.described import Description, Undescribed


@pytest.fixture(autouse=True)
def only_described_requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    told: list[str] = []
    prove = Description.prove

    def noted(description: Description, request: httpx.Request) -> None:
        try:
            prove(description, request)
        except Undescribed as error:
            told.append(f"{request.method} {request.url}: {error.said}")
            raise

    monkeypatch.setattr(Description, "prove", noted)
    yield
    assert told == []
