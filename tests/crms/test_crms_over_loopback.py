"""Pipedrive, Zoho CRM and Salesforce over real connections: settings decide which host is called, tokens included."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from outreach import adapters
from outreach.adapters import Place
from outreach.cli.program import program
from outreach.clock import SystemClock
from outreach.crm import Wanted
from outreach.oauth import Tokens
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.pipedrive_server import FakePipedrive
from outreach.sandbox.salesforce_server import FakeSalesforce
from outreach.sandbox.stand_in import StandIn
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from outreach.sandbox.zoho_server import FakeZoho
from outreach.services.watching.new_workspace import make
from outreach.store.session import open_store
from outreach.store.vault import StoredVault
from outreach.testing.crm import AYSE, REPLY

_LOGIN = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}


@dataclass
class Hosted:
    use: str
    fake: StandIn
    options: dict[str, Any]


@pytest.fixture(params=["pipedrive", "zoho", "salesforce"])
def hosted(request: pytest.FixtureRequest) -> Iterator[Hosted]:
    """The stand-in behind a port of loopback, and the options that lead there."""
    fakes: dict[str, StandIn] = {
        "pipedrive": FakePipedrive(),
        "zoho": FakeZoho(),
        "salesforce": FakeSalesforce(),
    }
    fake = fakes[request.param]
    host = HttpHost(fake.served(), name=request.param)
    host.start()
    where = {"pipedrive": {"token_url": f"{host.url}/oauth/token"}, "zoho": {"accounts_url": host.url}}
    options = {**_LOGIN, "base_url": host.url, **where.get(request.param, {"login_url": host.url})}
    yield Hosted(request.param, fake, options)
    host.stop()


def test_a_reply_goes_there_and_people_come_back_with_one_token_for_two_processes(
    hosted: Hosted, sqlite_url: str, tmp_path: Path
) -> None:
    store = open_store(sqlite_url)
    vaults = [StoredVault(store, secret_key=b"k", clock=SystemClock(), owner=owner) for owner in ("one", "two")]

    async def process(vault: StoredVault, *, is_first: bool) -> list[str]:
        async with httpx.AsyncClient() as http:
            tokens = Tokens(http, vault=lambda: vault, clock=SystemClock())
            given = {"http": http, "tokens": tokens, "clock": SystemClock()}
            crm = adapters.make(adapters.CRMS, hosted.use, hosted.options, place=Place("", ""), given=given)
            await crm.check()
            if is_first:
                person = await crm.upsert_person(AYSE, person_id=None)
                await crm.log(person.person_id, REPLY, look_first=True)
            page = await crm.pull(Wanted(), cursor=None)
            return [one.emails[0] for one in page.people]

    first = asyncio.run(process(vaults[0], is_first=True))
    second = asyncio.run(process(vaults[1], is_first=False))

    asked = [request for request in hosted.fake.requests if request.url.path.endswith("/token")]
    assert first == second == [AYSE.email]
    assert len(asked) == 1
    store.dispose()


@pytest.mark.parametrize("hosted", ["zoho"], indirect=True)
def test_a_check_exchanges_the_code_and_the_next_one_needs_it_no_more(hosted: Hosted, tmp_path: Path) -> None:
    """As on the pages of these providers: the code goes into the settings, and is used up by the first command."""
    make(tmp_path)
    code = {"refresh_token": "", "code": "code-sample-1", "redirect_uri": "https://example.com/back"}
    connection = {"use": hosted.use, **hosted.options, **code, "when": {"reply": ["person", "log_reply"]}}
    (tmp_path / "config" / "crm.yaml").write_text(yaml.safe_dump({"sales": connection}), "utf-8")

    done = [CliRunner().invoke(program, ["--workspace", str(tmp_path), "crm", "check"]) for _ in range(2)]

    assert [each.exit_code for each in done] == [0, 0], done[0].output
    asked = [request for request in hosted.fake.requests if request.url.path.endswith("/token")]
    grants = [request.content.decode().partition("&")[0] for request in asked]
    assert grants == ["grant_type=authorization_code"]
    assert "access-sample" not in done[0].output
