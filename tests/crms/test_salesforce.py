"""Salesforce: the contracts for contacts and for leads, then exact requests and what is particular."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from outreach.clock import MovableClock
from outreach.crm import Deal, DealState, Field, Operation, Selection, Wanted
from outreach.crms.salesforce import Options, Salesforce
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.domain.crm_news import Change
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.salesforce_server import HOST, ROOT, USERS, FakeSalesforce
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from outreach.services.crm.crm_check import check
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract
from tests.crms.oauth_worlds import ShelfVault, client_and_tokens

_REMOTE = {"first_name": "FirstName", "status": "Outreach_Status__c", "tags": "Tags__c"}
_USER = {email: number for number, email in USERS.items()}
_LEAD_CHANGES = frozenset({Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.DELETED, Change.MERGED})


class SalesforceWorld:
    secrets = (CLIENT_SECRET, REFRESH_TOKEN, "access-sample")
    text_field = "Title"
    stage, other_stage, unknown_stage, pipeline = "Prospecting", "Proposal", "nowhere", "default"
    status, owner = "Responded", "anna@example.com"
    tells = _LEAD_CHANGES | {Change.STAGE, Change.WON, Change.LOST}

    def __init__(self, kind: str = "Contact", vault: ShelfVault | None = None, **options: Any) -> None:
        self.kind = kind
        self.fake = FakeSalesforce()
        self.clock = MovableClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        http, tokens = client_and_tokens(self.fake, vault)
        given: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "object": kind}
        given |= {"refresh_token": REFRESH_TOKEN, "my_domain": "example", "tags_property": "Tags__c"}
        given |= {"contact_status_property": "Outreach_Status__c", "status_property": "Outreach_Status__c"}
        self.crm = Salesforce(Options(**given | options), http, tokens, self.clock)

    def pulled(self) -> Salesforce:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET" and request.url.host == HOST

    def record(self, person_id: str) -> dict[str, Any]:
        return self.fake.tables[{"00Q": "Lead", "003": "Contact"}[person_id[:3]]][person_id]

    def add_person(self, email: str, **values: str) -> str:
        given = {_REMOTE.get(name, name): value for name, value in values.items()}
        return str(self.fake.add(self.kind, Email=email, LastName="x", **given)["Id"])

    def remove_person(self, person_id: str) -> None:
        self.fake.touch(self.record(person_id), IsDeleted=True)

    def people(self) -> list[str]:
        rows = [one for kind in ("Lead", "Contact") for one in self.fake.tables[kind].values()]
        return [one["Email"] for one in rows if not one["IsDeleted"]]

    def value(self, person_id: str, field: str) -> str:
        record = self.record(person_id)
        return USERS[record["OwnerId"]] if field == "owner" else str(record.get(_REMOTE.get(field, field)) or "")

    def entries(self, person_id: str) -> list[str]:
        return [one["Description"] for one in self.fake.tables["Task"].values() if one["WhoId"] == person_id]

    def opportunities(self, person_id: str) -> list[dict[str, Any]]:
        roles = self.fake.tables["OpportunityContactRole"].values()
        return [self.fake.tables["Opportunity"][one["OpportunityId"]] for one in roles if one["ContactId"] == person_id]

    def deals(self, person_id: str) -> list[str]:
        return [one["StageName"] for one in self.opportunities(person_id)]

    def is_opted_out(self, person_id: str) -> bool:
        return bool(self.record(person_id)["HasOptedOutOfEmail"])

    def later(self) -> datetime:
        return self.fake.later()

    def deal_of(self, person_id: str, stage: str = "Prospecting", **values: Any) -> dict[str, Any]:
        deal = self.fake.add("Opportunity", Name="x", StageName=stage, **values)
        self.fake.add("OpportunityContactRole", OpportunityId=deal["Id"], ContactId=person_id)
        return deal

    def select(self, by: Selection, person_id: str) -> str:
        if by is Selection.LIST:
            campaign = self.fake.add("Campaign", Name="Spring")
            self.fake.add("CampaignMember", CampaignId=campaign["Id"], **{f"{self.kind}Id": person_id})
            return "Spring"
        if by is Selection.FILTER:
            return f"Email = '{self.record(person_id)['Email']}'"
        deal = self.deal_of(person_id)
        return "Prospecting" if by is Selection.STAGE else str(deal["Id"])

    def change(self, person_id: str, change: Change, value: str) -> None:
        record = self.record(person_id)
        match change:
            case Change.STATUS:
                self.fake.touch(record, Outreach_Status__c=value)
            case Change.OWNER:
                self.fake.touch(record, OwnerId=_USER[value])
            case Change.DO_NOT_CONTACT:
                self.fake.touch(record, HasOptedOutOfEmail=True)
            case Change.MERGED:
                self.fake.touch(record, IsDeleted=True, MasterRecordId=value)
            case Change.STAGE:
                self.fake.touch(self.opportunities(person_id)[-1], StageName=value)
            case _:
                closed = {"StageName": f"Closed {str(change).title()}", "Amount": float(value)}
                self.fake.touch(self.opportunities(person_id)[-1], **closed)

    def sent(self) -> list[tuple[str, str]]:
        """Calls of the API alone, below its version."""
        calls = [one for one in self.fake.requests if one.url.host == HOST and one.url.path.startswith(ROOT)]
        return [(one.method, one.url.raw_path.decode().removeprefix(ROOT)) for one in calls]

    def queries(self) -> list[str]:
        return [one.url.params["q"] for one in self.fake.requests if "q" in one.url.params]


@pytest.fixture
def world() -> SalesforceWorld:
    return SalesforceWorld()


@pytest.fixture
def leads() -> SalesforceWorld:
    return SalesforceWorld("Lead", status_property="Status")


def _warm(made: SalesforceWorld) -> SalesforceWorld:
    """With an access token: what is disturbed are calls of the API."""
    run(made.crm.find_person("nobody@example.com"))
    return made


class TestSalesforceContacts(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> SalesforceWorld:
        return _warm(SalesforceWorld())


class TestRequests:
    def test_an_address_is_looked_for_in_our_object_then_the_other(self, leads: SalesforceWorld) -> None:
        run(leads.crm.find_person("A+b'ü\\@example.com"))

        address, tail = "'A+b\\'ü\\\\@example.com'", "ORDER BY CreatedDate, Id LIMIT 200"
        assert leads.queries() == [
            f"SELECT Id, CreatedDate FROM Lead WHERE Email = {address} AND IsConverted = false {tail}",
            f"SELECT Id, CreatedDate FROM Contact WHERE Email = {address} {tail}",
        ]
        assert leads.sent()[0][1].startswith("/query?q=SELECT")
        assert leads.fake.requests[-1].headers["authorization"] == "Bearer access-sample-1"

    @pytest.mark.parametrize("evil", ["x' OR Email != '", "x\\' OR Email != \\'", 'x" OR "', "x\n' OR '"])
    def test_nothing_breaks_out_of_a_query(self, world: SalesforceWorld, evil: str) -> None:
        world.add_person(AYSE.email)

        assert run(world.crm.find_person(evil)) == ()

    def test_a_lead_is_made_with_what_salesforce_needs(self, leads: SalesforceWorld) -> None:
        fields = (Field(name="Employees__c", value="40"),)
        run(leads.crm.upsert_person(replace(AYSE, last_name="", company="", fields=fields), person_id=None))

        assert leads.sent()[-1] == ("POST", "/sobjects/Lead")
        assert leads.fake.body() == {
            "LastName": "Ayşe",
            "Company": "[not provided]",
            "FirstName": "Ayşe",
            "Employees__c": 40,
            "Email": "ayse@example.com",
        }

    def test_a_placeholder_company_gives_way_to_the_real_one(self, leads: SalesforceWorld) -> None:
        person = run(leads.crm.upsert_person(replace(AYSE, company=""), person_id=None)).person_id

        run(leads.crm.upsert_person(AYSE, person_id=person))

        assert leads.sent()[-1] == ("PATCH", f"/sobjects/Lead/{person}")
        assert leads.fake.body() == {"Company": "Example GmbH"}

    def test_nothing_to_change_is_not_written(self, world: SalesforceWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        before = len(world.sent())

        run(world.crm.upsert_person(AYSE, person_id=person))

        assert [method for method, _ in world.sent()[before:]] == ["GET"]

    def test_a_reply_is_a_completed_task(self, world: SalesforceWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.sent()[-1] == ("POST", "/sobjects/Task")
        assert world.fake.body() == {
            "Subject": "Email: Re: A question",
            "Description": "Sounds good, <call> me & my colleague\n\nref: evt-1",
            "WhoId": person,
            "Status": "Completed",
            "TaskSubtype": "Email",
            "ActivityDate": "2026-03-02",
        }

    def test_an_opportunity_and_its_contact_are_one_request(self, world: SalesforceWorld) -> None:
        account = world.fake.add("Account", Name="Example GmbH")
        person = world.add_person(AYSE.email, AccountId=account["Id"])

        deal = run(world.crm.ensure_deal(person, Deal(name="Example", pipeline="x", stage="Proposal", value="1200")))

        assert world.sent()[-1] == ("POST", "/composite")
        assert world.fake.body() == {
            "allOrNone": True,
            "compositeRequest": [
                {
                    "method": "POST",
                    "url": "/services/data/v68.0/sobjects/Opportunity",
                    "referenceId": "deal",
                    "body": {
                        "Name": "Example",
                        "StageName": "Proposal",
                        "CloseDate": "2026-04-01",
                        "Amount": 1200.0,
                        "AccountId": account["Id"],
                    },
                },
                {
                    "method": "POST",
                    "url": "/services/data/v68.0/sobjects/OpportunityContactRole",
                    "referenceId": "role",
                    "body": {"OpportunityId": "@{deal.id}", "ContactId": person, "IsPrimary": True},
                },
            ],
        }
        assert [one["Id"] for one in world.opportunities(person)] == [deal]

    def test_a_part_that_fails_undoes_the_other_and_says_why(self, world: SalesforceWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.hidden = {"IsPrimary"}

        with pytest.raises(Refused, match="role: INVALID_FIELD") as refusal:
            run(world.crm.ensure_deal(person, Deal(name="x", pipeline="x", stage="Proposal")))

        assert refusal.value.outcome is Outcome.VALIDATION
        assert not world.fake.tables["Opportunity"]

    def test_a_pipeline_that_is_a_record_type_keeps_deals_apart(self, world: SalesforceWorld) -> None:
        line = "012000000000001AAA"
        person = world.add_person(AYSE.email)
        world.deal_of(person)

        run(world.crm.ensure_deal(person, Deal(name="x", pipeline=line, stage="Proposal")))
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline=line, stage="Proposal")))

        assert [one["RecordTypeId"] for one in world.opportunities(person)] == [None, line]

    def test_a_closed_deal_is_not_moved_and_a_new_one_may_be_opened(self, world: SalesforceWorld) -> None:
        person = world.add_person(AYSE.email)
        world.deal_of(person, "Closed Lost")

        assert not run(world.crm.set_stage(person, "Proposal"))
        assert run(world.crm.set_stage(person, "Closed Lost"))
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="x", stage="Prospecting")))
        assert world.deals(person) == ["Closed Lost", "Prospecting"]

    def test_long_results_are_read_to_the_end(self, world: SalesforceWorld) -> None:
        ids = [world.add_person("twin@example.com") for _ in range(5)]

        assert [one.person_id for one in run(world.crm.find_person("twin@example.com"))] == ids
        assert world.sent()[-1][1].startswith("/query/01g")


class TestLeads:
    def test_a_lead_is_made_found_logged_and_marked(self, leads: SalesforceWorld) -> None:
        person = run(leads.crm.upsert_person(AYSE, person_id=None)).person_id
        run(leads.crm.log(person, REPLY, look_first=True))
        run(leads.crm.set_status(person, "Responded"))
        run(leads.crm.set_do_not_contact(person, AYSE.email))

        assert person.startswith("00Q")
        assert leads.record(person)["Status"] == "Responded"
        assert leads.is_opted_out(person)
        assert len(leads.entries(person)) == 1

    def test_stages_and_deals_are_not_offered(self, leads: SalesforceWorld) -> None:
        person = leads.add_person(AYSE.email)

        assert not {Operation.STAGE, Operation.DEAL} & leads.crm.can
        assert not run(leads.crm.set_stage(person, "Proposal"))
        with pytest.raises(Refused, match="Contact"):
            run(leads.crm.ensure_deal(person, Deal(name="x", pipeline="x", stage="Proposal")))

    def test_a_contact_of_that_address_is_used_where_there_is_no_open_lead(self, leads: SalesforceWorld) -> None:
        leads.fake.add("Lead", Email=AYSE.email, LastName="x", IsConverted=True)
        contact = leads.fake.add("Contact", Email=AYSE.email, LastName="x")

        assert run(leads.crm.upsert_person(AYSE, person_id=None)).person_id == contact["Id"]

    def test_a_converted_lead_is_gone_and_named_with_its_contact(self, leads: SalesforceWorld) -> None:
        contact = leads.fake.add("Contact", Email=AYSE.email, LastName="x")
        lead = leads.fake.add("Lead", Email=AYSE.email, IsConverted=True, ConvertedContactId=contact["Id"])

        with pytest.raises(Refused) as refusal:
            run(leads.crm.log(lead["Id"], REPLY, look_first=False))
        found = {one.person_id: one for one in everybody(leads.crm, Wanted(since=leads.fake.now))}

        assert refusal.value.outcome is Outcome.NOT_FOUND
        assert found[lead["Id"]].merged_into == contact["Id"]
        assert lead["Id"] not in [one.person_id for one in everybody(leads.crm, Wanted())]

    def test_contacts_need_a_status_field_of_their_own(self) -> None:
        world = SalesforceWorld(contact_status_property="", status_property="Status")

        assert Operation.STATUS not in world.crm.can
        with pytest.raises(Refused, match="contact_status_property"):
            run(world.crm.set_status(world.add_person(AYSE.email), "Responded"))


class TestOncePerPerson:
    def test_with_an_external_id_the_server_makes_a_person_once(self) -> None:
        world = SalesforceWorld("Lead", external_id_field="Outreach_Id__c")

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.sent()[-1] == ("PATCH", "/sobjects/Lead/Outreach_Id__c/lead-1")
        assert "Outreach_Id__c" not in world.fake.body()

    def test_a_person_whose_address_changed_is_found_by_the_external_id(self) -> None:
        world = SalesforceWorld("Lead", external_id_field="Outreach_Id__c")
        person = world.add_person("old@example.com", Outreach_Id__c="lead-1")

        assert run(world.crm.upsert_person(AYSE, person_id=None)).person_id == person

    def test_an_external_id_that_several_have_is_ambiguous(self) -> None:
        world = SalesforceWorld("Lead", external_id_field="Outreach_Id__c")
        answer = httpx.Response(300, json=[f"{ROOT}/sobjects/Lead/00Q1", f"{ROOT}/sobjects/Lead/00Q2"])
        world.fake.before = lambda request: answer if request.method == "PATCH" else None

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS

    def test_two_tasks_that_make_the_same_person_make_one(self, world: SalesforceWorld) -> None:
        async def at_once() -> None:
            await asyncio.gather(*(world.crm.upsert_person(AYSE, person_id=None) for _ in range(4)))

        run(at_once())

        assert len(world.people()) == 1

    def test_the_record_a_duplicate_rule_finds_is_updated(self, leads: SalesforceWorld) -> None:
        leads.fake.duplicates = True
        twin = leads.add_person(AYSE.email)
        empty = httpx.Response(200, json={"totalSize": 0, "done": True, "records": []})
        leads.fake.before = lambda request: empty if "/query" in request.url.path else None

        assert run(leads.crm.upsert_person(AYSE, person_id=None)).person_id == twin
        assert len(leads.people()) == 1

    def test_a_rule_that_only_warns_may_be_passed(self) -> None:
        world = SalesforceWorld(saves_duplicates=True)

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.fake.requests[-1].headers["sforce-duplicate-rule-header"] == "allowSave=true"


class TestReading:
    def test_every_page_goes_on_behind_the_last_record(self, leads: SalesforceWorld) -> None:
        since = leads.later()
        ids = {leads.add_person(f"p{number}@example.com") for number in range(405)}

        assert {one.person_id for one in everybody(leads.crm, Wanted())} == ids
        assert {one.person_id for one in everybody(leads.crm, Wanted(since=since))} == ids

    def test_a_field_that_may_not_be_seen_is_not_asked_for(self, world: SalesforceWorld) -> None:
        world.fake.hidden = {"HasOptedOutOfEmail", "Title"}
        person = world.add_person(AYSE.email)

        [found] = everybody(world.crm, Wanted(by=Selection.PERSON, value=person, fields=("Title", "Phone")))

        assert found.is_opted_out is None

    def test_a_closed_deal_is_reported_as_what_it_became(self, world: SalesforceWorld) -> None:
        person = world.add_person(AYSE.email)
        world.deal_of(person, "Closed Won", Amount=1200.0)

        [found] = everybody(world.crm, Wanted(by=Selection.PERSON, value=person))

        assert found.deal
        assert (found.stage, found.deal.state, found.deal.value) == ("Closed Won", DealState.WON, "1200")

    def test_a_deal_that_ended_is_no_news_of_somebody_with_another_one_open(self, world: SalesforceWorld) -> None:
        person = world.add_person(AYSE.email)
        ended = world.deal_of(person)
        world.deal_of(person, "Proposal")
        since = world.later()
        world.fake.touch(ended, StageName="Closed Lost")

        [found] = everybody(world.crm, Wanted(since=since))

        assert (found.stage, found.untold) == ("Proposal", frozenset())

    @pytest.mark.parametrize(
        ("by", "value"), [(Selection.FILTER, "Email LIKES"), (Selection.LIST, "Autumn"), (Selection.STAGE, "nowhere")]
    )
    def test_a_selection_that_is_not_understood_is_named(
        self, world: SalesforceWorld, by: Selection, value: str
    ) -> None:
        with pytest.raises(Refused, match=value) as refusal:
            everybody(world.crm, Wanted(by=by, value=value))

        assert refusal.value.outcome is Outcome.CONFIG


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "code", "kind", "outcome"),
        [
            (400, "REQUIRED_FIELD_MISSING", Refused, Outcome.VALIDATION),
            (400, "INVALID_FIELD", Refused, Outcome.VALIDATION),
            (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Refused, Outcome.VALIDATION),
            (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Refused, Outcome.VALIDATION),
            (400, "STRING_TOO_LONG", Refused, Outcome.VALIDATION),
            (400, "MALFORMED_QUERY", Refused, Outcome.VALIDATION),
            (400, "INVALID_FIELD_FOR_INSERT_UPDATE", Refused, Outcome.VALIDATION),
            (400, "DUPLICATES_DETECTED", Refused, Outcome.DUPLICATE),
            (400, "DUPLICATE_VALUE", Refused, Outcome.DUPLICATE),
            (400, "UNABLE_TO_LOCK_ROW", Unavailable, Outcome.DEFERRED),
            (403, "REQUEST_LIMIT_EXCEEDED", RateLimited, Outcome.THROTTLED),
            (403, "INSUFFICIENT_ACCESS_OR_READONLY", Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (403, "API_DISABLED_FOR_ORG", Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (403, "SOMETHING_NEW", Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (404, "NOT_FOUND", Refused, Outcome.NOT_FOUND),
            (404, "ENTITY_IS_DELETED", Refused, Outcome.NOT_FOUND),
            (405, "METHOD_NOT_ALLOWED", Refused, Outcome.VALIDATION),
            (410, "GONE", Refused, Outcome.CONFIG),
            (412, "PRECONDITION_FAILED", Refused, Outcome.VALIDATION),
            (415, "UNSUPPORTED_MEDIA_TYPE", Refused, Outcome.VALIDATION),
            (503, "SERVER_UNAVAILABLE", Unavailable, Outcome.DEFERRED),
        ],
    )
    def test_every_code_has_its_outcome(
        self, world: SalesforceWorld, status: int, code: str, kind: type[AdapterError], outcome: Outcome
    ) -> None:
        person = world.add_person(AYSE.email)
        answer = httpx.Response(status, json=[{"message": "said so", "errorCode": code, "fields": ["LastName"]}])
        world.fake.before = lambda request: answer if request.method == "PATCH" else None

        with pytest.raises(AdapterError) as error:
            run(world.crm.set_do_not_contact(person, AYSE.email))

        assert (type(error.value), error.value.outcome) == (kind, outcome)
        assert status == 410 or {"said", "so", code, "(LastName)"} <= set(error.value.said.split())

    def test_the_connection_stops_at_its_share_and_looks_again_later(self, world: SalesforceWorld) -> None:
        world.fake.used = 4498
        run(world.crm.find_person(AYSE.email))
        before = len(world.fake.requests)

        with pytest.raises(RateLimited, match="90%") as waiting:
            run(world.crm.find_person(AYSE.email))
        assert len(world.fake.requests) == before
        assert waiting.value.retry_after == timedelta(minutes=15)

        world.clock.advance(timedelta(minutes=16))
        world.fake.used = 10
        assert run(world.crm.find_person(AYSE.email)) == ()


class TestAccount:
    def test_a_version_may_be_written_without_quotes(self) -> None:
        world = SalesforceWorld(version=68.0)

        run(world.crm.find_person(AYSE.email))

        assert world.sent()

    def test_the_account_is_described(self, world: SalesforceWorld) -> None:
        account = run(world.crm.check())

        assert account.name == "Salesforce Example Ltd"
        assert account.stages == ("Prospecting", "Proposal", "Closed Won", "Closed Lost")
        assert account.users == tuple(USERS.values())
        assert account.status_values == ("Open", "Responded", "Closed")
        assert account.remaining_quota is not None

    def test_a_mapping_is_proved_against_the_account(self, world: SalesforceWorld) -> None:
        mapping = CrmMapping(
            name="salesforce",
            fields=(FieldRule(remote="Title", source="title"), FieldRule(remote="Titel", source="title")),
            status_property="Outreach_Status__c",
            statuses={"responded": "Responded", "bounced": "Bounced"},
            stages={"default": {"won": "Closed Won", "lost": "Closed"}},
            owners={"anna": "anna@example.com", "kim": "kim@example.com"},
            deal=DealRule(pipeline="default", stage="Prospecting"),
            when={CrmTrigger.REPLY: ("person", "log_reply", "tags")},
        )

        wrong = {row.subject for row in run(check(mapping, world.crm)) if not row.is_ok}

        assert wrong == {"field Titel", "status bounced", "stage default.lost", "owner kim"}

    def test_an_option_that_names_no_field_is_refused_by_check(self) -> None:
        with pytest.raises(Refused, match="Tagz__c"):
            run(SalesforceWorld(tags_property="Tagz__c").crm.check())

    @pytest.mark.parametrize(
        "wrong",
        [
            {"client_id": " "},
            {"object": "Account"},
            {"version": "v68"},
            {"my_domain": "evil.com/x"},
            {"external_id_field": "a/b"},
            {"private_key": "pem"},
            {"private_key": "pem", "username": "u"},
        ],
    )
    def test_an_option_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="Write"):
            SalesforceWorld(**wrong)


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


class TestTokens:
    def test_an_expired_session_is_replaced_once_and_the_call_repeated(self, world: SalesforceWorld) -> None:
        run(world.crm.find_person(AYSE.email))
        world.fake.desk.expire()
        world.fake.desk.rotates = True

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.fake.desk.given == 2
        assert len(world.people()) == 1

    def test_client_credentials_go_to_the_own_domain(self) -> None:
        world = SalesforceWorld(refresh_token="")

        run(world.crm.find_person(AYSE.email))

        [asked] = [one for one in world.fake.requests if one.url.path == "/services/oauth2/token"]
        assert asked.url.host == HOST
        assert b"grant_type=client_credentials" in asked.content

    def test_a_signed_statement_names_app_user_and_audience(self) -> None:
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().replace("\n", "\\n")
        options: dict[str, Any] = {"refresh_token": "", "private_key": pem, "username": "anna@example.com"}
        world = SalesforceWorld(**options, login_url="https://test.salesforce.com")
        world.fake.desk.accepts = _is_signed

        run(world.crm.find_person(AYSE.email))

        assert world.fake.requests[0].url.host == "test.salesforce.com"
        assert world.fake.desk.given == 1
        assert pem not in repr(world.crm) + repr(Options(client_id="a", client_secret="b", my_domain="c"))

    @pytest.mark.parametrize("host", ["https://salesforce.com.evil.example", "http://example.my.salesforce.com"])
    def test_a_host_that_is_not_salesforces_gets_no_token(self, world: SalesforceWorld, host: str) -> None:
        world.fake.desk.extra = {"instance_url": host}

        with pytest.raises(AdapterError, match="not what was expected"):
            run(world.crm.check())

        assert len(world.fake.requests) == 1

    def test_a_withdrawn_grant_is_unauthorized(self, world: SalesforceWorld) -> None:
        world.fake.desk.declines = (
            400,
            {"error": "invalid_grant", "error_description": "expired access/refresh token"},
        )

        with pytest.raises(Unauthorized, match="expired access"):
            run(world.crm.check())


def _is_signed(assertion: str) -> bool:
    head, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in assertion.split("."))
    signed = assertion.rpartition(".")[0].encode()
    _key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(claims)
    expected = {"iss": CLIENT_ID, "sub": "anna@example.com", "aud": "https://test.salesforce.com"}
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp()
    return bool(json.loads(head)["alg"] == "RS256" and said.pop("exp") == at + 180 and said == expected)
