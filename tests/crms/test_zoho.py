"""Zoho CRM: the contracts for leads and for contacts, then exact requests and what is particular."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.crm import Deal, DealState, Field, Mode, Operation, Selection, Wanted
from outreach.crms.zoho import Options, Zoho
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.domain.crm_news import Change
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from outreach.sandbox.zoho_server import ACCOUNTS, API, USERS, FakeZoho
from outreach.services.crm.crm_check import check
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract
from tests.crms.oauth_worlds import client_and_tokens

_REMOTE = {"first_name": "First_Name", "status": "Lead_Status"}
_USER = {email: number for number, email in USERS.items()}
_EVERY_CHANGE = frozenset(Change) - {Change.ERASED, Change.MERGED, Change.HINT}


class ZohoWorld:
    secrets = (CLIENT_SECRET, REFRESH_TOKEN, "access-sample")
    text_field = "Title"
    stage, other_stage, unknown_stage, pipeline = "Qualification", "Proposal", "nowhere", "Standard"
    status, owner = "Responded", "anna@example.com"
    tells = _EVERY_CHANGE

    def __init__(self, module: str = "Contacts", **options: Any) -> None:
        self.module = module
        self.fake = FakeZoho()
        http, tokens = client_and_tokens(self.fake)
        given: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "region": "eu"}
        given |= {"refresh_token": REFRESH_TOKEN, "module": module}
        clock = MovableClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        self.crm = Zoho(Options(**given | options), http, tokens, clock)

    def pulled(self) -> Zoho:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET" and request.url.host == API

    def record(self, person_id: str) -> dict[str, Any]:
        module, _, record_id = person_id.partition("/")
        return self.fake.modules[module][record_id]

    def add_person(self, email: str, **values: str) -> str:
        given = {_REMOTE.get(name, name): value for name, value in values.items()}
        company = {"Company": "-"} if self.module == "Leads" else {}
        return f"{self.module}/{self.fake.add(self.module, Email=email, Last_Name='x', **company, **given)['id']}"

    def remove_person(self, person_id: str) -> None:
        module, _, record_id = person_id.partition("/")
        self.fake.remove(module, record_id)

    def people(self) -> list[str]:
        return [one["Email"] for module in ("Leads", "Contacts") for one in self.fake.modules[module].values()]

    def value(self, person_id: str, field: str) -> str:
        record = self.record(person_id)
        if field == "owner":
            return str(record["Owner"]["email"])
        if field == "tags":
            return ";".join(tag["name"] for tag in record["Tag"])
        return str(record.get(_REMOTE.get(field, field)) or "")

    def entries(self, person_id: str) -> list[str]:
        return [one["Note_Content"] for one in self.fake.notes.get(person_id.partition("/")[2], [])]

    def deals(self, person_id: str) -> list[str]:
        record_id = person_id.partition("/")[2]
        return [one["Stage"] for one in self.fake.modules["Deals"].values() if one["Contact_Name"]["id"] == record_id]

    def is_opted_out(self, person_id: str) -> bool:
        return bool(self.record(person_id)["Email_Opt_Out"])

    def later(self) -> datetime:
        return self.fake.later()

    def deal_of(self, person_id: str, **values: Any) -> dict[str, Any]:
        contact = {"id": person_id.partition("/")[2]}
        return self.fake.add(
            "Deals", Contact_Name=contact, **{"Stage": "Qualification", "Pipeline": "Standard"} | values
        )

    def select(self, by: Selection, person_id: str) -> str:
        if by is Selection.LIST:
            self.fake.views["777"] = [person_id.partition("/")[2]]
            return "777"
        if by is Selection.FILTER:
            return f"(Email:equals:{self.record(person_id)['Email']})"
        deal = self.deal_of(person_id)
        return "Qualification" if by is Selection.STAGE else str(deal["id"])

    def change(self, person_id: str, change: Change, value: str) -> None:
        record, deals = self.record(person_id), list(self.fake.modules["Deals"].values())
        match change:
            case Change.STATUS:
                self.fake.touch(record, Lead_Status=value)
            case Change.OWNER:
                self.fake.touch(record, Owner={"id": _USER[value], "email": value})
            case Change.DO_NOT_CONTACT:
                self.fake.touch(record, Email_Opt_Out=True)
            case Change.STAGE:
                self.fake.touch(deals[-1], Stage=value)
            case _:
                self.fake.touch(deals[-1], Stage=f"Closed {str(change).title()}", Amount=float(value))

    def sent(self) -> list[tuple[str, str]]:
        """Calls of the API alone, below its version."""
        calls = [one for one in self.fake.requests if one.url.host == API]
        return [(one.method, one.url.raw_path.decode().removeprefix("/crm/v8")) for one in calls]


@pytest.fixture
def world() -> ZohoWorld:
    return ZohoWorld()


@pytest.fixture
def leads() -> ZohoWorld:
    return ZohoWorld("Leads")


class TestZohoContacts(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> ZohoWorld:
        """With an access token: what is disturbed are calls of the API."""
        made = ZohoWorld()
        run(made.crm.find_person("nobody@example.com"))
        return made


class TestRequests:
    def test_an_address_is_looked_for_among_contacts_then_leads_fully_encoded(self, world: ZohoWorld) -> None:
        run(world.crm.find_person("A+b/ü@example.com"))

        address = "A%2Bb%2F%C3%BC%40example.com"
        assert world.sent() == [
            ("GET", f"/Contacts/search?email={address}&per_page=200"),
            ("GET", f"/Leads/search?email={address}&per_page=200"),
        ]
        assert [request.url.host for request in world.fake.requests] == [ACCOUNTS, API, API]
        assert world.fake.requests[1].headers["authorization"] == "Zoho-oauthtoken access-sample-1"

    def test_a_lead_is_upserted_by_its_address_with_what_its_layout_needs(self, leads: ZohoWorld) -> None:
        fields = (Field(name="Employees", value="40"), Field(name="Topics", value="A;B"))
        run(leads.crm.upsert_person(replace(AYSE, last_name="", company="", fields=fields), person_id=None))

        assert leads.sent()[-1] == ("POST", "/Leads/upsert")
        assert leads.fake.body() == {
            "data": [
                {
                    "Last_Name": "Ayşe",
                    "Company": "-",
                    "First_Name": "Ayşe",
                    "Employees": 40,
                    "Topics": ["A", "B"],
                    "Email": "ayse@example.com",
                }
            ],
            "duplicate_check_fields": ["Email"],
        }

    def test_a_placeholder_company_gives_way_to_the_real_one(self, leads: ZohoWorld) -> None:
        person = run(leads.crm.upsert_person(replace(AYSE, company=""), person_id=None)).person_id

        run(leads.crm.upsert_person(AYSE, person_id=person))

        assert leads.fake.body() == {"data": [{"id": person.partition("/")[2], "Company": "Example GmbH"}]}

    def test_automations_run_unless_told_otherwise(self) -> None:
        quiet = ZohoWorld(triggers=())

        run(quiet.crm.upsert_person(AYSE, person_id=None))

        assert quiet.fake.body()["trigger"] == []

    def test_nothing_to_change_is_not_written(self, world: ZohoWorld) -> None:
        fields = (Field(name="Topics", value="A;B", mode=Mode.OVERWRITE),)
        person = run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=None)).person_id
        before = len(world.sent())

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert [method for method, _ in world.sent()[before:]] == ["GET"]

    def test_a_note_is_plain_text_with_its_marker(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.sent()[-1] == ("POST", f"/{person}/Notes")
        assert world.fake.body() == {
            "data": [
                {
                    "Note_Title": "Reply on email: Re: A question",
                    "Note_Content": "Sounds good, <call> me & my colleague\n\nref: evt-1",
                }
            ]
        }

    def test_tags_go_three_at_a_time_and_replace_none(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.add_tags(person, ("a", "b", "c", "d")))

        assert world.sent()[-1] == ("POST", f"/{person}/actions/add_tags")
        assert world.fake.body(-2) == {"tags": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "over_write": False}
        assert world.fake.body() == {"tags": [{"name": "d"}], "over_write": False}

    @pytest.mark.parametrize("tag", ["forbidden", "a" * 26])
    def test_a_tag_that_is_not_added_is_an_error_that_names_it(self, world: ZohoWorld, tag: str) -> None:
        with pytest.raises(Refused, match=tag) as refusal:
            run(world.crm.add_tags(world.add_person(AYSE.email), (tag,)))

        assert refusal.value.outcome is Outcome.VALIDATION

    def test_a_deal_names_its_contact_and_a_closing_date(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.ensure_deal(person, Deal(name="Example", pipeline="Standard", stage="Proposal", value="1200")))

        assert world.sent()[-1] == ("POST", "/Deals")
        assert world.fake.body() == {
            "data": [
                {
                    "Deal_Name": "Example",
                    "Stage": "Proposal",
                    "Pipeline": "Standard",
                    "Closing_Date": "2026-04-01",
                    "Contact_Name": {"id": person.partition("/")[2]},
                    "Amount": 1200.0,
                }
            ]
        }

    def test_a_closed_deal_is_not_moved_and_a_new_one_may_be_opened(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)
        world.deal_of(person, Stage="Closed Lost")

        assert not run(world.crm.set_stage(person, "Proposal"))
        assert run(world.crm.set_stage(person, "Closed Lost"))
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Standard", stage="Qualification")))
        assert world.deals(person) == ["Closed Lost", "Qualification"]

    def test_a_stage_of_another_pipeline_is_refused(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)

        with pytest.raises(Refused, match="belongs to Partners") as refusal:
            run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Standard", stage="First call")))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_ids_stay_texts_to_the_last_digit(self, world: ZohoWorld) -> None:
        made = run(world.crm.upsert_person(AYSE, person_id=None))

        assert made.person_id.partition("/")[2] == next(iter(world.fake.modules["Contacts"]))
        assert len(made.person_id.partition("/")[2]) == 18


class TestLeads:
    def test_a_lead_is_made_found_logged_and_marked(self, leads: ZohoWorld) -> None:
        person = run(leads.crm.upsert_person(AYSE, person_id=None)).person_id
        run(leads.crm.log(person, REPLY, look_first=False))
        run(leads.crm.set_status(person, "Responded"))
        run(leads.crm.set_do_not_contact(person, AYSE.email))

        assert person.startswith("Leads/")
        assert [one.person_id for one in run(leads.crm.find_person(AYSE.email))] == [person]
        assert leads.value(person, "status") == "Responded"
        assert leads.is_opted_out(person)
        assert len(leads.entries(person)) == 1

    def test_stages_and_deals_are_not_offered(self, leads: ZohoWorld) -> None:
        person = leads.add_person(AYSE.email)

        assert not {Operation.STAGE, Operation.DEAL} & leads.crm.can
        assert not run(leads.crm.set_stage(person, "Proposal"))
        with pytest.raises(Refused, match="Contacts"):
            run(leads.crm.ensure_deal(person, Deal(name="x", pipeline="Standard", stage="Proposal")))

    def test_who_is_a_contact_already_does_not_become_a_lead(self, leads: ZohoWorld) -> None:
        contact = leads.fake.add("Contacts", Email=AYSE.email, Last_Name="Kaya")
        leads.fake.add("Leads", Email=AYSE.email, Last_Name="Kaya", Company="x")

        made = run(leads.crm.upsert_person(AYSE, person_id=None))

        assert made.person_id == f"Contacts/{contact['id']}"
        assert [one.person_id for one in run(leads.crm.find_person(AYSE.email))] == [made.person_id]

    def test_a_lead_that_was_converted_is_gone(self, leads: ZohoWorld) -> None:
        person = leads.add_person(AYSE.email)
        leads.record(person)["$converted"] = True

        with pytest.raises(Refused) as refusal:
            run(leads.crm.log(person, REPLY, look_first=False))

        assert refusal.value.outcome is Outcome.NOT_FOUND

    def test_a_status_that_is_no_choice_names_the_choices(self, leads: ZohoWorld) -> None:
        with pytest.raises(Refused, match="Contacted, Responded") as refusal:
            run(leads.crm.set_status(leads.add_person(AYSE.email), "Resp"))

        assert refusal.value.outcome is Outcome.VALIDATION

    def test_both_modules_are_read_back(self, leads: ZohoWorld) -> None:
        lead = leads.add_person("lead@example.com")
        contact = leads.fake.add("Contacts", Email="contact@example.com", Last_Name="x")

        found = {one.person_id for one in everybody(leads.crm, Wanted())}

        assert found == {lead, f"Contacts/{contact['id']}"}


class TestOncePerPerson:
    def test_a_person_that_search_does_not_know_yet_is_found_by_the_server(self, world: ZohoWorld) -> None:
        world.fake.is_lagging = True

        first = run(world.crm.upsert_person(AYSE, person_id=None))
        second = run(world.crm.upsert_person(AYSE, person_id=None))

        assert first.person_id == second.person_id
        assert len(world.people()) == 1

    def test_two_tasks_that_make_the_same_person_make_one(self, world: ZohoWorld) -> None:
        async def at_once() -> None:
            await asyncio.gather(*(world.crm.upsert_person(AYSE, person_id=None) for _ in range(4)))

        run(at_once())

        assert len(world.people()) == 1

    def test_the_record_a_duplicate_is_told_to_be_of_is_updated(self, world: ZohoWorld) -> None:
        twin = world.add_person("other@example.com").partition("/")[2]
        world.fake.unique["Title"] = twin
        taken = replace(AYSE, fields=(Field(name="Title", value="taken"),))

        def clear(request: httpx.Request) -> None:
            if request.method == "PUT":
                world.fake.unique.clear()

        world.fake.before = clear

        made = run(world.crm.upsert_person(taken, person_id=None))

        assert made.person_id == f"Contacts/{twin}"
        assert len(world.people()) == 1

    def test_at_most_five_calls_are_under_way(self) -> None:
        world = ZohoWorld()
        under_way: list[int] = [0, 0]

        async def slow(request: httpx.Request) -> httpx.Response:
            under_way[0] += 1
            under_way[1] = max(under_way)
            for _ in range(3):
                await asyncio.sleep(0)
            under_way[0] -= 1
            return world.fake.handle(request)

        http = httpx.AsyncClient(transport=httpx.MockTransport(slow))
        world.crm._calls._api._http = http

        async def many() -> None:
            await asyncio.gather(*(world.crm.find_person(f"p{number}@example.com") for number in range(20)))

        run(many())

        assert under_way[1] == 5


class TestFailureInsideASuccess:
    @pytest.mark.parametrize(
        ("code", "details", "outcome"),
        [
            ("MANDATORY_NOT_FOUND", {"api_name": "Company"}, Outcome.VALIDATION),
            ("INVALID_DATA", {"api_name": "Email", "expected_data_type": "email"}, Outcome.VALIDATION),
            ("INVALID_DATA", {"resource_path_index": 1}, Outcome.NOT_FOUND),
            ("INVALID_DATA", {"api_name": "id"}, Outcome.NOT_FOUND),
            ("DUPLICATE_DATA", {"api_name": "Email"}, Outcome.DUPLICATE),
            ("DEPENDENT_FIELD_MISSING", {"api_name": "Stage"}, Outcome.VALIDATION),
            ("EXPECTED_FIELD_MISSING", {}, Outcome.VALIDATION),
            ("RECORD_IN_BLUEPRINT", {}, Outcome.VALIDATION),
            ("RECORD_LOCKED", {}, Outcome.VALIDATION),
            ("CONVERTED_RECORD", {}, Outcome.NOT_FOUND),
            ("MAPPING_MISMATCH", {"api_name": "Stage"}, Outcome.VALIDATION),
            ("LIMIT_EXCEEDED", {}, Outcome.VALIDATION),
            ("INVALID_MODULE", {}, Outcome.CONFIG),
            ("NOT_APPROVED", {}, Outcome.VALIDATION),
            ("NOT_ALLOWED", {"api_name": "Owner"}, Outcome.VALIDATION),
            ("NOT_SUPPORTED", {}, Outcome.CONFIG),
            (
                "MULTIPLE_OR_MULTI_ERRORS",
                {"errors": [{"code": "INVALID_DATA", "details": {"api_name": "Email"}}]},
                Outcome.VALIDATION,
            ),
        ],
    )
    @pytest.mark.parametrize("status", [200, 202, 207, 400])
    def test_every_code_has_its_outcome_in_whatever_status(
        self, world: ZohoWorld, status: int, code: str, details: dict[str, Any], outcome: Outcome
    ) -> None:
        person = world.add_person(AYSE.email)
        row = {"code": code, "status": "error", "message": "said so", "details": details}
        answer = httpx.Response(status, json={"data": [row]})
        world.fake.before = lambda request: answer if request.method == "PUT" else None

        with pytest.raises(Refused) as refusal:
            run(world.crm.set_do_not_contact(person, AYSE.email))

        assert (refusal.value.outcome, refusal.value.code) == (outcome, code)
        for word in (code, "said so", str(details.get("api_name", ""))):
            assert word in refusal.value.said

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("NO_PERMISSION", Unauthorized),
            ("AUTHORIZATION_FAILED", Unauthorized),
            ("TOO_MANY_REQUESTS", RateLimited),
            ("INTERNAL_ERROR", OutcomeUnknown),
        ],
    )
    def test_some_codes_are_about_more_than_the_record(
        self, world: ZohoWorld, code: str, kind: type[AdapterError]
    ) -> None:
        person = world.add_person(AYSE.email)
        row = {"code": code, "status": "error", "message": "", "details": {}}
        world.fake.before = lambda request: (
            httpx.Response(200, json={"data": [row]}) if request.method == "PUT" else None
        )

        with pytest.raises(kind):
            run(world.crm.set_do_not_contact(person, AYSE.email))

    def test_a_record_of_another_module_that_is_in_the_way_is_the_one_updated(self, leads: ZohoWorld) -> None:
        contact = leads.fake.add("Contacts", Email="other@example.com", Last_Name="x")
        twin = {"id": contact["id"], "module": {"api_name": "Contacts", "id": "1"}}
        row = {"code": "DUPLICATE_DATA", "status": "error", "message": "", "details": {"duplicate_record": twin}}
        answer = httpx.Response(400, json={"data": [row]})
        leads.fake.before = lambda request: answer if request.url.path.endswith("/upsert") else None

        assert run(leads.crm.upsert_person(AYSE, person_id=None)).person_id == f"Contacts/{contact['id']}"

    def test_a_record_that_is_not_there_is_not_found_whatever_its_details(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)
        body = {"code": "INVALID_DATA", "status": "error", "message": "The record does not exist", "details": {}}
        world.fake.before = lambda request: httpx.Response(404, json=body) if request.method == "PUT" else None

        with pytest.raises(Refused) as refusal:
            run(world.crm.set_do_not_contact(person, AYSE.email))

        assert refusal.value.outcome is Outcome.NOT_FOUND

    def test_a_stage_held_by_a_blueprint_is_declined_by_its_code(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)
        world.deal_of(person, **{"$in_blueprint": True})

        with pytest.raises(Refused, match="RECORD_IN_BLUEPRINT") as refusal:
            run(world.crm.set_stage(person, "Proposal"))

        assert refusal.value.outcome is Outcome.VALIDATION

    def test_an_unknown_field_is_a_mistake_in_the_configuration(self, world: ZohoWorld) -> None:
        with pytest.raises(Refused, match="Titel") as refusal:
            run(world.crm.upsert_person(replace(AYSE, fields=(Field(name="Titel", value="CTO"),)), person_id=None))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_throttled_call_waits_a_minute(self, world: ZohoWorld) -> None:
        answer = httpx.Response(429, json={"code": "TOO_MANY_REQUESTS", "message": "slow down", "status": "error"})
        world.fake.before = lambda request: answer if request.url.host == API else None

        with pytest.raises(RateLimited, match="TOO_MANY_REQUESTS") as limited:
            run(world.crm.find_person(AYSE.email))

        assert limited.value.retry_after == timedelta(minutes=1)


class TestReading:
    def test_a_page_token_that_has_ended_begins_its_part_anew(self, world: ZohoWorld) -> None:
        ids = {world.add_person(f"p{number}@example.com") for number in range(5)}

        found = {one.person_id for one in everybody(world.crm, Wanted(), cursor='["Contacts", 2, "of yesterday"]')}

        assert found == ids

    def test_a_closed_deal_is_reported_as_what_it_became(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)
        world.deal_of(person, Stage="Closed Won", Amount=1200)

        [found] = everybody(world.crm, Wanted(by=Selection.PERSON, value=person))

        assert found.deal
        assert (found.stage, found.deal.state, found.deal.value) == ("Closed Won", DealState.WON, "1200")

    def test_one_record_is_read_whole_for_only_lists_may_be_told_which_fields(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)

        everybody(world.crm, Wanted(by=Selection.PERSON, value=person, fields=("Title",)))

        assert ("GET", f"/{person}") in world.sent()

    def test_a_deal_that_ended_is_no_news_of_somebody_with_another_one_open(self, world: ZohoWorld) -> None:
        person = world.add_person(AYSE.email)
        ended = world.deal_of(person)
        world.deal_of(person, Stage="Proposal")
        since = world.later()
        world.fake.touch(ended, Stage="Closed Lost")

        [found] = everybody(world.crm, Wanted(since=since))

        assert found.stage == "Proposal"
        assert not {"stage", "deal"} & found.untold

    @pytest.mark.parametrize(
        ("by", "value"),
        [
            (Selection.FILTER, "Lead_Source=Web"),
            (Selection.LIST, "888"),
            (Selection.LIST, "Contacts/Hot ones"),
            (Selection.STAGE, "nowhere"),
        ],
    )
    def test_a_selection_that_is_not_understood_is_named(self, world: ZohoWorld, by: Selection, value: str) -> None:
        with pytest.raises(Refused, match=value) as refusal:
            everybody(world.crm, Wanted(by=by, value=value))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_stage_with_brackets_does_not_break_the_search(self, world: ZohoWorld) -> None:
        world.fake.add("Deals", Stage="Proposal", Pipeline="Standard", Contact_Name=None)

        with pytest.raises(Refused, match="unknown deal stage"):
            everybody(world.crm, Wanted(by=Selection.STAGE, value="x)or(Stage:equals:Proposal"))


class TestAccount:
    def test_the_account_is_described(self, world: ZohoWorld) -> None:
        account = run(world.crm.check())

        assert account.name == "Zoho CRM Example Ltd"
        assert account.pipelines == ("Standard", "Partners")
        assert account.stages == ("Qualification", "Proposal", "Closed Won", "Closed Lost", "First call")
        assert account.status_values == ("Not Contacted", "Contacted", "Responded")

    def test_a_name_that_may_not_be_read_is_left_out(self, world: ZohoWorld) -> None:
        world.fake.org_is_closed = True

        assert run(world.crm.check()).name == "Zoho CRM"

    def test_a_mapping_is_proved_against_the_account(self, world: ZohoWorld) -> None:
        mapping = CrmMapping(
            name="zoho",
            fields=(FieldRule(remote="Title", source="title"), FieldRule(remote="Titel", source="title")),
            status_property="Lead_Status",
            statuses={"responded": "Responded", "bounced": "Bounced"},
            stages={"default": {"won": "Closed Won", "lost": "Closed"}},
            owners={"anna": "anna@example.com", "kim": "kim@example.com"},
            deal=DealRule(pipeline="Standart", stage="Qualification"),
            when={CrmTrigger.REPLY: ("person", "log_reply", "tags")},
        )

        wrong = {row.subject for row in run(check(mapping, world.crm)) if not row.is_ok}

        assert wrong == {"field Titel", "status bounced", "stage default.lost", "owner kim", "deal pipeline"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"client_id": ""},
            {"client_secret": " "},
            {"region": "mars"},
            {"module": "Accounts"},
            {"version": "8/../"},
            {"triggers": ("workflows",)},
        ],
    )
    def test_an_option_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="Write"):
            Options(**{"client_id": "a", "client_secret": "b", "refresh_token": "c"} | wrong)


class TestTokens:
    def test_an_expired_token_is_replaced_once_and_the_call_repeated(self, world: ZohoWorld) -> None:
        run(world.crm.find_person(AYSE.email))
        world.fake.desk.expire()

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.fake.desk.given == 2
        assert len(world.people()) == 1

    def test_a_refusal_inside_a_success_is_unauthorized(self, world: ZohoWorld) -> None:
        world.fake.desk.declines = (200, {"error": "invalid_code"})

        with pytest.raises(Unauthorized, match="invalid_code"):
            run(world.crm.check())

    def test_a_host_that_is_not_zohos_gets_no_token(self, world: ZohoWorld) -> None:
        world.fake.desk.extra = {"api_domain": "https://www.zohoapis.eu.evil.example"}

        with pytest.raises(AdapterError, match="not what was expected"):
            run(world.crm.check())

        assert [request.url.host for request in world.fake.requests] == [ACCOUNTS]

    def test_a_scope_that_is_missing_is_unauthorized(self, world: ZohoWorld) -> None:
        answer = {"code": "OAUTH_SCOPE_MISMATCH", "message": "invalid oauth scope", "status": "error", "details": {}}
        world.fake.before = lambda request: httpx.Response(401, json=answer) if request.url.host == API else None

        with pytest.raises(Unauthorized, match="OAUTH_SCOPE_MISMATCH"):
            run(world.crm.find_person(AYSE.email))
