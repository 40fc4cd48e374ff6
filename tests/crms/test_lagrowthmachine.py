"""La Growth Machine: the contracts against a workspace that keeps state, then exact requests and what it cannot do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.crm import Field, Mode, Selection, Wanted
from outreach.crms.lagrowthmachine import LaGrowthMachine, Options
from outreach.domain.crm_news import Change
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.lagrowthmachine_server import AUDIENCE, KEY, FakeLaGrowthMachine
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, World, everybody, run
from tests.crms.failures import FailureContract

_REMOTE = {"first_name": "firstname"}


class LgmWorld:
    secrets = (KEY,)
    text_field = "jobTitle"
    stage, other_stage, unknown_stage, pipeline = "x", "y", None, "z"
    status, owner = "TO_QUALIFY", "anna@example.com"
    tells: frozenset[Change] = frozenset()

    def __init__(self, **options: Any) -> None:
        self.fake = FakeLaGrowthMachine(auth_mode=options.get("auth_mode", "bearer"))
        given = {"key": KEY, "audience": AUDIENCE} | options
        self.crm = LaGrowthMachine(Options(**given), httpx.AsyncClient(transport=self.fake.transport()))

    def pulled(self) -> LaGrowthMachine:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    def add_person(self, email: str, **values: str) -> str:
        return self.fake.add({"proEmail": email} | {_REMOTE.get(name, name): one for name, one in values.items()})

    def remove_person(self, person_id: str) -> None:
        del self.fake.leads[person_id]

    def people(self) -> list[str]:
        return [lead["proEmail"] for lead in self.fake.leads.values()]

    def value(self, person_id: str, field: str) -> str:
        if field == "status":
            return self.fake.statuses[person_id]
        return str(self.fake.leads[person_id].get(_REMOTE.get(field, field), ""))

    def entries(self, person_id: str) -> list[str]:
        note = self.fake.notes.get(person_id, "")
        return re.findall(r".*?ref: \S+", note, re.DOTALL)

    def deals(self, person_id: str) -> list[str]:
        return []

    def is_opted_out(self, person_id: str) -> bool:
        return self.fake.statuses.get(person_id) == "UNSUBSCRIBED"

    def later(self) -> datetime:
        return self.fake.later()

    def select(self, by: Selection, person_id: str) -> str:
        self.fake.leads = {person_id: self.fake.leads[person_id]}
        return AUDIENCE

    def change(self, person_id: str, change: Change, value: str) -> None:
        raise AssertionError("nothing is told")


@pytest.fixture
def world() -> LgmWorld:
    return LgmWorld()


class TestLaGrowthMachine(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> LgmWorld:
        return LgmWorld()

    def test_overwriting_replaces_what_was_there(self, world: World) -> None:
        """It cannot: the service fills what is empty. Where something would have to change, that is said."""
        typed = world.add_person(AYSE.email, jobTitle="typed")
        ours = (Field(name="jobTitle", value="ours", mode=Mode.OVERWRITE),)

        for person_id in (typed, None):
            with pytest.raises(Refused, match="write `mode: fill`") as refusal:
                run(world.crm.upsert_person(replace(AYSE, fields=ours), person_id=person_id))

            assert refusal.value.outcome is Outcome.CONFIG


class TestRequests:
    def test_a_lead_goes_into_the_audience_without_unknown_keys(self, world: LgmWorld) -> None:
        fields = (Field(name="jobTitle", value="CTO"), Field(name="phone", value=""))

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=None))

        assert world.fake.sent() == [("POST", "/flow/leads")]
        assert world.fake.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert world.fake.body() == {
            "audience": AUDIENCE,
            "proEmail": "ayse@example.com",
            "firstname": "Ayşe",
            "lastname": "Kaya",
            "companyName": "Example GmbH",
            "crm_id": "lead-1",
            "jobTitle": "CTO",
        }

    def test_a_status_is_a_form_that_names_the_lead_by_address(self, world: LgmWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.set_status(person, "INTERESTED"))

        assert world.fake.sent()[-1] == ("POST", "/flow/leads/status")
        assert world.fake.requests[-1].content == b"status=INTERESTED&campaign=all&identifier=ayse%40example.com"

    def test_an_entry_is_appended_to_the_note(self, world: LgmWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.notes[person] = "typed by hand"

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.fake.body() == {
            "leadId": person,
            "note": "Reply on email: Re: A question\nSounds good, <call> me & my colleague\nref: evt-1",
            "mode": "append",
        }
        assert world.fake.notes[person].startswith("typed by hand\nReply on email")

    def test_an_entry_that_is_there_twice_is_taken_out_once_and_nothing_else(self, world: LgmWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.log(person, replace(REPLY, key="evt-10"), look_first=False))
        run(world.crm.log(person, REPLY, look_first=False))
        before = world.fake.notes[person]

        run(world.crm.log(person, REPLY, look_first=True))

        assert world.fake.notes[person] == before

    @pytest.mark.parametrize("auth_mode", ["bearer", "x-api-key", "query"])
    def test_the_key_may_be_sent_in_each_of_three_ways(self, auth_mode: str) -> None:
        world = LgmWorld(auth_mode=auth_mode)

        made = run(world.crm.upsert_person(AYSE, person_id=None))
        run(world.crm.set_status(made.person_id, "PAUSED"))

        assert run(world.crm.check()).name == "La Growth Machine Anna"
        world.fake.before = lambda request: httpx.Response(400, text=f"bad {KEY}")
        with pytest.raises(Refused) as refusal:
            run(world.crm.find_person(AYSE.email))
        assert KEY not in str(refusal.value)


class TestRefusals:
    @pytest.mark.parametrize(("status", "words"), [(404, "nope"), (400, "Lead not found"), (422, "No lead matches")])
    def test_an_address_that_nobody_has_finds_nobody_however_it_is_said(
        self, world: LgmWorld, status: int, words: str
    ) -> None:
        world.fake.nobody = (status, words)

        assert run(world.crm.find_person("nobody@example.com")) == ()

    def test_another_400_is_no_answer_to_that(self, world: LgmWorld) -> None:
        world.fake.before = lambda request: httpx.Response(400, json={"error": "email is not valid"})

        with pytest.raises(Refused, match="email is not valid"):
            run(world.crm.find_person("nobody@example.com"))

    def test_a_lead_without_conversation_is_there_and_takes_no_note(self, world: LgmWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.has_conversation = False

        with pytest.raises(Refused, match="no conversation") as refusal:
            run(world.crm.log(person, REPLY, look_first=False))

        assert refusal.value.outcome is Outcome.VALIDATION

    def test_a_status_that_nobody_took_is_not_done(self, world: LgmWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.in_campaign = False

        with pytest.raises(Refused, match="in no campaign"):
            run(world.crm.set_do_not_contact(person, AYSE.email))

    @pytest.mark.parametrize("name", ["jobtitle", "customAttribute21"])
    def test_a_field_that_leads_do_not_have_is_refused_before_it_is_sent(self, world: LgmWorld, name: str) -> None:
        with pytest.raises(Refused, match="customAttribute20") as refusal:
            run(world.crm.upsert_person(replace(AYSE, fields=(Field(name=name, value="x"),)), person_id=None))

        assert refusal.value.outcome is Outcome.CONFIG
        assert world.fake.requests == []

    def test_an_unknown_status_names_those_who_are_there(self, world: LgmWorld) -> None:
        with pytest.raises(Refused, match="READY_TO_BUY") as refusal:
            run(world.crm.set_status("1", "HOT"))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_plan_without_the_api_is_unauthorized(self, world: LgmWorld) -> None:
        world.fake.before = lambda request: httpx.Response(403, json={"error": "Pro plan required"})

        with pytest.raises(Unauthorized, match="Pro plan required"):
            run(world.crm.check())

    @pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"retry-after": "7"}, 7)])
    def test_a_limit_lasts_as_long_as_is_said_or_a_minute(
        self, world: LgmWorld, headers: dict[str, str], seconds: int
    ) -> None:
        world.fake.before = lambda request: httpx.Response(429, headers=headers)

        with pytest.raises(RateLimited) as limited:
            run(world.crm.check())

        assert limited.value.retry_after == timedelta(seconds=seconds)

    @pytest.mark.parametrize("wrong", [{"key": " "}, {"auth_mode": "basic"}, {"unsubscribed_status": "GONE"}])
    def test_a_setting_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="Write"):
            Options(**{"key": KEY, "audience": AUDIENCE} | wrong)  # type: ignore[arg-type]


def test_a_long_audience_is_read_page_by_page(world: LgmWorld) -> None:
    for number in range(250):
        world.add_person(f"p{number}@example.com")

    people = everybody(world.crm, Wanted())

    assert len({person.person_id for person in people}) == len(people) == 250
