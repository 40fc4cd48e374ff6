"""Pipedrive: the contracts against a company that keeps state, then exact requests and what is particular."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest

from outreach.crm import Deal, DealState, Field, Mode, Operation, Selection, Wanted
from outreach.crms.pipedrive import Options, Pipedrive
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.domain.crm_news import Change
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.pipedrive_server import BUDGET, LABELS, REGIONS, STATUS, TITLE, TOKEN, USERS, FakePipedrive
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from outreach.services.crm.crm_check import check
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract
from tests.crms.oauth_worlds import ShelfVault, client_and_tokens

_USER = {email: number for number, email in USERS.items()}
_LABEL = {name: number for number, name in LABELS.items()}
_ALONE = replace(AYSE, company="")


class PipedriveWorld:
    secrets = (TOKEN, CLIENT_SECRET, REFRESH_TOKEN, "access-sample")
    text_field = "Job title"
    stage, other_stage, unknown_stage, pipeline = "11", "12", "99", "1"
    status, owner = "Responded", "anna@example.com"
    tells = frozenset({Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.STAGE, Change.WON, Change.LOST})

    def __init__(self, vault: ShelfVault | None = None, **options: Any) -> None:
        self.fake = FakePipedrive()
        given: dict[str, Any] = {"token": TOKEN, "company": "example", "status_property": "Outreach status"}
        given |= {"do_not_contact_label": "Do not contact"}
        http, tokens = client_and_tokens(self.fake, vault)
        self.crm = Pipedrive(Options(**given | options), http, tokens)

    def pulled(self) -> Pipedrive:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    def add_person(self, email: str, **values: str) -> str:
        first = values.pop("first_name", "")
        emails = [{"value": email, "primary": True, "label": "work"}]
        person = self.fake.add_person(name=first or email, first_name=first, emails=emails)
        person["custom_fields"][TITLE] = next(iter(values.values()), None)
        return str(person["id"])

    def remove_person(self, person_id: str) -> None:
        self.fake.touch(self.fake.persons[int(person_id)], is_deleted=True)

    def people(self) -> list[str]:
        persons = [person for person in self.fake.persons.values() if not person["is_deleted"]]
        return [person["emails"][0]["value"] for person in persons]

    def value(self, person_id: str, field: str) -> str:
        person = self.fake.persons[int(person_id)]
        match field:
            case "first_name":
                name: str = person["name"]
                return name if name == "Ayşe Gül" else name.partition(" ")[0]
            case "owner":
                return USERS[person["owner_id"]]
            case "status":
                return "Responded" if person["custom_fields"][STATUS] == 31 else ""
            case "tags":
                return ";".join(LABELS[one] for one in person["label_ids"])
        return str(person["custom_fields"][TITLE] or "")

    def entries(self, person_id: str) -> list[str]:
        return [note["content"] for note in self.fake.notes.values() if str(note["person_id"]) == person_id]

    def deals(self, person_id: str) -> list[str]:
        return [str(deal["stage_id"]) for deal in self.fake.deals.values() if str(deal["person_id"]) == person_id]

    def is_opted_out(self, person_id: str) -> bool:
        return "Do not contact" in self.value(person_id, "tags")

    def later(self) -> datetime:
        return self.fake.later()

    def select(self, by: Selection, person_id: str) -> str:
        if by is Selection.FILTER:
            self.fake.filters[5] = [int(person_id)]
            return "5"
        deal = self.fake.add_deal(person_id=int(person_id), stage_id=11, pipeline_id=1)
        return "11" if by is Selection.STAGE else str(deal["id"])

    def change(self, person_id: str, change: Change, value: str) -> None:
        person = self.fake.persons[int(person_id)]
        deals = [deal for deal in self.fake.deals.values() if deal["person_id"] == int(person_id)]
        match change:
            case Change.STATUS:
                self.fake.touch(person, custom_fields={STATUS: 31})
            case Change.OWNER:
                self.fake.touch(person, owner_id=_USER[value])
            case Change.DO_NOT_CONTACT:
                self.fake.touch(person, label_ids=[_LABEL["Do not contact"]])
            case Change.STAGE:
                self.fake.touch(deals[-1], stage_id=int(value))
            case _:
                self.fake.touch(deals[-1], status=str(change), value=float(value))


@pytest.fixture
def world() -> PipedriveWorld:
    return PipedriveWorld()


class TestPipedrive(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> PipedriveWorld:
        return PipedriveWorld()


class TestRequests:
    def test_a_person_is_searched_by_address_fully_encoded(self, world: PipedriveWorld) -> None:
        run(world.crm.find_person("A+b/ü@example.com"))

        [(method, url)] = world.fake.sent()
        assert method == "GET"
        assert url == (
            "/api/v2/persons/search?term=A%2Bb%2F%C3%BC%40example.com&fields=email&exact_match=true&limit=100"
        )
        assert str(world.fake.requests[0].url).startswith("https://example.pipedrive.com/")
        assert world.fake.requests[0].headers["x-api-token"] == TOKEN

    def test_without_a_company_the_host_for_all_is_called(self) -> None:
        world = PipedriveWorld(company="")
        world.fake.v1 = "/v1"

        run(world.crm.check())

        assert {request.url.host for request in world.fake.requests} == {"api.pipedrive.com"}
        assert world.fake.sent()[0] == ("GET", "/v1/users/me")

    def test_a_create_carries_objects_for_addresses_and_numbers_for_ids(self, world: PipedriveWorld) -> None:
        fields = (
            Field(name=TITLE, value="CTO"),
            Field(name="Regions", value="North;South"),
            Field(name="Budget", value="1200.50 eur"),
            Field(name="phone", value="+905550000000"),
        )
        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=None))

        assert [one for one in world.fake.sent() if one[0] == "POST"] == [
            ("POST", "/api/v2/organizations"),
            ("POST", "/api/v2/persons"),
        ]
        assert world.fake.body() == {
            "name": "Ayşe Kaya",
            "emails": [{"value": "ayse@example.com", "primary": True, "label": "work"}],
            "phones": [{"value": "+905550000000", "primary": True, "label": "work"}],
            "org_id": next(iter(world.fake.organizations)),
            "custom_fields": {TITLE: "CTO", REGIONS: [41, 42], BUDGET: {"value": 1200.5, "currency": "EUR"}},
        }

    def test_an_organisation_of_that_name_is_used_and_none_is_replaced(self, world: PipedriveWorld) -> None:
        first = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        second = run(world.crm.upsert_person(replace(AYSE, email="b@example.com"), person_id=None)).person_id
        world.fake.persons[int(second)]["org_id"] = 4711

        run(world.crm.upsert_person(AYSE, person_id=second))

        [organization] = world.fake.organizations
        assert world.fake.persons[int(first)]["org_id"] == organization
        assert world.fake.persons[int(second)]["org_id"] == 4711

    def test_without_organisations_the_company_is_left_out(self) -> None:
        world = PipedriveWorld(organizations=False)

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert not world.fake.organizations
        assert "org_id" not in world.fake.body()

    def test_nothing_to_change_is_not_written(self, world: PipedriveWorld) -> None:
        fields = (Field(name="Regions", value="North;South", mode=Mode.OVERWRITE),)
        person = run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=None)).person_id
        before = len(world.fake.requests)

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert [method for method, _ in world.fake.sent()[before:]] == ["GET"]

    def test_a_new_number_becomes_the_main_one_beside_the_old(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.persons[int(person)]["phones"] = [{"value": "+1", "primary": True, "label": "home"}]
        fields = (Field(name="phone", value="+2", mode=Mode.OVERWRITE),)

        run(world.crm.upsert_person(replace(_ALONE, fields=fields), person_id=person))

        assert world.fake.body()["phones"] == [
            {"value": "+2", "primary": True, "label": "work"},
            {"value": "+1", "primary": False, "label": "home"},
        ]

    def test_a_note_is_escaped_and_ends_with_its_marker(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.fake.sent()[-1] == ("POST", "/api/v1/notes")
        assert world.fake.body() == {
            "content": "<p>Reply on email · Re: A question</p>"
            "<p>Sounds good, &lt;call&gt; me &amp; my colleague</p><p>ref: evt-1</p>",
            "person_id": int(person),
        }

    @pytest.mark.parametrize(
        ("options", "v1"),
        [
            ({"token": TOKEN}, "/v1"),
            ({"token": TOKEN, "base_url": "http://127.0.0.1:9"}, "/v1"),
            ({"token": TOKEN, "base_url": "http://127.0.0.1:9", "company": "example"}, "/api/v1"),
            ({"token": TOKEN, "base_url": "https://example.pipedrive.com"}, "/api/v1"),
            ({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, "/api/v1"),
            ({"token": TOKEN, "v1_path": "/elsewhere"}, "/elsewhere"),
        ],
    )
    def test_version_1_is_where_the_description_has_it(self, options: dict[str, str], v1: str) -> None:
        assert Options(**options).paths.v1 == v1  # type: ignore[arg-type]  # all texts

    def test_looking_for_a_note_asks_for_the_newest(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=True))

        url = f"/api/v1/notes?person_id={person}&sort=add_time%20DESC&limit=100"
        assert ("GET", url) in [(method, url.replace("+", "%20")) for method, url in world.fake.sent()]

    def test_a_deal_ends_by_its_status(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)
        deal = Deal(name="Example", pipeline="1", stage="11", value="1200", data={"currency": "EUR"})
        run(world.crm.ensure_deal(person, deal))
        assert world.fake.body() == {
            "title": "Example",
            "person_id": int(person),
            "stage_id": 11,
            "value": 1200.0,
            "currency": "EUR",
        }

        assert run(world.crm.set_stage(person, "won"))
        assert world.fake.body() == {"status": "won"}
        assert run(world.crm.set_stage(person, "won"))
        assert not run(world.crm.set_stage(person, "12"))
        assert run(world.crm.ensure_deal(person, deal)) == str(max(world.fake.deals))

    def test_a_stage_of_another_pipeline_is_refused(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)

        with pytest.raises(Refused, match="belongs to pipeline '2'") as refusal:
            run(world.crm.ensure_deal(person, Deal(name="x", pipeline="1", stage="21")))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_an_owner_is_looked_up_once_and_only_active_users_own(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.assign_owner(person, "Deniz@example.com"))
        run(world.crm.assign_owner(person, "deniz@example.com"))

        assert [method for method, _ in world.fake.sent()] == ["GET", "PATCH", "PATCH"]
        assert world.fake.body() == {"owner_id": 8}
        with pytest.raises(Refused, match="gone@example") as refusal:
            run(world.crm.assign_owner(person, "gone@example.com"))
        assert refusal.value.outcome is Outcome.CONFIG

    @pytest.mark.parametrize(
        ("field", "value", "outcome"),
        [
            ("Job titel", "CTO", Outcome.CONFIG),
            ("Outreach status", "Maybe", Outcome.VALIDATION),
            ("Budget", "much", Outcome.VALIDATION),
        ],
    )
    def test_what_cannot_be_written_names_the_field(
        self, world: PipedriveWorld, field: str, value: str, outcome: Outcome
    ) -> None:
        mapped = replace(_ALONE, fields=(Field(name=field, value=value),))

        with pytest.raises(Refused, match=field) as refusal:
            run(world.crm.upsert_person(mapped, person_id=None))

        assert refusal.value.outcome is outcome
        assert world.people() == []

    def test_an_unknown_label_names_those_there_are(self, world: PipedriveWorld) -> None:
        with pytest.raises(Refused, match="fintech, berlin") as refusal:
            run(world.crm.add_tags(world.add_person(AYSE.email), ("brandnew",)))

        assert refusal.value.outcome is Outcome.CONFIG


class TestOncePerPerson:
    def test_two_tasks_that_make_the_same_person_make_one(self, world: PipedriveWorld) -> None:
        async def at_once() -> set[str]:
            twice = [replace(AYSE, email=email) for email in ("Ayse@example.com", "ayse@example.com")]
            made = await asyncio.gather(*(world.crm.upsert_person(person, person_id=None) for person in twice))
            return {one.person_id for one in made}

        assert len(run(at_once())) == 1
        assert len(world.people()) == 1
        assert len(world.fake.organizations) == 1

    def test_a_person_that_search_does_not_know_yet_is_not_made_again(self, world: PipedriveWorld) -> None:
        world.fake.is_lagging = True

        first = run(world.crm.upsert_person(_ALONE, person_id=None))
        second = run(world.crm.upsert_person(_ALONE, person_id=None))

        assert first.person_id == second.person_id

    def test_what_we_made_and_somebody_removed_is_made_again(self, world: PipedriveWorld) -> None:
        first = run(world.crm.upsert_person(_ALONE, person_id=None))
        world.remove_person(first.person_id)

        assert run(world.crm.upsert_person(_ALONE, person_id=None)).person_id != first.person_id

    def test_a_merged_person_is_gone_and_the_survivor_found(self, world: PipedriveWorld) -> None:
        loser, survivor = world.add_person("old@example.com"), world.add_person(AYSE.email)
        del world.fake.persons[int(loser)]
        emails = world.fake.persons[int(survivor)]["emails"]
        emails.append({"value": "old@example.com", "primary": False, "label": "work"})

        with pytest.raises(Refused) as refusal:
            run(world.crm.log(loser, REPLY, look_first=False))

        assert refusal.value.outcome is Outcome.NOT_FOUND
        assert [one.person_id for one in run(world.crm.find_person("OLD@example.com"))] == [survivor]

    def test_a_found_person_has_a_link(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)

        [found] = run(world.crm.find_person(AYSE.email))

        assert found.url == f"https://example.pipedrive.com/person/{person}"


class TestReading:
    def test_a_closed_deal_is_reported_as_what_it_became(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.add_deal(person_id=int(person), stage_id=12, pipeline_id=1, status="lost")

        [found] = everybody(world.crm, Wanted(by=Selection.PERSON, value=person, fields=("phone", "Regions")))

        assert found.deal
        assert (found.stage, found.deal.state, found.deal.stage) == ("lost", DealState.LOST, "12")

    def test_a_deal_that_ended_is_no_news_of_somebody_with_another_one_open(self, world: PipedriveWorld) -> None:
        person = world.add_person(AYSE.email)
        ended = world.fake.add_deal(person_id=int(person), stage_id=11, pipeline_id=1)
        world.fake.add_deal(person_id=int(person), stage_id=12, pipeline_id=1)
        since = world.later()
        world.fake.touch(ended, status="lost")

        [found] = everybody(world.crm, Wanted(since=since))

        assert (found.stage, found.untold) == ("12", frozenset())

    def test_what_was_not_read_is_said(self) -> None:
        world = PipedriveWorld(status_property="")
        world.add_person(AYSE.email)

        [found] = everybody(world.crm, Wanted())

        assert found.untold == {"stage", "deal", "status"}

    @pytest.mark.parametrize("name", ["77", "Hot people"])
    def test_an_unknown_filter_is_named(self, world: PipedriveWorld, name: str) -> None:
        with pytest.raises(Refused, match=f"no filter '{name}'") as refusal:
            everybody(world.crm, Wanted(by=Selection.FILTER, value=name))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_what_cannot_be_an_id_names_nobody_and_is_not_asked_for(self, world: PipedriveWorld) -> None:
        [gone] = everybody(world.crm, Wanted(by=Selection.PERSON, value="ann"))

        assert gone.is_deleted
        assert world.fake.requests == []

    def test_a_deal_that_is_gone_selects_nobody(self, world: PipedriveWorld) -> None:
        assert everybody(world.crm, Wanted(by=Selection.DEAL, value="4711")) == []


class TestAccount:
    def test_the_account_is_described(self, world: PipedriveWorld) -> None:
        account = run(world.crm.check())

        assert account.name == "Pipedrive Example Ltd as Anna"
        assert account.stages == ("11", "12", "13", "21", "won", "lost")
        assert account.labels["11"] == "Stage 11"
        assert account.pipelines == ("1", "2")
        assert account.users == tuple(USERS.values())
        assert account.status_values == ("Responded", "Not interested")

    def test_a_mapping_is_proved_against_the_account(self, world: PipedriveWorld) -> None:
        mapping = CrmMapping(
            name="pipedrive",
            fields=(FieldRule(remote="Job title", source="title"), FieldRule(remote="Job titel", source="title")),
            status_property="Outreach status",
            statuses={"responded": "Responded", "bounced": "Bounced"},
            stages={"default": {"won": "won", "lost": "lots", "proposal": "12"}},
            owners={"anna": "anna@example.com", "kim": "kim@example.com"},
            deal=DealRule(pipeline="1", stage="11"),
            when={CrmTrigger.REPLY: ("person", "log_reply", "tags")},
        )

        wrong = {row.subject for row in run(check(mapping, world.crm)) if not row.is_ok}

        assert wrong == {"field Job titel", "status bounced", "stage default.lost", "owner kim"}

    def test_what_the_token_may_not_read_is_said(self, world: PipedriveWorld) -> None:
        def refuse(request: httpx.Request) -> httpx.Response | None:
            is_stages = request.url.path.endswith("/stages")
            return httpx.Response(403, json={"success": False, "error": "no deals"}) if is_stages else None

        world.fake.before = refuse

        account = run(world.crm.check())

        assert "no deals" in account.unread["stages"]
        assert account.users

    def test_status_and_opt_outs_are_offered_where_there_is_a_place_for_them(self) -> None:
        bare = PipedriveWorld(status_property="", do_not_contact_label="")

        assert not {Operation.STATUS, Operation.DO_NOT_CONTACT} & bare.crm.can
        with pytest.raises(Refused, match="do_not_contact_label"):
            run(bare.crm.set_do_not_contact("1", ""))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"token": ""},
            {"client_id": "a", "client_secret": "b", "refresh_token": "c"},
            {"company": "example.com/x"},
            {"company": "evil@host"},
        ],
    )
    def test_an_option_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"(?i)write"):
            PipedriveWorld(**wrong)


class TestErrors:
    @pytest.mark.parametrize(
        ("response", "outcome"),
        [
            (httpx.Response(404, json={"success": False, "error": "Person not found"}), Outcome.NOT_FOUND),
            (httpx.Response(410, json={"success": False, "error": "gone"}), Outcome.NOT_FOUND),
            (httpx.Response(409, json={"success": False, "error": "conflict"}), Outcome.DUPLICATE),
            (httpx.Response(400, json={"success": False, "error": "bad", "error_info": "name"}), Outcome.VALIDATION),
            (httpx.Response(422, json={"success": False, "error": "bad"}), Outcome.VALIDATION),
        ],
    )
    def test_every_documented_refusal_has_its_outcome(
        self, world: PipedriveWorld, response: httpx.Response, outcome: Outcome
    ) -> None:
        world.fake.before = lambda request: response

        with pytest.raises(Refused) as refusal:
            run(world.crm.assign_owner("1", "anna@example.com"))

        assert refusal.value.outcome is outcome
        assert response.json()["error"] in refusal.value.said

    def test_a_closed_account_is_unauthorized(self, world: PipedriveWorld) -> None:
        world.fake.before = lambda request: httpx.Response(402, json={"success": False, "error": "account is closed"})

        with pytest.raises(Unauthorized, match="closed"):
            run(world.crm.check())

    @pytest.mark.parametrize(
        ("headers", "wait"),
        [({"retry-after": "7"}, 7), ({"x-ratelimit-reset": "5"}, 5), ({}, 2)],
    )
    def test_how_long_to_wait(self, world: PipedriveWorld, headers: dict[str, str], wait: int) -> None:
        world.fake.before = lambda request: httpx.Response(429, headers=headers)

        with pytest.raises(RateLimited) as limited:
            run(world.crm.find_person(AYSE.email))

        assert limited.value.retry_after == timedelta(seconds=wait)


class TestOAuth:
    GRANT: ClassVar[dict[str, Any]] = {
        "token": "",
        "company": "",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }

    def test_calls_go_to_the_host_that_comes_with_the_token(self) -> None:
        world = PipedriveWorld(**self.GRANT)
        world.fake.desk.extra = {"api_domain": "https://example.pipedrive.com"}

        run(world.crm.upsert_person(AYSE, person_id=None))

        hosts = [request.url.host for request in world.fake.requests]
        assert hosts[0] == "oauth.pipedrive.com"
        assert set(hosts[1:]) == {"example.pipedrive.com"}
        assert world.fake.desk.given == 1

    def test_an_expired_token_is_replaced_once(self) -> None:
        world = PipedriveWorld(**self.GRANT)
        world.fake.desk.extra = {"api_domain": "https://example.pipedrive.com"}
        world.fake.desk.rotates = True
        run(world.crm.check())
        world.fake.desk.expire()

        run(world.crm.find_person(AYSE.email))

        assert world.fake.desk.given == 2

    def test_a_code_is_exchanged_once_and_the_rest_is_remembered(self) -> None:
        vault = ShelfVault()
        code = {"refresh_token": "", "code": "code-sample-1", "redirect_uri": "https://example.com/back"}
        first = PipedriveWorld(vault, **self.GRANT | code, base_url="https://example.pipedrive.com")
        run(first.crm.check())

        second = PipedriveWorld(vault, **self.GRANT | code, base_url="https://example.pipedrive.com")
        second.fake.desk = first.fake.desk
        run(second.crm.check())

        assert first.fake.desk.given == 1

    @pytest.mark.parametrize(
        "domain", ["https://evil.example", "http://example.pipedrive.com", "https://pipedrive.com.evil.example", ""]
    )
    def test_a_host_that_is_not_pipedrives_gets_no_token(self, domain: str) -> None:
        world = PipedriveWorld(**self.GRANT)
        world.fake.desk.extra = {"api_domain": domain}

        with pytest.raises(Exception, match="not what was expected"):
            run(world.crm.check())

        assert len(world.fake.requests) == 1

    def test_a_grant_that_was_withdrawn_is_unauthorized(self) -> None:
        world = PipedriveWorld(**self.GRANT)
        world.fake.desk.refresh_token = "another"

        with pytest.raises(Unauthorized, match="invalid_grant") as refusal:
            run(world.crm.check())

        assert REFRESH_TOKEN not in str(refusal.value)
