"""A dry run of a CRM connection: read, never written, and everything is written once it is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outreach.errors import ConfigError
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot, served
from outreach.store import crm_jobs
from outreach.testing.field import Field
from tests.services.conftest import MakeField

CRM = """
team:
  use: hubspot
  token: {token}
  base_url: {url}
  status: {{property: hs_lead_status, values: {{responded: CONNECTED}}}}
  when: {{reply: [person, log_reply, status]}}
  dry_run: {dry_run}
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture(scope="module")
def hubspot() -> Iterator[tuple[FakeHubSpot, str]]:
    fake = FakeHubSpot()
    host = HttpHost(served(fake), name="hubspot")
    host.start()
    yield fake, host.url
    host.stop()


def _writes(fake: FakeHubSpot) -> list[str]:
    return [request.method for request in fake.requests if request.method != "GET"]


def _failed(field: Field) -> crm_jobs.DeadJob:
    with field.app.store.read() as connection:
        [failed] = crm_jobs.failed(connection)
    return failed


def _config(url: str, *, dry_run: str) -> dict[str, str]:
    return {"config/crm.yaml": CRM.format(token=TOKEN, url=url, dry_run=dry_run)}


def test_a_dry_run_shows_what_it_would_write_and_a_retry_writes_it_when_it_is_over(
    make_field: MakeField, hubspot: tuple[FakeHubSpot, str]
) -> None:
    fake, url = hubspot
    field = make_field(_config(url, dry_run="true"))
    field.add_lead("p1@example.com")
    field.reply("p1@example.com")
    field.settle()

    field.sync()

    held = _failed(field)
    assert fake.requests
    assert _writes(fake) == []
    assert "POST /crm/objects/2026-09/contacts" in held.error
    assert "p1@example.com" in held.error
    assert TOKEN not in held.error

    field = make_field(_config(url, dry_run="false"))
    field.app.store.write(lambda connection: crm_jobs.retry(connection, [held.number], now=field.app.clock.now()))
    field.sync()

    [person] = fake.objects["contacts"].values()
    assert person.properties["hs_lead_status"] == "CONNECTED"
    assert len(fake.objects["emails"]) == 1


def test_a_system_without_requests_cannot_be_run_dry(make_field: MakeField) -> None:
    field = make_field({"config/crm.yaml": "team: {use: memory, dry_run: true}\n"})

    with pytest.raises(ConfigError, match="memory makes no requests that `dry_run` could hold back"):
        assert field.app.crms
