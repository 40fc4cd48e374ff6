"""What several systems have in common: one record for two tasks, real HTTP, and refusals when the files are read."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from outreach.adapters import CRMS
from outreach.app import App
from outreach.content.configuration_files import read_configuration
from outreach.crm import Crm, Operation
from outreach.crms.clinchpad import ClinchPad
from outreach.crms.clinchpad import Options as ClinchPadOptions
from outreach.crms.investglass import InvestGlass
from outreach.crms.investglass import Options as InvestGlassOptions
from outreach.crms.lagrowthmachine import LaGrowthMachine
from outreach.crms.lagrowthmachine import Options as LgmOptions
from outreach.crms.salesmate import Options as SalesmateOptions
from outreach.crms.salesmate import Salesmate
from outreach.crms.trello import Options as TrelloOptions
from outreach.crms.trello import Trello
from outreach.errors import ConfigError
from outreach.sandbox import (
    clinchpad_server,
    investglass_server,
    lagrowthmachine_server,
    salesmate_server,
    trello_server,
)
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.stand_in import StandIn
from outreach.testing.crm import AYSE, REPLY, run

Made = Callable[[str, httpx.AsyncClient], Crm]

SYSTEMS: dict[str, tuple[type[StandIn], str, Made]] = {
    "trello": (
        trello_server.FakeTrello,
        "/1",
        lambda url, http: Trello(
            TrelloOptions(key=trello_server.KEY, token=trello_server.TOKEN, board=trello_server.BOARD, base_url=url),
            http,
        ),
    ),
    "salesmate": (
        salesmate_server.FakeSalesmate,
        "",
        lambda url, http: Salesmate(
            SalesmateOptions(token=salesmate_server.TOKEN, linkname=salesmate_server.LINK, base_url=url), http
        ),
    ),
    "clinchpad": (
        clinchpad_server.FakeClinchPad,
        "/api/v1",
        lambda url, http: ClinchPad(ClinchPadOptions(key=clinchpad_server.KEY, base_url=url), http),
    ),
    "investglass": (
        investglass_server.FakeInvestGlass,
        "/api/v1",
        lambda url, http: InvestGlass(InvestGlassOptions(key=investglass_server.KEY, base_url=url), http),
    ),
    "lagrowthmachine": (
        lagrowthmachine_server.FakeLaGrowthMachine,
        "/flow",
        lambda url, http: LaGrowthMachine(
            LgmOptions(key=lagrowthmachine_server.KEY, audience=lagrowthmachine_server.AUDIENCE, base_url=url), http
        ),
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_two_tasks_with_one_address_make_one_record(name: str) -> None:
    """Every answer takes a moment, so that both would look before either has made one."""
    stand_in, base, make = SYSTEMS[name]
    fake = stand_in()

    async def slowly(request: httpx.Request) -> httpx.Response:
        for _ in range(5):
            await asyncio.sleep(0)
        return fake.handle(request)

    async def both() -> set[str]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(slowly)) as http:
            crm = make(f"https://crm.example.com{base}", http)
            made = await asyncio.gather(*(crm.upsert_person(AYSE, person_id=None) for _ in range(4)))
            return {record.person_id for record in made}

    assert len(run(both())) == 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_over_real_http_a_reply_is_written_once(name: str) -> None:
    stand_in, base, make = SYSTEMS[name]
    host = HttpHost(stand_in().served(), name=name)
    host.start()

    async def twice() -> tuple[str, str]:
        async with httpx.AsyncClient() as http:
            crm = make(f"{host.url}{base}", http)
            person = (await crm.upsert_person(AYSE, person_id=None)).person_id
            first = await crm.log(person, REPLY, look_first=False)
            return first, await crm.log(person, REPLY, look_first=True)

    first, second = run(twice())
    host.stop()

    assert first == second


CONNECTIONS = {
    "trello": "{use: trello, key: k1234, token: t1234, board: b1, owners: {a: a@example.com}, when: {reply: [owner]}}",
    "clinchpad": "{use: clinchpad, key: k1234, when: {reply: [tags]}}",
    "investglass": "{use: investglass, key: k1234, when: {reply: [tags]}}",
    "lagrowthmachine": "{use: lagrowthmachine, key: k1234, audience: A, when: {reply: [tags]}}",
    "salesmate": "{use: salesmate, token: t1234, linkname: demo, do_not_contact_field: '',"
    " when: {unsubscribe: [do_not_contact]}}",
    "webhook": "{use: webhook, url: 'https://hooks.example.com', types: [lead.responded],"
    " secrets: [whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX], when: {reply: [tags]}}",
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_what_a_system_cannot_do_is_refused_with_the_reason_when_it_is_loaded(name: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    organisation = "organisation: {name: Example Ltd, postal_address: 1 Example St}\n"
    (tmp_path / "config" / "outreach.yaml").write_text(organisation, "utf-8")
    (tmp_path / "config" / "senders.yaml").write_text("{}\n", "utf-8")
    (tmp_path / "config" / "crm.yaml").write_text(f"team: {CONNECTIONS[name]}\n", "utf-8")
    read = read_configuration(tmp_path, {})
    assert read.settings, read.problems
    app = App(read.settings)

    with pytest.raises(ConfigError, match=r"config/crm\.yaml:1:\d+: .* cannot do .*: .{10}") as refusal:
        _ = app.crms

    asyncio.run(app.close_network())
    assert "as it is configured" not in str(refusal.value)


def test_every_reason_is_about_an_operation_that_may_be_missing() -> None:
    for _, _, make in SYSTEMS.values():
        crm: Any = make("https://crm.example.com", httpx.AsyncClient())
        assert set(crm.lacks) <= set(Operation)
        assert set(Operation) - {Operation.PULL} - crm.can <= set(crm.lacks)


def test_every_listed_system_is_held_to_the_contract() -> None:
    """But for the webhook, which keeps nothing that could be looked up."""
    tests = "".join(path.read_text("utf-8") for path in Path(inspect.getfile(run)).parents[2].glob("tests/crms/*.py"))

    missing = [name for name, path in CRMS.items() if path.partition(":")[0] not in tests]

    assert missing == []
